"""The last step of every pull and add: checked files become an installed model, or nothing does."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

import msgspec

from hinterland.models import formats, header
from hinterland.models.catalog import Entry
from hinterland.models.formats import Format
from hinterland.models.header import Facts
from hinterland.models.sources import Fetched
from hinterland.models.store import InstalledModel, ProjectorRecord, Record, write_record
from hinterland.paths import Paths, private_folder


class Sight(msgspec.Struct, frozen=True):
    """A fetched image projector whose hash was checked."""

    fetched: Fetched
    pinned: bool
    source: str


def install(
    paths: Paths,
    fetched: Fetched,
    entry: Entry,
    *,
    pinned: bool,
    source: str,
    name: str | None = None,
    sight: Sight | None = None,
) -> InstalledModel:
    """Move a fetched file whose hash was checked into the store, and return the model.

    It is called `name`, or as `entry` is. Its folder appears complete and on the disk, with its
    image projector if there is one. Raises ModelError when a file is not usable, OSError when the
    disk fails; the store is then as it was.
    """
    import filelock

    found = formats.read(fetched.path, entry.wishes)
    if sight:
        header.read_projector(sight.fetched.path)
    folder = private_folder(paths.models) / (name or entry.id)
    with filelock.FileLock(paths.models / ".lock", mode=0o600):
        return _install(folder, fetched, entry, found, pinned, source, sight)


def install_projector(paths: Paths, model: InstalledModel, sight: Sight) -> InstalledModel:
    """Give an installed model a fetched image projector, and return the model as it is then.

    Raises ModelError when the file is not usable, OSError when the disk fails.
    """
    import filelock

    header.read_projector(sight.fetched.path)
    folder = model.path.parent
    with filelock.FileLock(paths.models / ".lock", mode=0o600):
        record = _with_sight(model.record, folder, sight)
        _sync(folder)
        write_record(folder, record)
        _sync(folder)
        if (old := model.projector_path) and record.projector and old.name != record.projector.file:
            old.unlink(missing_ok=True)
    return InstalledModel.of(record, model.path)


def _with_sight(record: Record, folder: Path, sight: Sight) -> Record:
    """Move the projector into the model's folder and return the record that knows it."""
    facts = header.read_projector(sight.fetched.path)
    # Another projector has another name: a loaded model is known by the paths of its files.
    target = folder / f"mmproj-{sight.fetched.sha256[:16]}.gguf"
    _move(sight.fetched.path, target)
    target.chmod(0o600)
    _sync(target)
    now = target.stat()
    projector = ProjectorRecord(
        file=target.name,
        bytes=now.st_size,
        sha256=sight.fetched.sha256,
        pinned=sight.pinned,
        source=sight.source,
        mtime_ns=now.st_mtime_ns,
        type=facts.type,
    )
    task = tuple(dict.fromkeys([*record.task, "vision"]))
    return msgspec.structs.replace(record, projector=projector, task=task)


def _install(
    folder: Path,
    fetched: Fetched,
    entry: Entry,
    found: Format,
    pinned: bool,
    source: str,
    sight: Sight | None,
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
            backend=found.backend,
            type=found.type,
            template=entry.template,
            facts=_facts(found, entry),
        )
        if sight:
            record = _with_sight(record, incoming, sight)
        elif blind := tuple(task for task in record.task if task != "vision"):
            record = msgspec.structs.replace(record, task=blind)
        write_record(incoming, record)
        _sync(incoming)
        if folder.exists():
            folder.rename(outgoing)
        incoming.rename(folder)
        _sync(folder.parent)
    except BaseException:  # Ctrl-C too leaves the store as it was
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    shutil.rmtree(outgoing, ignore_errors=True)
    return InstalledModel.of(record, folder / entry.file)


def _facts(found: Format, entry: Entry) -> Facts:
    """Return the file's facts; a legacy file's context, which is a guess, is the entry's if it says one."""
    if found.type in ("llama", "falcon") and entry.context:
        return msgspec.structs.replace(found.facts, context_length=entry.context)
    return found.facts


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
