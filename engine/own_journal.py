"""The journal that a caller of a shared box writes itself: the box keeps no words.

It is of the form that a service of one's own writes, so that the history takes it in likewise.
"""

from __future__ import annotations

import asyncio
import time

import msgspec

from hinterland.engine.events import encode
from hinterland.engine.journal import Header
from hinterland.engine.patient_journal import PatientJournal
from hinterland.engine.protocol import (
    Counted,
    Done,
    Event,
    Failed,
    Note,
    ReasoningDelta,
    Request,
    TextDelta,
    begun,
)
from hinterland.paths import Paths

_SYNC_EVERY = 0.5  # seconds: what a power cut may take of an answer


class OwnJournal:
    """Keeps what is shown of an answer. Make it where a loop runs."""

    def __init__(self, paths: Paths, request: Request) -> None:
        self._journal = PatientJournal(paths.journal, _header(request))
        self._syncing: asyncio.Future[None] | None = None
        self._synced_at = time.monotonic()

    @property
    def saves(self) -> bool:
        """Whether all that was shown so far is written down."""
        return self._journal.saves

    def take(self, event: Event) -> Note | None:
        """Keep an event, before it is shown, and return what has to be told before it."""
        if written := _encoded(event):
            self._journal.write(written)
        now = time.monotonic()
        idle = self._syncing is None or self._syncing.done()
        if idle and now - self._synced_at > _SYNC_EVERY:
            self._synced_at = now
            self._syncing = asyncio.ensure_future(asyncio.to_thread(self._journal.sync))
        return self._journal.news()

    def close(self) -> None:
        """Let go of it: what is in it may be taken in. A sync that runs is waited for elsewhere."""
        if self._syncing is not None and not self._syncing.done():
            self._syncing.add_done_callback(lambda _: self._journal.close())
        else:
            self._journal.close()


def _encoded(event: Event) -> bytes:
    """Return an event as it stands in a journal; nothing for what is only of the moment."""
    match event:
        case TextDelta(text):
            return _chunk(content=text)
        case ReasoningDelta(text):
            return _chunk(reasoning_content=text)
        case Counted() | Note() | Done() | Failed():
            return encode(event)
        case _:
            return b""


def _chunk(**delta: str) -> bytes:
    return b"data: " + msgspec.json.encode({"choices": [{"delta": delta}]}) + b"\n\n"


def _header(request: Request) -> Header:
    messages = request.messages
    return Header(
        conversation_id=request.conversation_id or "",
        turn_id=request.turn_id or "",
        created=time.time(),
        prompt=next((m.content for m in reversed(messages) if m.role == "user"), ""),
        system=next((m.content for m in messages if m.role == "system"), None),
        model=request.model or "",
        sampling=request.sampling,
        images=request.images,
        parent=request.parent,
        answer=begun(messages),
    )
