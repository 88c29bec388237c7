"""Setting a shared box up: what is to be there, in order, and bringing it about.

What is there already stays as it is, so that setup twice is setup once.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from hinterland import config, site
from hinterland.box import accounts, ledger, program, shelf, systemd, unit
from hinterland.box.steps import File, Folder, Group, Member, Model, Start, Step, User
from hinterland.errors import ConfigError, EngineError, InputError, StorageError
from hinterland.models.progress import Progress
from hinterland.paths import BOX
from hinterland.site import Site

_GROUP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")  # what systemd takes in a unit
_PATIENCE = 30.0  # seconds for the box to listen


class Wishes(msgspec.Struct, frozen=True):
    """What whoever sets the box up said."""

    models: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    group: str = ""
    """The group that may use the box; empty takes the one in box.toml, else the usual one."""
    accept_licence: bool = False


class Plan(msgspec.Struct, frozen=True):
    """What setup would do here, in order."""

    site: Site
    steps: tuple[Step, ...]
    unit: File | None
    """None where there is no systemd."""

    def missing(self, made: ledger.Ledger | None) -> list[Step]:
        """Return the steps that are left to do. Raises ConfigError."""
        return [step for step in self.steps if not step.is_done(made)]


def check_root() -> None:
    """Return if this process may change the machine; raises ConfigError."""
    if sys.platform != "linux":
        raise ConfigError(
            "A shared box is a Linux machine.", "Use Hinterland for one account here."
        )
    if os.geteuid() != 0:
        command = " ".join(["sudo", "hint", *sys.argv[1:3]])
        raise ConfigError("Only root can do this.", f"Try `{command} …`.")


def plan(wishes: Wishes, progress: Progress) -> Plan:
    """Return what is to be there. Changes nothing; `starter` asks the network which model that is.

    Raises ConfigError, InputError and ModelError where it cannot be done here.
    """
    accounts.check_programs()
    program.check()
    found = _site(wishes.group)
    unit.check_folder(found)
    config.load(site.folder() / "config.toml")  # a service that cannot read it would not start
    for name in (*wishes.users, *wishes.teachers):
        if accounts.user(name) is None:
            raise InputError(f"There is no account {name} here.", f"`adduser {name}` makes one.")
    unit_file = File(unit.FILE, unit.text(found)) if systemd.is_installed() else None
    return Plan(found, tuple(_steps(found, wishes, unit_file, progress)), unit_file)


def _site(group: str) -> Site:
    path = site.folder() / "box.toml"
    found = site.read(path)
    if found is None:
        found = Site(group=group) if group else Site()
    elif group and group != found.group:
        raise ConfigError(
            f"The file {path} says that the box is for the group {found.group}.",
            f'Write group = "{group}" there, then run setup again.',
        )
    for name in (found.group, found.teachers):
        if not _GROUP_NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r} cannot be the name of a group.", "Take letters and digits."
            )
    return found


def _steps(
    found: Site, wishes: Wishes, unit_file: File | None, progress: Progress
) -> Iterator[Step]:
    yield Group(found.group)
    yield Group(found.teachers)
    yield User(unit.USER, found.group, BOX)
    settings = site.folder()
    yield Folder(settings)
    yield File(settings / "box.toml", _box_toml(found))
    yield File(settings / "config.toml", _CONFIG)
    # Teachers write role files; what they make there is their group's.
    yield Folder(settings / "roles", 0o2775, group=found.teachers, adopted=True)
    yield Folder(BOX, 0o700, unit.USER, found.group, whole=True)
    yield Folder(shelf.FOLDER)
    yield Folder(shelf.FOLDER / "models")
    wanted = [shelf.resolve(name) for name in wishes.models]
    if not wanted and not shelf.for_everybody() and (usual := shelf.usual()):
        wanted = [usual]
    for each in wanted:
        yield Model(each, progress, wishes.accept_licence)
    for name in dict.fromkeys((*wishes.users, *wishes.teachers)):
        yield Member(name, found.group)
    for name in wishes.teachers:
        yield Member(name, found.teachers)
    if unit_file:
        yield unit_file
        yield Folder(systemd.LINK.parent)
        yield Start(unit.NAME, systemd.LINK, systemd.enable)


def carry_out(planned: Plan, done: Callable[[Step], None]) -> None:
    """Do what is missing and tell `done` of each step.

    Raises HinterlandError; what was made until then is written down, and setup can be run again.
    """
    try:
        made = ledger.load()
        missing = planned.missing(made)
        made = made or ledger.begin()
        for step in missing:
            if not step.is_done(made):  # the ledger brought its folder about
                step.do(made)
            done(step)
    except OSError as error:
        raise StorageError(
            f"{error.filename or 'Something'} cannot be made: {error.strerror}.",
            "Mend that, then run setup again: it goes on where it stopped.",
        ) from error


def start(found: Site, *, again: bool) -> None:
    """Have systemd start the box, and return when it listens; raises EngineError."""
    systemd.reload()
    systemd.start(again=again)
    end = time.monotonic() + _PATIENCE
    while not is_listening(found):
        if time.monotonic() > end:
            raise EngineError(
                "The box was started and does not listen.",
                f"`journalctl -u {unit.NAME}` has its last words.",
            )
        time.sleep(0.1)


def is_listening(found: Site) -> bool:
    """Whether somebody listens at the box's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(found.socket)
        except OSError:
            return False
    return True


def is_stale(found: Site) -> bool:
    """Whether the settings changed since the box began to listen."""
    try:
        since = Path(found.socket).stat().st_mtime
    except OSError:
        return False
    settings = (site.folder() / "box.toml", site.folder() / "config.toml", unit.FILE)
    return any(path.exists() and path.stat().st_mtime > since for path in settings)


def shut_folder() -> Path | None:
    """Return the first folder on the way to the machine's models that others may not enter; None
    where they may."""
    models = shelf.FOLDER / "models"
    for folder in (*reversed(models.parents), models):
        if folder.is_dir() and not folder.stat().st_mode & 0o001:
            return folder
    return None


def _box_toml(found: Site) -> str:
    limits = found.limits
    return f"""\
# The shared box of this machine: `hint box setup` wrote this, and leaves it to you.
# After a change: `hint box setup`, which starts the box again.

# Who may use the box, and whose share of it is so many times that of others.
group = "{found.group}"
teachers = "{found.teachers}"
teachers_weight = {found.teachers_weight}

# Whether people may have an engine of their own while the box is stopped.
own_engine = {"true" if found.own_engine else "false"}

# The models that may be asked; none named allows all that are installed for the machine.
models = []

# What one person may take; 0 is no limit.
[limits]
at_once = {limits.at_once}
tokens_a_day = {limits.tokens_a_day}
context = {limits.context}
answer = {limits.answer}
"""


_CONFIG = """\
# How the box's engine runs: `hint config show` lists the settings, those of [engine] count here.
# After a change: `hint box setup`, which starts the box again.
"""
