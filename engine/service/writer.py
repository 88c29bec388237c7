"""The writer: sees an order through to its answer, in its turn and within its caller's terms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager, nullcontext
from weakref import WeakValueDictionary

import msgspec

from hinterland.engine.grammars import check_ending
from hinterland.engine.protocol import (
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
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.forecast import Wait
from hinterland.engine.service.house import Caller, House
from hinterland.engine.service.limits import answer_limit
from hinterland.engine.service.manners import check_length
from hinterland.engine.service.pictures import with_images_for
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.seats import Seats
from hinterland.engine.service.terms import check, check_model, narrowed, shortened
from hinterland.engine.service.turns import Claim
from hinterland.engine.service.usage import Usage
from hinterland.engine.service.worker import Worker, WorkerCrashedError
from hinterland.engine.service.workers import Workers
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import ContextError, EngineError, HinterlandError, name_of

log = logging.getLogger("hinterland.engine")

Resolve = Callable[[str | None], WorkerSpec]
"""Gives the model that an id (None: the configured one) names; raises ModelError. May touch the disk."""


class Writer:
    """Its methods tell everything, failures too, to the answer they are given."""

    def __init__(
        self, resolve: Resolve, workers: Workers, prefixes: Prefixes, house: House, usage: Usage
    ) -> None:
        self._resolve = resolve
        self._workers = workers
        self._prefixes = prefixes
        self._house = house
        self._usage = usage
        self._seats = Seats()
        self._alone: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self.answered = 0
        self.trouble = ""
        """What went wrong last, until something goes well."""
        self.closing = False
        """Whether who is cancelled now is told that the service ends."""

    async def answer(self, order: Order, answer: Answer, is_alone: Callable[[], bool]) -> None:
        """Answer `order`; `is_alone` says whether nothing else is being answered."""
        with self._telling(answer):
            if notice := answer.caller.terms.notice:
                answer.say(Note(notice))
            order = shortened(order, answer.caller.terms)
            spec = await self._spec(order.model, answer.caller)
            if answer.visit is not None:
                answer.visit.model = spec.model
            if order.hint.when_idle and not (is_alone() and self._workers.is_idle(spec)):
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

    async def load(self, model: str | None, answer: Answer) -> None:
        """Bring a model into memory."""
        with self._telling(answer):
            spec = await self._spec(model, answer.caller)
            async with self._workers.worker(spec, answer.say):
                answer.say(Done(FinishReason.STOP, model=spec.model))
                self.trouble = ""

    async def count(self, order: Order, answer: Answer) -> None:
        """Count the tokens of the prompt of `order`."""
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
                answer.say(self._counted(window, counted, caller))
                answer.say(Done(FinishReason.STOP, model=spec.model))

    @contextmanager
    def _telling(self, answer: Answer) -> Iterator[None]:
        """Turn the end of the work on an answer into its last event."""
        try:
            yield
        except asyncio.CancelledError:
            if self.closing:
                when = "in the middle of" if answer.begun else "before"
                stopped = f"The engine was stopped {when} the answer."
                answer.say(Failed("EngineError", stopped, "Ask again: it starts by itself."))
            else:
                answer.say(Done(FinishReason.CANCELLED))
        except HinterlandError as error:
            quotes = error.quotes or self._house.shared
            log.warning("%s", name_of(error) if quotes else error.message)
            if isinstance(error, EngineError) and not error.quotes:
                self.trouble = error.message
            answer.say(Failed(name_of(error), error.message, error.hint))
        except Exception as error:  # noqa: BLE001 - the worker boundary: the caller must hear of it
            defects.note(error, shared=self._house.shared)
            answer.say(Failed("EngineError", *defects.TOLD))

    async def _spec(self, model: str | None, caller: Caller) -> WorkerSpec:
        """Return how the model is run that a caller asks for; raises ModelError."""
        allowed = caller.terms.models
        spec = await asyncio.to_thread(self._resolve, model)
        if model is None and allowed and spec.model not in allowed:
            spec = await asyncio.to_thread(self._resolve, allowed[0])
        check_model(caller.terms, spec.model)
        return spec

    async def _prepared(self, spec: WorkerSpec, order: Order) -> tuple[Order, str]:
        """Return the order as its model takes it, and what its user has to be told."""
        if spec.remote is None:  # how a remote engine makes its grammars is not known here
            check_ending(order.body.get("response_format"))
        if any(message.images for message in order.messages):
            order = await with_images_for(spec, order)
        return thinking.steer(order, spec)

    def _one_by_one(self, caller: Caller) -> AbstractAsyncContextManager[None]:
        """Let one of a stranger's requests at a time have what has to be computed before its turn."""
        if not self._house.shared:
            return nullcontext()
        lock = self._alone.get(caller.uid)
        if lock is None:
            lock = self._alone[caller.uid] = asyncio.Lock()
        return lock

    def _check_length(self, order: Order, spec: WorkerSpec) -> None:
        if self._house.shared and spec.context:
            check_length(order, spec.context)

    def _counted(self, spec: WorkerSpec, prompt_tokens: int | None, caller: Caller) -> Counted:
        # Nobody who reads this can raise the window of a shared house.
        shared = self._house.shared
        largest = spec.context or None if shared else self._workers.largest_context(spec)
        longest = caller.terms.answer or None
        return Counted(prompt_tokens, spec.context or None, largest, spec.model, longest)

    async def _ask_worker(self, spec: WorkerSpec, order: Order, answer: Answer) -> None:
        async with (
            self._workers.worker(spec, answer.say) as worker,
            aclosing(self._admitted(worker, order, answer)) as pieces,
        ):
            async for piece in pieces:
                answer.pass_on(piece)
        self.answered += 1
        self.trouble = ""

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
            say(self._counted(spec, prompt_tokens, caller))
            raise
        longest = caller.terms.answer or None
        say(Counted(prompt_tokens, spec.context or None, model=spec.model, longest=longest))
        body = order.body | {"model": spec.model}
        reserved = 0
        if limit:
            body["max_tokens"] = limit
            # Where only the remote counts, more may be asked for than there is: it will refuse. One that
            # tells no window has no pool.
            reserved = min((prompt_tokens or 0) + limit, spec.context, worker.spec.context)
        claim = Claim(
            uid=caller.uid,
            weight=caller.terms.weight,
            priority=order.hint.priority,
            reserved=reserved,
            prompt=prompt_tokens or 0,
            limit=limit or 0,
        )

        def told(position: int, wait: Wait | None) -> None:
            say(Queued(position) if wait is None else Queued(position, *wait))
            if visit is not None:
                visit.waits(position, None if wait is None else wait.expected)

        turn = await worker.door.enter(claim, told)
        seat = None
        try:
            # What others of the same user have taken while this one stood in line counts too.
            check(caller.terms, 0, self._usage.spent(caller.uid))
            if visit is not None:
                visit.starts(prompt_tokens or 0, turn.meter)
            if self._house.shared and spec.remote is None:
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
