"""How a class did its quiz, from what was handed in: for a table, a spreadsheet and programs."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from hinterland.box import members
from hinterland.box.records import Marked, Result
from hinterland.box.roles import Role
from hinterland.errors import InputError
from hinterland.site import Site
from hinterland.text import clean_line

SCHEMA_VERSION = 1
_HARD = 0.7
"""The share of right answers below which a question is named as hard."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A result as a line of the table."""

    login: str
    when: datetime
    topic: str
    marks: tuple[Marked, ...]
    minutes: int
    attempt: int
    """1 for what a pupil handed in first on a day."""

    @property
    def right(self) -> int:
        """How many questions were answered rightly."""
        return sum(each.right for each in self.marks)


class Table(msgspec.Struct, frozen=True):
    """The results of a class, by login and time."""

    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    """Logins of pupils of whom there is nothing."""

    def hardest(self) -> list[tuple[str, int, int]]:
        """Return exercises that many got wrong: their name, how often they were right, and how often
        they were asked, in the first attempts."""
        asked: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for row in self.rows:
            for mark in row.marks if row.attempt == 1 else ():
                asked[mark.exercise] += 1
                right[mark.exercise] += mark.right
        hard = [(name, right[name], count) for name, count in asked.items()]
        hard.sort(key=lambda each: (each[1] / each[2], each[0]))
        return [each for each in hard if each[1] < _HARD * each[2]][:10]


def day(written: str) -> date | None:
    """Return the day that is meant, today for ""; None for `all`. Raises InputError."""
    if written == "all":
        return None
    try:
        if not written:
            return datetime.now().date()  # noqa: DTZ005 - lessons are in local time
        return date.fromisoformat(written)
    except ValueError as error:
        raise InputError(f"{clean_line(written, 40)!r} is no day.", "Write 2027-03-01.") from error


def table(found: Sequence[Result], role: Role, site: Site, wanted: date | None) -> Table:
    """Return the results of a day in the machine's local time, or of all days for None."""
    rows: list[Row] = []
    attempts: Counter[tuple[int, date]] = Counter()
    for result in sorted(found, key=lambda each: each.when):
        on = result.when.astimezone().date()
        if wanted is not None and on != wanted:
            continue
        attempts[result.uid, on] += 1
        rows.append(
            Row(
                login=members.member(result.uid).login,
                when=result.when,
                topic=clean_line(result.topic, 60),
                marks=result.handed.questions,
                minutes=-(-result.handed.seconds // 60),
                attempt=attempts[result.uid, on],
            )
        )
    there = {each.login for each in rows}
    missing = [each.login for each in members.pupils(role, site) if each.login not in there]
    rows.sort(key=lambda each: (each.login, each.when))
    return Table(tuple(rows), tuple(missing))


def as_csv(found: Table) -> str:
    """Return a table of pupils and questions (RFC 4180; UTF-8 with the mark of spreadsheets),
    with the machine's local times and their offset (ISO 8601)."""
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out)
    rows.writerow(["pupil", "when", "topic", "attempt", "minutes", "right", "of", "wrong"])
    for each in found.rows:
        wrong = " ".join(mark.exercise for mark in each.marks if not mark.right)
        when = each.when.astimezone().isoformat(timespec="seconds")
        cells = (each.login, when, each.topic, each.attempt)
        numbers = (each.minutes, each.right, len(each.marks), wrong)
        rows.writerow([_safe(str(cell)) for cell in (*cells, *numbers)])
    return out.getvalue()


def as_json(found: Table) -> dict[str, Any]:
    """Return the table as values that JSON has."""
    rows = [msgspec.to_builtins(each) | {"right": each.right} for each in found.rows]
    return {"version": SCHEMA_VERSION, "results": rows, "missing": list(found.missing)}


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell[:1] else cell
