"""Writes down what is asked and answered, for classes whose role file says that their teacher reads it.

Nothing is written of an answer in whose stream the pupil was not told so: the words of the notice have
to have passed through here first. Nor of what was asked before they had passed in an earlier one: who
typed it did not know. A program that cannot show them is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request

from hinterland.box import classes as under_roles
from hinterland.box.records import Said
from hinterland.box.roles import Keep, Role
from hinterland.engine import requests
from hinterland.engine.events import EventParser
from hinterland.engine.protocol import Done, Failed, Note, TextDelta
from hinterland.engine.service import manners
from hinterland.engine.service.guard import caller_of
from hinterland.errors import EngineError, HinterlandError, InputError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from hinterland.box.classes import Classes
    from hinterland.box.records import Records

log = logging.getLogger("hinterland.engine")

_CHAT = "/v1/chat/completions"
_ATTACH = "/hint/answers/"
_NOTICE = b"x-hint-notice"
_TURNS = 256
"""Turns of one pupil that are known; of so many no box keeps the answers."""
_LONGEST = 200_000
"""Characters of a prompt that are kept: one that no model has room for is refused only after the pupil
was told, and a few of them would fill the pupil's file."""


class Transcribing:
    """Stands around the service's routes, behind its guard."""

    def __init__(self, app: ASGIApp, classes: Classes, records: Callable[[Role], Records]) -> None:
        self._app = app
        self._classes = classes
        self._records = records
        self._told: dict[int, _Told] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, caller = scope["path"], caller_of(Request(scope))
        role = None
        if caller.terms.notice:
            role = await asyncio.to_thread(self._classes.named, caller.terms.role)
        if role is None or role.keep is not Keep.TRANSCRIPTS:
            self._told.pop(caller.uid, None)
            await self._app(scope, receive, send)
            return
        send = _with_notice(send, caller.terms.notice)
        if path != _CHAT and not path.startswith(_ATTACH):
            await self._app(scope, receive, send)
            return
        notice = under_roles.notice(role)
        told = self._told.get(caller.uid)
        if told is None or not told.holds(notice, self._classes.turns(role.name)):
            told = self._told[caller.uid] = _Told(notice, self._classes.turns(role.name))
        listening = _Listening(caller.uid, told, path.removeprefix(_ATTACH))
        if path == _CHAT:
            receive = listening.hearing(receive)
        try:
            await self._app(scope, receive, listening.to(send))
        finally:
            said = listening.said()
            if said is not None:
                await asyncio.shield(asyncio.to_thread(self._write, role, said))

    def _write(self, role: Role, said: Said) -> None:
        try:
            self._records(role).write(said)
        except HinterlandError as error:
            log.error("no transcript: %s", error.message)


class _Told:
    """What one pupil has been told, and which turns were asked since."""

    def __init__(self, notice: str, turns: int) -> None:
        self.notice = notice
        self.passed = False
        """Whether it has gone out to the pupil, whole."""
        self._turns = turns
        self._asked: dict[str, None] = {}

    def holds(self, notice: str, turns: int) -> bool:
        """Whether it is what has to be told now, and nothing else was in between."""
        return (self.notice, self._turns) == (notice, turns)

    def asked(self, turn: str) -> None:
        """Take note of a turn that was asked knowingly."""
        self._asked.pop(turn, None)
        self._asked[turn] = None
        if len(self._asked) > _TURNS:
            del self._asked[next(iter(self._asked))]

    def was_asked(self, turn: str) -> bool:
        """Whether a turn was; of one that is not known any more nothing is written down."""
        return turn in self._asked


class _Listening:
    """One exchange as it passes."""

    def __init__(self, uid: int, told: _Told, turn: str) -> None:
        self._uid = uid
        self._before = told
        self._turn = "" if turn == _CHAT else turn
        self._knowing = bool(self._turn) and told.was_asked(self._turn)
        """Whether it was asked by one who had been told."""
        self._conversation = ""
        self._model = ""
        self._prompt = ""
        self._images = 0
        self._parser = EventParser()
        self._answer: list[str] = []
        self._told = False
        self._whole = False
        self._failed = False

    def hearing(self, receive: Receive) -> Receive:
        """Return what gives the service the request as it reads it, with its own limits, and listens.

        It raises InputError at the end for one that could not be told that it is written down, and
        EngineError for what a program asks by itself, such as a title of all that was said before.
        """
        body = bytearray()

        async def heard() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                body.extend(message.get("body", b""))
                if len(body) > manners.LARGEST_BODY:
                    raise manners.too_large()
                if not message.get("more_body", False):
                    self._ask(bytes(body))
                    body.clear()
            return message

        return heard

    def _ask(self, body: bytes) -> None:
        manners.check_intricacy(body)
        order = requests.decode(body)
        if not order.hint.events:
            raise InputError(
                "Your class keeps transcripts, and this program could not tell you so.",
                "Ask with `hint`.",
            )
        if order.hint.when_idle:
            raise EngineError("The engine has something else to do.", "Ask again later.")
        asked = next((each for each in reversed(order.messages) if each.role == "user"), None)
        if asked is not None:
            self._prompt, self._images = _bounded(asked.content), len(asked.images)
        self._conversation = order.hint.conversation_id or ""
        self._turn = order.hint.turn_id or ""
        self._knowing = self._before.passed
        if self._knowing and self._turn:
            self._before.asked(self._turn)

    def to(self, send: Send) -> Send:
        """Return what sends to the pupil, and listens."""

        async def sending(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body":
                for event in self._parser.feed(message.get("body", b"")):
                    if isinstance(event, Note) and self._before.notice in event.text:
                        self._told = self._before.passed = True
                    elif isinstance(event, TextDelta) and self._told:
                        self._answer.append(event.text)
                    elif isinstance(event, Done):
                        self._whole, self._model = True, event.model
                    elif isinstance(event, Failed):
                        self._failed = True

        return sending

    def said(self) -> Said | None:
        """Return what is to be written down; None where the pupil was not told, or asked before, and
        where it ended and nothing came of it, as for one who left the line."""
        if not (self._told and self._knowing):
            return None
        said = Said(
            uid=self._uid,
            when=datetime.now(UTC),
            conversation=self._conversation,
            turn=self._turn,
            model=self._model,
            prompt=self._prompt,
            images=self._images,
            answer="".join(self._answer),
            whole=self._whole,
            failed=self._failed,
        )
        return said if said.is_answered or not self._whole else None


def _with_notice(send: Send, notice: str) -> Send:
    """Return what sends with a header that says what holds now, whatever was asked for."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            named = [name.lower() for name, _ in message.get("headers", ())]
            if _NOTICE not in named:
                headers = [*message.get("headers", ()), (_NOTICE, quote(notice).encode())]
                message = {**message, "headers": headers}
        await send(message)

    return sending


def _bounded(prompt: str) -> str:
    more = len(prompt) - _LONGEST
    return prompt if more <= 0 else f"{prompt[:_LONGEST]}\n[… {more:,} characters more]"
