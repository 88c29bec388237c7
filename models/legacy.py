"""Facts from the header of a model file of the GGML era, and the refusal of one that would crash its
engine.

Such a file does not say what it is: its magic is all they share, and whoever loads it has to know the
type. So a file is read as the type that is claimed, every tensor has to have a name and a shape that
models of this type have, and the file has to end where the last one ends. The native loader checks
less: it takes a truncated file for a whole one, and what is missing for zeros or worse.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from hinterland.errors import InputError, ModelError
from hinterland.models.header import MOST_TENSORS, Facts
from hinterland.models.legacy_layouts import LAYOUTS, TYPES, Layout
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


def is_legacy(path: Path) -> bool:
    """Whether a file begins as the models of the GGML era do; raises OSError."""
    with path.open("rb") as file:
        return file.read(4) in MAGICS


def read(path: Path, kind: str) -> Facts:
    """Return the facts of the legacy model at `path`, which is of type `kind`.

    Raises ModelError when it is not a whole and sound file of that type, or when no type is given;
    InputError for a type that there is not.
    """
    name = clean_line(path.name)
    if kind not in LAYOUTS:
        fits = fitting(path)
        told = f" Its weights are those of {' or '.join(fits)}." if fits else ""
        raise (InputError if kind else ModelError)(
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
    layout = LAYOUTS[kind]
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


def _container(reader: _Reader, layout: Layout) -> tuple[str, int]:
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


def _check_numbers(h: dict[str, int], layout: Layout) -> None:
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


def _skip_vocabulary(reader: _Reader, h: dict[str, int], layout: Layout, container: str) -> None:
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


def _check_tensors(reader: _Reader, h: dict[str, int], layout: Layout, *, aligned: bool) -> int:
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
