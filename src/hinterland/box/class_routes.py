"""The box's routes for classes, under `/hint/class`: what holds for a pupil, results, transcripts.

Who asks is who the kernel says. A pupil gets what is theirs; results and transcripts go to the
teachers of that class and to root.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hinterland.box import members
from hinterland.box.classes import Classes, closed, notice, told_of
from hinterland.box.emptying import Emptied
from hinterland.box.records import Handed, Records, Result
from hinterland.box.roles import Quiz, Role
from hinterland.engine.service.guard import caller_of
from hinterland.errors import ConfigError, InputError

LARGEST = 128 * 1024
"""Bytes of what may be handed in."""
_PATIENCE = 20.0  # seconds: it comes over a socket of this machine
Wanted = TypeVar("Wanted")


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for who asks."""

    role: str = ""
    """Empty for one who is in no class."""
    called: str = ""
    rules: Role | None = None
    """In force, though the file may have a mistake since."""
    closed: str = ""
    notice: str = ""
    quiz: Quiz | None = None
    seed: int = 0
    """That of today's quiz."""
    results: int = 0
    """How many were handed in."""
    transcripts: int = 0
    """How many answers the box keeps for the teacher."""
    reads: tuple[datetime, ...] = ()
    """When a teacher looked at them."""


class Removal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be removed of what the box keeps."""

    results: bool = False
    transcripts: bool = False
    uids: tuple[int, ...] | None = ()
    """Of whom; None for all that there is of the class, also of those who have left it."""


class Removed(msgspec.Struct, frozen=True):
    """What was removed, and of whom something of each kind is kept still."""

    removed: list[Emptied]
    kept: dict[str, list[int]]


class ClassRoutes:
    """The routes, over the role files and the folder in which the service keeps classes."""

    def __init__(self, classes: Classes, records: Callable[[Role], Records]) -> None:
        self._classes = classes
        self._records = records
        self._alone: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def routes(self) -> list[BaseRoute]:
        """Return them."""
        return [
            Route("/hint/class", self._mine),
            Route("/hint/class/results", self._hand_in, methods=["POST"]),
            Route("/hint/class/{name}/rules", self._rules),
            Route("/hint/class/{name}/results", self._results),
            Route("/hint/class/{name}/transcripts", self._transcripts),
            Route("/hint/class/{name}/remove", self._remove, methods=["POST"]),
        ]

    async def _mine(self, http: Request) -> Response:
        uid = caller_of(http).uid
        async with self._one_by_one(uid):
            return _json(await asyncio.to_thread(self._tell, uid))

    async def _hand_in(self, http: Request) -> Response:
        uid, handed = caller_of(http).uid, await _read(http, Handed)
        async with self._one_by_one(uid):
            return _json(await asyncio.to_thread(self._take, uid, handed))

    def _one_by_one(self, uid: int) -> asyncio.Lock:
        """Return what lets one of a pupil's requests at a time have the disk and a thread: there are
        few of these, and who asks is looked up in them too."""
        lock = self._alone.get(uid)
        if lock is None:
            lock = self._alone[uid] = asyncio.Lock()
        return lock

    async def _rules(self, http: Request) -> Response:
        return _json(await self._taught(http))

    async def _results(self, http: Request) -> Response:
        role = await self._taught(http)
        return _json(await asyncio.to_thread(self._records(role).results))

    async def _transcripts(self, http: Request) -> Response:
        role = await self._taught(http)
        whose = http.query_params.get("uid", "")
        uid = int(whose) if whose.isdecimal() else None
        by, now = caller_of(http).uid, datetime.now(UTC)
        records = self._records(role)
        return _json(await asyncio.to_thread(records.transcripts, uid, by, now))

    async def _remove(self, http: Request) -> Response:
        role, wanted = await self._taught(http), await _read(http, Removal)
        kinds = [each for each in ("results", "transcripts") if getattr(wanted, each)]
        records = self._records(role)
        uids = None if wanted.uids is None else list(wanted.uids)
        removed = await asyncio.to_thread(records.remove, kinds, uids)
        kept = await asyncio.to_thread(records.kept)
        return _json(Removed(removed, kept))

    async def _taught(self, http: Request) -> Role:
        """Return the class that is asked about; raises ConfigError unless its teacher asks."""
        uid, name = caller_of(http).uid, http.path_params["name"]
        return await asyncio.to_thread(self._role_for_teacher, uid, name)

    def _role_for_teacher(self, uid: int, name: str) -> Role:
        role = self._classes.named(name)
        groups = members.groups_of(uid)
        # One sentence for both: who teaches nothing here learns of no class.
        if role is None or not members.teaches(uid, groups, role, self._classes.site):
            raise ConfigError(
                "There is no such class, or you are not its teacher.",
                "`hint box class list` shows the classes.",
            )
        return role

    def _tell(self, uid: int) -> Mine:
        now, groups = datetime.now(), members.groups_of(uid)  # noqa: DTZ005 - lessons are in local time
        if broken := self._classes.broken_for(uid, groups):
            return Mine(closed=told_of(broken))
        role = self._classes.holds_for(uid, groups, now)
        if role is None:
            return Mine()
        records = self._records(role)
        return Mine(
            role=role.name,
            called=role.called,
            rules=role,
            closed=closed(role, now),
            notice=notice(role),
            quiz=role.quiz,
            seed=seed_of(role.quiz, now.date()) if role.quiz else 0,
            results=len(records.results(uid)),
            transcripts=records.kept_of(uid),
            reads=tuple(each.when for each in records.reads_of(uid)),
        )

    def _take(self, uid: int, handed: Handed) -> dict[str, Any]:
        now = datetime.now()  # noqa: DTZ005 - as above
        role = self._classes.holds_for(uid, members.groups_of(uid), now)
        if role is None or role.quiz is None:
            raise InputError("There is no quiz for you here.", "Ask your teacher.")
        if why := closed(role, now):
            raise InputError(why)
        if handed.seed != seed_of(role.quiz, now.date()):
            raise InputError("That is not today's quiz.", "Begin it again: hint box class quiz")
        if len(handed.questions) != role.quiz.questions:
            raise InputError("That is not the whole quiz.", "Begin it again: hint box class quiz")
        result = Result(uid=uid, when=datetime.now(UTC), topic=role.quiz.topic, handed=handed)
        self._records(role).hand_in(result)
        return {"right": result.right, "of": len(handed.questions)}


def seed_of(quiz: Quiz, day: date) -> int:
    """Return the seed of a quiz on a day: the teacher's, or another one every day."""
    return day.toordinal() if quiz.seed is None else quiz.seed


async def _read(http: Request, kind: type[Wanted]) -> Wanted:
    body = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for piece in http.stream():
                body += piece
                if len(body) > LARGEST:
                    raise InputError("That is too much to hand in.")
    except TimeoutError as error:
        raise InputError(
            "The request did not come to its end in time.", "Send it at once."
        ) from error
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"What was handed in cannot be used: {error}.") from error


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
