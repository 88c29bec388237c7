"""Facts from the header of a GGUF file, and the refusal of a file that no engine should be given.

The native loader says only that it failed, and trusts the counts it reads. So every count here has
a limit, no more than 64 MiB is read, and the weights have to be as long as the header says.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from hinterland.errors import ModelError
from hinterland.models import template
from hinterland.models.quantisation import BLOCKS
from hinterland.text import clean_line

LONGEST_HEADER = 64 << 20
"""Bytes. A vocabulary of 262,144 entries with scores and merges takes about 16 MiB."""
MOST_KEYS = 4096
MOST_TENSORS = 65_536
MOST_STRINGS = 2_000_000
"""Strings in all arrays together: a vocabulary and its merges."""
LONGEST_KEY = 65_535
LONGEST_STRING = 4 << 20
MOST_DIMENSIONS = 4
LARGEST_FACT = 1 << 31

_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")
# value type → how it is stored; 8 is a string, 9 an array
_SCALARS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: _U32,
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: _U64,
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_STRING, _ARRAY = 8, 9
_VERSION = "GGUF.version"

_Found = TypeVar("_Found")
_Value = str | int | float | bool | list[int | float | bool] | None


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a header says about a model; None where it says nothing."""

    architecture: str
    name: str = ""
    context_length: int | None = None
    """Tokens the model was trained for."""
    block_count: int | None = None
    embedding_length: int | None = None
    head_count: int | None = None
    head_count_kv: int | list[int] | None = None
    """Key/value heads: of every layer, or one number a layer."""
    key_length: int | None = None
    value_length: int | None = None
    vocabulary: int | None = None
    """Tokens in the vocabulary."""
    parameters: int | None = None
    file_type: int | None = None
    """llama.cpp's number for the quantisation of most tensors."""
    tokenizer: str = ""
    has_chat_template: bool = False
    thinking: tuple[str, ...] | None = None
    """What the chat template says of thinking, in the words of `models.template`; None where nobody
    looked, in records of earlier releases."""
    stop: tuple[str, ...] = ()
    """Tokens that end an answer and must be named to the engine, by `models.template`."""
    form: str = ""
    """How the file is laid out, where it is not GGUF of version 2 or 3: `GGUF version 1`, `ggjt version 3`."""
    rope_by_context: bool | None = None
    """Whether positions are encoded otherwise where the context is larger than in training; None
    where that was not looked for."""
    kv_bytes_per_token: int | None = None
    """Bytes of KV cache a token of context takes at 16 bits a value: an upper bound, since layers
    with a sliding window keep less."""


class ProjectorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a header says about an image projector."""

    type: str
    """llama.cpp's name for its kind."""
    file_type: int | None = None


def read(path: Path) -> Facts:
    """Return the facts of the GGUF model at `path`; raises ModelError when it is not a usable one."""
    values, parameters = _header(path, "model")
    return _described(path, "model", lambda: _facts(values, parameters))


def read_projector(path: Path) -> ProjectorFacts:
    """Return the facts of the image projector at `path`; raises ModelError when it is not a usable
    one."""
    values, _ = _header(path, "image projector")
    return _described(path, "image projector", lambda: _projector_facts(values))


def _header(path: Path, what: str) -> tuple[dict[str, _Value], int]:
    """Return the metadata of a GGUF file and the number of its parameters."""
    if path.exists() and not path.is_file():  # opening a pipe or a device might never end
        raise ModelError(f"{path} is not a file.", "Name a GGUF file.")
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            return _described(path, what, lambda: _read(_Reader(file, size), size))
    except OSError as error:
        raise ModelError(
            f"The {'model file' if what == 'model' else what} {path} cannot be read: "
            f"{error.strerror or error}.",
            "Check its path and its permissions.",
        ) from error


