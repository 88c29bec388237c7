"""A model's 4-bit weights written again with 8 bits: the same numbers, computed faster for many.

llama.cpp has no kernel that multiplies a Q4_1 matrix with several columns at once, and one for Q8_0.
What is written differs from what was read by half a step of 127 to a block's largest weight, and by
what that step is off as a 16-bit number: by 1/225 of the largest at most, where that is not tiny.
A process of its own: `python -m hinterland.models.widening SOURCE TARGET`.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hinterland.models.gguf_values import MOST_KEYS, UnusableError, ValueReader
from hinterland.models.header import LONGEST_KEY, MOST_DIMENSIONS, MOST_TENSORS
from hinterland.models.quantisation import BLOCKS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NARROW, WIDE = 3, 8
"""Q4_1 and Q8_0, by ggml's numbers for the types of tensors."""
NARROW_FILE, _WIDE_FILE = 3, 7
"""The same, by llama.cpp's numbers for the types of files."""
_ELEMENTS, _NARROW_BYTES = BLOCKS[NARROW]
_WIDE_BYTES = BLOCKS[WIDE][1]
_AT_ONCE = 1 << 16  # blocks: some 20 MB of memory
_COPIED = 1 << 20  # bytes


@dataclass
class _Tensor:
    name: bytes
    shape: tuple[int, ...]
    kind: int
    offset: int
    """Where it begins, after the beginning of all."""

    @property
    def blocks(self) -> int:
        elements = 1
        for length in self.shape:
            elements *= length
        if self.kind not in BLOCKS:
            raise UnusableError(f"it has a type of weights that is not known ({self.kind})")
        return -(-elements // BLOCKS[self.kind][0])

    @property
    def size(self) -> int:
        return self.blocks * BLOCKS[self.kind][1]

    @property
    def wide_kind(self) -> int:
        return WIDE if self.kind == NARROW else self.kind

    @property
    def wide_size(self) -> int:
        return self.blocks * BLOCKS[self.wide_kind][1]


@dataclass
class _File:
    head: bytearray
    """All before the tensors' descriptions, with the number of the new file type in it."""
    alignment: int
    tensors: list[_Tensor]
    data: int
    """Where the weights begin."""


def widen(source: Path, target: Path) -> None:
    """Write the model in `source`, which `header.read` has found sound, to `target`, which is there
    whole or not at all. Raises OSError, UnusableError."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with source.open("rb") as old, fresh.open("wb") as new:
            _write(_read(old), old, new)
            new.flush()
            os.fsync(new.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _read(file: BinaryIO) -> _File:
    size = file.seek(0, 2)
    file.seek(0)
    reader = ValueReader(file, size)
    if reader.bytes(4) != b"GGUF" or reader.u32() not in (2, 3):
        raise UnusableError("it is not a GGUF file of version 2 or 3")
    count, keys = reader.count(), reader.count()
    if count > MOST_TENSORS or keys > MOST_KEYS:
        raise UnusableError("its header claims too much")
    alignment, file_type = 32, None
    for _ in range(keys):
        key = reader.string(LONGEST_KEY, "a metadata key")
        begin = reader.offset
        value = reader.value(key, kept=False)
        if key == "general.alignment" and isinstance(value, int) and 0 < value <= 1 << 20:
            alignment = value
        if key == "general.file_type" and reader.offset - begin == 8:  # type and 32 bits
            file_type = begin + 4
    end = reader.offset
    tensors = [_tensor(reader) for _ in range(count)]
    data = -(-reader.offset // alignment) * alignment
    file.seek(0)
    head = bytearray(file.read(end))
    if file_type is not None:
        struct.pack_into("<I", head, file_type, _WIDE_FILE)
    return _File(head, alignment, tensors, data)


def _tensor(reader: ValueReader) -> _Tensor:
    length = reader.count()
    if length > LONGEST_KEY:
        raise UnusableError("a tensor's name is too long")
    name = reader.bytes(length)
    dimensions = reader.u32()
    if dimensions > MOST_DIMENSIONS:
        raise UnusableError(f"a tensor claims {dimensions:,} dimensions")
    shape = tuple(reader.count() for _ in range(dimensions))
    return _Tensor(name, shape, reader.u32(), reader.u64())


def _write(file: _File, old: BinaryIO, new: BinaryIO) -> None:
    new.write(file.head)
    offset = 0
    for tensor in file.tensors:
        new.write(struct.pack("<Q", len(tensor.name)) + tensor.name)
        new.write(struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape))
        new.write(struct.pack("<IQ", tensor.wide_kind, offset))
        offset += -(-tensor.wide_size // file.alignment) * file.alignment
    for tensor in file.tensors:
        new.write(b"\0" * (-new.tell() % file.alignment))
        old.seek(file.data + tensor.offset)
        new.writelines(_pieces(old, tensor))
    new.write(b"\0" * (-new.tell() % file.alignment))


def _pieces(old: BinaryIO, tensor: _Tensor) -> Iterator[bytes]:
    narrow = tensor.kind == NARROW
    left, most = tensor.size, _AT_ONCE * _NARROW_BYTES if narrow else _COPIED
    while left:
        piece = old.read(min(left, most))
        if len(piece) != min(left, most):
            raise UnusableError("it ends in the middle of its weights")
        left -= len(piece)
        yield widened(piece) if narrow else piece


def widened(narrow: bytes) -> bytes:
    """Return blocks of Q4_1 as blocks of Q8_0, for the same number of weights each."""
    import numpy as np

    blocks = np.frombuffer(narrow, np.uint8).reshape(-1, _NARROW_BYTES)
    step, least = (
        blocks[:, at : at + 2].copy().view(np.float16).astype(np.float32) for at in (0, 2)
    )
    quants = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    weights: NDArray[np.float32] = quants * step + least
    scale = np.abs(weights).max(axis=1, keepdims=True) / np.float32(127)
    stored = scale.astype(np.float16)
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    wide = np.empty((len(blocks), _WIDE_BYTES), np.uint8)
    wide[:, :2] = stored.view(np.uint8)
    wide[:, 2:] = np.rint(weights * inverse).astype(np.int8).view(np.uint8)
    return wide.tobytes()


if __name__ == "__main__":
    with contextlib.suppress(OSError):  # the box's unit forbids it
        os.nice(10)
    widen(Path(sys.argv[1]), Path(sys.argv[2]))
