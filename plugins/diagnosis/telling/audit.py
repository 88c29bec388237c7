"""The log of results, for a site that wants one: off by default, on this box alone, without names.

One JSON line a result: when, the level, the rules that fired, the answers but no free words, and the
packs by hash. `rm` of the file deletes it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from hinterland.errors import StorageError
from hinterland.paths import Paths, private_folder
from hinterland.plugins.diagnosis.rules.facts import Value
from hinterland.plugins.diagnosis.telling.result import Result

VERSION = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the log."""

    version: int
    time: str
    """UTC, to the second."""
    level: str
    rules: tuple[str, ...]
    answers: dict[str, Value | None]
    origins: dict[str, str]
    """How an answer was obtained, where it was not asked for."""
    unknown: tuple[str, ...] = ()
    corrections: tuple[dict[str, Any], ...] = ()
    packs: dict[str, str]
    """The SHA-256 of each pack's rules."""
    reviewed: bool
    accepted: bool
    """Whether somebody answers for rules that are not reviewed; who does is in the settings."""
    not_for_care: bool = False


def place(paths: Paths) -> Path:
    """Return where the log is."""
    return paths.state / "diagnosis" / "audit.jsonl"


def write(paths: Paths, result: Result, now: datetime | None = None) -> None:
    """Add a result to the log, durable when this returns; raises StorageError."""
    path = place(paths)
    folder = private_folder(path.parent)
    line = msgspec.json.encode(_entry(result, now or datetime.now(UTC))) + b"\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        new = not path.exists()
        file = os.open(path, flags, 0o600)
        try:
            os.fchmod(file, 0o600)
            if os.write(file, line) != len(line):
                raise OSError(28, "the disk is full")
            os.fsync(file)
        finally:
            os.close(file)
        if new:
            from hinterland.durable import sync_folder

            sync_folder(folder)
    except OSError as error:
        raise StorageError(
            f"The log of results {path} cannot be written: {error.strerror or error}.",
            "Free some space or mend its permissions, or `hint config set diagnosis.audit false`.",
        ) from error


def _entry(result: Result, now: datetime) -> Entry:
    return Entry(
        version=VERSION,
        time=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        level=str(result.level),
        rules=tuple(rule.id for rule in result.fired),
        answers={each.fact: each.value for each in result.inputs},
        origins={each.fact: str(each.origin) for each in result.inputs if each.origin != "asked"},
        unknown=result.unknown,
        corrections=tuple(
            {
                "fact": each.fact,
                "before": each.before,
                "after": each.after,
                "level_before": each.level_before,
            }
            for each in result.corrections
        ),
        packs={each.name: each.sha256 for each in result.packs},
        reviewed=result.reviewed,
        accepted=bool(result.accepted_by),
        not_for_care=result.not_for_care,
    )
