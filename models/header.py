"""Facts from the header of a GGUF file, and the refusal of a file that no engine should be given.

The native loader says only that it failed, and trusts the counts it reads. So every count here has
a limit, and the weights have to be as long as the header says.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from hinterland.errors import ModelError
from hinterland.models import template
from hinterland.models.gguf_values import MOST_KEYS, UnusableError, Value, ValueReader
from hinterland.models.quantisation import BLOCKS
from hinterland.text import clean_line

MOST_TENSORS = 65_536
LONGEST_KEY = 65_535
MOST_DIMENSIONS = 4
LARGEST_FACT = 1 << 31

_VERSION = "GGUF.version"

_Found = TypeVar("_Found")


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


def _header(path: Path, what: str) -> tuple[dict[str, Value], int]:
    """Return the metadata of a GGUF file and the number of its parameters."""
    if path.exists() and not path.is_file():  # opening a pipe or a device might never end
        raise ModelError(f"{path} is not a file.", "Name a GGUF file.")
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            return _described(path, what, lambda: _read(ValueReader(file, size), size))
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
    except UnusableError as reason:
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
            reader = ValueReader(file, file.seek(0, 2))
            file.seek(0)
            return {key: value for key, value in _pairs(reader, frozenset(keys)) if key in keys}
    except (OSError, UnusableError) as error:
        raise ModelError(f"The model file {path} cannot be read: {error}.") from error


def _read(reader: ValueReader, size: int) -> tuple[dict[str, Value], int]:
    if size == 0:
        raise UnusableError("the file is empty")
    if size < 4 or reader.bytes(4) != b"GGUF":
        raise UnusableError("it is not a GGUF file")
    version = reader.u32()
    if version not in (1, 2, 3):
        why = "it is big-endian" if version & 0xFFFF == 0 else f"its GGUF version is {version}"
        raise UnusableError(f"{why}, and only versions 1 to 3, little-endian, can be used")
    if version == 1:
        reader.shorten_counts()
    tensors, keys = reader.count(), reader.count()
    if tensors > MOST_TENSORS:
        raise UnusableError(f"its header claims {tensors:,} tensors")
    if keys > MOST_KEYS:
        raise UnusableError(f"its header claims {keys:,} metadata values")
    values: dict[str, Value] = {}
    for _ in range(keys):
        key = reader.string(LONGEST_KEY, "a metadata key")
        if key in values:
            raise UnusableError(f"{clean_line(key, 60)} is in its header twice")
        values[key] = reader.value(key, kept=".attention." in key)
    parameters = _check_tensors(reader, tensors, values, size)
    values[_VERSION] = version  # whatever the file calls so
    return values, parameters


def _pairs(reader: ValueReader, wanted: frozenset[str]) -> Iterator[tuple[str, object]]:
    """Yield the metadata of a file whose header was checked; what is not `wanted` is skipped."""
    reader.bytes(4)
    if reader.u32() == 1:
        reader.shorten_counts()
    reader.count()
    for _ in range(min(reader.count(), MOST_KEYS)):
        key = reader.string(LONGEST_KEY, "a metadata key")
        yield key, reader.whole(key) if key in wanted else reader.value(key, kept=False)


def _check_tensors(reader: ValueReader, count: int, values: dict[str, Value], size: int) -> int:
    """Return the number of parameters, once every tensor is known to end inside the file."""
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
        raise UnusableError(f"its alignment cannot be {str(alignment)[:40]}")
    parameters, furthest = 0, 0
    for _ in range(count):
        reader.string(LONGEST_KEY, "a tensor's name")
        dimensions = reader.u32()
        if dimensions > MOST_DIMENSIONS:
            raise UnusableError(f"a tensor claims {dimensions:,} dimensions")
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
        raise UnusableError(
            f"it is truncated: it has {size:,} bytes and its weights end at {data + furthest:,}"
            if data + furthest < 1 << 50
            else "its tensors claim to be larger than any file"
        )
    return parameters


def _facts(values: dict[str, Value], parameters: int) -> Facts:
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise UnusableError("its header does not say which architecture it has")
    kind = values.get("general.type", "model")
    if architecture == "clip" or kind in ("mmproj", "adapter"):
        raise UnusableError("it holds an adapter or an image projector, not a language model")
    parts = values.get("split.count")
    if isinstance(parts, int) and parts > 1:
        raise UnusableError(f"it is one of {parts} parts of a model; merge them into one file")
    if parameters == 0:
        raise UnusableError("it holds no weights")

    def number(key: str) -> int | None:
        value = values.get(f"{architecture}.{key}")
        if isinstance(value, list):  # one number a layer, where only the largest matters
            value = max(value, default=None)
        if value is None or isinstance(value, str):
            return None
        if not 0 <= value < LARGEST_FACT:
            raise UnusableError(f"its {key} cannot be {value:,}")
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


def _projector_facts(values: dict[str, Value]) -> ProjectorFacts:
    if values.get("general.architecture") != "clip":
        raise UnusableError("it holds a language model or something else, not an image projector")
    kind = values.get("clip.projector_type") or values.get("clip.vision.projector_type")
    if values.get("clip.has_vision_encoder") is not True or not isinstance(kind, str):
        raise UnusableError("it does not see: it has no encoder of images")
    file_type = values.get("general.file_type")
    return ProjectorFacts(
        type=clean_line(kind, 60), file_type=file_type if isinstance(file_type, int) else None
    )


def _heads_kv(
    values: dict[str, Value], largest: int | None, architecture: str
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
