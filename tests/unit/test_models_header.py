"""The GGUF header reader: right facts from sound files, one sentence for any other."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

import gguf
import pytest
from gguf.constants import GGML_QUANT_SIZES
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import ModelError
from hinterland.models import header, quantisation
from tests.gguf_files import (
    ARCHITECTURE,
    ARRAY,
    STRING,
    U32,
    pair,
    tensor,
    text,
    write_model,
)
from tests.gguf_files import header as made

HUGE = 1 << 60


def test_facts_of_a_sound_file(tmp_path: Path) -> None:
    facts = header.read(write_model(tmp_path / "tiny.gguf"))
    assert (facts.architecture, facts.name, facts.tokenizer) == ("llama", "Tiny", "gpt2")
    assert (facts.context_length, facts.block_count, facts.embedding_length) == (2048, 2, 64)
    assert (facts.head_count, facts.head_count_kv, facts.vocabulary) == (4, 2, 4)
    assert facts.parameters == 64 * 64
    assert facts.has_chat_template
    assert facts.thinking == ()
    # 2 layers of 2 heads of 16 values, for keys and for values, 2 bytes each
    assert facts.kv_bytes_per_token == 2 * 2 * (16 + 16) * 2


def test_key_value_heads_may_differ_by_layer(tmp_path: Path) -> None:
    heads = struct.pack("<IQ4I", U32, 4, 8, 0, 2, 2)
    path = _file(
        tmp_path,
        made(
            ARCHITECTURE,
            pair("llama.attention.head_count_kv", ARRAY, heads),
            pair("llama.attention.head_count", U32, struct.pack("<I", 8)),
            pair("llama.attention.key_length", U32, struct.pack("<I", 128)),
            pair("llama.attention.value_length", U32, struct.pack("<I", 64)),
            pair("llama.embedding_length", U32, struct.pack("<I", 1024)),
            pair("llama.block_count", U32, struct.pack("<I", 4)),
            tensors=1,
            rest=tensor("w", (1,)) + bytes(64),
        ),
    )
    facts = header.read(path)
    assert facts.head_count_kv == [8, 0, 2, 2]
    assert facts.kv_bytes_per_token == 12 * (128 + 64) * 2


def test_table_of_types_is_the_reference_librarys() -> None:
    assert {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()} == quantisation.BLOCKS
    for number, name in quantisation.FILE_TYPES.items():
        assert name in gguf.LlamaFileType(number).name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"GG", "not a GGUF file"),
        (b"PK\x03\x04 a zip file", "not a GGUF file"),
        (b"GGUF", "truncated"),
        (made(version=4), "version is 4"),
        (made(version=3 << 24), "big-endian"),
        (made(keys=HUGE), "1,152,921,504,606,846,976 metadata values"),
        (made(tensors=HUGE), "1,152,921,504,606,846,976 tensors"),
        (made(rest=struct.pack("<Q", HUGE), keys=1), "a metadata key claims to be"),
        (made(pair("k", STRING, struct.pack("<Q", HUGE))), "the value of k claims to be"),
        (made(pair("k", 99, b"")), "a value type that does not exist (99)"),
        (made(pair("k", ARRAY, struct.pack("<IQ", U32, HUGE))), "truncated"),
        (made(pair("k", ARRAY, struct.pack("<IQ", STRING, HUGE))), "strings"),
        (made(pair("k", ARRAY, struct.pack("<IQQ", STRING, 1, HUGE))), "a string in an array"),
        (made(pair("k", ARRAY, struct.pack("<IQ", ARRAY, 1))), "array of an unknown type"),
        (made(ARCHITECTURE, ARCHITECTURE), "twice"),
        (made(ARCHITECTURE), "no weights"),
        (made(), "which architecture"),
        (made(ARCHITECTURE, tensors=1, rest=tensor("w", (HUGE, HUGE))), "larger than any file"),
        (made(ARCHITECTURE, tensors=1, rest=tensor("w", (1000,))), "truncated"),
        (made(ARCHITECTURE, tensors=1, rest=tensor("w", (1,), offset=HUGE)), "larger than any"),
        (made(ARCHITECTURE, tensors=1, rest=tensor("w", (1,) * 9)), "9 dimensions"),
        (
            made(pair("general.alignment", U32, struct.pack("<I", 0)), ARCHITECTURE),
            "alignment cannot be 0",
        ),
        (
            made(
                ARCHITECTURE,
                pair("llama.block_count", U32, struct.pack("<I", 0xFFFFFFFF)),
                tensors=1,
                rest=tensor("w", (1,)) + bytes(64),
            ),
            "block_count cannot be 4,294,967,295",
        ),
        (
            made(
                pair("general.architecture", STRING, text("clip")),
                tensors=1,
                rest=tensor("w", (1,)) + bytes(64),
            ),
            "image projector",
        ),
        (
            made(
                ARCHITECTURE,
                pair("split.count", 2, struct.pack("<H", 3)),
                tensors=1,
                rest=tensor("w", (1,)) + bytes(64),
            ),
            "one of 3 parts",
        ),
    ],
)
def test_unusable_file_is_refused_in_one_sentence(
    content: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as refused:
        header.read(_file(tmp_path, content))
    assert said in refused.value.message
    assert refused.value.message.endswith(".")
    assert refused.value.hint


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    whole = write_model(tmp_path / "whole.gguf", weights=64).read_bytes()
    for length in range(0, len(whole) - 32, 7):  # the last tensor is padded to 32 bytes
        with pytest.raises(ModelError):
            header.read(_file(tmp_path, whole[:length]))


def test_a_long_header_is_read_no_further_than_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "long.gguf"
    numbers = struct.pack("<IQ", U32, 1 << 40)
    path.write_bytes(made(ARCHITECTURE, pair("k", ARRAY, numbers)))
    with path.open("r+b") as file:
        file.truncate(1 << 42)  # sparse: nothing is written
    with pytest.raises(ModelError, match="longer than 64 MiB"):
        header.read(path)


def test_many_empty_strings_are_refused_before_they_are_walked(tmp_path: Path) -> None:
    path = tmp_path / "strings.gguf"
    path.write_bytes(made(ARCHITECTURE, pair("k", ARRAY, struct.pack("<IQ", STRING, 8_000_000))))
    with path.open("r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(ModelError, match="8,000,000 strings"):
        header.read(path)


def test_what_is_not_a_file_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.gguf"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(ModelError, match="is not a file"):
            header.read(path)
    with pytest.raises(ModelError, match="No such file"):
        header.read(tmp_path / "missing.gguf")


def test_terminal_controls_in_metadata_are_gone(tmp_path: Path) -> None:
    hostile = "\x1b]52;c;AAAA\x07\x1b[2J\x9b2J\u202eevil"
    facts = header.read(write_model(tmp_path / "x.gguf", name=hostile))
    assert not set(facts.name) & {"\x1b", "\x07", "\x9b", "\u202e"}


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_noise_after_the_magic_never_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00" + noise)
    with pytest.raises(ModelError):
        header.read(path)


@settings(max_examples=150)
@given(st.data())
def test_flipped_bytes_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    sound = folder / "sound.gguf"
    if not sound.exists():
        write_model(sound, weights=64)
    content = bytearray(sound.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 200))] = data.draw(st.integers(0, 255))
    flipped = folder / "flipped.gguf"
    flipped.write_bytes(content)
    with contextlib.suppress(ModelError):
        header.read(flipped)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(content)
    return path
