"""A kit where it lies: a folder, or a tar that holds that folder.

A tar is exactly what its manifest says, byte for byte: its headers and the space between files are
compared with what this module would write, so that a flipped bit is found there too.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from hinterland.errors import InputError
from hinterland.kit.carried import manifest as manifests
from hinterland.kit.carried.manifest import File, Manifest

_BLOCK = 512
END = bytes(2 * _BLOCK)
_AGAIN = "Copy the kit again from where it was made."


class Media(Protocol):
    """Where a kit lies."""

    place: Path
    manifest: bytes
    signature: bytes

    def lay_out(self, manifest: Manifest) -> None:
        """Take from the manifest where each file is, once, before it is read; raises OSError."""

    def problems(self, manifest: Manifest) -> Iterator[str]:
        """Yield what is wrong besides the contents of files that have the right length."""

    def read(self, file: File) -> BinaryIO:
        """Return the contents of a file, which may be shorter or longer than they should; raises
        OSError."""


def at(place: Path) -> Media:
    """Return the kit in a folder (or in its folder `hinterland-kit`) or a tar; raises InputError."""
    try:
        if place.is_dir():
            inner = _named(place, manifests.FOLDER)
            return Folder(inner if inner.is_dir() else place)
        return Tar(place)
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        if name in (manifests.NAME, manifests.SIGNATURE):
            raise InputError(f"There is no kit in {place}: it has no {name}.", _AGAIN) from error
        raise InputError(f"There is no kit at {place}.", "Name its folder or its tar.") from error
    except OSError as error:
        raise unreadable(Path(error.filename or place), error) from error


def unreadable(place: Path, error: OSError) -> InputError:
    """Return what to tell of a kit that the system does not let us read."""
    return InputError(
        f"{place} cannot be read: {error.strerror or error}.",
        "The stick may be damaged: copy the kit to another one.",
    )


class Folder:
    """A kit's files under their own names, in capitals or small letters: some sticks change them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        first = [_named(place, name) for name in (manifests.NAME, manifests.SIGNATURE)]
        self.manifest, self.signature = map(_small, first)
        self._first = {path.name.lower(): path for path in first}
        self._names: dict[str, str] = {}

    def lay_out(self, manifest: Manifest) -> None:
        self._names = {each.path: each.path for each in manifest.files}
        by_letters = {path.lower(): path for path in self._names}
        for path in _walk(self.place):
            wanted = by_letters.get(path.lower(), path)
            if wanted != path and not os.path.lexists(self.place / wanted):
                self._names[wanted] = path

    def problems(self, manifest: Manifest) -> Iterator[str]:
        wanted = {self._names[each.path]: each for each in manifest.files}
        found = set()
        for path in _walk(self.place):
            about = os.lstat(self.place / path)
            regular = stat.S_ISREG(about.st_mode)
            first = self._first.get(path.lower())
            if first and regular and os.path.samestat(about, first.lstat()):
                continue
            if path not in wanted or not regular:
                yield f"{path} does not belong to the kit"
                continue
            found.add(path)
            if about.st_size != wanted[path].bytes:
                yield f"{path} has {about.st_size:,} bytes, not {wanted[path].bytes:,}"
        for path in wanted:
            if path not in found:
                yield f"{path} is missing"

    def read(self, file: File) -> BinaryIO:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        place = self.place / self._names[file.path]
        return open(os.open(place, flags), "rb", buffering=0)


