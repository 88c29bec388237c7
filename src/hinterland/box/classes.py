"""Which role holds for a user, and what it makes of the terms they are served on.

A role file that cannot be used closes its class: nobody is served without the rules they are under.
One that could be used before holds as it was, for as long as somebody looks. What was wrong may be mended
elsewhere: in a folder's mode, or in a directory of accounts that is there again.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import msgspec

from hinterland.box import members, roles
from hinterland.box.roles import BrokenRole, Keep, Role
from hinterland.engine.service.house import Terms
from hinterland.errors import ConfigError
from hinterland.language import N_
from hinterland.site import Site

NOTICE = N_("Your teacher can read what you ask and what is answered here ({name}).")
"""What pupils of a class that keeps transcripts are told with every answer."""
_ENDED = N_("{name} has ended on {day}. `hint box class show` tells what holds for you.")
_CLOSED = N_(
    "{name} is closed now; it is open {hours}. `hint box class show` tells what holds for you."
)
_BROKEN = N_("The settings of the class {name} cannot be used; your teacher can see why.")
_NO_MODEL = N_("{name} names no model that this box allows; tell your teacher.")

_LOOK_AGAIN = 30.0  # seconds until files of which one cannot be used are read again
Stamp = tuple[tuple[str, int, int, int], ...]


class Classes:
    """The role files of a site; they are read again when one has changed, and while one cannot be used."""

    def __init__(self, site: Site, folder: Path | None = None) -> None:
        self.site = site
        self.folder = roles.folder() if folder is None else folder
        self._stamp: Stamp | None = None
        self._roles: list[Role] = []
        self._broken: list[BrokenRole] = []
        self._due = math.inf
        """When to read them again in any case."""
        self._turns: Counter[str] = Counter()
        self._looking = threading.Lock()  # threads that answer callers look too

    @property
    def all(self) -> list[Role]:
        """All roles in force, by name; raises ConfigError where the folder cannot be read."""
        self._look()
        return self._roles

    @property
    def broken(self) -> list[BrokenRole]:
        """The role files that close a class; raises ConfigError as above."""
        self._look()
        return self._broken

    def named(self, name: str) -> Role | None:
        """Return the role of a name; raises ConfigError."""
        return next((role for role in self.all if role.name == name), None)

    def turns(self, name: str) -> int:
        """Return how often what pupils of a class have to be told has become something else."""
        return self._turns[name]

    def holds_for(self, uid: int, groups: Collection[str], now: datetime) -> Role | None:
        """Return the role that holds for a user who is in those groups; None for one of no class and
        for teachers. Of several classes it is one that is open, then the first by name."""
        if uid == 0 or self.site.teachers in groups:
            return None
        own = [
            role
            for role in self.all
            if role.group in groups and not members.teaches(uid, groups, role, self.site)
        ]
        own.sort(key=lambda role: (bool(closed(role, now)), role.name))
        return own[0] if own else None

    def broken_for(self, uid: int, groups: Collection[str]) -> BrokenRole | None:
        """Return the role file that cannot be used and therefore shuts a user of those groups out;
        None for teachers. Raises ConfigError where the folder cannot be read."""
        if uid == 0 or self.site.teachers in groups:
            return None
        return next((each for each in self.broken if each.group in {"", *groups}), None)

    def apply(self, uid: int, groups: Collection[str], terms: Terms, now: datetime) -> Terms:
        """Return the terms of a user with the rules of their class."""
        if uid == 0 or self.site.teachers in groups:
            return terms
        try:
            broken = self.broken_for(uid, groups)
        except ConfigError as error:
            return msgspec.structs.replace(terms, closed=terms.closed or error.message)
        if broken is not None:
            why = told_of(broken)
            return msgspec.structs.replace(terms, closed=terms.closed or why, role=broken.name)
        role = self.holds_for(uid, groups, now)
        return terms if role is None else under(role, terms, now)

    def _look(self) -> None:
        with self._looking:
            stamp = _stamp(self.folder)
            if stamp != self._stamp or time.monotonic() >= self._due:
                self._read()
                self._stamp = stamp

    def _read(self) -> None:
        before = {role.name: role for role in self._roles}
        found, broken = roles.loaded(self.folder, members.writers(self.site))
        self._due = time.monotonic() + _LOOK_AGAIN if broken else math.inf
        held = {each.name: before[each.name] for each in broken if each.name in before}
        now = {role.name: role for role in (*found, *held.values())}
        for name in before.keys() | now.keys():
            self._turns[name] += _said(before.get(name)) != _said(now.get(name))
        self._roles = sorted(now.values(), key=lambda role: role.name)
        self._broken = [each for each in broken if not _is_held(each, held.get(each.name))]


def _is_held(broken: BrokenRole, held: Role | None) -> bool:
    """Whether what a role file said before stands in for it. Not for another group that it names now:
    nobody knows which rules were meant for that."""
    return held is not None and broken.group in {"", held.group}


def under(role: Role, terms: Terms, now: datetime) -> Terms:
    """Return the terms of a pupil under a role: never more than the site gives."""
    models = terms.models
    why = terms.closed or closed(role, now)
    if role.models:
        models = tuple(each for each in role.models if not models or each in models)
        if not models:  # an empty tuple would allow all
            why = why or _NO_MODEL.format(name=role.called)
            models = role.models
    return msgspec.structs.replace(
        terms,
        at_once=_least(terms.at_once, role.limits.at_once),
        tokens_a_day=_least(terms.tokens_a_day, role.limits.tokens_a_day),
        context=_least(terms.context, role.limits.context),
        answer=_least(terms.answer, role.limits.answer),
        models=models,
        system="\n\n".join(filter(None, [terms.system, role.system.strip()])),
        notice=" ".join(filter(None, [terms.notice, notice(role)])),
        closed=why,
        role=role.name,
    )


def told_of(broken: BrokenRole) -> str:
    """Return what those are told whom a role file shuts out, in one sentence."""
    return _BROKEN.format(name=broken.name)


def notice(role: Role) -> str:
    """Return what a pupil has to be told with every answer; "" where nothing is kept for others."""
    return NOTICE.format(name=role.called) if role.keep is Keep.TRANSCRIPTS else ""


def _said(role: Role | None) -> str:
    return "" if role is None else notice(role)


def closed(role: Role, now: datetime) -> str:
    """Return why a class may not ask anything at a moment, in one sentence; "" while it is open."""
    if role.until is not None and now.date() > role.until:
        return _ENDED.format(name=role.called, day=role.until.isoformat())
    if role.hours and not any(each.include(now) for each in role.hours):
        return _CLOSED.format(name=role.called, hours=", ".join(map(str, role.hours)))
    return ""


def _least(one: int, other: int) -> int:
    """Return the stricter of two limits, of which 0 is none."""
    return min(filter(None, (one, other)), default=0)


def _stamp(folder: Path) -> Stamp:
    """Return what changes when a role file does; a file that is gone while one looks counts too."""
    found = []
    for name in roles.names(folder):
        try:
            about = (folder / f"{name}.toml").stat()
        except OSError:
            found.append((name, 0, 0, 0))
        else:
            found.append((name, about.st_ctime_ns, about.st_size, about.st_ino))
    return tuple(found)
