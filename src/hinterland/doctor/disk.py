"""The disks below the folders: room, kind, locks, sockets; and the clock."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hinterland.doctor.findings import Area, Finding, In, quoted
from hinterland.doctor.visit import Visit
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
MOVE = "Set HINTERLAND_HOME to a folder on this machine's own disk: `export HINTERLAND_HOME=/path`."
FREE = "Free some space: `hint models list` tells sizes, `hint models remove NAME` gives back."


def kept(paths: Paths) -> dict[str, Path]:
    """Return the account's folders by what lies in them."""
    return {
        "models and conversations": paths.data,
        "the engine's socket and logs": paths.state,
        "the settings": paths.config,
        "half-fetched models": paths.cache,
    }


def has_room(folder: Path) -> bool:
    """Whether the file system itself has room, for bytes and for files."""
    room = os.statvfs(folder)
    few = bool(room.f_files) and room.f_favail < _FEW_FILES
    return room.f_bavail * room.f_frsize >= _NO_ROOM and not few


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
        yield _say.problem("disk-full", sentence, FREE, **facts)
    elif room.f_files and room.f_favail < _FEW_FILES:
        yield _say.problem(
            "inodes-short",
            f"Only {room.f_favail} more files can be made in {folder}{on}: its inodes run out.",
            f"Find where many small files lie: `du --inodes -d 2 {quoted(folder)}`.",
            **facts,
        )
    elif free < _LITTLE_ROOM and what.startswith("models"):
        note = f"{sentence} A model takes 0.1 to several GB."
        yield _say.note("disk-short", note, FREE, **facts)
    else:
        yield _say.ok("disk", sentence, **facts)
    if kind in _ODD or kind.startswith("fuse."):
        odd = _ODD.get(kind, "a program's own (FUSE): locks and sockets may not work")
        yield _say.note(
            "odd-file-system",
            f"{folder} lies on a file system ({kind}) that is {odd}.",
            f"If something goes wrong there: {MOVE[0].lower()}{MOVE[1:]}",
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
                "no-locks", f"Files in {paths.state} cannot be locked: {error.strerror}.", MOVE
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
            "no-sockets", f"No socket can be made in {folder}: {error.strerror}.", MOVE
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
