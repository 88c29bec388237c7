"""Model files of the GGML era: what they are is found out before an engine is given one."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError, ModelError
from hinterland.models import formats, gguf_chat, legacy
from hinterland.models.catalog import Entry
from hinterland.models.formats import Backend, Wishes
from hinterland.models.hashing import sha256
from hinterland.models.legacy_layouts import TYPES
from hinterland.models.progress import Silent
from hinterland.models.store import ModelStore
from hinterland.paths import Paths
from tests import legacy_files, llama_files
from tests.gguf_files import write_model
from tests.running import Hint

WHOLE = legacy_files.gpt2_bytes()
HPARAMS = ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer", "ftype")


def test_the_header_says_what_is_in_the_file(tmp_path: Path) -> None:
    facts = legacy.read(legacy_files.write_gpt2(tmp_path / "tiny.bin"), "gpt2")
    assert facts.context_length == legacy_files.CONTEXT
    assert facts.vocabulary == len(legacy_files.VOCABULARY)
    assert facts.parameters == sum(tensor.size for tensor in legacy_files.weights().values())
    # keys and values of two layers, 32-bit floats
    assert facts.kv_bytes_per_token == 2 * 2 * legacy_files.WIDTH * 4


@pytest.mark.parametrize("kind", TYPES)
def test_a_file_without_a_type_is_told_what_it_could_be(kind: str, tmp_path: Path) -> None:
    file = legacy_files.write_any(tmp_path / "tiny.bin", kind)
    with pytest.raises(ModelError) as refused:
        formats.read(file)
    assert all(name in refused.value.hint for name in TYPES)
    told = refused.value.hint.partition("Its weights are those of")[2]
    assert kind in told
    alike = {"gpt2", "starcoder"}, {"gpt_neox", "dolly-v2"}
    others = set(TYPES) - {kind}.union(*(pair for pair in alike if kind in pair))
    assert not any(name in told.replace(".", "").split() for name in others)


def test_a_wrong_type_is_refused_with_the_right_one(tmp_path: Path) -> None:
    file = legacy_files.write_any(tmp_path / "tiny.bin", "gptj")
    with pytest.raises(ModelError) as refused:
        formats.read(file, Wishes("gpt_neox"))
    assert "--type gptj" in refused.value.hint


@pytest.mark.parametrize("field", HPARAMS)
@pytest.mark.parametrize("value", [-1, 5, 2**31 - 1])
def test_numbers_that_cannot_be_are_refused(field: str, value: int, tmp_path: Path) -> None:
    place = 4 + 4 * HPARAMS.index(field)
    broken = bytearray(WHOLE)
    struct.pack_into("<i", broken, place, value)
    (tmp_path / "broken.bin").write_bytes(broken)
    with pytest.raises(ModelError, match="not a usable gpt2 model"):
        legacy.read(tmp_path / "broken.bin", "gpt2")


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "short.bin"
    for end in [4, 5, 28, 32, 40, 1000, *range(2000, len(WHOLE), len(WHOLE) // 40), len(WHOLE) - 1]:
        file.write_bytes(WHOLE[:end])
        with pytest.raises(ModelError, match=r"truncated|missing"):
            legacy.read(file, "gpt2")
    tensors = WHOLE.index(b"model/h1/mlp/c_proj/b") - 16
    file.write_bytes(WHOLE[:tensors])  # between two tensors, where the native loader sees nothing
    with pytest.raises(ModelError, match="missing"):
        legacy.read(file, "gpt2")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(4, 6000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_hostile_header_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    broken = bytearray(WHOLE)
    for place, byte in changes:
        broken[place] = byte
    (tmp_path / "hostile.bin").write_bytes(broken)
    for kind in TYPES:
        try:
            facts = legacy.read(tmp_path / "hostile.bin", kind)
        except ModelError:
            continue
        assert facts.block_count == legacy_files.LAYERS


def test_the_file_decides_what_runs_it(tmp_path: Path) -> None:
    modern = write_model(tmp_path / "modern.gguf")
    assert formats.read(modern).backend is Backend.LLAMACPP
    wish = Wishes(backend=Backend.CTRANSFORMERS)
    with pytest.raises(ModelError, match="SentencePiece"):  # its vocabulary is GPT-2's
        formats.read(modern, wish)
    llama = llama_files.write_llama(tmp_path / "llama.gguf")
    assert formats.read(llama).backend is Backend.LLAMACPP
    assert formats.read(llama, wish).backend is Backend.CTRANSFORMERS
    first = llama_files.write_llama(tmp_path / "first.gguf", version=1)
    assert formats.read(first).backend is Backend.CTRANSFORMERS
    assert formats.read(first).facts.context_length == llama_files.CONTEXT
    old = legacy_files.write_gpt2(tmp_path / "old.bin")
    assert formats.read(old, Wishes("gpt2")).backend is Backend.CTRANSFORMERS
    for file in (first, old):
        with pytest.raises(InputError, match=r"llama\.cpp does not read"):
            formats.read(file, Wishes("gpt2", Backend.LLAMACPP) if file is old else _LLAMACPP)
    with pytest.raises(InputError, match="says its type itself"):
        formats.read(modern, Wishes("gpt2"))


_LLAMACPP = Wishes(backend=Backend.LLAMACPP)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_chat_template_of_a_gguf_file_is_found(version: int, tmp_path: Path) -> None:
    chat = gguf_chat.read(llama_files.write_llama(tmp_path / "tiny.gguf", version=version))
    assert chat.template == llama_files.TEMPLATE
    assert chat.special_tokens == {"<s>": 1, "</s>": 2}


def test_the_catalogue_can_say_the_type(paths: Paths, tmp_path: Path) -> None:
    file = legacy_files.write_gpt2(tmp_path / "anything.bin")
    paths.config.mkdir(parents=True)
    (paths.config / "catalog.toml").write_text(
        f"""schema = 1
        [[model]]
        id = "old-one"
        task = ["chat"]
        family = "GPT"
        file = "old-one.bin"
        type = "gpt2"
        template = "plain"
        bytes = {file.stat().st_size}
        sha256 = "{sha256(file, Silent(), "")}"
        """
    )
    model = ModelStore(paths).add(file)
    assert (model.id, model.type, model.template, model.pinned) == (
        "old-one",
        "gpt2",
        "plain",
        True,
    )
    assert model.backend is Backend.CTRANSFORMERS


def test_the_catalogue_knows_every_type() -> None:
    entry = {"id": "x", "task": ["chat"], "family": "", "file": "x.bin"}
    for kind in TYPES:
        assert msgspec.convert(entry | {"type": kind}, Entry).wishes.type == kind
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(entry | {"type": "bloom"}, Entry)


def test_add_and_show_tell_the_engine_and_the_template(hint: Hint, tmp_path: Path) -> None:
    file = legacy_files.write_gpt2(tmp_path / "old.bin")
    refused = hint("models", "add", str(file))
    assert refused.returncode == 3
    assert "--type gpt2" in refused.stderr
    own = tmp_path / "own.jinja"
    own.write_text("{{ messages[-1].content }}")
    assert hint("models", "add", str(file), "--type", "gpt2").returncode == 0
    again = hint("models", "add", str(file), "--type=gpt2", "--name=two", f"--template={own}")
    assert again.returncode == 0, again.stderr
    assert "ctransformers" in hint("models", "list").stdout
    assert "dialogue, the default for gpt2" in hint("models", "show", "old").stdout
    assert "one given to it" in hint("models", "show", "two").stdout
    other = hint("models", "add", str(file), "--type=gpt2", f"--template={own}")
    assert other.returncode == 0, other.stderr
    assert "one given to it" in hint("models", "show", "old").stdout, (
        "what is wished for anew holds"
    )
    for wrong in (["--backend=vllm"], ["--template=nosuch"], ["--type=nosuch"]):
        done = hint("models", "add", str(file), "--name=three", *wrong)
        assert done.returncode in {2, 3}
        assert "Traceback" not in done.stderr
