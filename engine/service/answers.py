"""Answers being written: their bytes so far, and everyone who follows them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator

import msgspec

from hinterland.engine.events import encode
from hinterland.engine.patient_journal import PatientJournal
from hinterland.engine.protocol import Counted, Done, Failed, Loading, Note, Queued, SentTo
from hinterland.engine.service.house import Caller
from hinterland.engine.service.visit import Visit

# Seconds between two writes to a follower. Whatever is computed for a token, here and by whoever
# reads it, is taken from the cores that compute the next one.
_FRAME = 0.04
_AT_ONCE = 64 * 1024  # bytes: what a slow follower has not read is in memory once for each
_SYNC_EVERY = 0.5  # seconds: what a power cut may take of an answer


class Answer:
    """One answer. It is written by one task and followed by any number of callers, from its start.

    A `plain` one is for callers that know only OpenAI's protocol: our own events are left out, but for
    what becomes of its journal, which is said in a comment of the stream.
    """

    def __init__(
        self, caller: Caller, journal: PatientJournal | None = None, *, plain: bool = False
    ) -> None:
        self.caller = caller
        self.visit: Visit | None = None
        """What is counted of it; None for what is no answer of a model."""
        self.kept_until: asyncio.TimerHandle | None = None
        """When the service lets go of it, where nobody has read it to the end."""
        self.finish = ""
        """Why the worker ended it, in its own word."""
        self.ended = False
        self.last: Done | Failed | None = None
        """How the service ended it, if it was not the worker."""
        self._plain = plain
        self.followers = 0
        self.begun = False
        """Whether the worker has said anything."""
        self._pieces: list[bytes] = []
        self._journal = journal
        self._end = b""
        self._changed = asyncio.Event()
        self._finished = asyncio.Event()
        self._over = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._syncing = asyncio.create_task(self._sync()) if journal else None

    def say(self, event: Loading | Queued | SentTo | Note | Counted | Done | Failed) -> None:
        """Add one of the service's own events."""
        if isinstance(event, Done | Failed):
            self.last = event
        if not self._plain:
            self.write(encode(event))
        elif isinstance(event, Failed) and self._pieces:
            error = {"error": {"message": event.message, "type": event.kind}}
            self.write(b"data: " + msgspec.json.encode(error) + b"\n\n")
        elif isinstance(event, Note) and event.saved is not None and self._is_stream():
            # A comment: clients pass over it, and whoever reads the bytes is told. A header would come
            # too late, and a field in a chunk is what strict clients stumble over.
            self.write(b": hint.note " + msgspec.json.encode(event) + b"\n\n")

    def pass_on(self, piece: bytes) -> None:
        """Add bytes as the worker sent them."""
        self.begun = True
        self.write(piece)

    def write(self, piece: bytes) -> None:
        """Add bytes."""
        self._pieces.append(piece)
        self._changed.set()
        if self._journal is not None:
            self._journal.write(piece)
            self._end = (self._end + piece)[-3:]
            between = self._end.endswith((b"\n\n", b"\n\r\n"))  # an event may come in pieces
            if between and self.last is None and (news := self._journal.news()) is not None:
                self.say(news)

    def _is_stream(self) -> bool:
        """Whether it comes in events, and not as one JSON text, to which nothing can be added."""
        return bool(self._pieces) and not self._pieces[0].lstrip().startswith(b"{")

    def end(self) -> None:
        """Nothing more comes."""
        self.ended = True
        self._over.set()
        self._close_journal()
        self._changed.set()

    async def follow(self) -> AsyncGenerator[bytes, None]:
        """Yield the answer from its start, then as it is written."""
        self.followers += 1
        read = 0
        next_frame = 0.0
        try:
            while True:
                if read < len(self._pieces):
                    pause = next_frame - time.monotonic()
                    if pause > 0 and not self.ended:
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(self._over.wait(), pause)
                    begin, size = read, 0
                    while read < len(self._pieces) and size < _AT_ONCE:
                        size += len(self._pieces[read])
                        read += 1
                    if read == len(self._pieces):
                        next_frame = time.monotonic() + _FRAME
                    yield b"".join(self._pieces[begin:read])
                elif self.ended:
                    return
                else:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            self.followers -= 1

    def _close_journal(self) -> None:
        if self._journal is None or self._syncing is None:
            return
        journal, self._journal = self._journal, None
        self._finished.set()
        self._closing = asyncio.create_task(self._sync_and_close(journal))

    async def _sync_and_close(self, journal: PatientJournal) -> None:
        if self._syncing is not None:  # a thread may be using the file
            await asyncio.wait({self._syncing})
        # fsync may take a tenth of a second: not on the loop that feeds every caller.
        await asyncio.to_thread(journal.close, synced=True)

    async def _sync(self) -> None:
        while self._journal is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._finished.wait(), _SYNC_EVERY)
            if self._journal is not None:
                await asyncio.to_thread(self._journal.sync)

    async def closed(self) -> None:
        """Return when the journal, if there is one, is whole and on the disk."""
        if self._closing is not None:
            await self._closing
