"""Role files: what a teacher decides for a class. One TOML file for each in `roles/` of the site.

Everybody on the machine may read them, pupils above all: a rule that is not seen is none.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland import site, toml_text
from hinterland.box import guarding_roles
from hinterland.box.hours import Hours
from hinterland.config_checks import in_words
from hinterland.errors import ConfigError
from hinterland.language import N_
from hinterland.text import clean_line

LARGEST = 64 * 1024
"""Bytes of a role file."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What a role file may be called, without `.toml`."""
_GROUP = re.compile(r"^[ \t]*[\"']?group[\"']?[ \t]*=.*(?:\n|\Z)", re.MULTILINE)
_KEY = re.compile(r"\s*([A-Za-z_]+)\s*=")
_TABLE = re.compile(r"\s*\[\[?\s*([A-Za-z_]+)\s*\]\]?")
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_MISSING = re.compile(r"missing required field `(.*)`")
_MEND = N_("Mend it; docs/classroom.md says what may stand in it.")
_MEANT = N_("Did you mean `{setting}`? docs/classroom.md says what may stand in it.")
_UNDER = N_("It belongs under [{table}].")
_ABOVE = N_("It belongs above the first line in square brackets.")
_MEND_MODE = N_("Mend its permissions: everybody may read it.")
_LARGER = N_("it is larger than {most} bytes")
_TOO_EARLY = N_("the end has to be later than the beginning; write two [[hours]] over midnight")
_IS_MISSING = N_("the setting `{setting}` is missing")
_TOOLS = N_("the tools are {names}")
_ONE_OF = N_("it is one of {names}")

Group = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$")]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Keep(StrEnum):
    """What of a pupil's conversations stays, and who can read it."""

    NOTHING = "nothing"
    HISTORY = "history"
    """The pupil's own history, in the pupil's own folder, for nobody else."""
    TRANSCRIPTS = "transcripts"
    """The teacher can read what is asked and answered; with every answer the pupil is told so."""


class Tool(StrEnum):
    """Commands of `hint` that ask a model, or stand for one."""

    ASK = "ask"
    CHAT = "chat"
    BATCH = "batch"
    ARENA = "arena"
    DIAGNOSE = "diagnose"
    TRANSLATE = "translate"
    TUTOR = "tutor"


