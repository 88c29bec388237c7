"""Facts from the header of a model file of the GGML era, and the refusal of one that would crash its
engine.

Such a file does not say what it is: its magic is all they share, and whoever loads it has to know the
type. So a file is read as the type that is claimed, every tensor has to have a name and a shape that
models of this type have, and the file has to end where the last one ends. The native loader checks
less: it takes a truncated file for a whole one, and what is missing for zeros or worse.

Layouts: the examples of https://github.com/ggml-org/ggml (gpt-2, gpt-j, gpt-neox, dolly-v2, mpt, replit,
starcoder), llama.cpp before August 2023, and https://github.com/cmp-nct/ggllm.cpp (falcon).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hinterland.errors import ModelError
from hinterland.models.header import MOST_TENSORS, Facts
from hinterland.models.quantisation import BLOCKS
from hinterland.text import clean_line

LARGEST_VOCABULARY = 1 << 20
LONGEST_TOKEN = 1 << 16
"""Bytes."""
LONGEST_NAME = 256
MOST_LAYERS, WIDEST, MOST_HEADS, LONGEST_CONTEXT = 1024, 1 << 16, 1 << 10, 1 << 20
_MOST_VALUES = 1 << 31
"""Values of one tensor, or of the context's memory: the native loader counts them in 32 bits."""

_UNVERSIONED = b"lmgg"
MAGICS = {_UNVERSIONED: "ggml", b"fmgg": "ggmf", b"tjgg": "ggjt", b"ccgg": "ggcc"}
"""First four bytes → name of the container; all but the first are followed by a version."""
_VERSIONS = {"ggmf": (1,), "ggjt": (1, 2, 3), "ggcc": (10,)}

# ftype of the file → type of its matrices, and llama.cpp's number for such a file. The first nine mean
# the same in both; ggml's own numbers for K-quants are these.
_MATRICES = {0: 0, 1: 1, 2: 2, 3: 3, 7: 8, 8: 6, 9: 7, 10: 10, 11: 11, 12: 12, 13: 13, 14: 14}
_FILE_TYPES = {11: 12, 12: 15, 13: 17, 14: 18}

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class _Layout:
    """How files of a type are laid out."""

    fields: tuple[str, ...]
    """The numbers after magic and version."""
    shapes: Callable[[dict[str, int]], Shapes]
    """The tensors that must be there, and their shapes; for `open_ended` types the first of them."""
    memory_bytes: int
    """Bytes of one value in the context's memory."""
    containers: tuple[str, ...] = ("ggml",)
    vocabulary_again: bool = False
    scored: tuple[str, ...] = ()
    """Containers in which every token has a score."""
    optional: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    """Matrices that are kept as 32-bit floats."""
    mixed: bool = False
    """Whether every matrix may be stored in a way of its own; the numbers of `ftype` are llama.cpp's."""
    open_ended: bool = False
    """Whether the native loader checks names and shapes itself."""
    context: int | None = None
    """Tokens such models were trained for, where the file does not say."""


def _in_layers(h: dict[str, int], prefix: str, tensors: Shapes) -> Shapes:
    return {
        prefix.format(layer) + name: shape
        for layer in range(h["n_layer"])
        for name, shape in tensors.items()
    }


def _norm(name: str, width: int, weight: str = "weight", bias: str = "bias") -> Shapes:
    return {f"{name}{weight}": (width,), f"{name}{bias}": (width,)}


def _linear(
    name: str, inner: int, outer: int, weight: str = "weight", bias: str = "bias"
) -> Shapes:
    return {f"{name}{weight}": (inner, outer), f"{name}{bias}": (outer,)}


