"""Wipes what pupils' sessions left, as each pupil, and says exactly what was removed."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hinterland import __version__, paths
from hinterland.box.as_user import AsUserError, as_user
from hinterland.box.emptying import Emptied, Report, empty, end, left, programs_of
from hinterland.box.members import Member
from hinterland.box.roles import Role

SCHEMA_VERSION = 1
_SECONDS = 120.0
"""What wiping one pupil may take."""
_PATIENCE = 10.0
"""Seconds that programs have to end once they were told to."""


class Wish(msgspec.Struct, frozen=True):
    """What is to be wiped, and how."""

    progress: bool = False
    """Also what the tutor remembers of the pupil."""
    end: bool = False
    """Whether programs that are still running are told to end first."""
    remove: bool = True
    """Whether anything is removed: otherwise it is only told what would be."""


class Wiped(msgspec.Struct, frozen=True, kw_only=True):
    """What was wiped of one user."""

    uid: int
    login: str
    conversations: int = 0
    turns: int = 0
    files: tuple[Emptied, ...] = ()
    bytes: int = 0
    left: int = 0
    """Files and folders that another process, as that user, found afterwards."""
    running: int = 0
    trouble: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return not (self.left or self.running or self.trouble)


class Receipt(msgspec.Struct, frozen=True, kw_only=True, tag="wiped", tag_field="hinterland"):
    """What is handed to whoever wants to see that it was done."""

    schema: int = SCHEMA_VERSION
    version: str = __version__
    role: str
    group: str
    by: str
    """The login of who did it."""
    begun: datetime
    ended: datetime
    removed: bool
    """False for a trial in which nothing was removed."""
    folders: tuple[str, ...]
    users: tuple[Wiped, ...]
    kept_by_box: dict[str, int] = {}
    """What the box itself still keeps of the class."""
    removed_from_box: tuple[Emptied, ...] = ()


def folders(progress: bool) -> dict[str, Path]:
    """Return the folders of this account in which sessions leave something."""
    found = paths.find()
    wiped = {
        "history": found.history,
        "translations": found.translations,
        "journal": found.journal,
        "prefixes": found.prefixes,
        "logs": found.logs,
        "diagnosis": found.state / "diagnosis",
        "quiz": found.state / "quiz",
    }
    return wiped | {"pupils": found.pupils} if progress else wiped


def wipe(member: Member, wish: Wish) -> Wiped:
    """Wipe what the sessions of one user left; what could not be done is said in what is returned."""
    import platformdirs  # noqa: F401 - the child must not have to read our files

    def work() -> bytes:
        return msgspec.json.encode(_wipe(member.uid, wish))

    def look() -> bytes:
        return msgspec.json.encode(left(folders(wish.progress)))

    try:
        report = msgspec.json.decode(as_user(member, work, _SECONDS), type=Report)
        still = report.left
        if not report.running:
            still = msgspec.json.decode(as_user(member, look, _SECONDS), type=int)
    except AsUserError as error:
        return Wiped(uid=member.uid, login=member.login, trouble=(f"it {error}",))
    turns = [each.turns for each in report.files if each.turns is not None]
    return Wiped(
        uid=member.uid,
        login=member.login,
        conversations=len(turns),
        turns=sum(turns),
        files=report.files,
        bytes=sum(each.bytes for each in report.files),
        left=still if wish.remove else 0,
        running=report.running,
        trouble=report.trouble,
    )


def receipt(role: Role, users: Sequence[Wiped], wish: Wish, by: str, begun: datetime) -> Receipt:
    """Return the receipt of what was wiped."""
    return Receipt(
        role=role.name,
        group=role.group,
        by=by,
        begun=begun,
        ended=datetime.now(UTC),
        removed=wish.remove,
        folders=tuple(folders(wish.progress)),
        users=tuple(users),
    )


def _wipe(uid: int, wish: Wish) -> Report:
    running = len(programs_of(uid))
    if running and wish.end and wish.remove:
        running = end(lambda: programs_of(uid), signal.SIGHUP, _PATIENCE)
    if running and wish.remove:
        return Report(running=running)
    return empty(folders(wish.progress), remove=wish.remove)
