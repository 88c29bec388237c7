"""When what was read of a prompt is saved, and when it is brought back instead of read again.

After an answer the slot that wrote it is saved, if the conversation is kept and grew enough. Before
a request whose first tokens are exactly those of a saved state, more of them than a slot still
holds, that state is restored. How much the worker then reused is measured: a state that did not
help goes. Whatever fails here costs time; the prompt is then simply read.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard
from weakref import WeakKeyDictionary

import msgspec

from hinterland.engine.prefix_store import (
    TOKEN_BYTES,
    PrefixStore,
    State,
    common,
    of_conversation,
    of_prompt,
)
from hinterland.engine.requests import Order
from hinterland.engine.service.prefix_keys import is_outdated, key_of
from hinterland.engine.service.slots import TAG, Slot, Slots
from hinterland.engine.service.worker import Worker, WorkerCrashedError
from hinterland.engine.service.worker_process import WorkerProcess
from hinterland.engine.service.workers import Workers

log = logging.getLogger("hinterland.engine")

LEAST_TOKENS = 128
"""A shorter prompt is read in a moment: nothing of it is saved."""
_LEAST_GAIN = 64
_LEAST_REST = 16
# A conversation is saved again when it grew by an eighth: what is written to the disk over its life
# stays below nine times its final state, and a crash costs an eighth of the reading at most.
_GROWTH = 8
# llama.cpp takes a slot for a prompt of which it holds at least this share.
_LEAST_SHARE = 0.1
_TAIL = 4096  # bytes of the end of an answer, where its timings are
_REUSED = re.compile(rb'"cache_n":(\d+)')
_LOOKS, _LOOK_EVERY = 40, 0.05  # at a slot whose answer was just cancelled; seconds
_PATIENCE = 5.0  # seconds that an ending worker is kept for what is not saved yet

IsKept = Callable[[str, str], bool]
"""Whether the conversation of that id is in the history, or its turn of that id in a journal."""


@dataclass(eq=False)
class Reading:
    """A prompt on its way through a worker."""

    count: int | None
    """How many tokens it has; None where the engine cannot say."""
    tokens: bytes = b""
    """The tokens themselves; empty where nothing of it is restored or saved."""
    order: Order | None = None
    tag: int = 0
    """Names the request in its slot."""
    restored: State | None = None
    promised: int = 0
    """Tokens that `restored` should spare the worker."""
    begun: bool = False
    """Whether the worker is known to have given its request a slot, or will not any more."""
    _tail: bytes = field(default=b"", repr=False)

    def heard(self, piece: bytes) -> None:
        """Take note of a piece of the answer."""
        self.begun = True
        if self.promised:
            self._tail = (self._tail + piece)[-_TAIL:]

    @property
    def reused(self) -> int | None:
        """How many tokens the worker says it did not read; None when it did not come to say so."""
        found = _REUSED.findall(self._tail)
        return int(found[-1]) if found else None

    @property
    def conversation(self) -> str:
        """The id of the conversation it belongs to; empty when nothing of it may be kept."""
        return (self.order.hint.conversation_id or "") if self.order else ""

    @property
    def turn(self) -> str:
        """The id of the turn that it asks for."""
        return (self.order.hint.turn_id or "") if self.order else ""


class Prefixes:
    """The saved prefixes of a service's workers; those whose spec names no folder have none."""

    def __init__(self, store: PrefixStore, workers: Workers, is_kept: IsKept) -> None:
        self._store = store
        self._workers = workers
        self._is_kept = is_kept
        self._slots: WeakKeyDictionary[WorkerProcess, Slots] = WeakKeyDictionary()
        self._unsaved: WeakKeyDictionary[WorkerProcess, dict[str, Reading]] = WeakKeyDictionary()
        self._starting: WeakKeyDictionary[WorkerProcess, set[Reading]] = WeakKeyDictionary()
        self._whole_only: set[str] = set()
        """Models that cannot use the beginning of a state: those with a sliding window."""
        self._loading: asyncio.Task[None] | None = None
        self._saving: set[asyncio.Task[None]] = set()
        workers.before_end = self._save_the_rest

    async def read(self, worker: Worker, order: Order) -> Reading:
        """Count the tokens of the prompt of `order`; of a long one keep them. Raises what
        `WorkerProcess.count` raises."""
        if _takes_part(worker) and _may_be_long(order):
            if self._loading is None:
                self._loading = asyncio.create_task(asyncio.to_thread(self._load))
            await asyncio.shield(self._loading)
            tokens = await self._slots_of(worker).tokens(order.body)
            if tokens:
                count = len(tokens) // TOKEN_BYTES
                return Reading(count, tokens if count >= LEAST_TOKENS else b"", order)
        return Reading(await worker.count(msgspec.json.encode(order.body)))

    async def prepare(self, worker: Worker, reading: Reading) -> dict[str, Any]:
        """Bring back what is saved of the prompt, as far as that helps, and return the fields that
        its request needs. Raises WorkerCrashedError."""
        if not _takes_part(worker):
            return {}
        slots = self._slots_of(worker)
        async with slots.lock:  # a request that starts would empty the slot that is being saved
            self._starting[worker].add(reading)
            if not reading.tokens:
                return {}
            reading.tag = slots.tag()
            slots.remember(reading.tag, reading.tokens)
            found = self._store.best(key_of(worker.spec), reading.tokens, worker.spec.context)
            if found is not None:
                await self._restore(slots, reading, *found)
        return {TAG: reading.tag}

    def keep(self, worker: Worker, reading: Reading) -> None:
        """See to it that what the answer's slot holds is saved, if it is worth it."""
        reading.begun = True
        if not reading.tag or worker.gone or not _takes_part(worker):
            return
        self._workers.retain(worker)

        async def kept() -> None:
            try:
                with contextlib.suppress(WorkerCrashedError):
                    self._judge(reading)
                    await self._save_answered(worker, reading)
                    await self._save_prompt(worker, reading)
            finally:
                self._workers.release(worker)

        task = asyncio.create_task(kept())
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def settle(self) -> None:
        """Return when everything that is being saved is on the disk, or takes too long."""
        if self._saving:
            await asyncio.wait(self._saving, timeout=_PATIENCE)

    def _load(self) -> None:
        def is_wanted(state: State) -> bool:
            conversation = state.owner.removeprefix(of_conversation(""))
            kept = conversation == state.owner or self._is_kept(conversation, state.turn)
            return kept and not is_outdated(state.key)

        self._store.load(is_wanted)

    def _slots_of(self, worker: WorkerProcess) -> Slots:
        if worker not in self._slots:
            self._slots[worker] = Slots(worker)
            self._unsaved[worker] = {}
            self._starting[worker] = set()
        return self._slots[worker]

    async def _restore(self, slots: Slots, reading: Reading, state: State, shared: int) -> None:
        if shared < max(_LEAST_GAIN, _LEAST_SHARE * (reading.count or 0)):
            return
        if state.key in self._whole_only and shared < state.length:
            return
        every = await slots.all()
        idle = sorted(
            (slot for slot in every if not slot.is_processing),
            key=lambda slot: slot.n_prompt_tokens,
        )
        holding = [slot for slot in idle if slot.n_prompt_tokens]
        held = [common(slots.known.get(slot.tag, b""), reading.tokens) for slot in holding]
        if not idle or shared - max(held, default=0) < _LEAST_GAIN:
            return
        if not await asyncio.to_thread(self._store.is_sound, state):
            return
        slots.known.pop(idle[0].tag, None)  # it will not hold that any more
        name = self._store.file(state)
        try:
            restored = await slots.restore(idle[0].id, name)
            if not restored:  # idle slots may hold all of the shared pool
                for slot in holding:
                    await slots.erase(slot.id)
                restored = await slots.restore(idle[0].id, name)
        except WorkerCrashedError:
            self._store.drop(state)  # it must not do that twice
            raise
        if not restored:
            log.warning("a saved prefix of %d tokens cannot be restored", state.length)
            self._store.drop(state)
            return
        log.info("a saved prefix of %d tokens is restored", state.length)
        reading.restored, reading.promised = state, shared
        if reading.conversation:
            self._store.used(state)

    def _judge(self, reading: Reading) -> None:
        """Let go of a state that did not spare the worker what it promised."""
        state, reused = reading.restored, reading.reused
        if state is None or reused is None or reused >= reading.promised // 2:
            return
        log.warning("a saved prefix spared %d of %d tokens", reused, reading.promised)
        if reading.promised < state.length:
            self._whole_only.add(state.key)
        else:
            self._store.drop(state)

    async def _save_answered(self, worker: WorkerProcess, reading: Reading) -> None:
        """Save the conversation with the answer it just got, if it grew enough."""
        if not reading.conversation:
            return
        for _ in range(_LOOKS):
            written = None
            async with self._slots_of(worker).lock:
                slot = await self._slot(worker, reading)
                if slot is None:
                    return
                quiet = not slot.is_processing and not self._is_one_starting(worker)
                if quiet:
                    had, grew = self._grew(worker, reading, slot)
                    if grew < max(_LEAST_GAIN, had / _GROWTH):
                        self._unsaved[worker][reading.conversation] = reading
                        return
                    written = await self._write(worker, reading, slot)
            if quiet:
                await self._add(worker, reading, written)
                return
            await asyncio.sleep(_LOOK_EVERY)
        self._unsaved[worker][reading.conversation] = reading

    def _is_one_starting(self, worker: WorkerProcess) -> bool:
        """Whether a request may be about to take any slot: what is then saved would be its words."""
        starting = self._starting[worker]
        starting -= {reading for reading in starting if reading.begun}
        return bool(starting)

    async def _save_the_rest(self, worker: Worker) -> None:
        """Save what grew too little to be saved at once, before the worker ends."""
        if not _takes_part(worker) or not (readings := self._unsaved.pop(worker, {})):
            return
        slots = self._slots_of(worker)
        with contextlib.suppress(TimeoutError, WorkerCrashedError):
            async with asyncio.timeout(_PATIENCE), slots.lock:
                for reading in readings.values():
                    slot = await self._slot(worker, reading)
                    if slot is None or slot.is_processing:
                        continue
                    if self._grew(worker, reading, slot)[1] >= _LEAST_REST:
                        await self._add(worker, reading, await self._write(worker, reading, slot))

    async def _slot(self, worker: WorkerProcess, reading: Reading) -> Slot | None:
        """Return the slot that still holds what it wrote for this request."""
        slots = self._slots_of(worker)
        if reading.tag not in slots.known:
            return None
        mine = [slot for slot in await slots.all() if slot.tag == reading.tag]
        if not mine or not (mine[0].is_processing or mine[0].n_prompt_tokens >= LEAST_TOKENS):
            del slots.known[reading.tag]
            return None
        return mine[0]

    def _grew(self, worker: WorkerProcess, reading: Reading, slot: Slot) -> tuple[int, int]:
        """Return how many tokens of the slot are saved already, and how many are not."""
        saved = self._store.of(of_conversation(reading.conversation), key_of(worker.spec))
        had = common(saved.tokens, reading.tokens) if saved else 0
        return had, slot.n_prompt_tokens - had

    async def _write(
        self, worker: WorkerProcess, reading: Reading, slot: Slot
    ) -> tuple[Path, bytes] | None:
        """Have the worker write its slot to a file; return that and the tokens in it."""
        key = key_of(worker.spec)
        if not self._is_kept(reading.conversation, reading.turn):
            return None
        if not self._store.room_for(key, slot.n_prompt_tokens):
            return None
        slots = self._slots_of(worker)
        part = self._store.part(of_conversation(reading.conversation))
        tokens = await slots.save(slot.id, part, reading.tokens)
        if tokens is None:
            self._store.discard(part)
            return None
        slots.remember(reading.tag, tokens)
        return part, tokens

    async def _add(
        self, worker: WorkerProcess, reading: Reading, written: tuple[Path, bytes] | None
    ) -> None:
        if written is None:
            return
        part, tokens = written
        owner, key = of_conversation(reading.conversation), key_of(worker.spec)
        state = await asyncio.to_thread(self._store.add, part, owner, reading.turn, key, tokens)
        if state is None:
            return
        # Whoever deletes a conversation removes its file first and its states then: either they
        # saw this state, or what follows sees that the conversation is gone.
        if not self._is_kept(reading.conversation, reading.turn):
            self._store.drop(state)
            return
        log.info("a prefix of %d tokens is saved", state.length)

    async def _save_prompt(self, worker: WorkerProcess, reading: Reading) -> None:
        """Save the system prompt of a request that names it, once, when nothing else runs: what the
        user said with it is not in there."""
        order = reading.order
        if order is None or not order.hint.prefix:
            return
        slots = self._slots_of(worker)
        tokens = await _of_the_system_prompt(slots, order, reading.tokens)
        owner, key = of_prompt(order.hint.prefix), key_of(worker.spec)
        saved = self._store.of(owner, key)
        if len(tokens) // TOKEN_BYTES < LEAST_TOKENS or (saved and saved.tokens == tokens):
            return
        async with slots.lock:
            if worker.door.running or not self._store.room_for(key, len(tokens) // TOKEN_BYTES):
                return  # the next request of that name will see to it
            slot = await slots.fill(tokens)
            part = self._store.part(owner)
            if slot is None or await slots.save(slot, part, tokens) != tokens:
                self._store.discard(part)
                return
        if await asyncio.to_thread(self._store.add, part, owner, "", key, tokens):
            log.info("a prompt of %d tokens is saved", len(tokens) // TOKEN_BYTES)


def _takes_part(worker: Worker) -> TypeGuard[WorkerProcess]:
    """Whether the worker is a llama.cpp server that may save prefixes."""
    return bool(worker.spec.prefixes) and worker.spec.kind in {"llamacpp", "native"}


def _may_be_long(order: Order) -> bool:
    """Whether the prompt may have enough tokens; one with pictures is not only tokens."""
    parts = [message.get("content") for message in order.body["messages"]]
    only_text = all(
        part.get("type") == "text"
        for content in parts
        if isinstance(content, list)
        for part in content
    )
    return only_text and sum(len(message.content) for message in order.messages) >= LEAST_TOKENS


async def _of_the_system_prompt(slots: Slots, order: Order, tokens: bytes) -> bytes:
    """Return the tokens at the beginning of a prompt that come of its system messages alone."""
    systems = list(
        itertools.takewhile(lambda sent: sent["role"] == "system", order.body["messages"])
    )
    said = order.messages[len(systems)].content if len(systems) < len(order.messages) else ""
    other = {"role": "user", "content": "?" if said.startswith("x") else "x"}
    compared = await slots.tokens(order.body | {"messages": [*systems, other]})
    return tokens[: common(tokens, compared or b"") * TOKEN_BYTES] if systems else b""
