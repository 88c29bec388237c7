"""The run: pieces go to engines, results to the ledger, and what an engine fails at is tried again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hinterland.batch.answering import Asks, living
from hinterland.batch.results import Result, failed
from hinterland.batch.rows import Piece
from hinterland.engine.protocol import Engine
from hinterland.errors import EngineError
from hinterland.jobs import Supply

RETRIES = 3
"""Times that a row is tried again after an engine failed at it."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds after a failure, twice as long after each
_ROWS_IN_DOUBT = 3
"""Rows given up one after the other, with none answered between them: then it is the engine."""
_FAILURES_TO_END = 3
"""An engine that has failed so many times as often as a row is tried again does not come back."""
_TRIES_IN_COMPANY = 2
"""A row that was lost so often is asked alone: what then fails is this row, or the engine."""
_FAILURES_TOLD = 3
_IN_A_ROW = 32  # rows
_LOOK_FOR_ENGINES = 5.0  # seconds between looks whether one has joined
_MOST_WORKERS = 64
_ROWS_TO_MEASURE = 3  # for each worker
_PAYS = 1.1
"""What twice the rows at once have to write more, or no more are tried."""
_RECENT = 30.0  # seconds over which the speed is told


@dataclass(slots=True)
class Target:
    """An engine that takes part, and how many rows it is sent at once."""

    engine: Engine
    model: str | None = None
    """What it is asked for, whatever the rows say; None leaves it to them."""
    workers: int = 1
    grows: bool = False
    """Whether nobody knows how many it can do at once: more are tried for as long as that pays."""
    failures: int = 0
    """Failures one after the other since it last answered; what fails together is one. While there
    are any it is asked for a word now and then, and for no row."""
    failed_at: float = 0.0
    """When it last failed; of `time.monotonic()`."""
    ready_at: float = 0.0
    """When it is asked again after a failure; likewise."""
    answered: int = 0
    tokens: int = 0
    """Tokens that it has written in answers."""
    under_way: int = 0
    """Rows that it is answering."""
    alone: bool = False
    """Whether no other row is begun meanwhile."""
    known_model: str | None = None
    """What rows wanted that it has answered, or failed at when it had answered none."""

    def waits(self) -> bool:
        """Whether no row may be begun."""
        return self.alone or self.failures > 0


