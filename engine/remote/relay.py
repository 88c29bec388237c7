"""A remote's stream on its way to the caller: as it came, but whole lines only, and ended properly.

Its words are never rewritten. What is left out: comments, event names (ours would be believed), the
key if the remote repeats it, and what follows the end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from hinterland.engine.events import LONGEST_LINE, EventParser
from hinterland.engine.protocol import Failed
from hinterland.engine.remote.key import Key
from hinterland.engine.remote.refusals import AgainError
from hinterland.errors import EngineError
from hinterland.text import clean_line

_END = b"\n\ndata: [DONE]\n\n"
_KEPT = "What was written is kept; ask again."
_LONGEST_STREAM = 256 << 20
"""Bytes of one answer's stream: a million tokens and what is around each of them."""


async def relay(pieces: AsyncIterator[bytes], engine: str, key: Key) -> AsyncGenerator[bytes, None]:
    """Yield the stream's lines; the last is `data: [DONE]`, added where the remote forgot it.

    Raises EngineError when the stream reports a failure or is no stream of an answer, AgainError
    when it breaks off.
    """
    relayed = _Relayed(engine, key)
    rest = b""
    received = 0
    async for piece in pieces:
        received += len(piece)
        if received > _LONGEST_STREAM:
            raise EngineError(f"{engine} sent more than 256 MB for one answer.", _KEPT)
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise EngineError(f"{engine} sent a line of more than 16 MB.", _KEPT)
        if passed := relayed.pass_on(lines):
            yield passed
        relayed.check()
        if relayed.ended:
            return
    if passed := relayed.pass_on([rest]):  # no line feed after the last line
        yield passed
    relayed.check()
    if not relayed.ended:
        if not relayed.finished:
            raise AgainError(EngineError(f"{engine} stopped in the middle of the answer.", _KEPT))
        yield _END


class _Relayed:
    """What has gone through, as a reader of it would see it."""

    def __init__(self, engine: str, key: Key) -> None:
        self._parser = EventParser(engine)
        self._key = key
        self._failure = ""
        self._begun = False

    @property
    def ended(self) -> bool:
        return self._parser.ended

    @property
    def finished(self) -> bool:
        return self._parser.finished

    def pass_on(self, lines: list[bytes]) -> bytes:
        """Return what of `lines` goes to the caller: all of it until the end or a failure."""
        passed = b""
        for line in lines:
            if self.ended or line.startswith((b":", b"event:")):
                continue
            events = list(self._parser.feed(line + b"\n"))
            if events and isinstance(events[-1], Failed):
                self._failure = events[-1].message
            else:
                passed += self._key.hide_in_answer(line) + b"\n"
        if not self._begun and not passed.strip():  # what a comment left
            return b""
        self._begun = True
        return passed

    def check(self) -> None:
        """Raise EngineError when a failure was among the lines."""
        if self._failure:
            error = EngineError(clean_line(self._key.hide(self._failure), 400), _KEPT)
            error.quotes = True
            raise error