def _described(path: Path, what: str, found: Callable[[], _Found]) -> _Found:
    """Return what `found` does; raises ModelError that names the file it is about."""
    try:
        return found()
    except _UnusableError as reason:
        raise ModelError(
            f"{clean_line(path.name)} is not a usable {what}: {reason}.",
            "Get the file again from where it came from; `hint models list --all` names models "
            "that are known to work.",
        ) from reason


def metadata(path: Path, *keys: str) -> dict[str, object]:
    """Return those of the metadata `keys` that a sound GGUF file has, arrays as lists; raises
    ModelError."""
    try:
        with path.open("rb") as file:
            reader = _Reader(file, file.seek(0, 2))
            file.seek(0)
            return {key: value for key, value in _pairs(reader, frozenset(keys)) if key in keys}
    except (OSError, _UnusableError) as error:
        raise ModelError(f"The model file {path} cannot be read: {error}.") from error


class _UnusableError(Exception):
    """Why a file is refused, as the end of a sentence."""


class _Reader:
    """Reads a header from front to back and stops at its limits."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._end = min(size, LONGEST_HEADER)
        self._short = size < LONGEST_HEADER
        self._held = b""
        self._at = 0
        self._start = 0
        self._strings = 0
        self._count = _U64
        """How counts and lengths are stored."""

    @property
    def offset(self) -> int:
        return self._start + self._at

    def _hold(self, count: int) -> None:
        """Have the next `count` bytes in memory."""
        if self.offset + count > self._end:
            raise self._over()
        if self._at + count > len(self._held):
            self._start += self._at
            self._file.seek(self._start)
            self._held = self._file.read(max(count, min(1 << 20, self._end - self._start)))
            self._at = 0
            if len(self._held) < count:
                raise _UnusableError("it is truncated: the file ends inside its header")

    def _over(self) -> _UnusableError:
        if self._short:
            return _UnusableError("it is truncated: the file ends inside its header")
        return _UnusableError(f"its header is longer than {LONGEST_HEADER >> 20} MiB")

    def bytes(self, count: int) -> bytes:
        self._hold(count)
        self._at += count
        return self._held[self._at - count : self._at]

    def skip(self, count: int) -> None:
        if self.offset + count > self._end:
            raise self._over()
        self._at += count
        if self._at > len(self._held):
            self._start, self._at, self._held = self._start + self._at, 0, b""

    def u32(self) -> int:
        return int(_U32.unpack(self.bytes(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.bytes(8))[0])

    def count(self) -> int:
        return int(self._count.unpack(self.bytes(self._count.size))[0])

    def shorten_counts(self) -> None:
        """Read the file as one of GGUF's first version."""
        self._count = _U32

    def string(self, longest: int, what: str) -> str:
        length = self.count()
        if length > longest:
            raise _UnusableError(f"{what} claims to be {length:,} bytes long")
        return self.bytes(length).decode("utf-8", errors="replace")

    def skip_strings(self, count: int) -> None:
        self._strings += count
        if self._strings > MOST_STRINGS:
            raise _UnusableError(f"its arrays claim to hold {self._strings:,} strings")
        unpack, width = self._count.unpack_from, self._count.size
        for _ in range(count):
            if self._at + width > len(self._held):
                self._hold(width)
            length = unpack(self._held, self._at)[0]
            self._at += width
            if length > LONGEST_STRING:
                raise _UnusableError(f"a string in an array claims to be {length:,} bytes long")
            if self._at + length <= len(self._held):
                self._at += length
            else:
                self.skip(length)

    def value(self, key: str, kept: bool) -> _Value:
        """Return the next value if it is `kept`, else None; of an array only its numbers are kept,
        and of an array of strings its length."""
        kind = self.u32()
        if kind == _STRING:
            return self.string(LONGEST_STRING, f"the value of {clean_line(key, 60)}")
        if kind != _ARRAY:
            return self._scalar(kind)
        inner, count = self.u32(), self.count()
        if inner == _STRING:
            self.skip_strings(count)
            return count
        if inner not in _SCALARS:
            raise _UnusableError(f"{clean_line(key, 60)} is an array of an unknown type ({inner})")
        if not kept or count > MOST_KEYS:
            self.skip(count * _SCALARS[inner].size)
            return count
        return [self._scalar(inner) for _ in range(count)]

    def whole(self, key: str) -> object:
        """Return the next value with all its elements."""
        kind = self.u32()
        if kind != _ARRAY:
            return self.string(LONGEST_STRING, key) if kind == _STRING else self._scalar(kind)
        inner, count = self.u32(), self.count()
        if count > MOST_STRINGS:
            raise _UnusableError(f"{clean_line(key, 60)} claims to have {count:,} elements")
        if inner == _STRING:
            return [self.string(LONGEST_STRING, key) for _ in range(count)]
        return [self._scalar(inner) for _ in range(count)]

    def _scalar(self, kind: int) -> int | float | bool:
        stored = _SCALARS.get(kind)
        if stored is None:
            raise _UnusableError(f"its header uses a value type that does not exist ({kind})")
        number: int | float | bool = stored.unpack(self.bytes(stored.size))[0]
        return number


