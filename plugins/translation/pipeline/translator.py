"""Units in, translated units out, in order: what is not known goes through the engine's slots."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from itertools import chain

import msgspec

from hinterland.batch.results import Result
from hinterland.batch.rows import Piece
from hinterland.batch.running import RETRIES, Run, Target
from hinterland.engine.protocol import Engine
from hinterland.errors import EngineError, HinterlandError
from hinterland.jobs import Supply
from hinterland.plugins import languages
from hinterland.plugins.translation.memory import Memory, Remembered
from hinterland.plugins.translation.pipeline.asking import Asking
from hinterland.plugins.translation.pipeline.outcome import (
    FAILED,
    UNCOVERED,
    Flag,
    Outcome,
    Translated,
)
from hinterland.plugins.translation.segments import Segment, cut
from hinterland.plugins.translation.units import Code, Parts, Unit, codes_of, text_of

_WINDOW = 256  # segments that are cut at once
_CONTEXT = 80  # characters of a neighbour
_SURE = 0.8


class Manner(msgspec.Struct, frozen=True):
    """What is done otherwise than usual."""

    uncovered: str = ""
    """Flags every segment with this sentence: the model does not know one of the languages."""
    redo_flagged: bool = False
    """Ask again for what was flagged before."""
    mixed: bool = False
    """Some units may be in the language that is translated into: they stay as they are."""


USUAL = Manner()


class Translator:
    """Translates units of one pair of languages, and remembers what it has translated.

    `say` hears sentences about what goes wrong and is tried again.
    """

    def __init__(
        self,
        targets: list[Target],
        asking: Asking,
        memory: Memory,
        manner: Manner = USUAL,
        *,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.pair = asking.pair
        self.tally = asking.tally
        self._targets = targets
        self._asking = asking
        self._memory = memory
        self._manner = manner
        self._uncovered = Flag(UNCOVERED, manner.uncovered) if manner.uncovered else None
        self._say = say
        self._order: deque[_Waiting] = deque()
        self._ready = asyncio.Event()
        self._under_way: dict[Parts, asyncio.Event] = {}

    async def translate(self, units: Iterable[Unit]) -> AsyncGenerator[Translated]:
        """Yield each unit with its translation, in order.

        Raises what reading the units raises, EngineError when no engine answers any more and
        StorageError when the memory cannot be kept; what was translated is remembered all the same.
        """
        supply: Supply[Piece] = Supply(self._windows(units))
        run = Run(
            supply,
            self._targets,
            self,
            self._put,
            room=lambda: self._memory.room() if self._memory.full else None,
            retries=RETRIES,
            say=self._say,
        )
        working = asyncio.create_task(run.go())
        working.add_done_callback(lambda _task: self._ready.set())
        try:
            while True:
                over = working.done()
                while self._order and not self._order[0].left:
                    done = self._order.popleft().done()
                    self.tally.count(done)
                    yield done
                if over:
                    break
                await self._ready.wait()
                self._ready.clear()
            await working
            if self._order:
                raise EngineError(
                    "Some segments were never answered.", "Run the same command again."
                )
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError, HinterlandError):
                await working

    async def ask(self, engine: Engine, piece: Piece, model: str | None = None) -> Result:
        """Return the result of a segment; its outcome stands in the piece's own place."""
        waiting, at, context = piece.metadata
        segment = waiting.segments[at]
        key = segment.parts
        while (other := self._under_way.get(key)) is not None:
            await other.wait()
        if (outcome := self._known(segment)) is None:
            self._under_way[key] = done = asyncio.Event()
            try:
                outcome = await self._asked(engine, segment, context)
                if outcome.flag is None or outcome.flag.kind != FAILED:
                    self._memory.add(key, _remembered(outcome))
            finally:
                del self._under_way[key]
                done.set()
        waiting.settle(at, self._judged(outcome))
        return Result(id=piece.id, metadata=piece.metadata)

    async def _asked(self, engine: Engine, segment: Segment, context: str) -> Outcome:
        try:
            return await self._asking.translate(engine, segment, context)
        except EngineError:
            raise
        except HinterlandError as error:
            return Outcome(segment, None, Flag(FAILED, error.message))

    def _known(self, segment: Segment) -> Outcome | None:
        found = self._memory.find(segment.parts)
        if found is None or (found.trouble and self._manner.redo_flagged):
            return None
        return _outcome(segment, found)

    def _judged(self, outcome: Outcome) -> Outcome:
        if self._uncovered is None or outcome.flag is not None:
            return outcome
        return Outcome(
            outcome.segment, outcome.parts, self._uncovered, remembered=outcome.remembered
        )

    def _put(self, result: Result) -> None:
        if result.error is not None:
            waiting, at, _context = result.metadata
            flag = Flag(FAILED, result.error.message)
            waiting.settle(at, Outcome(waiting.segments[at], None, flag))
        self._ready.set()

    def _is_translated(self, unit: Unit) -> bool:
        found = languages.detect(text_of(unit.parts))
        return found.sure >= _SURE and found.language == self.pair.target and not found.mixed

    def _windows(self, units: Iterable[Unit]) -> Iterator[list[Piece]]:
        """Yield segments as pieces of work, some at a time. A thread of the supply's runs this."""
        window: list[Piece] = []
        before, number = "", 0
        for unit, following in _with_next(units):
            stays = unit.done or (self._manner.mixed and self._is_translated(unit))
            segments = [] if stays else cut(unit, self.pair.source)
            waiting = _Waiting(unit, segments)
            self._order.append(waiting)
            for at, segment in enumerate(segments):
                text = text_of(segment.parts)
                around = ("", "")
                if self._asking.wants_neighbours(text):
                    last = at + 1 == len(segments)
                    around = (before, following if last else text_of(segments[at + 1].parts))
                number += 1
                window.append(
                    Piece(
                        line=number,
                        id=number,
                        metadata=(waiting, at, _context(unit, *around)),
                        length=len(text),
                    )
                )
                before = text
            if len(window) >= _WINDOW:
                yield window
                window = []
        yield window


