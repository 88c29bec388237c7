"""A llama.cpp worker's slots, over its own HTTP interface: what they hold, saved and restored.

Each chat is sent with a number of its own in `n_discard`, a field that means nothing while the
context is never shifted: `/slots` gives it back, and so tells which slot served which request.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from hinterland.engine.prefix_store import TOKEN_BYTES

if TYPE_CHECKING:
    from hinterland.engine.service.worker_process import WorkerProcess

log = logging.getLogger("hinterland.engine")

T = TypeVar("T")

TAG = "n_discard"
_LONGEST_HEAD = 64  # bytes before the tokens in a state file: it differs between builds
_FIRST_TAG = 1_000_001
_MOST_KNOWN = 256  # several times the slots a worker may have


class Slot(msgspec.Struct):
    """What `/slots` says of one."""

    class Params(msgspec.Struct):
        n_discard: int = 0

    id: int
    is_processing: bool = False
    n_prompt_tokens: int = 0
    """Tokens it holds, prompt and answer; 0 too where a restored state was not used yet."""
    params: Params = msgspec.field(default_factory=Params)

    @property
    def tag(self) -> int:
        """Names the request it served last; 0 for none, and for one of somebody else's."""
        return self.params.n_discard


class _Tokens(msgspec.Struct):
    tokens: list[int]


class _Rendered(msgspec.Struct):
    prompt: str


class _Saved(msgspec.Struct):
    n_saved: int
    n_written: int


class _Completed(msgspec.Struct):
    id_slot: int


class Slots:
    """The slots of one worker. Raises WorkerCrashedError when it goes away; `lock` is held by
    whoever starts a request or moves states, so that neither happens amid the other."""

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker
        self._tags = itertools.count(_FIRST_TAG)
        self.lock = asyncio.Lock()
        self.known: dict[int, bytes] = {}
        """What slots are known to hold, by tag: the beginning at least."""

    def tag(self) -> int:
        """Return a number that no other request to this worker has."""
        return next(self._tags)

    def remember(self, tag: int, tokens: bytes) -> None:
        """Note what the slot of the request `tag` will hold; the oldest notes are forgotten."""
        self.known[tag] = tokens
        while len(self.known) > _MOST_KNOWN:
            del self.known[next(iter(self.known))]

    async def tokens(self, body: dict[str, Any]) -> bytes | None:
        """Return the exact tokens of the prompt that a chat with `body` would read; None where the
        worker does not say, or would refuse it."""
        rendered = await self._post("/apply-template", body, _Rendered)
        if rendered is None:
            return None
        text = {"content": rendered.prompt, "add_special": True, "parse_special": True}
        read = await self._post("/tokenize", text, _Tokens)
        return array("i", read.tokens).tobytes() if read is not None else None

    async def all(self) -> list[Slot]:
        """Return every slot; none where the worker does not say."""
        status, answer = await self._worker.ask("GET", "/slots")
        return _decoded(status, answer, list[Slot]) or []

    async def save(self, slot: int, part: Path, expected: bytes) -> bytes | None:
        """Save what a slot holds to `part`, in the worker's folder, and return its tokens. None when
        it cannot be, or when it does not begin with `expected` and is not the beginning of that."""
        saved = await self._post(f"/slots/{slot}?action=save", {"filename": part.name}, _Saved)
        if saved is None:
            log.warning("a prefix is not saved: the engine could not write it")
            return None
        return await asyncio.to_thread(_tokens_in, part, saved, expected)

    async def restore(self, slot: int, name: str) -> bool:
        """Fill a slot from the file `name`; return whether that worked."""
        return await self._act(slot, "restore", {"filename": name})

    async def erase(self, slot: int) -> bool:
        """Empty a slot; return whether that worked."""
        return await self._act(slot, "erase", {})

    async def fill(self, tokens: bytes) -> int | None:
        """Have the worker read exactly `tokens`, reusing what it holds; return the slot."""
        wanted = {"prompt": list(array("i", tokens)), "n_predict": 0, "cache_prompt": True}
        done = await self._post("/completion", wanted, _Completed)
        return done.id_slot if done is not None else None

    async def _act(self, slot: int, action: str, body: dict[str, str]) -> bool:
        target = f"/slots/{slot}?action={action}"
        status, _ = await self._worker.ask("POST", target, msgspec.json.encode(body))
        return status == 200

    async def _post(self, target: str, body: object, kind: type[T]) -> T | None:
        status, answer = await self._worker.ask("POST", target, msgspec.json.encode(body))
        return _decoded(status, answer, kind)


def _decoded(status: int, answer: bytes, kind: type[T]) -> T | None:
    if status != 200:
        return None
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.MsgspecError:
        return None  # a server of another make: it is asked for nothing that is needed


def _tokens_in(part: Path, saved: _Saved, expected: bytes) -> bytes | None:
    """Return the tokens that stand near the beginning of a state file."""
    wanted = saved.n_saved * TOKEN_BYTES
    start = expected[:wanted]
    try:
        if part.stat().st_size != saved.n_written:
            log.warning("a prefix is not saved: the disk did not take all of it")
            return None
        with part.open("rb") as file:
            head = file.read(wanted + _LONGEST_HEAD)
    except OSError as error:
        log.warning("a prefix is not saved: %s", error.strerror)
        return None
    for at in range(0, _LONGEST_HEAD, TOKEN_BYTES):
        if start and head.startswith(start, at):
            return head[at : at + wanted]
    return None
