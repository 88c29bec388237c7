"""The report for people: grouped, 80 columns at most, no colour, nothing a screen reader stumbles on."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from itertools import groupby

from hinterland.doctor.findings import Area, Finding, Level, Report

WIDEST, NARROWEST = 80, 40

TITLES = {
    Area.PROCESSOR: "Processor",
    Area.MEMORY: "Memory",
    Area.DISK: "Disk and folders",
    Area.GPU: "Graphics processor",
    Area.SETTINGS: "Settings",
    Area.MODELS: "Models",
    Area.ENGINE: "Engine",
    Area.HISTORY: "History",
    Area.PLUGINS: "Plugins",
    Area.TERMINAL: "Terminal",
}
MARKS = {Level.OK: "ok", Level.NOTE: "note", Level.PROBLEM: "PROBLEM"}
_INDENT = 10
_ARROW = "-> "
_COMMAND = re.compile(r"`[^`]*`")
_HELD = "\0"  # stands for a blank that is no place to break; no clean text holds it


def lines(report: Report, width: int, *, quiet: bool = False) -> Iterator[str]:
    """Yield the report's lines, `quiet` without what is in order; a command or path that fits a line
    is never broken, for it may be copied."""
    findings = [each for each in report.findings if not quiet or each.level is not Level.OK]
    width = max(NARROWEST, min(width, WIDEST))
    for area, together in groupby(findings, lambda finding: finding.area):
        yield TITLES[area]
        for finding in together:
            yield from _finding(finding, width)
        yield ""
    yield from _wrapped(summary(report), width)


def summary(report: Report) -> str:
    """Return the sentence that ends the report."""
    fine = len(report.findings) - report.problems - report.notes
    counts = (
        f"{_count(report.problems, 'problem')}, {_count(report.notes, 'note')}, {fine} in order."
    )
    if report.problems:
        return f"{counts} Begin with the first problem: a later one may come of it."
    return counts


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _finding(finding: Finding, width: int) -> Iterator[str]:
    indent = _INDENT if width > 2 * NARROWEST - _INDENT else 4
    mark = f"  {MARKS[finding.level]}"
    if indent < _INDENT:
        yield mark
        yield from _wrapped(finding.sentence, width, " " * indent)
    else:
        yield from _wrapped(finding.sentence, width, mark.ljust(indent), " " * indent)
    if finding.remedy:
        after = " " * (indent + len(_ARROW))
        yield from _wrapped(finding.remedy, width, " " * indent + _ARROW, after)


def _wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    rest = first if rest is None else rest
    room = width - len(rest) - 1

    def held(command: re.Match[str]) -> str:
        """Keep a command that fits a line on one."""
        return command[0].replace(" ", _HELD) if len(command[0]) <= room else command[0]

    wrapped = textwrap.wrap(
        _COMMAND.sub(held, text),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_HELD, " ") for line in wrapped]
