"""The folders and the disks below them: there, ours, writable, with room, and fit for locks and sockets."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shlex
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hinterland.doctor.findings import Area, Finding, In, quoted
from hinterland.doctor.visit import Visit
from hinterland.errors import ConfigError
from hinterland.models.progress import size
from hinterland.paths import LONGEST_SOCKET_PATH, Paths

_say = In(Area.DISK)

_NO_ROOM = 50_000_000
"""Bytes below which conversations and logs soon find none."""
_LITTLE_ROOM = 1_500_000_000
"""Bytes that the larger starter takes, 1.1 GB, and some."""
_FEW_FILES = 1_000

# File systems on which a lock, a socket, a mode or an fsync may not do what it does elsewhere.
_ODD = {
    "nfs": "on another machine: it may be slow, and locks need the server's help",
    "nfs4": "on another machine: it may be slow, and locks need the server's help",
    "cifs": "on another machine, and knows no UNIX permissions",
    "smb3": "on another machine, and knows no UNIX permissions",
    "9p": "shared by a host, and may know no sockets",
    "vfat": "without permissions, locks or sockets, and its files end at 4 GB",
    "exfat": "without permissions or sockets",
    "msdos": "without permissions or sockets, and its files end at 4 GB",
    "fuseblk": "foreign (NTFS, exFAT), and may know no permissions",
    "tmpfs": "in memory: what it holds is gone after a restart",
    "ramfs": "in memory: what it holds is gone after a restart",
}
_MOVE = (
    "Set HINTERLAND_HOME to a folder on this machine's own disk: `export HINTERLAND_HOME=/path`."
)
_FREE = "Free some space: `hint models list` tells sizes, `hint models remove NAME` gives back."
_OWN = "Set HINTERLAND_HOME to a folder of your own: `export HINTERLAND_HOME=/path`."


def kept(paths: Paths) -> dict[str, Path]:
    """Return the account's folders by what lies in them."""
    return {
        "models and conversations": paths.data,
        "the engine's socket and logs": paths.state,
        "the settings": paths.config,
        "half-fetched models": paths.cache,
    }


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
            f"If it is yours (made under sudo?): `sudo chown -R $USER {quoted(folder)}`. {_OWN}",
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
    if error.errno == errno.ENOSPC and not _room(folder):
        return  # that the disk is full is told once, with the numbers
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            why, remedy = "the disk is full, or your share of it", _FREE
        case errno.EROFS:
            why, remedy = "the file system is read-only", f"Look at `dmesg` for why. {_OWN}"
        case errno.EACCES | errno.EPERM:
            why, remedy = "its permissions forbid it", f"`chmod u+rwx {quoted(folder)}`"
        case _:
            why, remedy = error.strerror or str(error), _MOVE
    yield _say.problem(
        "folder-not-writable",
        f"Nothing can be written to the folder of {what}, {folder}: {why}.",
        remedy,
        folder=folder,
        errno=errno.errorcode.get(error.errno or 0, ""),
    )


def _room(folder: Path) -> bool:
    """Whether the file system itself has room, for bytes and for files."""
    room = os.statvfs(folder)
    few = bool(room.f_files) and room.f_favail < _FEW_FILES
    return room.f_bavail * room.f_frsize >= _NO_ROOM and not few


def _strangers(folder: Path) -> Iterator[Finding]:
    """Say when something in the folder is another user's, as it is after a command under sudo."""
    others = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_uid != os.getuid():
                    others.append(entry.name)
    if others:
        yield _say.problem(
            "files-not-ours",
            f"In {folder} there is what belongs to another user: {', '.join(sorted(others)[:3])}.",
            f"If it is yours (made under sudo?): `sudo chown -R $USER {quoted(folder)}`",
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


def space(visit: Visit) -> Iterator[Finding]:
    """Say of each file system how much room there is, and what it may lack."""
    seen: set[int] = set()
    state_device = None
    for what, folder in kept(visit.paths).items():
        there = next(each for each in (folder, *folder.parents) if os.path.exists(each))
        device = there.stat().st_dev
        if folder == visit.paths.state:
            state_device = device
        if device in seen:
            continue
        seen.add(device)
        yield from _file_system(visit, what, there)
    if state_device is not None and os.path.isdir(visit.paths.state):
        yield from _locks_and_sockets(visit.paths)


def _file_system(visit: Visit, what: str, folder: Path) -> Iterator[Finding]:
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    kind = file_system(visit.read("proc/self/mountinfo"), folder)
    facts = {
        "folder": folder,
        "free": free,
        "files_free": room.f_favail,
        "file_system": kind,
    }
    on = f" ({kind})" if kind else ""
    sentence = f"{size(free)} of disk are free in {folder}{on}."
    if free < _NO_ROOM:
        yield _say.problem("disk-full", sentence, _FREE, **facts)
    elif room.f_files and room.f_favail < _FEW_FILES:
        yield _say.problem(
            "inodes-short",
            f"Only {room.f_favail} more files can be made in {folder}{on}: its inodes run out.",
            f"Find where many small files lie: `du --inodes -d 2 {quoted(folder)}`.",
            **facts,
        )
    elif free < _LITTLE_ROOM and what.startswith("models"):
        note = f"{sentence} A model takes 0.1 to several GB."
        yield _say.note("disk-short", note, _FREE, **facts)
    else:
        yield _say.ok("disk", sentence, **facts)
    if kind in _ODD or kind.startswith("fuse."):
        odd = _ODD.get(kind, "a program's own (FUSE): locks and sockets may not work")
        yield _say.note(
            "odd-file-system",
            f"{folder} lies on a file system ({kind}) that is {odd}.",
            f"If something goes wrong there: {_MOVE[0].lower()}{_MOVE[1:]}",
            **facts,
        )


def file_system(mounts: str, folder: Path) -> str:
    """Return the kind of file system that holds `folder`, by /proc/self/mountinfo; "" if unknown."""
    folder = folder.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        # The kernel writes blanks and backslashes of a name in octal.
        name = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        at = Path(name)
        if len(at.parts) >= best and folder.is_relative_to(at):
            best, kind = len(at.parts), after.split()[0]
    return kind


def _locks_and_sockets(paths: Paths) -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile(dir=paths.state) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}:
            yield _say.problem(
                "no-locks", f"Files in {paths.state} cannot be locked: {error.strerror}.", _MOVE
            )
        return  # anything else was told with the folder
    folder = paths.socket.parent
    # The service clears w*.sock away when it starts, should this process be killed in between.
    probe = folder / f"w{os.getpid() % 1000}.sock"
    if (
        not os.path.isdir(folder)
        or len(os.fsencode(probe)) > LONGEST_SOCKET_PATH
        or os.path.exists(probe)
    ):
        return
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(probe))
    except OSError as error:
        yield _say.problem(
            "no-sockets", f"No socket can be made in {folder}: {error.strerror}.", _MOVE
        )
    finally:
        probe.unlink(missing_ok=True)


def clock(visit: Visit) -> Iterator[Finding]:
    """Say when the clock cannot be right: boxes without a battery begin at 1970, and no download works."""
    built = Path(__file__).stat().st_mtime
    if time.time() < min(built, 4_000_000_000) - 86_400:
        today = time.strftime("%Y-%m-%d", time.gmtime())
        yield _say.note(
            "clock-wrong",
            f"The clock says {today}, before Hinterland was installed: downloads may be refused.",
            "`sudo timedatectl set-time 'YYYY-MM-DD HH:MM'`, or let it ask the network.",
            now=time.time(),
        )
