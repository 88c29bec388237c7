"""What setup made on this machine, so that undo removes that and nothing else.

A thing is written down before it is made, and only where it was not there: whatever kills setup, what
it left can be told from what others made. The ledger lies where only root can write.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import msgspec

from hinterland import site
from hinterland.durable import replace_file, sync_folder
from hinterland.errors import ConfigError, StorageError

VERSION = 1
NAME = "setup.json"


class Kind(StrEnum):
    FOLDER = "folder"
    FILE = "file"
    GROUP = "group"
    USER = "user"
    MEMBER = "member"
    MODEL = "model"
    START = "start"
    """The unit is enabled: it starts with the machine."""


class Thing(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that setup made. Kind and name say which it is."""

    kind: Kind
    name: str
    """A path, a group, a user, a model's id, a unit; of a member `GROUP USER`."""
    sha256: tuple[str, ...] = ()
    """Of a file or a model: what it may hold without having been changed by somebody."""
    whole: bool = False
    """Of a folder: whether all that lies in it is the box's."""

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.name


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    things: tuple[Thing, ...]


class Ledger:
    """The things in the order in which they were made."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._things: dict[tuple[Kind, str], Thing] = {}

    @property
    def things(self) -> tuple[Thing, ...]:
        return tuple(self._things.values())

    def made(self, thing: Thing) -> Thing | None:
        """Return what is written of a thing; None when it is not ours."""
        return self._things.get(thing.key)

    def note(self, thing: Thing) -> None:
        """Write a thing down that is about to be made or changed; raises StorageError."""
        self._things[thing.key] = thing
        self._write()

    def strike(self, thing: Thing) -> None:
        """Cross out a thing that is gone; raises StorageError."""
        del self._things[thing.key]
        self._write()

    def remove(self) -> None:
        """Remove the ledger itself; raises OSError."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        content = _Content(VERSION, self.things)
        replace_file(self._path, msgspec.json.format(msgspec.json.encode(content), indent=1))


def load() -> Ledger | None:
    """Return the ledger of this machine; None where nothing was set up. Raises StorageError."""
    ledger = Ledger(site.folder())
    path = site.folder() / NAME
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_Content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"The file {path} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise StorageError(
            f"The file {path} cannot be used: {error}.",
            "It says what setup made: restore it, or remove what it made by hand.",
        ) from error
    if content.version != VERSION:
        raise StorageError(
            f"The file {path} is of another release (form {content.version}).",
            "Undo with the release that set the box up.",
        )
    for thing in content.things:
        ledger._things[thing.key] = thing  # noqa: SLF001 - the ledger fills itself
    return ledger


@contextmanager
def alone() -> Iterator[None]:
    """Keep every other setup and undo away for the block; raises ConfigError while one runs.

    The lock is on a folder that is there anyway, so that it leaves nothing behind.
    """
    lock = os.open(site.folder().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ConfigError(
            "Another `hint box setup` is at work on this machine.", "Wait for it to end."
        ) from error
    finally:
        os.close(lock)


def begin() -> Ledger:
    """Make the folder of the site's settings, with a ledger in it, and return the ledger.

    A folder that was there is left and not written down. Raises OSError, StorageError.
    """
    folder = site.folder()
    ledger = Ledger(folder)
    if folder.is_dir():
        ledger._write()  # noqa: SLF001 - as above
        return ledger
    # The two appear together: a folder without a ledger would look like somebody else's.
    fresh = folder.with_name(f".{folder.name}.new")
    fresh.mkdir(exist_ok=True)
    fresh.chmod(0o755)
    beginning = Ledger(fresh)
    beginning.note(Thing(Kind.FOLDER, str(folder)))
    fresh.rename(folder)
    sync_folder(folder.parent)
    ledger._things = beginning._things  # noqa: SLF001 - as above
    return ledger