class _Waiting:
    """A unit whose segments are under way."""

    __slots__ = ("left", "outcomes", "segments", "unit")

    def __init__(self, unit: Unit, segments: list[Segment]) -> None:
        self.unit = unit
        self.segments = segments
        self.outcomes: list[Outcome | None] = [None] * len(segments)
        self.left = len(segments)

    def settle(self, at: int, outcome: Outcome) -> None:
        if self.outcomes[at] is None:
            self.left -= 1
        self.outcomes[at] = outcome

    def done(self) -> Translated:
        return Translated(self.unit, tuple(each for each in self.outcomes if each is not None))


def _with_next(units: Iterable[Unit]) -> Iterator[tuple[Unit, str]]:
    """Yield units, each with the words that come after it."""
    before: Unit | None = None
    for unit in chain(units, (None,)):
        if before is not None:
            yield before, text_of(unit.parts)[:_CONTEXT] if unit is not None else ""
        before = unit


def _context(unit: Unit, before: str, after: str) -> str:
    """Return what a model may be told of a segment, on one line."""
    neighbours = [before[-_CONTEXT:], "…" if before or after else "", after[:_CONTEXT]]
    return " ".join(" ".join([unit.context, *neighbours]).split())


def _remembered(outcome: Outcome) -> Remembered:
    if outcome.flag is not None:
        tried = (outcome.tried,) if outcome.tried else ()
        return Remembered(tried, f"{outcome.flag.kind}: {outcome.flag.sentence}")
    # Of codes that are equal, each has its own number.
    places: dict[Code, deque[int]] = {}
    for at, code in enumerate(codes_of(outcome.segment.parts)):
        places.setdefault(code, deque()).append(at)
    parts = outcome.parts or ()
    return Remembered(
        tuple(each if isinstance(each, str) else places[each].popleft() for each in parts)
    )


def _outcome(segment: Segment, found: Remembered) -> Outcome:
    if found.trouble:
        kind, _space, sentence = found.trouble.partition(": ")
        tried = "".join(each for each in found.text if isinstance(each, str))
        return Outcome(segment, None, Flag(kind, sentence), tried, remembered=True)
    codes = codes_of(segment.parts)
    parts = tuple(each if isinstance(each, str) else codes[each] for each in found.text)
    return Outcome(segment, parts, remembered=True)
