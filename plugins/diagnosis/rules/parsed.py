"""What was parsed of a data file once, kept for the next time: reading TOML takes longer than a result may.

An entry is called by the SHA-256 of the bytes it was parsed from, so an edited file never meets it.
It is the account's own or it is not used, and whatever is wrong with it costs only the parsing.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import msgspec

from hinterland.errors import StorageError
from hinterland.paths import find

T = TypeVar("T")
_DIGITS = 8
_new: dict[str, dict[str, Any]] = {}
"""What was parsed and is not kept yet, by the hash of its file."""


def digest(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def recall(sha256_of_file: str, kind: type[T]) -> T | None:
    """Return what the file with this hash said, checked against `kind` anew; None when it has to be
    parsed."""
    try:
        file = os.open(_place(sha256_of_file), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    with open(file, "rb") as opened:
        status = os.fstat(file)
        foreign = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if status.st_uid != os.getuid() or foreign:
            return None
        try:
            entry = opened.read()
        except OSError:
            return None
    if entry[:_DIGITS] != _check(entry[_DIGITS:]):
        return None
    try:
        return msgspec.msgpack.decode(entry[_DIGITS:], type=kind)
    except msgspec.MsgspecError:  # another release wanted something else of it
        return None


def remember(sha256_of_file: str, raw: dict[str, Any]) -> None:
    """Have what a file says kept by `keep`."""
    _new[sha256_of_file] = raw


def keep() -> None:
    """Write what was parsed since the last time: for when the result is shown. Where that fails it
    is parsed again the next time."""
    if not _new:
        return
    from hinterland.durable import locked, replace_file
    from hinterland.paths import private_folder

    with suppress(OSError, StorageError):
        for name, raw in _new.items():
            path = _place(name)
            payload = msgspec.msgpack.encode(raw)
            private_folder(path.parent)
            with locked(path):
                replace_file(path, _check(payload) + payload)
    _new.clear()


def _check(payload: bytes) -> bytes:
    """Return what shows that an entry is whole; nobody is kept from forging one by it."""
    return b"%08x" % crc32(payload)


def _place(sha256_of_file: str) -> Path:
    return find().cache / "diagnosis" / f"{sha256_of_file}.msgpack"