class Tar:
    def __init__(self, place: Path) -> None:
        self.place = place
        with _opened(place) as file:
            self.manifest = self._first(file, manifests.NAME)
            self.signature = self._first(file, manifests.SIGNATURE)
            self._end = file.tell()
        self._starts: dict[str, int] = {}

    def lay_out(self, manifest: Manifest) -> None:
        for each in manifest.files:
            self._end += len(header(each.path, each.bytes, manifest.made))
            self._starts[each.path] = self._end
            self._end += each.bytes + -each.bytes % _BLOCK

    def problems(self, manifest: Manifest) -> Iterator[str]:
        # How long it is comes first: what is torn can then be told without reading it all.
        end = self._end + len(END)
        size = self.place.stat().st_size
        if size != end:
            yield f"{self.place.name} has {size:,} bytes, not {end:,}"
            return
        with self.place.open("rb") as file:
            first = [
                File(manifests.NAME, len(self.manifest), ""),
                File(manifests.SIGNATURE, len(self.signature), ""),
            ]
            start = 0
            for each in [*first, *manifest.files]:
                expected = header(each.path, each.bytes, manifest.made)
                file.seek(start)
                if file.read(len(expected)) != expected:
                    yield f"the tar's header of {each.path} is damaged"
                start += len(expected) + each.bytes
                file.seek(start)
                gap = -each.bytes % _BLOCK
                if file.read(gap) != bytes(gap):
                    yield f"the space behind {each.path} in the tar is damaged"
                start += gap
            if file.read() != END:
                yield "the end of the tar is damaged"

    def read(self, file: File) -> BinaryIO:
        opened = self.place.open("rb", buffering=0)
        opened.seek(self._starts[file.path])
        return cast("BinaryIO", Window(opened, file.bytes))

    def _first(self, file: BinaryIO, name: str) -> bytes:
        head = file.read(_BLOCK)
        try:
            about = tarfile.TarInfo.frombuf(head, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeError, ValueError) as error:
            raise self._no_kit() from error
        if about.name != f"{manifests.FOLDER}/{name}" or not 0 < about.size <= manifests.LARGEST:
            raise self._no_kit()
        content = file.read(about.size)
        if len(content) != about.size:
            raise InputError(f"{self.place} is torn: it ends in {name}.", _AGAIN)
        file.read(-about.size % _BLOCK)
        return content

    def _no_kit(self) -> InputError:
        return InputError(
            f"{self.place} is no kit, or its beginning is damaged.",
            "`hint kit create` makes kits; copy yours again from where it was made.",
        )


def header(path: str, size: int, made: int) -> bytes:
    """Return what stands before a file in a kit's tar."""
    about = tarfile.TarInfo(f"{manifests.FOLDER}/{path}")
    about.size, about.mtime, about.mode = size, made, 0o644
    try:
        return about.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    except ValueError:  # a name of more than 100 letters: that of a lesson in Cyrillic, quoted
        return about.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


def gap(size: int) -> bytes:
    """Return what stands behind a file of `size` bytes in a kit's tar."""
    return bytes(-size % _BLOCK)


class Window(io.RawIOBase):
    """So many bytes of a file from where it stands, and no more."""

    def __init__(self, file: BinaryIO, count: int) -> None:
        self._file = file
        self._left = count

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        content = self._file.read(min(len(view), self._left))
        view[: len(content)] = content
        self._left -= len(content)
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


def _named(folder: Path, name: str) -> Path:
    """Return what has a name in a folder, if need be in other capitals; where nothing has, its path."""
    wanted = folder / name
    if wanted.exists():
        return wanted
    return next((each for each in folder.iterdir() if each.name.lower() == name), wanted)


def _opened(path: Path) -> BinaryIO:
    """Open a file, and nothing else: a pipe would have us wait for ever. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return open(handle, "rb")


def _small(path: Path) -> bytes:
    with _opened(path) as file:
        content = file.read(manifests.LARGEST + 1)
    if len(content) > manifests.LARGEST:
        raise InputError(f"{path} is too long for a kit's manifest.", _AGAIN)
    return content


def _walk(folder: Path) -> Iterator[str]:
    """Yield the paths of what lies below a folder and is none; raises OSError, also where folders lie
    in each other without an end, as in a damaged file system."""
    left = [""]
    while left:
        above = left.pop()
        with os.scandir(folder / above) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            path = f"{above}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                left.append(f"{path}/")
            else:
                yield path
