"""Files that are replaced whole or not at all, whatever is killed, full or forbidden.

A write goes to a temporary file beside the old one, is fsynced, takes its place, and is made
durable by an fsync of the folder. Locks are files of their own, there only while they are held.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hinterland import remedies
from hinterland.errors import StorageError

PATIENCE = 30.0
"""Seconds a writer waits for another writer of the same file."""

_LOCK, _TEMPORARY = ".lock", ".tmp"


def replace_file(path: Path, content: bytes) -> None:
    """Make `content` all of `path`, with mode 0600, or leave `path` as it was and raise StorageError.

    The caller holds the lock of `path`, which also makes a left-over temporary file nobody's.
    """
    try:
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise not_written(path, error) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the place of `path`, with mode 0600, at the block's end; where that
    fails or the block raises, `path` is as it was. Raises OSError. The caller holds its lock."""
    temporary = _sibling(path, _TEMPORARY)
    try:
        temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except BaseException:  # Ctrl-C too leaves everything as it was
        with suppress(OSError):  # what went wrong first is told; `sweep` removes what is left
            temporary.unlink(missing_ok=True)
        raise


def remove_file(path: Path) -> None:
    """Remove `path` for good, if it is there; raises StorageError. The caller holds its lock."""
    try:
        path.unlink(missing_ok=True)
        _sibling(path, _TEMPORARY).unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise not_written(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; raises OSError."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the writers' lock of `path` for the block; raises StorageError.

    The lock file stands beside `path` only as long as it is held.
    """
    lock = _sibling(path, _LOCK)
    deadline = time.monotonic() + PATIENCE
    try:
        while (file := _try_lock(lock)) is None:
            if time.monotonic() > deadline:
                raise StorageError(
                    f"Another process has been writing {path} for {PATIENCE:.0f} seconds.",
                    "Wait for it, or end it.",
                )
            time.sleep(0.005)
    except OSError as error:
        raise not_written(path, error) from error
    try:
        yield
    finally:
        _unlock(lock, file)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the writers' lock of `path` for the block; raises BlockingIOError at once where somebody
    else does, and OSError."""
    lock = _sibling(path, _LOCK)
    file = _try_lock(lock)
    if file is None:
        raise BlockingIOError(errno.EAGAIN, "somebody else holds its lock", str(path))
    try:
        yield
    finally:
        _unlock(lock, file)


def sweep(folder: Path, name: str) -> bool:
    """Remove the file `name` of `folder` if a writer left it behind when it was killed.

    Returns whether it is a lock or temporary file, left behind or in use.
    """
    if not name.startswith(".") or not name.endswith((_LOCK, _TEMPORARY)):
        return False
    path = folder / name[1:].removesuffix(_LOCK).removesuffix(_TEMPORARY)
    lock = _sibling(path, _LOCK)
    with suppress(OSError):  # not ours to remove, or a full disk: whoever sweeps next tries again
        file = _try_lock(lock)
        if file is not None:
            with suppress(OSError):
                _sibling(path, _TEMPORARY).unlink(missing_ok=True)
            _unlock(lock, file)
    return True


def _try_lock(lock: Path) -> int | None:
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held the lock before removed its file: a lock on a file without a name is none.
        if os.path.samestat(os.fstat(file), os.stat(lock)):
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(file)
        raise
    os.close(file)
    return None


def _unlock(lock: Path, file: int) -> None:
    with suppress(OSError):  # a lock that is left holds nobody up
        lock.unlink(missing_ok=True)
    os.close(file)


def _sibling(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.name}{suffix}")


def not_written(path: Path, error: OSError) -> StorageError:
    """Return what to tell of a write that failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            f"The disk is full: {path} could not be written.",
            remedies.for_disk(
                "Free some space, or set HINTERLAND_HOME to a folder on another disk."
            ),
        )
    return StorageError(
        f"The file {path} cannot be written: {error.strerror or error}.",
        remedies.for_disk(
            "Mend its folder's permissions, or set HINTERLAND_HOME to a folder you can write to.",
            error,
        ),
    )
