"""The desk: takes orders, sees each through to its answer, and knows which answers are running."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import msgspec

from hinterland import __version__
from hinterland.engine.journal import Header, JournalWriter
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
from hinterland.engine.service import thinking
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.limits import answer_limit
from hinterland.engine.service.pictures import with_images_for
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.worker import Worker, WorkerCrashedError
from hinterland.engine.service.workers import Say, Workers
from hinterland.engine.status import ServiceStatus
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import ContextError, EngineError, HinterlandError, InputError, name_of
from hinterland.paths import private_folder

log = logging.getLogger("hinterland.engine")

Resolve = Callable[[str | None], WorkerSpec]
"""Gives the model that an id (None: the configured one) names; raises ModelError. May touch the disk."""


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
    ) -> None:
        self._resolve = resolve
        self._workers = workers
        self._prefixes = prefixes
        self._journals = journals
        self._keep_alive = keep_alive
        self._started = time.time()
        self._running: dict[Answer, asyncio.Task[None]] = {}
        self._by_turn: dict[str, Answer] = {}
        self._closing = False
        self._answered = 0
        self._trouble = ""
        self._last_active = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """How long nothing was asked; 0 while an answer is running."""
        return 0.0 if self._running else time.monotonic() - self._last_active

    def take(self, order: Order) -> Answer:
        """Start the answer to `order` and return it; failures are its last event.

        Raises InputError for a turn that is being answered already, ClosingError at the end.
        """
        turn_id = order.hint.turn_id
        if turn_id is not None and turn_id in self._by_turn:
            raise InputError("That turn is being answered already.", "Attach to it instead.")
        self._check_open()
        answer = Answer(self._open_journal(order), plain=not order.hint.events)
        self._start(answer, self._answer(order, answer), turn_id)
        return answer

    def load(self, model: str | None) -> Answer:
        """Bring a model into memory; the answer says only how that goes."""
        self._check_open()
        answer = Answer()
        self._start(answer, self._load(model, answer), None)
        return answer

    def count(self, order: Order) -> Answer:
        """Count the prompt of `order`; the answer says how many tokens it has, and no more."""
        self._check_open()
        answer = Answer()
        self._start(answer, self._count(order, answer), None)
        return answer

    @property
    def busy(self) -> bool:
        """Whether an answer is being written or waited for."""
        return bool(self._running)

    def answer_to(self, turn_id: str) -> Answer | None:
        """Return the answer to that turn if it is being written."""
        return self._by_turn.get(turn_id)

    def cancel(self, turn_id: str) -> bool:
        """Stop the answer to that turn; return whether there was one."""
        answer = self._by_turn.get(turn_id)
        return answer is not None and self._running[answer].cancel()

    def drop(self, answer: Answer) -> None:
        """Stop an answer that nobody reads any more."""
        task = self._running.get(answer)
        if task is not None and answer.followers == 0:
            task.cancel()

    async def close(self) -> None:
        """Stop everything; what was written of each answer stays in its journal."""
        self._closing = True
        answers = list(self._running)
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await asyncio.gather(*(answer.closed() for answer in answers))
        await self._prefixes.settle()
        await self._workers.stop()

    def status(self) -> ServiceStatus:
        return ServiceStatus(
            protocol=PROTOCOL_VERSION,
            version=__version__,
            pid=os.getpid(),
            started=self._started,
            workers=[worker.status() for worker in self._workers.all],
            running=len(self._running),
            answered=self._answered,
            idle_seconds=self.idle_seconds,
            keep_alive=self._keep_alive,
            resident_bytes=resident_bytes(os.getpid()),
            trouble=self._trouble,
        )

    def _start(
        self, answer: Answer, work: Coroutine[None, None, None], turn_id: str | None
    ) -> None:
        task = asyncio.create_task(work)
        self._running[answer] = task
        if turn_id is not None:
            self._by_turn[turn_id] = answer

        def ended(task: asyncio.Task[None]) -> None:
            del self._running[answer]
            if turn_id is not None:
                del self._by_turn[turn_id]
            self._last_active = time.monotonic()
            if task.cancelled():  # before its first step
                answer.say(Done(FinishReason.CANCELLED))
            answer.end()

        task.add_done_callback(ended)

    def _check_open(self) -> None:
        if self._closing:
            raise ClosingError("The engine is stopping.", "Ask again.")

    async def _load(self, model: str | None, answer: Answer) -> None:
        with self._telling(answer):
            spec = await asyncio.to_thread(self._resolve, model)
            async with self._workers.worker(spec, answer.say):
                answer.say(Done(FinishReason.STOP, model=spec.model))
                self._trouble = ""

    async def _count(self, order: Order, answer: Answer) -> None:
        with self._telling(answer):
            spec = await asyncio.to_thread(self._resolve, order.model)
            if any(message.images for message in order.messages):
                order = await with_images_for(spec, order)
            order, _ = thinking.steer(order, spec)
            async with self._workers.worker(spec, answer.say) as worker:
                if spec.remote is not None:
                    answer.say(SentTo(spec.model, spec.remote.url))
                counted = await worker.count(msgspec.json.encode(order.body))
                answer.say(self._counted(worker.spec, counted))
                answer.say(Done(FinishReason.STOP, model=spec.model))

    def _counted(self, spec: WorkerSpec, prompt_tokens: int | None) -> Counted:
        largest = self._workers.largest_context(spec)
        return Counted(prompt_tokens, spec.context or None, largest, spec.model)

    async def _answer(self, order: Order, answer: Answer) -> None:
        with self._telling(answer):
            spec = await asyncio.to_thread(self._resolve, order.model)
            if any(message.images for message in order.messages):
                order = await with_images_for(spec, order)
            order, note = thinking.steer(order, spec)
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
            aclosing(self._admitted(worker, order, answer.say)) as pieces,
        ):
            async for piece in pieces:
                answer.pass_on(piece)
        self._answered += 1
        self._trouble = ""

    async def _admitted(
        self, worker: Worker, order: Order, say: Say
    ) -> AsyncGenerator[bytes, None]:
        """Yield the worker's bytes once the prompt is known to fit and its memory is reserved.

        A remote engine that does not count refuses by itself what does not fit.
        """
        spec = worker.spec
        if spec.remote is not None:
            say(SentTo(spec.model, spec.remote.url))
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
        priority = order.hint.priority
        await worker.door.enter(reserved, priority, lambda position: say(Queued(position)))
        try:
            body |= await self._prefixes.prepare(worker, reading)
            async with aclosing(worker.chat(msgspec.json.encode(body))) as pieces:
                async for piece in pieces:
                    reading.heard(piece)
                    yield piece
        finally:
            self._prefixes.keep(worker, reading)
            worker.door.leave(reserved, priority)

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
            log.warning("%s", name_of(error) if error.quotes else error.message)
            if isinstance(error, EngineError) and not error.quotes:
                self._trouble = error.message
            answer.say(Failed(name_of(error), error.message, error.hint))
        except Exception as error:
            # The worker boundary: the caller must hear of a defect too, and the service goes on.
            log.error("defect", exc_info=error)
            defect = "The engine met a defect."
            answer.say(Failed("EngineError", defect, "See `hint engine logs`."))

    def _open_journal(self, order: Order) -> JournalWriter | None:
        """Return a journal for a request that outlives its caller; None for one that does not, and
        where it cannot be written: an answer is worth more than its journal."""
        conversation_id, turn_id = order.hint.conversation_id, order.hint.turn_id
        if conversation_id is None or turn_id is None:
            return None
        system = [message.content for message in order.messages if message.role == "system"]
        header = Header(
            conversation_id=conversation_id,
            turn_id=turn_id,
            created=time.time(),
            prompt=order.messages[-1].content,
            system=system[0] if system else None,
            model=order.model or "",
            sampling=order.sampling,
            images=order.hint.images,
        )
        try:
            return JournalWriter(private_folder(self._journals), header)
        except (OSError, HinterlandError) as error:
            log.error("no journal: %s", error)
            return None
