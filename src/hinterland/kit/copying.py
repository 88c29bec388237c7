"""A kit written to a stick or into a tar; what an interrupted copy left is gone on with."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hinterland import durable
from hinterland.errors import InputError, StorageError
from hinterland.kit.carried import manifest as manifests
from hinterland.kit.carried import media
from hinterland.kit.carried.checking import Kit, check, open_kit
from hinterland.models.progress import Progress, size

_PARTIAL = ".partial"


def copy(kit: Kit, target: Path, progress: Progress) -> Path:
    """Write a kit into the folder `target`, or as the tar of that name, read it back, and return
    where it is. Raises InputError, StorageError."""
    expect(target)
    try:
        if target.is_dir():
            place = _to_folder(kit, target / manifests.FOLDER, progress)
        else:
            place = _to_tar(kit, target, progress)
        _forget_cache(place)
    except OSError as error:
        raise _failed(target, error) from error
    progress.note("Reading it back.")
    check(open_kit(place), progress)
    return place


def expect(target: Path) -> None:
    """Return if a kit can be written there, as far as names tell; raises InputError."""
    if not target.is_dir() and not (target.name.endswith(".tar") and target.parent.is_dir()):
        raise InputError(
            f"{target} is neither a folder that is there nor a tar in one.",
            "Name the stick's folder, or a file that ends in .tar.",
        )


def _to_folder(kit: Kit, folder: Path, progress: Progress) -> Path:
    if isinstance(kit.media, media.Folder) and folder.exists() and folder.samefile(kit.media.place):
        raise InputError(f"The kit is in {folder} already.", "Name the folder of another stick.")
    files = [each.path for each in kit.manifest.files] + [manifests.NAME, manifests.SIGNATURE]
    old = list(_old(folder, files))
    freed = sum(path.lstat().st_size for path in old)
    _make_room(folder.parent, _missing(kit, folder) - freed)
    folder.mkdir(exist_ok=True)
    for path in old:
        path.unlink()
        progress.note(f"{path.relative_to(folder)} is of another kit and was removed.")
    done = 0
    for each in kit.manifest.files:
        target = folder / each.path
        target.parent.mkdir(parents=True, exist_ok=True)
        blocks = _told(kit.read_file(each), done, kit.size, progress)
        done += each.bytes
        if target.is_file() and target.stat().st_size == each.bytes:
            target.rename(target.with_name(target.name + _PARTIAL))  # it is compared, not trusted
        _pour(blocks, each.bytes, target)
    for name, content in (
        (manifests.NAME, kit.media.manifest),
        (manifests.SIGNATURE, kit.media.signature),
    ):
        _pour([content], len(content), folder / name)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # only those that an older kit left empty
                path.rmdir()
    return folder


def _old(folder: Path, files: Sequence[str]) -> Iterator[Path]:
    """Yield what lies in the folder of an older kit, or half written, and is not of this one.

    Raises InputError for a file that is of neither: it is removed for nobody. A stick may tell names
    in other capitals than they were written in.
    """
    by_letters = {path.lower(): path for path in files}
    known = {path.lower() for path in _of_the_old_kit(folder)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        letters = name.lower().removesuffix(_PARTIAL)
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            if letters in by_letters:
                raise _of_no_kit(path)
        elif letters in by_letters:
            wanted = folder / (by_letters[letters] + name[len(letters) :].lower())
            # A link on a stick may lead to any file of whoever copies; a pipe has no end.
            if not stat.S_ISREG(mode) or not (wanted.exists() and wanted.samefile(path)):
                yield path
        elif letters in known or name.lower().endswith(_PARTIAL):
            yield path
        else:
            raise _of_no_kit(path)


def _of_no_kit(path: Path) -> InputError:
    return InputError(f"{path} is of no kit, and would have to be removed.", "Move it away first.")


def _of_the_old_kit(folder: Path) -> set[str]:
    file = folder / manifests.NAME
    try:
        old = manifests.decode(file.read_bytes() if file.is_file() else b"")
    except InputError:
        return set()
    return {each.path for each in old.files}


def _to_tar(kit: Kit, target: Path, progress: Progress) -> Path:
    partial = target.with_name(target.name + _PARTIAL)
    there = partial.stat().st_size if partial.exists() else 0
    _make_room(target.parent, kit.size - there)
    _pour(_tar(kit, progress), _tar_length(kit), target)
    return target


def _tar_length(kit: Kit) -> int:
    """Return how many bytes `_tar` yields."""
    first = ((manifests.NAME, kit.media.manifest), (manifests.SIGNATURE, kit.media.signature))
    files = [(name, len(content)) for name, content in first]
    files += [(each.path, each.bytes) for each in kit.manifest.files]
    around = (
        len(media.header(name, count, kit.manifest.made)) + len(media.gap(count))
        for name, count in files
    )
    return sum(around) + sum(count for _, count in files) + len(media.END)


def _tar(kit: Kit, progress: Progress) -> Iterator[bytes]:
    made = kit.manifest.made
    first = ((manifests.NAME, kit.media.manifest), (manifests.SIGNATURE, kit.media.signature))
    for name, content in first:
        yield media.header(name, len(content), made) + content + media.gap(len(content))
    done = 0
    for each in kit.manifest.files:
        yield media.header(each.path, each.bytes, made)
        yield from _told(kit.read_file(each), done, kit.size, progress)
        yield media.gap(each.bytes)
        done += each.bytes
    yield media.END


def _told(blocks: Iterable[bytes], done: int, total: int, progress: Progress) -> Iterator[bytes]:
    for block in blocks:
        done += len(block)
        progress.advance("Writing the kit", done, total)
        yield block


def _pour(blocks: Iterable[bytes], length: int, target: Path) -> None:
    """Write blocks of that many bytes to a file, under a name of its own until it is whole. What is
    there already of the same bytes is read instead of written: reading a stick is quicker. What is
    longer is removed, since not every stick can cut a file."""
    partial = target.with_name(target.name + _PARTIAL)
    with suppress(FileNotFoundError):
        about = partial.lstat()
        if stat.S_ISREG(about.st_mode) and about.st_size > length:
            partial.unlink()
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(partial, flags, 0o644), "r+b", buffering=0) as file:
        same, at = True, 0
        for block in blocks:
            if same and _take(file.fileno(), at, len(block)) != block:
                same = False
                file.seek(at)
            if not same:
                view = memoryview(block)
                while view:
                    view = view[file.write(view) :]
            at += len(block)
        os.fsync(file.fileno())
    partial.replace(target)
    with suppress(OSError):  # some file systems cannot
        durable.sync_folder(target.parent)


def _take(handle: int, at: int, count: int) -> bytes:
    return os.pread(handle, count, at)


def _missing(kit: Kit, folder: Path) -> int:
    """Return how many bytes are still to be written."""
    missing = 0
    for each in kit.manifest.files:
        target = folder / each.path
        partial = target.with_name(target.name + _PARTIAL)
        there = [path.stat().st_size for path in (target, partial) if path.is_file()]
        missing += max(0, each.bytes - max(there, default=0))
    return missing


def _make_room(folder: Path, needed: int) -> None:
    about = os.statvfs(folder)
    free = about.f_bavail * about.f_frsize
    if needed > free:
        raise StorageError(
            f"{folder} lacks room: {size(needed)} are needed, {size(free)} are free.",
            "Free some space, or take a larger stick.",
        )


def _forget_cache(place: Path) -> None:
    """Have the system forget what it holds of the files, so that the stick itself is read back."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in [place] if place.is_file() else place.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def _failed(target: Path, error: OSError) -> StorageError:
    if error.errno == errno.EFBIG:
        return StorageError(
            f"The file system of {target} holds no file as long as this tar.",
            "`hint kit copy` into its folder writes files that fit.",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            f"There is no room left on {target}.", "Free some space; copying goes on where it was."
        )
    return StorageError(
        f"{error.filename or target} cannot be written: {error.strerror or error}.",
        "Mend its permissions; copying goes on where it was.",
    )
