"""The journal that a caller of a shared box writes itself: the box keeps no words.

It is of the form that a service of one's own writes, so that the history takes it in likewise.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

import msgspec

from hinterland.engine.events import encode
from hinterland.engine.journal import Header, JournalWriter
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
from hinterland.errors import HinterlandError
from hinterland.paths import Paths, private_folder

_SYNC_EVERY = 0.5  # seconds: what a power cut may take of an answer


class OwnJournal:
    """Keeps what is shown of an answer; without a journal where none can be written: an answer is
    worth more. Make it where a loop runs."""

    def __init__(self, paths: Paths, request: Request) -> None:
        self._writer: JournalWriter | None = None
        self._syncing: asyncio.Future[None] | None = None
        self._synced_at = time.monotonic()
        with contextlib.suppress(OSError, HinterlandError):
            self._writer = JournalWriter(private_folder(paths.journal), _header(request))

    def take(self, event: Event) -> None:
        """Keep an event, before it is shown."""
        if self._writer is None or not (written := _encoded(event)):
            return
        try:
            self._writer.write(written)
        except OSError:  # the disk is full: the history says so when the turn is kept
            self.close()
            return
        now = time.monotonic()
        idle = self._syncing is None or self._syncing.done()
        if idle and now - self._synced_at > _SYNC_EVERY:
            self._synced_at = now
            self._syncing = asyncio.ensure_future(asyncio.to_thread(_sync, self._writer))

    def close(self) -> None:
        """Let go of it: what is in it may be taken in. A sync that runs is waited for elsewhere."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        if self._syncing is not None and not self._syncing.done():
            self._syncing.add_done_callback(lambda _: writer.close())
        else:
            writer.close()


def _sync(writer: JournalWriter) -> None:
    with contextlib.suppress(OSError):
        writer.sync()


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
