"""The manifest: every file of a kit with its length and SHA-256, and what the kit is good for.

It is read only after its signature was verified, and is checked all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hinterland.errors import InputError

FORM = 1
NAME, SIGNATURE = "manifest.json", "manifest.json.sig"
LARGEST = 16_000_000  # bytes of a manifest that are read
FOLDER = "hinterland-kit"
"""The folder of a kit, on a stick and in a tar."""

_PATH = re.compile(r"[A-Za-z0-9_%][A-Za-z0-9 ._+%=,~@!#$&'(){}\[\]-]*")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_HASH = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!-]{0,63}")


@dataclass(frozen=True, slots=True)
class File:
    path: str
    """Below the kit's folder, with `/`."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Joined(File):
    """A file that lies in the kit in parts, because a stick's file system holds no larger ones."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wheels:
    """What one kind of machine with one Python needs."""

    machine: str
    """`x86_64` or `aarch64`."""
    python: str
    """Such as `3.11`."""
    glibc: str
    """The oldest C library that it runs with, such as `2.28`."""
    files: tuple[str, ...]
    """Their paths in the kit."""


@dataclass(frozen=True, slots=True)
class Manifest:
    version: str
    """Hinterland's."""
    made: int
    """Seconds since the epoch."""
    files: tuple[File, ...]
    """In the order in which a tar holds them, without the manifest and its signature."""
    joined: tuple[Joined, ...]
    wheels: tuple[Wheels, ...]

    @property
    def whole(self) -> Mapping[str, File]:
        """The files as they are installed, by path: those in parts are one."""
        parts = {part for each in self.joined for part in each.parts}
        alone = {each.path: each for each in self.files if each.path not in parts}
        return alone | {each.path: each for each in self.joined}

    def parts(self, path: str) -> tuple[File, ...]:
        """Return the files in the kit whose contents, one after the other, are `path`."""
        by_path = {each.path: each for each in self.files}
        for each in self.joined:
            if each.path == path:
                return tuple(by_path[part] for part in each.parts)
        return (by_path[path],)


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as JSON for people to read too."""
    return (json.dumps({"form": FORM} | asdict(manifest), indent=1) + "\n").encode()


def decode(content: bytes) -> Manifest:
    """Return the manifest in a file whose signature was verified; raises InputError."""
    try:
        raw = json.loads(content)
        if not isinstance(raw, dict) or raw.get("form") != FORM:
            raise InputError(
                "The kit is of another release of Hinterland: this one cannot read its manifest.",
                "Run install.sh out of the kit itself.",
            )
        manifest = Manifest(
            _text(raw["version"], _VERSION),
            _count(raw["made"]),
            tuple(File(**_fields(each)) for each in raw["files"]),
            tuple(
                Joined(**_fields(each), parts=tuple(map(str, each["parts"])))
                for each in raw["joined"]
            ),
            tuple(
                Wheels(
                    str(each["machine"]),
                    str(each["python"]),
                    str(each["glibc"]),
                    tuple(map(str, each["files"])),
                )
                for each in raw["wheels"]
            ),
        )
        _check(manifest)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"The kit's manifest cannot be used: {error}.", "Its maker has to make the kit again."
        ) from error
    return manifest


def portable(path: str) -> bool:
    """Whether a path can be written to any stick, and leads nowhere but below the kit's folder."""
    names = path.split("/")
    return len(path) <= 220 and all(
        _PATH.fullmatch(name) and not _RESERVED.fullmatch(name) and name[-1] not in ". "
        for name in names
    )


def _fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "path": str(raw["path"]),
        "bytes": _count(raw["bytes"]),
        "sha256": _text(raw["sha256"], _HASH),
    }


def _check(manifest: Manifest) -> None:
    paths = [each.path for each in manifest.files]
    everything = [NAME, SIGNATURE, *paths]
    if len({path.lower() for path in everything}) != len(everything):
        raise ValueError("it names a file twice")
    if bad := next((path for path in paths if not portable(path)), None):
        raise ValueError(f"{bad!r} is no path for a stick")
    by_path = {each.path: each for each in manifest.files}
    for each in manifest.joined:
        if not portable(each.path) or each.path in by_path or not each.parts:
            raise ValueError(f"{each.path!r} is no file in parts")
        if sum(by_path[part].bytes for part in each.parts) != each.bytes:
            raise ValueError(f"the parts of {each.path} do not add up")
    whole = manifest.whole
    for wheels in manifest.wheels:
        if missing := [path for path in wheels.files if path not in whole]:
            raise ValueError(f"it lacks {missing[0]}")


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError(f"{value!r} is no number")
    return value


def _text(value: object, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError(f"{str(value)[:80]!r} is out of place")
    return value
