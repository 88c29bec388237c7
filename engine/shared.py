"""The shared box as a caller meets it: who listens there, and why it cannot be asked."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hinterland import remedies, site
from hinterland.engine.wire import Connection
from hinterland.errors import EngineError
from hinterland.site import Site

_ASK_FOR_HELP = "Ask who looks after this machine."


class UnreachableError(EngineError):
    """The shared box of this machine cannot be asked."""

    def __init__(self, message: str, hint: str, *, returns: bool = False) -> None:
        super().__init__(message, hint)
        self.returns = returns
        """Whether it may be there again in a moment: it was killed, and something starts it anew."""


def find() -> Site | None:
    """Return the settings of the shared box that this account's commands ask; None where there is
    none. Raises ConfigError for settings that cannot be used."""
    return site.find()


async def connect(box: Site) -> Connection:
    """Return a connection to the shared box; raises UnreachableError with the reason.

    Who listens has to be the owner of the folder of its socket, where nobody else can put one.
    """
    path = Path(box.socket)
    try:
        folder = path.parent.stat()
        owner = {0, folder.st_uid} if not folder.st_mode & 0o022 else {0}
        return await Connection.open(path, owner)
    except EngineError as error:
        raise UnreachableError(
            f"The socket {path} is not that of the shared box.", _ASK_FOR_HELP
        ) from error
    except OSError as error:
        raise _reason(box, error) from error


def _reason(box: Site, error: OSError) -> UnreachableError:
    """Return why the box cannot be asked, from what happened at its socket."""
    if error.errno == errno.ECONNREFUSED:
        return UnreachableError(
            "The shared box of this machine has stopped.", _to_start(), returns=True
        )
    if error.errno == errno.EAGAIN:
        return UnreachableError(
            "Too many knock at the shared box at once.", "Ask again in a moment.", returns=True
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return _shut_out(box)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        if _group(box) is None:
            return _half_set_up(box)
        return UnreachableError("The shared box of this machine is stopped.", _to_start())
    why = error.strerror or str(error)
    return UnreachableError(f"The shared box cannot be reached: {why}.", _ASK_FOR_HELP)


def _to_start() -> str:
    """Return what starts a box that is stopped, for who can do that; else whom to ask."""
    if not remedies.may_become_root():
        return "Ask who looks after this machine to start it."
    if Path("/run/systemd/system").is_dir():
        return (
            "`sudo systemctl start hinterland-box` starts it; "
            "`sudo hint engine logs` has its last words."
        )
    return "`sudo hint box run` runs it; `sudo hint engine logs` has its last words."


def _shut_out(box: Site) -> UnreachableError:
    import grp
    import pwd

    number = _group(box)
    if number is None:
        return _half_set_up(box)
    if number in {os.getegid(), *os.getgroups()}:
        return UnreachableError(
            f"The shared box lets its group {box.group} in, and its socket {box.socket} does not.",
            f"{_ASK_FOR_HELP} `hint box setup` mends it.",
        )
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = ""
    if name in grp.getgrgid(number).gr_mem:
        return UnreachableError(
            f"You were let into the group {box.group} after you logged in.",
            "Log out and in again; then you may use the shared box.",
        )
    return UnreachableError(
        f"You are not in the group {box.group}, whose members may use the shared box.",
        f"{_ASK_FOR_HELP} `hint box setup --user {name}` lets you in." if name else _ASK_FOR_HELP,
    )


def _half_set_up(box: Site) -> UnreachableError:
    return UnreachableError(
        f"The shared box is not set up to the end: there is no group {box.group}.",
        f"{_ASK_FOR_HELP} `hint box setup` goes on with it.",
    )


def _group(box: Site) -> int | None:
    import grp

    try:
        return grp.getgrnam(box.group).gr_gid
    except KeyError:
        return None


async def trouble(box: Site) -> UnreachableError | None:
    """Return why the shared box cannot be asked; None when it can."""
    try:
        connection = await connect(box)
    except UnreachableError as error:
        return error
    connection.close()
    return None
