"""Text formats are patched by span: whatever is outside of a translated text stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from hinterland.plugins.translation.units import Parts, Unit

_COPIED = 1 << 20  # bytes at a time


class SpanWriter:
    """Copies a document and puts what `encode` makes of translations in the places of units.

    A unit whose translation is its own parts keeps its bytes, whatever else they could be.
    """

    def __init__(
        self,
        source: bytes,
        out: BinaryIO,
        encode: Callable[[Unit, Parts], bytes],
    ) -> None:
        self._source = memoryview(source)
        self._out = out
        self._encode = encode
        self._at = 0

    def put(self, unit: Unit, parts: Parts | None, *, doubtful: bool = False) -> None:
        """Write up to the end of a unit."""
        if unit.start < self._at:
            raise ValueError(f"units out of order: {unit.note}")
        if parts is None or parts == unit.parts:
            self._copy(unit.end)
            return
        self._copy(unit.start)
        self._out.write(self._encode(unit, parts))
        self._at = unit.end

    def close(self) -> None:
        """Copy the rest."""
        self._copy(len(self._source))

    def _copy(self, end: int) -> None:
        while self._at < end:
            block = self._source[self._at : min(end, self._at + _COPIED)]
            self._out.write(block)
            self._at += len(block)
