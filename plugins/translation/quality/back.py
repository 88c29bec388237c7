"""The way back: what was translated is translated again into the language it came from.

Where the two texts share few letters, somebody should look first. A low score is no proof: a good
translation can come back in other words.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from hinterland.plugins.translation.pipeline import Translated, Translator
from hinterland.plugins.translation.quality.score import chrf_of
from hinterland.plugins.translation.units import Parts, Unit, text_of

WORST = 10
"""Segments that are listed unless somebody wants more."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    note: str
    source: Parts
    translated: Parts


class Returned(msgspec.Struct, frozen=True):
    """A segment that was there and back."""

    note: str
    """Where it is in its document, for people."""
    source: str
    translated: str
    back: str
    """Empty where no try to translate it back was fit."""
    chrf: float
    """Of `back` against `source`, from 0 to 100; 0 where nothing came back."""
    trouble: str = ""
    """Why nothing came back, in a sentence."""


class Report(msgspec.Struct, frozen=True):
    """What came back of a document."""

    segments: int
    lost: int
    """Of those, how many could not be translated back."""
    mean: float
    """The mean of the segments' chrF, which is lower than the chrF of the whole."""
    worst: tuple[Returned, ...]
    """The lowest first; of equals, in the order of the document."""


class WayBack:
    """Keeps the segments of a translation in a temporary file that only their owner can read."""

    def __init__(self, worst: int = WORST) -> None:
        self._most = worst
        self._folder = tempfile.TemporaryDirectory(prefix="hint-")
        self._path = Path(self._folder.name, "segments")
        self._kept: BinaryIO = self._path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()
        self._folder.cleanup()

    def add(self, done: Translated) -> None:
        """Keep the translated segments of a unit; those that stayed as they were do not go back."""
        for outcome in done.outcomes:
            if outcome.parts is not None:
                kept = _Kept(done.unit.note, outcome.segment.parts, outcome.parts)
                self._kept.write(msgspec.json.encode(kept) + b"\n")

    async def go(self, translator: Translator) -> Report:
        """Return what comes back through a translator of the other direction; raises what it does."""
        self._kept.flush()
        segments, lost, total = 0, 0, 0.0
        worst: list[tuple[float, int, Returned]] = []
        there = self._read()
        async with aclosing(translator.translate(self._units())) as translations:
            async for done in translations:
                returned = _compared(next(there), done)
                segments += 1
                lost += bool(returned.trouble)
                total += returned.chrf
                entry = (-returned.chrf, -segments, returned)
                if len(worst) < self._most:
                    heapq.heappush(worst, entry)
                else:
                    heapq.heappushpop(worst, entry)
        return Report(
            segments,
            lost,
            total / segments if segments else 100.0,
            tuple(entry[2] for entry in sorted(worst, reverse=True)),
        )

    def _units(self) -> Iterator[Unit]:
        for kept in self._read():
            yield Unit(parts=kept.translated, note=kept.note, whole=True)

    def _read(self) -> Iterator[_Kept]:
        with self._path.open("rb") as file:
            for line in file:
                yield msgspec.json.decode(line, type=_Kept)


def _compared(there: _Kept, done: Translated) -> Returned:
    source, translated = text_of(there.source).strip(), text_of(there.translated).strip()
    trouble = next((each.sentence for each in (o.flag for o in done.flagged) if each), "")
    back = "" if done.parts is None else text_of(done.parts).strip()
    if not done.outcomes:  # nothing in it to translate
        back, trouble = translated, ""
    return Returned(
        there.note, source, translated, back, chrf_of(back, source) if back else 0.0, trouble
    )
