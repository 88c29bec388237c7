"""Empties folders and notes what was in them: names of our own making, sizes and hashes, no words.

It runs as the user whose folders they are. Nothing is followed that leads elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

_OURS = re.compile(
    r"\.?((\d{1,7}\.)?[0-9a-f]{24}(\.\d{1,3})?\.(json|txt|journal)|[0-9a-f]{64}\.(jpg|png|msgpack)"
    r"|index\.json|today\.json|search\.sqlite(-wal|-shm)?|audit\.jsonl|(engine|service)\.log(\.\d)?"
    r"|pupil\.json|cards\.json|log\.jsonl|[0-9a-f]{16,64}(\.[a-z]{1,8})?)(\.lock|\.tmp)?"
)
"""Names that Hinterland gives. Others may hold words, and are not noted."""
_DEEPEST = 16
_PIECE = 1 << 20
_HASHED = 1 << 30
"""Bytes of a file that is hashed; ours are never so large."""
_COUNTED = 64 << 20
"""Bytes of a conversation whose turns are counted."""


class Emptied(msgspec.Struct, frozen=True):
    """A file that was there."""

    folder: str
    """Which of the folders, such as `history`."""
    name: str
    """Empty where it is none that Hinterland gives."""
    bytes: int
    sha256: str
    """Of its content before it was removed; empty for what is no file, or could not be read."""
    turns: int | None = None
    """Of a conversation; None for other files."""


class Report(msgspec.Struct, frozen=True):
    """What was found, and what is left of it."""

    running: int = 0
    """Programs of Hinterland that the user has running; then nothing was touched."""
    files: tuple[Emptied, ...] = ()
    left: int = 0
    """Files and folders that are there afterwards."""
    trouble: tuple[str, ...] = ()
    """What could not be done, by folder, without a name."""


class _Conversation(msgspec.Struct):
    turns: dict[str, msgspec.Raw]


def empty(folders: Mapping[str, Path], *, remove: bool) -> Report:
    """Note all files in folders, and remove them and the folders if so wanted."""
    found: list[Emptied] = []
    trouble: list[str] = []
    for name, path in folders.items():
        try:
            _in_folder(name, path, found, remove=remove)
        except OSError as error:
            trouble.append(f"{name}: {error.strerror}")
        except RecursionError:
            trouble.append(f"{name}: folders too deep")
    return Report(files=tuple(found), left=left(folders), trouble=tuple(trouble))


def left(folders: Mapping[str, Path]) -> int:
    """Return how many files and folders are still there."""
    count = 0
    for path in folders.values():
        if os.path.lexists(path):
            count += 1 + sum(len(inside) + len(files) for _, inside, files in os.walk(path))
    return count


def _in_folder(name: str, path: Path, found: list[Emptied], *, remove: bool) -> None:
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _empty(folder, name, found, 0, remove=remove)
    finally:
        os.close(folder)
    if remove:
        os.rmdir(path)
        parent = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)


def _empty(folder: int, name: str, found: list[Emptied], depth: int, *, remove: bool) -> None:
    if depth > _DEEPEST:
        raise RecursionError
    if remove:
        os.fchmod(folder, 0o700)
    for entry in sorted(os.listdir(folder)):
        about = os.stat(entry, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(about.st_mode):
            with _opened(entry, folder, os.O_DIRECTORY) as inner:
                _empty(inner, name, found, depth + 1, remove=remove)
            if remove:
                os.rmdir(entry, dir_fd=folder)
            continue
        found.append(_noted(folder, name, entry, about))
        if remove:
            os.unlink(entry, dir_fd=folder)
    if remove:
        os.fsync(folder)


def _noted(folder: int, name: str, entry: str, about: os.stat_result) -> Emptied:
    known = entry if _OURS.fullmatch(entry) else ""
    digest, turns = "", None
    if stat.S_ISREG(about.st_mode) and about.st_size <= _HASHED:
        with suppress(OSError), _opened(entry, folder) as file:  # then it has no hash, as is said
            digest, content = _read(file)
            if name == "history" and known.endswith(".json") and known != "index.json":
                turns = _turns(content)
    return Emptied(name, known, about.st_size, digest, turns)


@contextmanager
def _opened(entry: str, folder: int, kind: int = 0) -> Iterator[int]:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | kind
    try:
        file = os.open(entry, flags, dir_fd=folder)
    except PermissionError:  # its owner may change that
        os.chmod(entry, 0o700, dir_fd=folder)
        file = os.open(entry, flags, dir_fd=folder)
    try:
        yield file
    finally:
        os.close(file)


def _read(file: int) -> tuple[str, bytes]:
    """Return the hash of a file, and its content where that is small enough to be a conversation."""
    digest, content, size = hashlib.sha256(), bytearray(), 0
    while piece := os.read(file, _PIECE):
        digest.update(piece)
        size += len(piece)
        if size > _HASHED:
            raise OSError  # it grows while it is read
        if size <= _COUNTED:
            content += piece
    return digest.hexdigest(), bytes(content)


def _turns(content: bytes) -> int:
    try:
        return len(msgspec.json.decode(content, type=_Conversation).turns)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0


def programs_of(uid: int) -> list[int]:
    """Return the processes of a user that are Hinterland's, as far as the machine tells."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):  # it has ended meanwhile
            if _uid_of(name) == uid and int(name) != os.getpid():
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read(_PIECE).split(b"\0")[:8]
                if _is_ours(words):
                    found.append(int(name))
    return found


def end(processes: Callable[[], list[int]], number: int, seconds: float) -> int:
    """Send a signal to processes and return how many are left after so many seconds at most."""
    for process in processes():
        with suppress(OSError):  # it has ended meanwhile
            os.kill(process, number)
    deadline = time.monotonic() + seconds
    while (count := len(processes())) and time.monotonic() < deadline:
        time.sleep(0.1)
    return count


def _uid_of(process: str) -> int:
    """Return whose a process is; its folder is root's where it cannot be dumped."""
    with open(f"/proc/{process}/status", "rb") as file:
        return next((int(line.split()[1]) for line in file if line.startswith(b"Uid:")), -1)


def _is_ours(words: Sequence[bytes]) -> bool:
    """Whether a command line is `hint …`, `python …/hint …` or `python … -m hinterland…`."""
    if any(os.path.basename(word) == b"hint" for word in words[:1]):
        return True
    if not words or not os.path.basename(words[0]).startswith(b"python"):
        return False
    for at, word in enumerate(words[1:], 2):
        if word == b"-m":
            return words[at : at + 1] != [] and words[at].partition(b".")[0] == b"hinterland"
        if not word.startswith(b"-"):
            return os.path.basename(word) == b"hint"
    return False
