"""Partial files: one folder for each model that is being fetched, held by one process at a time.

They lie in the cache folder, so that a pull that was cut off goes on where it was.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from hinterland import remedies
from hinterland.errors import StorageError
from hinterland.models.catalog import Entry
from hinterland.models.progress import Progress, size
from hinterland.models.sources import Source
from hinterland.paths import Paths, private_folder

SPARE = 64 << 20
"""Bytes of disk that a pull leaves free."""


def discard(work: Path) -> None:
    """Remove the partial files of one model.

    Their own pip may outlive a killed pull and still write there; the next pull clears that away.
    """
    for partial in work.glob("*.partial"):
        partial.unlink()
    shutil.rmtree(work, ignore_errors=True)


def check_disk(entry: Entry, source: Source, work: Path, paths: Paths) -> None:
    """Raise StorageError, with the numbers, when the model will not fit the disk."""
    if entry.bytes is None:
        return
    store = private_folder(paths.models)
    here = sum(each.stat().st_size for each in work.iterdir() if each.suffix == ".partial")
    need = {work: max(0, entry.bytes - here) + source.scratch(entry) + SPARE}
    if store.stat().st_dev != work.stat().st_dev:
        need[store] = entry.bytes + SPARE
    for folder, count in need.items():
        free = shutil.disk_usage(folder).free
        if free < count:
            raise StorageError(
                f"{entry.id} takes {size(count)} of disk in {folder}, and {size(free)} are free.",
                remedies.for_disk(
                    "Free some space, take a smaller model, or set HINTERLAND_HOME to another disk."
                ),
            )


@contextlib.contextmanager
def working_on(name: str, paths: Paths, progress: Progress) -> Iterator[Path]:
    """Give the folder of partial files for one model, to one process at a time."""
    import filelock

    pulls = private_folder(paths.cache / "pulls")
    lock = filelock.FileLock(pulls / f"{name}.lock", mode=0o600)
    try:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            progress.note(f"Another process is fetching {name}; waiting for it.")
            lock.acquire()
        try:
            work = pulls / name
            work.mkdir(mode=0o700, exist_ok=True)
            yield work
        finally:
            lock.release()
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise StorageError(
            f"The disk is full: {name} does not fit."
            if full
            else f"{name} cannot be written: {error.strerror or error}.",
            "Free some space and pull again; what was fetched is kept."
            if full
            else f"Look at the permissions of {paths.models} and {pulls}.",
        ) from error
