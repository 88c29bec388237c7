"""The desk: takes orders, and knows which answers are running and who has not read theirs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine
from pathlib import Path

import msgspec

from hinterland import __version__
from hinterland.engine.memory import resident_bytes
from hinterland.engine.protocol import (
    PROTOCOL_VERSION,
    Done,
    FinishReason,
)
from hinterland.engine.requests import Order
from hinterland.engine.service.allowance import Allowance
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.house import Caller, House, OwnAccount
from hinterland.engine.service.journals import open_journal
from hinterland.engine.service.manners import LARGEST_BODY, mannerly
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.terms import (
    TurnedAwayError,
    check,
    with_system,
)
from hinterland.engine.service.usage import Usage
from hinterland.engine.service.workers import Workers
from hinterland.engine.service.writer import Resolve, Writer
from hinterland.engine.status import ServiceStatus
from hinterland.errors import EngineError, InputError

_KEPT_FOR = 600.0  # seconds that an answer waits in memory for somebody to read it
_MOST_KEPT = 8  # such answers of one user
_BYTES_A_SECOND = 2 * 1024 * 1024


class ClosingError(EngineError):
    """The service is ending; the next one will answer."""


class Desk:
    def __init__(
        self,
        resolve: Resolve,
        workers: Workers,
        journals: Path,
        keep_alive: float,
        prefixes: Prefixes,
        house: House | None = None,
        usage: Usage | None = None,
    ) -> None:
        self.house = house or OwnAccount()
        self._workers = workers
        self._prefixes = prefixes
        self.usage = usage or Usage()
        self._writer = Writer(resolve, workers, prefixes, self.house, self.usage)
        self.bytes_a_second = Allowance(_BYTES_A_SECOND, LARGEST_BODY)
        """What one of a shared house may send."""
        self._journals = journals
        self._keep_alive = keep_alive
        self._started = time.time()
        self._running: dict[Answer, asyncio.Task[None]] = {}
        self._by_turn: dict[tuple[int, str], Answer] = {}
        """Answers by whose they are and the turn's id: those being written, and of a shared house
        those that nobody has read to the end."""
        self._closing = False
        self._last_active = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """How long nothing was asked; 0 while an answer is running."""
        return 0.0 if self._running else time.monotonic() - self._last_active

    def take(self, order: Order, caller: Caller) -> Answer:
        """Start the answer to `order` and return it; failures are its last event.

        Raises InputError for a turn that is being answered already and for what may not be asked
        here, TurnedAwayError for who may not ask now, ClosingError at the end.
        """
        turn = self._turn(caller, order.hint.turn_id)
        if turn is not None and turn in self._by_turn:
            raise InputError("That turn is being answered already.", "Attach to it instead.")
        self._check_open()
        self._check_terms(caller)
        journal = None
        if self.house.shared:
            order = with_system(mannerly(order), caller.terms)
        else:
            journal = open_journal(self._journals, order)
        answer = Answer(caller, journal, plain=not order.hint.events)
        uid, role = caller.uid, caller.terms.role
        answer.visit = self.usage.arrives(uid, order.model or "", order.hint.priority, role)
        self._start(answer, self._writer.answer(order, answer, self._is_alone), turn)
        return answer

    def load(self, model: str | None, caller: Caller) -> Answer:
        """Bring a model into memory; the answer says only how that goes. Raises as `take` does."""
        self._check_open()
        self._check_terms(caller)
        answer = Answer(caller)
        self._start(answer, self._writer.load(model, answer), None)
        return answer

    def count(self, order: Order, caller: Caller) -> Answer:
        """Count the prompt of `order`; the answer says how many tokens it has, and no more. Raises
        as `take` does."""
        self._check_open()
        self._check_terms(caller)
        if self.house.shared:
            order = with_system(mannerly(order), caller.terms)
        answer = Answer(caller)
        self._start(answer, self._writer.count(order, answer), None)
        return answer

    @property
    def busy(self) -> bool:
        """Whether an answer is being written or waited for."""
        return bool(self._running)

    def answer_to(self, turn_id: str, caller: Caller) -> Answer | None:
        """Return the answer to that turn of the caller's if it is being written, or was and has not
        been read to the end."""
        turn = self._turn(caller, turn_id)
        return self._by_turn.get(turn) if turn else None

    def cancel(self, turn_id: str, caller: Caller) -> bool:
        """Stop the answer to that turn of the caller's; return whether there was one."""
        answer = self.answer_to(turn_id, caller)
        return answer in self._running and self._running[answer].cancel()

    def _turn(self, caller: Caller, turn_id: str | None) -> tuple[int, str] | None:
        """Return what an answer is known by; an account's answers are root's as well."""
        if turn_id is None:
            return None
        return caller.uid if self.house.shared else os.getuid(), turn_id

    def delivered(self, answer: Answer) -> None:
        """Let go of an answer that was read to the end."""
        if answer.kept_until is not None:
            answer.kept_until.cancel()  # it holds the answer, and its words
        for turn in [turn for turn, each in self._by_turn.items() if each is answer]:
            if answer.ended:
                del self._by_turn[turn]

    def drop(self, answer: Answer) -> None:
        """Stop an answer that nobody reads any more."""
        task = self._running.get(answer)
        if task is not None and answer.followers == 0:
            task.cancel()

    async def rest(self) -> None:
        """Give back the memory of the models, which nobody has asked anything for long."""
        await self._workers.stop_idle()

    async def close(self) -> None:
        """Stop everything; what was written of each answer stays in its journal."""
        self._closing = self._writer.closing = True
        answers = list(self._running)
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await asyncio.gather(*(answer.closed() for answer in answers))
        self._by_turn.clear()
        await self._prefixes.settle()
        await self._workers.stop()
        self.usage.close()

    def status(self, caller: Caller) -> ServiceStatus:
        """Return what may be told that caller."""
        workers = [worker.status() for worker in self._workers.all]
        trouble = self._writer.trouble
        if not caller.terms.sees_all:  # it may be about what somebody else asked
            workers = [msgspec.structs.replace(worker, socket="", note="") for worker in workers]
            trouble = ""
        return ServiceStatus(
            protocol=PROTOCOL_VERSION,
            version=__version__,
            pid=os.getpid(),
            started=self._started,
            workers=workers,
            running=len(self._running),
            answered=self._writer.answered,
            idle_seconds=self.idle_seconds,
            keep_alive=self._keep_alive,
            resident_bytes=resident_bytes(os.getpid()),
            trouble=trouble,
        )

    def _start(
        self, answer: Answer, work: Coroutine[None, None, None], turn: tuple[int, str] | None
    ) -> None:
        task = asyncio.create_task(work)
        self._running[answer] = task
        if turn is not None:
            self._by_turn[turn] = answer

        def ended(task: asyncio.Task[None]) -> None:
            del self._running[answer]
            self._last_active = time.monotonic()
            if task.cancelled():  # before its first step
                answer.say(Done(FinishReason.CANCELLED))
            if turn is not None and self.house.shared and not self._closing:
                self._keep(turn, answer)
            elif turn is not None:
                del self._by_turn[turn]
            answer.end()
            self._note(answer)

        task.add_done_callback(ended)

    def _keep(self, turn: tuple[int, str], answer: Answer) -> None:
        """Keep an answer of a shared house, which has no journal, until it is read to the end or for
        some minutes, but not too many of them."""
        mine = [each for each, kept in self._by_turn.items() if each[0] == turn[0] and kept.ended]
        for oldest in mine[: 1 - _MOST_KEPT]:
            self.delivered(self._by_turn[oldest])
        loop = asyncio.get_running_loop()
        answer.kept_until = loop.call_later(_KEPT_FOR, self.delivered, answer)

    def _note(self, answer: Answer) -> None:
        if answer.visit is None:
            return
        finish = answer.finish
        if isinstance(answer.last, Done):
            finish = answer.last.finish_reason.value
        elif answer.last is not None:
            finish = FinishReason.FAILED.value
        served = answer.visit.ends(finish)
        self.usage.note(served)
        self.house.note(served)

    def _is_alone(self) -> bool:
        return len(self._running) == 1

    def _check_terms(self, caller: Caller) -> None:
        terms, uid = caller.terms, caller.uid
        at_once = sum(answer.caller.uid == uid for answer in self._running)
        try:
            check(terms, at_once, self.usage.spent(uid))
        except TurnedAwayError:
            self.usage.refused(uid, terms.role)
            raise
        self.usage.limit(uid, terms.tokens_a_day)

    def _check_open(self) -> None:
        if self._closing:
            raise ClosingError("The engine is stopping.", "Ask again.")
