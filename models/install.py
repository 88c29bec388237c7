"""The last step of every pull and add: a checked file becomes an installed model, or nothing does."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

from hinterland.models import header
from hinterland.models.catalog import Entry
from hinterland.models.header import Facts
from hinterland.models.sources import Fetched
from hinterland.models.store import InstalledModel, Record, write_record
from hinterland.paths import Paths, private_folder


def install(
    paths: Paths,
    fetched: Fetched,
    entry: Entry,
    *,
    pinned: bool,
    source: str,
    name: str | None = None,
) -> InstalledModel:
    """Move a fetched file whose hash was checked into the store, and return the model.

    It is called `name`, or as `entry` is. Its folder appears complete and on the disk. Raises
    ModelError when the file is not a usable GGUF model, OSError when the disk fails; the store is
    then as it was.
    """
    import filelock

    facts = header.read(fetched.path)
    folder = private_folder(paths.models) / (name or entry.id)
    with filelock.FileLock(paths.models / ".lock", mode=0o600):
        return _install(folder, fetched, entry, facts, pinned, source)


def _install(
    folder: Path, fetched: Fetched, entry: Entry, facts: Facts, pinned: bool, source: str
) -> InstalledModel:
    incoming, outgoing = (
        folder.with_name(f".{state}-{folder.name}") for state in ("incoming", "outgoing")
    )
    for left_over in (incoming, outgoing):
        shutil.rmtree(left_over, ignore_errors=True)
    incoming.mkdir(mode=0o700)
    try:
        target = incoming / entry.file
        _move(fetched.path, target)
        target.chmod(0o600)
        _sync(target)
        now = target.stat()
        record = Record(
            id=folder.name,
            file=entry.file,
            bytes=now.st_size,
            sha256=fetched.sha256,
            pinned=pinned,
            source=source,
            licence=entry.licence or "",
            task=entry.task,
            installed=time.time(),
            mtime_ns=now.st_mtime_ns,
            facts=facts,
        )
        write_record(incoming, record)
        _sync(incoming)
        if folder.exists():
            folder.rename(outgoing)
        incoming.rename(folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    shutil.rmtree(outgoing, ignore_errors=True)
    return InstalledModel.of(record, folder / entry.file)


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)  # the cache is on another file system
        source.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