def _gpt2(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer = (
        _norm("ln_1/", n, "g", "b")
        | _norm("ln_2/", n, "g", "b")
        | _linear("attn/c_attn/", n, 3 * n, "w", "b")
        | _linear("attn/c_proj/", n, n, "w", "b")
        | _linear("mlp/c_fc/", n, 4 * n, "w", "b")
        | _linear("mlp/c_proj/", 4 * n, n, "w", "b")
    )
    return {
        "model/wte": (n, h["n_vocab"]),
        "model/wpe": (n, h["n_ctx"]),
        "model/lm_head": (n, h["n_vocab"]),
        **_norm("model/ln_f/", n, "g", "b"),
        **_in_layers(h, "model/h{}/", layer),
    }


def _gptj(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer = (
        _norm("ln_1.", n)
        | {f"attn.{part}_proj.weight": (n, n) for part in ("q", "k", "v", "out")}
        | _linear("mlp.fc_in.", n, 4 * n)
        | _linear("mlp.fc_out.", 4 * n, n)
    )
    return {
        "transformer.wte.weight": (n, h["n_vocab"]),
        **_norm("transformer.ln_f.", n),
        **_linear("lm_head.", n, h["n_vocab"]),
        **_in_layers(h, "transformer.h.{}.", layer),
    }


def _neox(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer = (
        _norm("input_layernorm.", n)
        | _norm("post_attention_layernorm.", n)
        | _linear("attention.query_key_value.", n, 3 * n)
        | _linear("attention.dense.", n, n)
        | _linear("mlp.dense_h_to_4h.", n, 4 * n)
        | _linear("mlp.dense_4h_to_h.", 4 * n, n)
    )
    return {
        "gpt_neox.embed_in.weight": (n, h["n_vocab"]),
        "embed_out.weight": (n, h["n_vocab"]),
        **_norm("gpt_neox.final_layer_norm.", n),
        **_in_layers(h, "gpt_neox.layers.{}.", layer),
    }


def _mpt(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer: Shapes = {
        "norm_1.weight": (n,),
        "norm_2.weight": (n,),
        "attn.Wqkv.weight": (n, 3 * n),
        "attn.out_proj.weight": (n, n),
        "ffn.up_proj.weight": (n, 4 * n),
        "ffn.down_proj.weight": (4 * n, n),
    }
    return {
        "transformer.wte.weight": (n, h["n_vocab"]),
        "transformer.norm_f.weight": (n,),
        **_in_layers(h, "transformer.blocks.{}.", layer),
    }


def _falcon(h: dict[str, int]) -> Shapes:
    n, head = h["n_embd"], h["n_embd"] // h["n_head"]
    norms = ("input_layernorm.",) if _is_7b(h) else ("ln_mlp.", "ln_attn.")
    layer: Shapes = {
        "self_attention.query_key_value.weight": (n, (2 * h["n_head_kv"] + h["n_head"]) * head),
        "self_attention.dense.weight": (n, n),
        "mlp.dense_h_to_4h.weight": (n, 4 * n),
        "mlp.dense_4h_to_h.weight": (4 * n, n),
    }
    for norm in norms:
        layer |= _norm(norm, n)
    return {
        "transformer.word_embeddings.weight": (n, h["n_vocab"]),
        "lm_head.weight": (n, h["n_vocab"]),
        **_norm("transformer.ln_f.", n),
        **_in_layers(h, "transformer.h.{}.", layer),
    }


def _is_7b(h: dict[str, int]) -> bool:
    """Whether a Falcon is of the smaller form: its loader goes by the layers, then by what it is called."""
    return h["n_layer"] == 32 or (h["n_layer"] != 60 and h["falcon_type"] == 7)


_GPT = ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer")
_MOSAIC = ("n_embd", "n_ctx", "n_head", "n_layer", "n_vocab")
_NEOX = _Layout((*_GPT, "n_rot", "par_res", "ftype"), _neox, memory_bytes=2)
_GPT2 = _Layout(
    (*_GPT, "ftype"),
    _gpt2,
    memory_bytes=4,
    vocabulary_again=True,
    optional=("model/lm_head",),
    vectors=("model/wpe",),
)
_LAYOUTS = {
    "gpt2": _GPT2,
    "gptj": _Layout((*_GPT, "n_rot", "ftype"), _gptj, memory_bytes=2, vocabulary_again=True),
    "gpt_neox": _NEOX,
    "mpt": _Layout((*_MOSAIC, "alibi_bias_max", "clip_qkv", "ftype"), _mpt, memory_bytes=2),
    "falcon": _Layout(
        ("n_vocab", "n_embd", "n_head", "n_head_kv", "n_layer", "falcon_type", "ftype"),
        _falcon,
        memory_bytes=4,
        containers=("ggcc",),
        scored=("ggcc",),
        mixed=True,
        context=2048,
    ),
    "starcoder": _GPT2,
    "replit": _Layout((*_MOSAIC, "ftype"), _mpt, memory_bytes=2, scored=("ggml",)),
    "dolly-v2": _NEOX,
    "llama": _Layout(
        ("n_vocab", "n_embd", "n_mult", "n_head", "n_layer", "n_rot", "ftype"),
        lambda h: {"tok_embeddings.weight": (h["n_embd"], h["n_vocab"])},
        memory_bytes=2,
        containers=("ggml", "ggmf", "ggjt"),
        scored=("ggmf", "ggjt"),
        mixed=True,
        open_ended=True,
        context=2048,
    ),
}
TYPES = tuple(_LAYOUTS)
"""What such a file can be, in the words of ctransformers."""


def is_legacy(path: Path) -> bool:
    """Whether a file begins as the models of the GGML era do; raises OSError."""
    with path.open("rb") as file:
        return file.read(4) in MAGICS


def read(path: Path, kind: str) -> Facts:
    """Return the facts of the legacy model at `path`, which is of type `kind`.

    Raises ModelError when it is not a whole and sound file of that type, or when no type is given.
    """
    name = clean_line(path.name)
    if kind not in _LAYOUTS:
        fits = fitting(path)
        told = f" Its weights are those of {' or '.join(fits)}." if fits else ""
        raise ModelError(
            f"There is no type called {clean_line(kind, 40)}."
            if kind
            else f"{name} is a model file of the GGML era, which does not say what type it has.",
            f"`hint models add FILE --type {(fits or ['TYPE'])[0]}`; types are "
            f"{', '.join(TYPES)}.{told}",
        )
    try:
        return _read(path, kind)
    except _UnusableError as reason:
        fits = fitting(path)
        hint = (
            f"Its weights are those of {' or '.join(fits)}: `--type {fits[0]}`."
            if fits
            else "Get the file again from where it came from."
        )
        raise ModelError(f"{name} is not a usable {kind} model: {reason}.", hint) from reason


def fitting(path: Path) -> list[str]:
    """Return the types that a legacy file can be read as: none, one, or two that look alike."""
    fits = []
    for kind in TYPES:
        try:
            _read(path, kind)
        except _UnusableError:
            continue
        fits.append(kind)
    return fits


class _UnusableError(Exception):
    """Why a file is refused, as the end of a sentence."""


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        file.seek(0)

    @property
    def at(self) -> int:
        return self._file.tell()

    def bytes(self, count: int) -> bytes:
        found = self._file.read(count)
        if len(found) < count:
            raise _UnusableError("it is truncated: the file ends inside its header")
        return found

    def number(self) -> int:
        return int(struct.unpack("<i", self.bytes(4))[0])

    def skip(self, count: int) -> None:
        if self.at + count > self.size:
            raise _UnusableError("it is truncated: the file ends inside its weights")
        self._file.seek(count, 1)


def _read(path: Path, kind: str) -> Facts:
    layout = _LAYOUTS[kind]
    with path.open("rb") as file:
        reader = _Reader(file)
        container, version = _container(reader, layout)
        h = dict(zip(layout.fields, [reader.number() for _ in layout.fields], strict=True))
        _check_numbers(h, layout)
        _skip_vocabulary(reader, h, layout, container)
        parameters = _check_tensors(reader, h, layout, aligned=container in ("ggjt", "ggcc"))
    quantised = h["ftype"] % 1000  # ggml keeps the version of its quantisation above
    if kind == "llama" and _outdated(version, quantised):
        raise _UnusableError(
            "its quantisation is of before June 2023, which nothing reads any more"
        )
    return Facts(
        architecture=kind,
        context_length=h.get("n_ctx", layout.context),
        block_count=h["n_layer"],
        embedding_length=h["n_embd"],
        head_count=h["n_head"],
        vocabulary=h["n_vocab"],
        parameters=parameters,
        file_type=quantised if layout.mixed else _FILE_TYPES.get(quantised, quantised),
        form=f"{container} version {version}" if version else container,
        kv_bytes_per_token=_memory_per_token(h) * layout.memory_bytes,
    )


def _memory_per_token(h: dict[str, int]) -> int:
    if "n_head_kv" in h:  # Falcon: few heads, and the values twice
        return 3 * h["n_layer"] * (h["n_embd"] // h["n_head"]) * h["n_head_kv"]
    return 2 * h["n_layer"] * h["n_embd"]


def _container(reader: _Reader, layout: _Layout) -> tuple[str, int]:
    container = MAGICS.get(reader.bytes(4), "")
    if container not in layout.containers:
        raise _UnusableError(
            f"it is a {container or 'foreign'} file, not {' or '.join(layout.containers)}"
        )
    if container == "ggml":
        return container, 0
    version = reader.number()
    if version not in _VERSIONS[container]:
        raise _UnusableError(f"its {container} version is {version:,}, which does not exist")
    return container, version


def _outdated(version: int, quantised: int) -> bool:
    """Whether llama.cpp changed how such weights are stored (its pull requests 1405 and 1508)."""
    return (version < 3 and quantised in (2, 3, 7)) or (version < 2 and quantised > 1)


def _check_numbers(h: dict[str, int], layout: _Layout) -> None:
    limits = {
        "n_vocab": LARGEST_VOCABULARY,
        "n_embd": WIDEST,
        "n_head": MOST_HEADS,
        "n_layer": MOST_LAYERS,
        "n_ctx": LONGEST_CONTEXT,
    }
    for name, most in limits.items():
        if name in h and not 0 < h[name] <= most:
            raise _UnusableError(f"its {name} cannot be {h[name]:,}")
    if h["n_embd"] % h["n_head"]:
        raise _UnusableError(f"{h['n_head']:,} heads cannot share a width of {h['n_embd']:,}")
    if not 0 <= h.get("n_rot", 0) <= h["n_embd"] // h["n_head"]:
        raise _UnusableError(f"its n_rot cannot be {h['n_rot']:,}")
    if h.get("n_ctx", 1) * h["n_layer"] * h["n_embd"] >= _MOST_VALUES:
        raise _UnusableError(f"its n_ctx cannot be {h['n_ctx']:,}")
    if not 0 < h.get("n_head_kv", 1) <= h["n_head"]:
        raise _UnusableError(f"its n_head_kv cannot be {h['n_head_kv']:,}")
    if h.get("falcon_type", 7) not in (7, 40):
        raise _UnusableError(f"its falcon_type cannot be {h['falcon_type']:,}")
    if not layout.mixed and h["ftype"] % 1000 not in _MATRICES:
        raise _UnusableError(f"its ftype cannot be {h['ftype']:,}")


def _skip_vocabulary(reader: _Reader, h: dict[str, int], layout: _Layout, container: str) -> None:
    if layout.vocabulary_again and reader.number() != h["n_vocab"]:
        raise _UnusableError("it gives two sizes of its vocabulary")
    merges = reader.number() if container == "ggcc" else 0
    for _ in range(h["n_vocab"]):
        _skip_text(reader)
        if container in layout.scored:
            reader.bytes(4)
    if container == "ggcc":
        if reader.number() != merges or not 0 <= merges <= LARGEST_VOCABULARY:
            raise _UnusableError(f"its vocabulary cannot have {merges:,} merges")
        for _ in range(2 * merges):
            _skip_text(reader)


def _skip_text(reader: _Reader) -> None:
    length = reader.number()
    if not 0 <= length <= LONGEST_TOKEN:
        raise _UnusableError(f"a token claims to be {length:,} bytes long")
    reader.bytes(length)


def _check_tensors(reader: _Reader, h: dict[str, int], layout: _Layout, *, aligned: bool) -> int:
    """Return the number of parameters, once every tensor is known to be whole and in its place."""
    shapes = layout.shapes(h)
    missing = set(shapes)
    parameters = 0
    for count in range(MOST_TENSORS + 1):
        if reader.at == reader.size:
            break
        if count == MOST_TENSORS:
            raise _UnusableError(f"it has more than {MOST_TENSORS:,} tensors")
        name, shape, kind = _tensor(reader)
        expected = shapes.get(name, None if not layout.open_ended else shape)
        if expected is None:
            raise _UnusableError(
                f"it has a tensor `{clean_line(name, 60)}`, which such models have not"
            )
        if (*shape, 1)[:2] != (*expected, 1)[:2]:
            raise _UnusableError(f"its tensor {clean_line(name, 60)} has the wrong shape")
        if not layout.mixed:
            matrix = len(expected) == 2 and name not in layout.vectors
            if kind != (_MATRICES[h["ftype"] % 1000] if matrix else 0):
                raise _UnusableError(
                    f"its tensor {clean_line(name, 60)} is stored in the wrong way"
                )
        elements = 1
        for side in shape:
            elements *= side
        block, block_bytes = BLOCKS[kind]
        if elements >= _MOST_VALUES or elements % block:
            raise _UnusableError(f"its tensor {clean_line(name, 60)} has the wrong shape")
        if aligned:
            reader.skip(-reader.at % 32)
        reader.skip(elements // block * block_bytes)
        parameters += elements
        missing.discard(name)
    missing -= set(layout.optional)
    if missing:
        raise _UnusableError(
            f"it is truncated, or no such model: {len(missing):,} of its tensors are missing, "
            f"one of them {min(missing)}"
        )
    return parameters


def _tensor(reader: _Reader) -> tuple[str, tuple[int, ...], int]:
    """Return the next tensor's name, shape (innermost first) and type."""
    dimensions, length, kind = reader.number(), reader.number(), reader.number()
    if not 1 <= dimensions <= 2 or not 0 < length <= LONGEST_NAME or kind not in BLOCKS:
        raise _UnusableError("what should be its weights is something else")
    shape = tuple(reader.number() for _ in range(dimensions))
    name = reader.bytes(length).decode("utf-8", "replace")
    if min(shape) < 1:
        raise _UnusableError(f"its tensor {clean_line(name, 60)} has the wrong shape")
    return name, shape, kind