def _read(reader: _Reader, size: int) -> tuple[dict[str, _Value], int]:
    if size == 0:
        raise _UnusableError("the file is empty")
    if size < 4 or reader.bytes(4) != b"GGUF":
        raise _UnusableError("it is not a GGUF file")
    version = reader.u32()
    if version not in (1, 2, 3):
        why = "it is big-endian" if version & 0xFFFF == 0 else f"its GGUF version is {version}"
        raise _UnusableError(f"{why}, and only versions 1 to 3, little-endian, can be used")
    if version == 1:
        reader.shorten_counts()
    tensors, keys = reader.count(), reader.count()
    if tensors > MOST_TENSORS:
        raise _UnusableError(f"its header claims {tensors:,} tensors")
    if keys > MOST_KEYS:
        raise _UnusableError(f"its header claims {keys:,} metadata values")
    values: dict[str, _Value] = {}
    for _ in range(keys):
        key = reader.string(LONGEST_KEY, "a metadata key")
        if key in values:
            raise _UnusableError(f"{clean_line(key, 60)} is in its header twice")
        values[key] = reader.value(key, kept=".attention." in key)
    parameters = _check_tensors(reader, tensors, values, size)
    values[_VERSION] = version  # whatever the file calls so
    return values, parameters


def _pairs(reader: _Reader, wanted: frozenset[str]) -> Iterator[tuple[str, object]]:
    """Yield the metadata of a file whose header was checked; what is not `wanted` is skipped."""
    reader.bytes(4)
    if reader.u32() == 1:
        reader.shorten_counts()
    reader.count()
    for _ in range(min(reader.count(), MOST_KEYS)):
        key = reader.string(LONGEST_KEY, "a metadata key")
        yield key, reader.whole(key) if key in wanted else reader.value(key, kept=False)