@dataclass(slots=True)
class Tally:
    """What was done in this run."""

    started: float = field(default_factory=time.monotonic)
    answered: int = 0
    failed: int = 0
    retried: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    running: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Failures by kind."""
    models: Counter[str] = field(default_factory=Counter)
    """Answers by model."""
    first_failed: list[Result] = field(default_factory=list)
    """The first few failures, for people."""
    _recent: deque[tuple[float, int, int]] = field(default_factory=deque)

    def count(self, result: Result) -> None:
        """Count a result."""
        if result.error is not None:
            self.failed += 1
            self.kinds[result.error.kind] += 1
            if len(self.first_failed) < _FAILURES_TOLD:
                self.first_failed.append(result)
        else:
            self.answered += 1
            self.models[result.model] += 1
        if result.usage is not None:
            self.prompt_tokens += result.usage.prompt_tokens
            self.completion_tokens += result.usage.completion_tokens

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def speed(self) -> tuple[float, float]:
        """Return rows and written tokens a second, over the last half minute."""
        now = time.monotonic()
        rows = self.answered + self.failed
        self._recent.append((now, rows, self.completion_tokens))
        while now - self._recent[0][0] > _RECENT:
            self._recent.popleft()
        at, rows_then, tokens_then = self._recent[0]
        if len(self._recent) == 1:
            at, rows_then, tokens_then = self.started, 0, 0
        spent = max(now - at, 0.001)
        return (rows - rows_then) / spent, (self.completion_tokens - tokens_then) / spent


class Run:
    """Asks for everything in a supply.

    `late`, where there is one, is asked now and then for engines that have joined since. `put` takes
    a finished result. `room`, where there is one, is awaited before each row: it holds
    the work up where results cannot be taken. `say` hears, in one sentence, what goes wrong and is
    tried again.
    """

    def __init__(
        self,
        supply: Supply[Piece],
        targets: list[Target],
        answering: Asks,
        put: Callable[[Result], None],
        *,
        room: Callable[[], Awaitable[object] | None] = lambda: None,
        retries: int = RETRIES,
        say: Callable[[str], None] = lambda sentence: None,
        late: Callable[[], Awaitable[list[Target]]] | None = None,
    ) -> None:
        self._late = late
        self._supply = supply
        self._targets = [*targets]
        self._answering = answering
        self._put = put
        self._room = room
        self._retries = retries
        self._most_failures = max(_FAILURES_TO_END * retries, 1)
        self._say = say
        self._in_doubt: list[Result] = []
        """Rows that were given up since an engine last answered."""
        self.tally = Tally()

    async def go(self) -> None:
        """Return when everything is done; raises EngineError when no engine answers any more."""
        try:
            async with asyncio.TaskGroup() as group:
                for target in self._targets:
                    self._employ(target, group)
                if self._late is not None:
                    group.create_task(self._take_in(self._late, group))
        except BaseExceptionGroup as several:  # what ended one worker has ended them all
            raise several.exceptions[0] from None
        self._settle()

    def _employ(self, target: Target, group: asyncio.TaskGroup) -> None:
        working = [group.create_task(self._work(target)) for _ in range(target.workers)]
        if target.grows:
            group.create_task(self._grow(target, working, group))

    async def _take_in(
        self, late: Callable[[], Awaitable[list[Target]]], group: asyncio.TaskGroup
    ) -> None:
        """Have engines take part that join while the work goes on."""
        over = asyncio.create_task(self._supply.until(lambda: self._supply.over))
        try:
            while not (await asyncio.wait({over}, timeout=_LOOK_FOR_ENGINES))[0]:
                joining = asyncio.ensure_future(late())
                await asyncio.wait({over, joining}, return_when=asyncio.FIRST_COMPLETED)
                if not joining.done():
                    joining.cancel()
                    return
                for target in joining.result():
                    self._targets.append(target)
                    self._employ(target, group)
        finally:
            over.cancel()

    async def _grow(
        self, target: Target, working: list[asyncio.Task[None]], group: asyncio.TaskGroup
    ) -> None:
        """Send an engine more rows at once for as long as it then writes faster."""
        best = 0.0
        while target.workers < _MOST_WORKERS:
            started, answered, tokens = time.monotonic(), target.answered, target.tokens
            while target.answered - answered < _ROWS_TO_MEASURE * target.workers:
                await asyncio.wait(working, timeout=1, return_when=asyncio.ALL_COMPLETED)
                if all(task.done() for task in working):
                    return
            speed = (target.tokens - tokens) / (time.monotonic() - started)
            if speed < best * _PAYS:
                return
            best = speed
            working += [group.create_task(self._work(target)) for _ in range(target.workers)]
            target.workers *= 2

    async def _work(self, target: Target) -> None:
        supply = self._supply
        in_company = min(_TRIES_IN_COMPANY, self._retries)
        while True:
            if target.alone:
                await supply.until(lambda: not target.alone)
                continue
            if target.failures:
                await self._revive(target)
                if supply.over:
                    return
                continue
            piece = supply.at_hand() or await supply.take()
            if piece is None:
                return
            if target.waits():  # since it began to wait for a row
                await supply.back(piece)
            elif piece.tries and piece.tries >= in_company:
                await self._ask_alone(target, piece)
            else:
                await self._ask(target, piece)

    async def _revive(self, target: Target) -> None:
        """Ask an engine that has failed for a word, after its rest, and not for a row: another
        engine may do that, and a row has nothing to do with it."""
        target.alone = True
        try:
            await self._supply.until(
                lambda: self._supply.over or not target.failures,
                target.ready_at - time.monotonic(),
            )
            if not target.failures or self._supply.over:
                return
            asked_at = time.monotonic()
            trouble = await living(target.engine, target.model or target.known_model)
            if trouble is not None:
                self._note(target, trouble, asked_at)
            else:
                target.failures = 0
        finally:
            target.alone = False
            await self._supply.wake()

    async def _ask_alone(self, target: Target, piece: Piece) -> None:
        target.alone = True
        try:
            await self._supply.until(lambda: not target.under_way)
            await self._ask(target, piece)
        finally:
            target.alone = False
            await self._supply.wake()

    async def _ask(self, target: Target, piece: Piece) -> None:
        tally = self.tally
        if (waiting := self._room()) is not None:
            await waiting
        tally.running += 1
        target.under_way += 1
        asked_at = time.monotonic()
        try:
            result = await self._answering.ask(target.engine, piece, target.model)
        except EngineError as error:
            await self._try_again(target, piece, error, asked_at)
            return
        finally:
            tally.running -= 1
            target.under_way -= 1
        if result.error is None:
            target.answered += 1
            target.tokens += result.usage.completion_tokens if result.usage else 0
            target.known_model = piece.request.model if piece.request else None
            if target.failures or self._in_doubt:
                target.failures = 0
                self._settle()
                await self._supply.wake()
        self._finish(result)
        if (tally.answered + tally.failed) % _IN_A_ROW == 0:
            await asyncio.sleep(0)  # an engine in this process may never let others have a turn
        if self._supply.done() or target.alone:
            await self._supply.wake()

    async def _try_again(
        self, target: Target, piece: Piece, error: EngineError, asked_at: float
    ) -> None:
        if not target.answered and piece.request:
            target.known_model = piece.request.model
        self._note(target, error, asked_at)
        piece.tries += 1
        if piece.tries <= self._retries:
            self.tally.retried += 1
            await self._supply.back(piece)
            return
        self._in_doubt.append(
            failed(
                piece.id,
                piece.line,
                error,
                fingerprint=piece.fingerprint,
                metadata=piece.metadata,
            )
        )
        if len(self._in_doubt) >= _ROWS_IN_DOUBT:
            raise _none_answers(error)
        self._supply.done()
        await self._supply.wake()

    def _note(self, target: Target, error: EngineError, asked_at: float) -> None:
        """Count a failure at what was asked then; raises EngineError when no engine comes back."""
        now = time.monotonic()
        if target.failures and asked_at <= target.failed_at:
            return
        target.failed_at = now
        target.failures += 1
        pause = min(_FIRST_PAUSE * 2 ** (target.failures - 1), _LONGEST_PAUSE)
        target.ready_at = now + pause
        if all(each.failures > self._most_failures for each in self._targets):
            raise _none_answers(error)
        self._say(f"{error.message} Its rows are tried again in {pause:.1f} s.")

    def _settle(self) -> None:
        """Let the rows that were given up be failures of their own: an engine answers."""
        for result in self._in_doubt:
            self._finish(result)
        self._in_doubt.clear()

    def _finish(self, result: Result) -> None:
        self._put(result)
        self.tally.count(result)


def _none_answers(error: EngineError) -> EngineError:
    return EngineError(
        f"No engine answers any more: {error.message}",
        "What is finished is kept: mend the engine, and run the same command again.",
    )
