"""The account's folders: there, ours, writable, and closed to others."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hinterland.doctor.disk import FREE, MOVE, has_room, kept
from hinterland.doctor.findings import Area, Finding, In, quoted
from hinterland.doctor.visit import Visit
from hinterland.errors import ConfigError

_say = In(Area.DISK)

_OWN = "Set HINTERLAND_HOME to a folder of your own: `export HINTERLAND_HOME=/path`."


def home(visit: Visit) -> Iterator[Finding]:
    """Say when there is no telling where this account keeps its things."""
    try:
        _ = visit.paths
    except ConfigError as error:
        yield _say.problem("no-home", error.message, error.hint)


def folders(visit: Visit) -> Iterator[Finding]:
    """Say of each folder whether it can be used, and whether others may look into it."""
    usable = []
    for what, folder in kept(visit.paths).items():
        trouble = list(_folder(what, folder))
        yield from trouble
        if not trouble:
            usable.append(str(folder))
    if usable:
        listed = usable[0] if len(usable) == 1 else f"{len(usable)} folders of this account"
        yield _say.ok("folders", f"Can be read and written: {listed}.", folders=usable)
    for private in (visit.paths.state, visit.paths.history, visit.paths.journal):
        yield from _seen_by_others(private)


def _folder(what: str, folder: Path) -> Iterator[Finding]:
    try:
        now = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        yield from _to_be_made(folder)
        return
    except PermissionError:
        above = list(reversed(folder.parents))
        shut = next((each for each in above if not os.access(each, os.X_OK)), folder)
        yield _say.problem(
            "folder-shut",
            f"{shut} may not be entered.",
            f"`chmod u+rwx {quoted(shut)}`. If it is not yours: {_OWN[0].lower()}{_OWN[1:]}",
            folder=shut,
        )
        return
    except OSError as error:
        yield _say.problem(
            "folder-unreadable",
            f"The folder of {what} cannot be reached: {error.strerror} ({folder}).",
            f"Look at it and at those above it: `ls -ld {quoted(folder)}`. {_OWN}",
            folder=folder,
        )
        return
    if not stat.S_ISDIR(now.st_mode):
        yield _in_the_way(folder)
        return
    if now.st_uid != os.getuid():
        yield _say.problem(
            "folder-not-ours",
            f"The folder of {what} belongs to another user: {folder}.",
            f"If it was made under sudo: `sudo chown -R $USER {quoted(folder)}`. {_OWN}",
            folder=folder,
            owner=now.st_uid,
        )
        return
    yield from _strangers(folder)
    if trouble := _cannot_write(folder):
        yield from _not_written(what, folder, trouble)


def _in_the_way(path: Path) -> Finding:
    aside = path.with_name(path.name + ".old")
    remedy = f"Move it away: `mv {quoted(path)} {quoted(aside)}`"
    return _say.problem(
        "folder-is-file",
        f"{path} is in the way: a folder has to be there.",
        remedy if path.is_file() else _OWN,  # nobody shall move /dev/null away
        path=path,
    )


def _to_be_made(folder: Path) -> Iterator[Finding]:
    above = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), Path("/"))
    if not os.path.exists(above):
        to = os.readlink(above)
        yield _say.problem(
            "folder-link-broken",
            f"{above} is a link to {to}, and that is not there.",
            f"If it is on another disk, mount that. Otherwise: `mkdir -m 700 {shlex.quote(to)}`",
            folder=above,
            link=to,
        )
    elif not os.path.isdir(above):
        yield _in_the_way(above)
    elif not os.access(above, os.W_OK | os.X_OK):
        yield _say.problem(
            "folder-cannot-be-made",
            f"Hinterland's folders cannot be made: {above} cannot be written to.",
            f"Mend its permissions (`ls -ld {quoted(above)}`). {_OWN}",
            folder=above,
        )


def _cannot_write(folder: Path) -> OSError | None:
    """Return why a file cannot be written in `folder`; it gets no name, or loses it at once."""
    if not os.access(folder, os.W_OK | os.X_OK | os.R_OK):
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def _not_written(what: str, folder: Path, error: OSError) -> Iterator[Finding]:
    if error.errno == errno.ENOSPC and not has_room(folder):
        return  # that the disk is full is told once, with the numbers
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            why, remedy = "the disk is full, or your share of it", FREE
        case errno.EROFS:
            why, remedy = "the file system is read-only", f"Look at `dmesg` for why. {_OWN}"
        case errno.EACCES | errno.EPERM:
            why, remedy = "its permissions forbid it", f"`chmod u+rwx {quoted(folder)}`"
        case _:
            why, remedy = error.strerror or str(error), MOVE
    yield _say.problem(
        "folder-not-writable",
        f"Nothing can be written to the folder of {what}, {folder}: {why}.",
        remedy,
        folder=folder,
        errno=errno.errorcode.get(error.errno or 0, ""),
    )


def _strangers(folder: Path) -> Iterator[Finding]:
    """Say when something in the folder is another user's, as it is after a command under sudo."""
    others = []
    # A folder that cannot be read has a finding of its own.
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # it is gone meanwhile
                if entry.stat(follow_symlinks=False).st_uid != os.getuid():
                    others.append(entry.name)
    if others:
        yield _say.problem(
            "files-not-ours",
            f"In {folder} there is what belongs to another user: {', '.join(sorted(others)[:3])}.",
            f"If it was made under sudo: `sudo chown -R $USER {quoted(folder)}`",
            folder=folder,
            names=sorted(others)[:20],
        )


def _seen_by_others(folder: Path) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        yield _say.note(
            "folder-open-to-others",
            f"Other users of this machine may look into {folder} (mode {mode:04o}).",
            f"`chmod 700 {quoted(folder)}`",
            folder=folder,
            mode=f"{mode:04o}",
        )