def _check_tensors(reader: _Reader, count: int, values: dict[str, _Value], size: int) -> int:
    """Return the number of parameters, once every tensor is known to end inside the file."""
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
        raise _UnusableError(f"its alignment cannot be {str(alignment)[:40]}")
    parameters, furthest = 0, 0
    for _ in range(count):
        reader.string(LONGEST_KEY, "a tensor's name")
        dimensions = reader.u32()
        if dimensions > MOST_DIMENSIONS:
            raise _UnusableError(f"a tensor claims {dimensions:,} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= reader.count()
        kind, offset = reader.u32(), reader.u64()
        # A type made after this release: where the tensor starts is known, not where it ends.
        block, block_bytes = BLOCKS.get(kind, (1, 0))
        furthest = max(furthest, offset + -(-elements // block) * block_bytes)
        parameters += elements
    data = -(-reader.offset // alignment) * alignment
    if furthest and data + furthest > size:
        raise _UnusableError(
            f"it is truncated: it has {size:,} bytes and its weights end at {data + furthest:,}"
            if data + furthest < 1 << 50
            else "its tensors claim to be larger than any file"
        )
    return parameters


def _facts(values: dict[str, _Value], parameters: int) -> Facts:
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise _UnusableError("its header does not say which architecture it has")
    kind = values.get("general.type", "model")
    if architecture == "clip" or kind in ("mmproj", "adapter"):
        raise _UnusableError("it holds an adapter or an image projector, not a language model")
    parts = values.get("split.count")
    if isinstance(parts, int) and parts > 1:
        raise _UnusableError(f"it is one of {parts} parts of a model; merge them into one file")
    if parameters == 0:
        raise _UnusableError("it holds no weights")

    def number(key: str) -> int | None:
        value = values.get(f"{architecture}.{key}")
        if isinstance(value, list):  # one number a layer, where only the largest matters
            value = max(value, default=None)
        if value is None or isinstance(value, str):
            return None
        if not 0 <= value < LARGEST_FACT:
            raise _UnusableError(f"its {key} cannot be {value:,}")
        return int(value)

    def text(key: str) -> str:
        value = values.get(key)
        return clean_line(value) if isinstance(value, str) else ""

    tokens = values.get("tokenizer.ggml.tokens")
    file_type = values.get("general.file_type")
    said = values.get("tokenizer.chat_template")
    facts = Facts(
        architecture=clean_line(architecture, 60),
        name=text("general.name"),
        context_length=number("context_length"),
        block_count=number("block_count"),
        embedding_length=number("embedding_length"),
        head_count=number("attention.head_count"),
        head_count_kv=_heads_kv(values, number("attention.head_count_kv"), architecture),
        key_length=number("attention.key_length"),
        value_length=number("attention.value_length"),
        vocabulary=number("vocab_size") or (tokens if isinstance(tokens, int) else None),
        parameters=parameters,
        file_type=file_type if isinstance(file_type, int) else None,
        tokenizer=text("tokenizer.ggml.model"),
        has_chat_template="tokenizer.chat_template" in values,
        thinking=template.thinking(said) if isinstance(said, str) else (),
        stop=template.stop(said) if isinstance(said, str) else (),
        form="GGUF version 1" if values[_VERSION] == 1 else "",
        rope_by_context=number("rope.scaling.original_context_length") is not None,
    )
    latent = number("attention.kv_lora_rank") if number("attention.key_length_mla") else None
    per_token = _kv_bytes(facts, latent, number("rope.dimension_count"))
    return msgspec.structs.replace(facts, kv_bytes_per_token=per_token)


def _projector_facts(values: dict[str, _Value]) -> ProjectorFacts:
    if values.get("general.architecture") != "clip":
        raise _UnusableError("it holds a language model or something else, not an image projector")
    kind = values.get("clip.projector_type") or values.get("clip.vision.projector_type")
    if values.get("clip.has_vision_encoder") is not True or not isinstance(kind, str):
        raise _UnusableError("it does not see: it has no encoder of images")
    file_type = values.get("general.file_type")
    return ProjectorFacts(
        type=clean_line(kind, 60), file_type=file_type if isinstance(file_type, int) else None
    )


def _heads_kv(
    values: dict[str, _Value], largest: int | None, architecture: str
) -> int | list[int] | None:
    per_layer = values.get(f"{architecture}.attention.head_count_kv")
    if not isinstance(per_layer, list):
        return largest
    return [int(heads) for heads in per_layer if 0 <= heads < LARGEST_FACT]


def _kv_bytes(facts: Facts, latent: int | None, rope: int | None) -> int | None:
    if not facts.block_count or not facts.head_count or not facts.embedding_length:
        return None
    if latent:  # multi-head latent attention keeps one compressed vector a layer
        return facts.block_count * (latent + (rope or 0)) * 2
    head = facts.embedding_length // facts.head_count
    width = (facts.key_length or head) + (facts.value_length or head)
    heads = facts.head_count_kv if facts.head_count_kv is not None else facts.head_count
    in_layers = heads * facts.block_count if isinstance(heads, int) else sum(heads)
    return in_layers * width * 2
