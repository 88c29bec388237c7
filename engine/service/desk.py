"""The desk: takes orders, sees each through to its answer, and knows which answers are running."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager, nullcontext
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from hinterland import __version__
from hinterland.engine.memory import resident_bytes
from hinterland.engine.protocol import (
    PROTOCOL_VERSION,
    Counted,
    Done,
    Failed,
    FinishReason,
    Note,
    Queued,
    SentTo,
)
from hinterland.engine.requests import Order
from hinterland.engine.service import defects, thinking
from hinterland.engine.service.allowance import Allowance
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.house import Caller, House, OwnAccount
from hinterland.engine.service.journals import open_journal
from hinterland.engine.service.limits import answer_limit
from hinterland.engine.service.manners import LARGEST_BODY, check_length, mannerly
from hinterland.engine.service.pictures import with_images_for
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.seats import Seats
from hinterland.engine.service.terms import (
    TurnedAwayError,
    check,
    check_model,
    narrowed,
    with_system,
)
from hinterland.engine.service.turns import Claim
from hinterland.engine.service.usage import Usage
from hinterland.engine.service.worker import Worker, WorkerCrashedError
from hinterland.engine.service.workers import Workers
from hinterland.engine.status import ServiceStatus
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import ContextError, EngineError, HinterlandError, InputError, name_of

log = logging.getLogger("hinterland.engine")

Resolve = Callable[[str | None], WorkerSpec]
"""Gives the model that an id (None: the configured one) names; raises ModelError. May touch the disk."""


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
        self._resolve = resolve
        self._workers = workers
        self._prefixes = prefixes
        self._seats = Seats()
        self.usage = usage or Usage()
        self.bytes_a_second = Allowance(_BYTES_A_SECOND, LARGEST_BODY)
        """What one of a shared house may send."""
        self._journals = journals
        self._keep_alive = keep_alive
        self._started = time.time()
        self._running: dict[Answer, asyncio.Task[None]] = {}
        self._by_turn: dict[tuple[int, str], Answer] = {}
        """Answers by whose they are and the turn's id: those being written, and of a shared house
        those that nobody has read to the end."""
        self._alone: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._closing = False
        self._answered = 0
        self._trouble = ""
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
        self._start(answer, self._answer(order, answer), turn)
        return answer

    def load(self, model: str | None, caller: Caller) -> Answer:
        """Bring a model into memory; the answer says only how that goes. Raises as `take` does."""
        self._check_open()
        self._check_terms(caller)
        answer = Answer(caller)
        self._start(answer, self._load(model, answer), None)
        return answer

    def count(self, order: Order, caller: Caller) -> Answer:
        """Count the prompt of `order`; the answer says how many tokens it has, and no more. Raises
        as `take` does."""
        self._check_open()
        self._check_terms(caller)
        if self.house.shared:
            order = with_system(mannerly(order), caller.terms)
        answer = Answer(caller)
        self._start(answer, self._count(order, answer), None)
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
        self._closing = True
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
        trouble = self._trouble
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
            answered=self._answered,
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

    def _check_terms(self, caller: Caller) -> None:
        terms, uid = caller.terms, caller.uid
        at_once = sum(answer.caller.uid == uid for answer in self._running)
        try:
            check(terms, at_once, self.usage.spent(uid))
        except TurnedAwayError:
            self.usage.refused(uid, terms.role)
            raise
        self.usage.limit(uid, terms.tokens_a_day)

    def _one_by_one(self, caller: Caller) -> AbstractAsyncContextManager[None]:
        """Let one of a stranger's requests at a time have what has to be computed before its turn."""
        if not self.house.shared:
            return nullcontext()
        lock = self._alone.get(caller.uid)
        if lock is None:
            lock = self._alone[caller.uid] = asyncio.Lock()
        return lock

    async def _spec(self, model: str | None, caller: Caller) -> WorkerSpec:
        """Return how the model is run that a caller asks for; raises ModelError."""
        allowed = caller.terms.models
        spec = await asyncio.to_thread(self._resolve, model)
        if model is None and allowed and spec.model not in allowed:
            spec = await asyncio.to_thread(self._resolve, allowed[0])
        check_model(caller.terms, spec.model)
        return spec

    def _check_open(self) -> None:
        if self._closing:
            raise ClosingError("The engine is stopping.", "Ask again.")

    async def _load(self, model: str | None, answer: Answer) -> None:
        with self._telling(answer):
            spec = await self._spec(model, answer.caller)
            async with self._workers.worker(spec, answer.say):
                answer.say(Done(FinishReason.STOP, model=spec.model))
                self._trouble = ""

    async def _count(self, order: Order, answer: Answer) -> None:
        caller = answer.caller
        with self._telling(answer):
            spec = await self._spec(order.model, caller)
            async with self._one_by_one(caller):
                order, _ = await self._prepared(spec, order)
            async with self._workers.worker(spec, answer.say) as worker:
                if spec.remote is not None:
                    answer.say(SentTo(spec.model, spec.remote.url))
                window = narrowed(worker.spec, caller.terms)
                async with self._one_by_one(caller):
                    self._check_length(order, window)
                    counted = await worker.count(msgspec.json.encode(order.body))
                answer.say(self._counted(window, counted))
                answer.say(Done(FinishReason.STOP, model=spec.model))

    async def _prepared(self, spec: WorkerSpec, order: Order) -> tuple[Order, str]:
        """Return the order as its model takes it, and what its user has to be told."""
        if any(message.images for message in order.messages):
            order = await with_images_for(spec, order)
        return thinking.steer(order, spec)

    def _check_length(self, order: Order, spec: WorkerSpec) -> None:
        if self.house.shared and spec.context:
            check_length(order, spec.context)

    def _counted(self, spec: WorkerSpec, prompt_tokens: int | None) -> Counted:
        # Nobody who reads this can raise the window of a shared house.
        shared = self.house.shared
        largest = spec.context or None if shared else self._workers.largest_context(spec)
        return Counted(prompt_tokens, spec.context or None, largest, spec.model)

    async def _answer(self, order: Order, answer: Answer) -> None:
        with self._telling(answer):
            if notice := answer.caller.terms.notice:
                answer.say(Note(notice))
            spec = await self._spec(order.model, answer.caller)
            if answer.visit is not None:
                answer.visit.model = spec.model
            if order.hint.when_idle and not (
                len(self._running) == 1 and self._workers.is_idle(spec)
            ):
                raise EngineError("The engine has something else to do.", "Ask again later.")
            async with self._one_by_one(answer.caller):
                order, note = await self._prepared(spec, order)
            if note:
                answer.say(Note(note))
            try:
                await self._ask_worker(spec, order, answer)
            except WorkerCrashedError:
                if answer.begun:
                    raise
                await self._ask_worker(spec, order, answer)  # a fresh one; it crashed under another

    async def _ask_worker(self, spec: WorkerSpec, order: Order, answer: Answer) -> None:
        async with (
            self._workers.worker(spec, answer.say) as worker,
            aclosing(self._admitted(worker, order, answer)) as pieces,
        ):
            async for piece in pieces:
                answer.pass_on(piece)
        self._answered += 1
        self._trouble = ""

    async def _admitted(
        self, worker: Worker, order: Order, answer: Answer
    ) -> AsyncGenerator[bytes, None]:
        """Yield the worker's bytes once the prompt is known to fit and its memory is reserved.

        A remote engine that does not count refuses by itself what does not fit.
        """
        say, caller, visit = answer.say, answer.caller, answer.visit
        spec = narrowed(worker.spec, caller.terms)
        if spec.remote is not None:
            say(SentTo(spec.model, spec.remote.url))
        async with self._one_by_one(caller):
            self._check_length(order, spec)
            reading = await self._prefixes.read(worker, order)
        prompt_tokens = reading.count
        try:
            limit = answer_limit(spec, order, prompt_tokens)
        except ContextError:
            say(self._counted(spec, prompt_tokens))
            raise
        say(Counted(prompt_tokens, spec.context or None, model=spec.model))
        body = order.body | {"model": spec.model}
        reserved = 0
        if limit:
            body["max_tokens"] = limit
            # Where only the remote counts, more may be asked for than there is: it will refuse.
            reserved = min((prompt_tokens or 0) + limit, spec.context)
        claim = Claim(
            uid=caller.uid,
            weight=caller.terms.weight,
            priority=order.hint.priority,
            reserved=reserved,
            prompt=prompt_tokens or 0,
            limit=limit or 0,
        )

        def told(position: int, expected: float | None) -> None:
            say(Queued(position, expected))
            if visit is not None:
                visit.waits(position, expected)

        turn = await worker.door.enter(claim, told)
        seat = None
        try:
            # What others of the same user have taken while this one stood in line counts too.
            check(caller.terms, 0, self.usage.spent(caller.uid))
            if visit is not None:
                visit.starts(prompt_tokens or 0, turn.meter)
            if self.house.shared and spec.remote is None:
                seat, fields = self._seats.take(worker, caller.uid, order)
                body |= fields
            body |= await self._prefixes.prepare(worker, reading)
            async with aclosing(worker.chat(msgspec.json.encode(body))) as pieces:
                async for piece in pieces:
                    if seat is not None:
                        self._seats.heard(seat)
                    reading.heard(piece)
                    turn.meter.heard(piece)
                    yield piece
            answer.finish = turn.meter.finish
        finally:
            self._prefixes.keep(worker, reading)
            if seat is not None:
                self._seats.leave(seat)
            worker.door.leave(turn)

    @contextmanager
    def _telling(self, answer: Answer) -> Iterator[None]:
        """Turn the end of the work on an answer into its last event."""
        try:
            yield
        except asyncio.CancelledError:
            if self._closing:
                when = "in the middle of" if answer.begun else "before"
                stopped = f"The engine was stopped {when} the answer."
                answer.say(Failed("EngineError", stopped, "Ask again: it starts by itself."))
            else:
                answer.say(Done(FinishReason.CANCELLED))
        except HinterlandError as error:
            quotes = error.quotes or self.house.shared
            log.warning("%s", name_of(error) if quotes else error.message)
            if isinstance(error, EngineError) and not error.quotes:
                self._trouble = error.message
            answer.say(Failed(name_of(error), error.message, error.hint))
        except Exception as error:  # noqa: BLE001 - the worker boundary: the caller must hear of it
            defects.note(error, shared=self.house.shared)
            answer.say(Failed("EngineError", *defects.TOLD))