class Quiz(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[quiz]`: the quiz of the day."""

    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """As `hint tutor quiz` takes it."""
    questions: Annotated[int, msgspec.Meta(ge=1, le=500)] = 10
    language: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """Of the lessons; empty takes the pupil's."""
    seed: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The same number makes the same quiz; without one every day has another."""


class RoleLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[limits]`: what one pupil may take; 0 leaves it to the site's."""

    at_once: Count = 0
    tokens_a_day: Count = 0
    context: Count = 0
    answer: Count = 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role file as it is written."""

    group: Group
    """The system group of the pupils."""
    title: Annotated[str, msgspec.Meta(max_length=60)] = ""
    teachers: Group | None = None
    """The system group of its teachers; without one they are the site's."""
    models: tuple[str, ...] = ()
    tools: tuple[Tool, ...] | None = None
    system: Annotated[str, msgspec.Meta(max_length=8000)] = ""
    """Stands before whatever system prompt a pupil uses."""
    keep: Keep = Keep.HISTORY
    hours: tuple[Hours, ...] = ()
    until: date | None = None
    """The last day."""
    limits: RoleLimits = RoleLimits()
    quiz: Quiz | None = None


class Role(_File, frozen=True, kw_only=True):
    """A role file, read and checked."""

    name: str
    """The file's, without `.toml`."""

    @property
    def called(self) -> str:
        """What the class is called, for people."""
        return clean_line(self.title) or self.name

    def may_use(self, command: str) -> bool:
        """Whether a pupil's `hint` runs a command; what asks no model always does."""
        asks = any(command == tool for tool in Tool)
        return self.tools is None or not asks or command in self.tools


class BrokenRole(msgspec.Struct, frozen=True):
    """A role file that cannot be used."""

    name: str
    error: ConfigError
    group: str = ""
    """The pupils', where at least that can be read."""


def folder() -> Path:
    """Return the folder of role files."""
    return site.folder() / "roles"


def names(where: Path) -> list[str]:
    """Return the names of all role files; raises ConfigError. Hidden ones are an editor's."""
    try:
        found = os.listdir(where)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigError(
            f"The folder {where} cannot be read: {error.strerror}.",
            "Ask who looks after this machine.",
        ) from error
    return sorted(
        each.removesuffix(".toml")
        for each in found
        if each.endswith(".toml") and not each.startswith(".")
    )


def load(where: Path, name: str, writers: Collection[int] = ()) -> Role:
    """Return the role `name` in a folder; `writers` are the groups that may write role files besides
    their owner. Raises ConfigError with file and line."""
    file = where / f"{name}.toml"
    if not NAME.fullmatch(name):
        why = N_("its name has to be lower-case letters, digits, '-' and '_'")
        raise _unusable(file, why, hint=N_("Rename it."))
    return parse(_content(file, writers), name, file)


def draft(file: Path) -> Role:
    """Return the role in a file that is not in its place yet, whoever can write it; raises ConfigError."""
    text, _about = _read(file, N_("Name another one."))
    return parse(text, file.name.removesuffix(".toml"), file)


def loaded(where: Path, writers: Collection[int] = ()) -> tuple[list[Role], list[BrokenRole]]:
    """Return all roles by name, and those that cannot be used; raises ConfigError."""
    roles: list[Role] = []
    broken: list[BrokenRole] = []
    for name in names(where):
        try:
            roles.append(load(where, name, writers))
        except ConfigError as error:
            broken.append(BrokenRole(name, error, _group_at_least(where / f"{name}.toml")))
    return roles, broken


def parse(text: bytes, name: str, file: Path) -> Role:
    """Return the role in a TOML text; `file` is only for the error. Raises ConfigError."""
    try:
        written = toml_text.loads(text)
        read = msgspec.convert(written, _File, builtin_types=(date, datetime, time))
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        raise _not_so(file, reason, text, place.rstrip("`").lstrip(".")) from error
    except ValueError as error:
        raise _unusable(file, str(error).rstrip(".")) from error
    for number, hours in enumerate(read.hours):
        place = f"hours[{number}].to"
        if hours.to <= hours.start:
            raise _unusable(file, _TOO_EARLY, text, place)
        if not hours.days:
            raise _unusable(file, N_("no day is named"), text, f"hours[{number}].days")
    return Role(name=name, **{each: getattr(read, each) for each in _File.__struct_fields__})


def _content(file: Path, writers: Collection[int]) -> bytes:
    """Return what is in a role file that nobody wrote who might not."""
    text, found = _read(file, _MEND_MODE)
    if not stat.S_ISREG(found.st_mode):
        raise _unusable(file, N_("it is no file"), hint=N_("Write a file in its place."))
    try:
        flaw = guarding_roles.flaw(file, found, writers)
    except OSError as error:  # somebody moves it away while one looks
        raise _unreadable(file, error, _MEND_MODE) from error
    if flaw is not None:
        raise _unusable(file, flaw.reason, hint=flaw.hint)
    return text


def _read(file: Path, hint: str) -> tuple[bytes, os.stat_result]:
    """Return what is in a file and what kind of file it is; one that nobody writes to is empty. Raises
    ConfigError, with the `hint` where it cannot be read."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as opened:
            about = os.fstat(opened.fileno())
            text = opened.read(LARGEST + 1) or b""
    except OSError as error:
        raise _unreadable(file, error, hint) from error
    if len(text) > LARGEST:
        raise _unusable(file, _LARGER.format(most=LARGEST))
    return text, about


def _group_at_least(file: Path) -> str:
    """Return the group that a broken role file is about; "" where even that cannot be told.

    Of a file that is no TOML it is told where all lines until then are, and no other could be meant.
    """
    try:
        text = _read(file, "")[0].decode()
    except (ConfigError, ValueError):
        return ""
    named = list(_GROUP.finditer(text))
    for part in (text, text[: named[0].end()] if len(named) == 1 else ""):
        with suppress(ValueError):
            group = toml_text.loads(part).get("group")
            return group if isinstance(group, str) else ""
    return ""


def _reason(reason: str, place: str) -> str:
    if missing := _MISSING.search(reason):
        return _IS_MISSING.format(setting=missing[1])
    if place.startswith("tools"):
        return _TOOLS.format(names=", ".join(Tool))
    if place.startswith("keep"):
        return _ONE_OF.format(names=", ".join(Keep))
    if place.startswith("hours") and ".days" in place:
        return N_("the days are mon, tue, wed, thu, fri, sat and sun")
    if place.startswith("hours") and place.endswith((".from", ".to")):
        return N_("hours are written in quotes, such as '08:30'")
    if place == "until":
        return N_("the last day is written without quotes, such as 2027-07-01")
    if place.startswith(("group", "teachers")):
        return N_("it has to be the name of a system group")
    reason = in_words(reason)
    return reason[:1].lower() + reason[1:]


def _not_so(file: Path, reason: str, text: bytes, place: str) -> ConfigError:
    """Return what to say of a file in which something is not as msgspec says that it has to be."""
    unknown = _UNKNOWN.search(reason)
    if unknown is None:
        return _unusable(file, _reason(reason, place), text, place)
    key = f"{place}.{unknown[1]}".lstrip(".")
    hint = _instead(place.partition("[")[0], unknown[1])
    return _unusable(file, N_("there is no such setting"), text, key, hint)


def _instead(table: str, key: str) -> str:
    """Return the hint that goes with a setting that there is not in a table of a role file."""
    tables: dict[str, type[msgspec.Struct]] = {
        "": _File,
        "limits": RoleLimits,
        "quiz": Quiz,
        "hours": Hours,
    }
    known = {name: kind.__struct_encode_fields__ for name, kind in tables.items()}
    for name, keys in known.items():
        if name != table and key in keys:
            return _UNDER.format(table=name) if name else _ABOVE
    for name in (table, *known):
        for close in difflib.get_close_matches(key, known.get(name, ()), n=1):
            meant = close if name == table else f"[{name}] {close}"
            return _MEANT.format(setting=meant)
    return _MEND


def _unusable(
    path: Path, why: str, text: bytes = b"", place: str = "", hint: str = _MEND
) -> ConfigError:
    """Return what to say of a role file, with the line where the place is found in the text."""
    file, key, reason = clean_line(str(path)), clean_line(place), clean_line(why, 400)
    if line := _line(text.decode(errors="replace"), place):
        return ConfigError(
            f"The role file {file} cannot be used, line {line}, {key}: {reason}.", hint
        )
    if key:
        return ConfigError(f"The role file {file} cannot be used, {key}: {reason}.", hint)
    return ConfigError(f"The role file {file} cannot be used: {reason}.", hint)


def _unreadable(path: Path, error: OSError, hint: str) -> ConfigError:
    file, reason = clean_line(str(path)), error.strerror
    return ConfigError(f"The role file {file} cannot be read: {reason}.", hint)


def _line(text: str, place: str) -> int:
    """Return the line of a setting such as `hours[1].from`, counted from 1; 0 where it is not found."""
    table, _, key = place.rpartition(".")
    name, _, number = table.partition("[")
    wanted = int(number.rstrip("]") or 0) if number else 0
    key = key.partition("[")[0]
    at, seen = "", -1
    for count, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            at = header[1]
            seen += at == name
            if at == key and not name:
                return count
        elif (
            (found := _KEY.match(line))
            and found[1] == key
            and at == name
            and (not name or seen >= wanted)
        ):
            return count
    return 0
