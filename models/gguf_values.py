"""The values of a GGUF header, as they are stored, read from front to back.

A file may claim whatever it likes: every length has a limit, and no more than 64 MiB is read.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from hinterland.text import clean_line

LONGEST_HEADER = 64 << 20
"""Bytes. A vocabulary of 262,144 entries with scores and merges takes about 16 MiB."""
MOST_KEYS = 4096
MOST_STRINGS = 2_000_000
"""Strings in all arrays together: a vocabulary and its merges."""
LONGEST_STRING = 4 << 20

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

Value = str | int | float | bool | list[int | float | bool] | None


class UnusableError(Exception):
    """Why a file is refused, as the end of a sentence."""


class ValueReader:
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
                raise UnusableError("it is truncated: the file ends inside its header")

    def _over(self) -> UnusableError:
        if self._short:
            return UnusableError("it is truncated: the file ends inside its header")
        return UnusableError(f"its header is longer than {LONGEST_HEADER >> 20} MiB")

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
            raise UnusableError(f"{what} claims to be {length:,} bytes long")
        return self.bytes(length).decode("utf-8", errors="replace")

    def skip_strings(self, count: int) -> None:
        self._strings += count
        if self._strings > MOST_STRINGS:
            raise UnusableError(f"its arrays claim to hold {self._strings:,} strings")
        unpack, width = self._count.unpack_from, self._count.size
        for _ in range(count):
            if self._at + width > len(self._held):
                self._hold(width)
            length = unpack(self._held, self._at)[0]
            self._at += width
            if length > LONGEST_STRING:
                raise UnusableError(f"a string in an array claims to be {length:,} bytes long")
            if self._at + length <= len(self._held):
                self._at += length
            else:
                self.skip(length)

    def value(self, key: str, kept: bool) -> Value:
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
            raise UnusableError(f"{clean_line(key, 60)} is an array of an unknown type ({inner})")
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
            raise UnusableError(f"{clean_line(key, 60)} claims to have {count:,} elements")
        if inner == _STRING:
            return [self.string(LONGEST_STRING, key) for _ in range(count)]
        return [self._scalar(inner) for _ in range(count)]

    def _scalar(self, kind: int) -> int | float | bool:
        stored = _SCALARS.get(kind)
        if stored is None:
            raise UnusableError(f"its header uses a value type that does not exist ({kind})")
        number: int | float | bool = stored.unpack(self.bytes(stored.size))[0]
        return number
