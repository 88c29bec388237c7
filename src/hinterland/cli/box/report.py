"""`hint box report`: what the shared box did in a day, or for a class, in numbers."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import io
import time
from typing import TYPE_CHECKING

import click

from hinterland.cells import wrapped
from hinterland.cli.tables import say, terminal_width
from hinterland.errors import InputError
from hinterland.language import _, n_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hinterland.box.report import Report, Sum
    from hinterland.site import Site

_LONGEST = 200  # characters of a line
_COLUMNS = (
    *("user", "class", "answers", "batch", "refused", "left", "tokens", "read", "written"),
    *("waited", "waited_longest", "first"),
)


@click.command(name="report")
@click.option("--day", metavar="DAY", help="The day, as 2026-11-22; today if none is named.")
@click.option(
    "--since", metavar="TIME", help="From this time until now, as 2026-11-20 or 2026-11-22T08:00."
)
@click.option("--class", "role", default="", metavar="NAME", help="Only that class.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for spreadsheets.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(day: str | None, since: str | None, role: str, as_csv: bool, as_json: bool) -> None:
    """Sum a day or a class up, in numbers.

    Teachers and root see everybody; everybody else sees themselves. Times are this machine's.
    """
    from hinterland.box import asking

    if day is not None and since is not None:
        raise InputError("A report is of a day or since a time.", "Give --day or --since.")
    if as_csv and as_json:
        raise InputError("A report is CSV or JSON.", "Give --csv or --json.")
    start, end = _time(day, since)
    found = asyncio.run(_made(asking.settings(), start, end, role))
    if as_json:
        _write_json(found)
    elif as_csv:
        click.echo(_csv(found), nl=False)
    else:
        _write(found)


async def _made(box: Site, start: float, end: float, role: str) -> Report:
    from hinterland.box import asking, report, roles
    from hinterland.box.members import groups_of
    from hinterland.cli.box.one_class import unknown

    @functools.cache
    def weight(uid: int) -> float:
        return box.teachers_weight if uid == 0 or box.teachers in groups_of(uid) else 1.0

    lines = await asking.lines(box, start, end)
    found = report.sum_up(lines, start, end, role, weight)
    if role and not found.classes and role not in (there := roles.names(roles.folder())):
        # One whose role file has gone is there as long as somebody asked under it.
        asked = report.sum_up(lines, start, end).classes
        raise unknown(role, {*there, *(each.role for each in asked)})
    return found


def _time(day: str | None, since: str | None) -> tuple[float, float]:
    """Return the beginning and the end, in seconds since the epoch; raises InputError."""
    words = day or since or ""
    try:
        if since is not None:
            return dt.datetime.fromisoformat(since).timestamp(), time.time()
        date = dt.date.today() if day is None else dt.date.fromisoformat(day)  # noqa: DTZ011 - local
        start = dt.datetime.combine(date, dt.time())
        return start.timestamp(), (start + dt.timedelta(days=1)).timestamp()
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"“{words}” is no time.", "Write a day as 2026-11-22, a time as 2026-11-22T08:00."
        ) from error


def _write(found: Report) -> None:
    from hinterland.box.top import name_of

    if not found.total.answers and not found.total.refused and not found.total.left:
        say(_("Nothing was asked in that time, as far as you may see."))
        return
    names = [name_of(each.uid) for each in found.users if each.uid is not None]
    hidden = _write_table(_("user"), names, found.users)
    if found.classes and not found.role:
        click.echo()
        _write_table(_("class"), [each.role for each in found.classes], found.classes)
    if len(found.users) > 1:
        click.echo()
        for sentence in _judged(found):
            click.echo("\n".join(wrapped(sentence, (terminal_width() or _LONGEST) - 1)))
    if hidden:
        say(
            n_(
                "{count} column does not fit; --csv has all of them.",
                "{count} columns do not fit; --csv has all of them.",
                hidden,
            ).format(count=hidden)
        )


def _write_table(heading: str, names: Sequence[str], of: Sequence[Sum]) -> int:
    """Write a table as wide as the terminal, and return how many columns did not fit."""
    from hinterland.box.columns import fitted
    from hinterland.text import clean_line

    columns = [
        (heading, [clean_line(name, 32) for name in names]),
        (_("tokens"), [f"{each.tokens:,}" for each in of]),
        (_("answers"), [f"{each.answers:,}" for each in of]),
        (_("waited"), [_seconds(each.waited) for each in of]),
        (_("refused"), [f"{each.refused:,}" for each in of]),
        (_("longest"), [_seconds(each.waited_longest) for each in of]),
        (_("first"), [_seconds(each.first) for each in of]),
        (_("batch"), [f"{each.batch:,}" for each in of]),
        (_("left"), [f"{each.left:,}" for each in of]),
    ]
    lines, hidden = fitted(columns, terminal_width())
    click.echo("\n".join(lines))
    return hidden


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.1f} s"


def _judged(found: Report) -> Sequence[str]:
    total = found.total
    said = [
        _("in all {answers:,} answers, {tokens:,} tokens, waited {waited} (median)").format(
            answers=total.answers, tokens=total.tokens, waited=_seconds(total.waited)
        )
    ]
    if found.jain is not None:
        said.append(_("Jain's index of the tokens: {index:.3f}").format(index=found.jain))
    if found.jain_minutes is not None:
        said.append(
            n_(
                "in {count} minute in which several wanted answers all the time: {index:.3f}",
                "in {count} minutes in which several wanted answers all the time: median"
                " {index:.3f}, lowest {worst:.3f}",
                found.minutes,
            ).format(count=found.minutes, index=found.jain_minutes, worst=found.jain_worst)
        )
    if found.told_right is not None:
        said.append(
            _("of {count:,} waits told beforehand {right:.0%} were right within 30 %").format(
                count=found.told, right=found.told_right
            )
        )
    return said


def _name(of: Sum) -> str:
    from hinterland.box.top import name_of

    return "" if of.uid is None else name_of(of.uid)


def _csv(found: Report) -> str:
    import csv

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for each in (*found.users, *found.classes):
        name = _name(each)
        table.writerow(
            [f"'{name}" if name[:1] in "=+-@" and name else name]
            + [each.role]
            + [getattr(each, column) for column in _COLUMNS[2:]]
        )
    return text.getvalue()


def _write_json(found: Report) -> None:
    import msgspec

    from hinterland.cli.tables import write_json

    told = msgspec.to_builtins(found)
    for each in told["users"]:
        from hinterland.box.top import name_of

        each["user"] = name_of(each["uid"])
    write_json(told)
