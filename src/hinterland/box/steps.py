"""What setup brings about, one thing a step: each knows whether it is there, and how to make it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from hinterland.box import accounts, shelf
from hinterland.box.ledger import Kind, Ledger, Thing
from hinterland.errors import ConfigError
from hinterland.models.progress import Progress


class Step(Protocol):
    @property
    def thing(self) -> Thing:
        """What the step brings about."""

    def is_done(self, ledger: Ledger | None) -> bool:
        """Whether there is nothing to do. Changes nothing. Raises ConfigError where something that
        is not the box's stands in its place."""

    def do(self, ledger: Ledger) -> None:
        """Bring it about and write down what was made. Raises HinterlandError, OSError."""


class Folder(msgspec.Struct, frozen=True):
    path: Path
    mode: int = 0o755
    owner: str = "root"
    group: str = "root"
    whole: bool = False
    adopted: bool = False
    """Whether one of root's that is there already is taken over, as an undo leaves it that kept what
    others put there."""

    @property
    def thing(self) -> Thing:
        return Thing(Kind.FOLDER, str(self.path), whole=self.whole)

    def is_done(self, ledger: Ledger | None) -> bool:
        if not self.path.is_dir():
            return False
        facts, owner = self.path.stat(), accounts.user(self.owner)
        if ledger is None or ledger.made(self.thing) is None:
            if self.whole and (owner is None or facts.st_uid != owner.pw_uid):
                raise ConfigError(
                    f"There is a folder {self.path}, which is not the box's.",
                    "Look at what is in it, and move it away.",
                )
            if not self.adopted or facts.st_uid != 0:
                return True  # somebody else's: it is left as it is
        return (stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid) == (
            self.mode,
            owner.pw_uid if owner else None,
            accounts.group_id(self.group),
        )

    def do(self, ledger: Ledger) -> None:
        if self.adopted or not self.path.is_dir():
            ledger.note(self.thing)
        if not self.path.is_dir():
            self.path.mkdir(mode=0o700)
        shutil.chown(self.path, self.owner, self.group)
        self.path.chmod(self.mode)


class File(msgspec.Struct, frozen=True):
    """A file for everybody to read. What somebody changed in it stays; what setup wrote is kept up
    to date."""

    path: Path
    text: str

    @property
    def _hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def thing(self) -> Thing:
        return Thing(Kind.FILE, str(self.path), (self._hash,))

    def is_done(self, ledger: Ledger | None) -> bool:
        if not self.path.exists():
            return False
        here = hash_of(self.path)
        made = ledger.made(self.thing) if ledger else None
        if made is not None and here == self._hash:
            return stat.S_IMODE(self.path.stat().st_mode) == 0o644
        return made is None or here not in made.sha256

    def is_changed(self) -> bool:
        """Whether the file is there and says something else."""
        return self.path.exists() and hash_of(self.path) != self._hash

    def do(self, ledger: Ledger) -> None:
        made = ledger.made(self.thing)
        known = made.sha256 if made else ()
        if self._hash not in known:
            ledger.note(msgspec.structs.replace(self.thing, sha256=(*known, self._hash)))
        fresh = self.path.with_name(f".{self.path.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(self.text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


class Group(msgspec.Struct, frozen=True):
    name: str

    @property
    def thing(self) -> Thing:
        return Thing(Kind.GROUP, self.name)

    def is_done(self, ledger: Ledger | None) -> bool:
        return accounts.group_id(self.name) is not None

    def do(self, ledger: Ledger) -> None:
        ledger.note(self.thing)
        accounts.make_group(self.name)


class User(msgspec.Struct, frozen=True):
    name: str
    group: str
    home: Path

    @property
    def thing(self) -> Thing:
        return Thing(Kind.USER, self.name)

    def is_done(self, ledger: Ledger | None) -> bool:
        account = accounts.user(self.name)
        if account is not None and accounts.is_person(account):
            raise ConfigError(
                f"The account {self.name} is a person's; the box's service needs it for itself.",
                f"Give that person another name: `usermod --login OTHER {self.name}`.",
            )
        return account is not None

    def do(self, ledger: Ledger) -> None:
        ledger.note(self.thing)
        accounts.make_user(self.name, self.group, str(self.home))


class Member(msgspec.Struct, frozen=True):
    user: str
    group: str

    @property
    def thing(self) -> Thing:
        return Thing(Kind.MEMBER, f"{self.group} {self.user}")

    def is_done(self, ledger: Ledger | None) -> bool:
        return accounts.is_member(self.user, self.group)

    def do(self, ledger: Ledger) -> None:
        ledger.note(self.thing)
        accounts.add_member(self.user, self.group)


class Model(msgspec.Struct, frozen=True):
    wanted: shelf.Wanted
    progress: Progress
    accept_licence: bool = False

    @property
    def thing(self) -> Thing:
        return Thing(Kind.MODEL, self.wanted.id, tuple(filter(None, [self.wanted.sha256])))

    def is_done(self, ledger: Ledger | None) -> bool:
        return any(model.id == self.wanted.id for model in shelf.for_everybody())

    def do(self, ledger: Ledger) -> None:
        ledger.note(self.thing)
        model = shelf.place(self.wanted, self.progress, accept_licence=self.accept_licence)
        ledger.note(msgspec.structs.replace(self.thing, sha256=(model.sha256,)))


class Start(msgspec.Struct, frozen=True):
    """The unit starts with the machine. Works on a system that is not running, such as the image of
    a card."""

    unit: str
    link: Path
    enable: Callable[[], None]

    @property
    def thing(self) -> Thing:
        return Thing(Kind.START, self.unit)

    def is_done(self, ledger: Ledger | None) -> bool:
        return self.link.is_symlink()

    def do(self, ledger: Ledger) -> None:
        ledger.note(self.thing)
        self.enable()


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a small file; raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
