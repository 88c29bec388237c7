"""What a check found: one sentence, what to do about it, and the facts behind it for programs."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from hinterland.text import clean_line

VERSION = 1
"""Of the JSON report; a change that older readers would misunderstand raises it."""

_LONGEST = 600  # characters of a sentence: some hold a path and a reason


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Hinterland works; something could be better, or is good to know."""
    PROBLEM = "problem"
    """Something does not work, or will not."""


class Area(StrEnum):
    """What findings are grouped by, in the order of the report."""

    PROCESSOR = "processor"
    MEMORY = "memory"
    DISK = "disk"
    GPU = "gpu"
    SETTINGS = "settings"
    MODELS = "models"
    ENGINE = "engine"
    HISTORY = "history"
    PLUGINS = "plugins"
    TERMINAL = "terminal"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    area: Area
    kind: str
    """What was found, for programs: lower case and dashes, listed in docs/doctor.md."""
    level: Level
    sentence: str
    remedy: str = ""
    """What to do, mostly a command; empty where there is nothing to do."""
    facts: dict[str, Any] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `hint doctor --json` prints."""

    version: int = VERSION
    hinterland: str
    """The release that looked."""
    problems: int
    notes: int
    findings: list[Finding]


class In:
    """The area that a check speaks of; makes its findings, cleaned of terminal controls."""

    def __init__(self, area: Area) -> None:
        self._area = area

    def ok(self, kind: str, sentence: str, **facts: Any) -> Finding:
        return self._finding(Level.OK, kind, sentence, "", facts)

    def note(self, kind: str, sentence: str, remedy: str = "", **facts: Any) -> Finding:
        return self._finding(Level.NOTE, kind, sentence, remedy, facts)

    def problem(self, kind: str, sentence: str, remedy: str, **facts: Any) -> Finding:
        return self._finding(Level.PROBLEM, kind, sentence, remedy, facts)

    def _finding(
        self, level: Level, kind: str, sentence: str, remedy: str, facts: dict[str, Any]
    ) -> Finding:
        return Finding(
            area=self._area,
            kind=kind,
            level=level,
            sentence=clean_line(sentence, _LONGEST),
            remedy=clean_line(remedy, _LONGEST),
            facts={name: _plain(value) for name, value in facts.items()},
        )


def quoted(path: Path) -> str:
    """Return a path as it is typed in a shell."""
    return shlex.quote(str(path))


def _plain(value: Any) -> Any:
    """Return `value` with every text in it clean, paths as text included."""
    if isinstance(value, str | Path):
        return clean_line(str(value), _LONGEST)
    if isinstance(value, dict):
        return {clean_line(str(name)): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return value
