"""The referral note: one page that goes with the patient, as Markdown or as text to print.

Whoever carries it may not be whoever the patient trusts: what scripts call private is left out, and
the note only says that there is more to ask. It has a name only where one was typed for it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from hinterland.language import N_, _
from hinterland.plugins.diagnosis.pack import Level, Pack
from hinterland.plugins.diagnosis.report import NOT_FOR_CARE, deciding, rules_used, todo
from hinterland.plugins.diagnosis.result import Input, Result
from hinterland.plugins.diagnosis.wording import disclaimer, headline, label, plain
from hinterland.text import clean_line

WIDTH, LONGEST = 80, 60
"""Of the printed note: columns, and lines of the page."""
_MOST_LINES = 7
"""Of one entry of the page; what does not fit is counted."""
_LINE = "_" * 24
_ALONE = N_("Please talk to the patient alone: not everything is written here.")

Entries = list[tuple[str, str]]
"""What the note says, by what it is about."""


def markdown(
    result: Result, packs: Sequence[Pack], hidden: frozenset[str], when: datetime, name: str = ""
) -> str:
    """Return the note as Markdown; `hidden` are the facts that are left out."""
    title, entries = _page(result, packs, hidden, when, name)
    said = [f"# {_escaped(title)}"]
    said += [f"**{_escaped(about)}** {_escaped(text)}" for about, text in entries]
    return "\n\n".join(said) + "\n"


def printable(
    result: Result, packs: Sequence[Pack], hidden: frozenset[str], when: datetime, name: str = ""
) -> str:
    """Return the note as text of at most LONGEST lines of WIDTH columns."""
    title, entries = _page(result, packs, hidden, when, name)
    lines = [title, "=" * len(title)]
    for about, text in entries:
        lines += _shortened(about, text)
    return "\n".join(lines) + "\n"


def _page(
    result: Result, packs: Sequence[Pack], hidden: frozenset[str], when: datetime, name: str
) -> tuple[str, Entries]:
    rules = {rule.id for pack in packs for rule in pack.rules if rule.facts & hidden}
    told = [rule for rule in result.fired if rule.id not in rules and rule.level is not Level.GREEN]
    inputs = [each for each in result.inputs if each.fact not in hidden]
    more = any(each.fact in hidden and each.value is True for each in result.inputs)
    steps = [] if any(rule.id in rules for rule in deciding(result)) else todo(result)
    entries: Entries = [
        (_("Patient:"), _patient(inputs, name)),
        (_("When:"), when.strftime("%Y-%m-%d %H:%M %z").strip()),
        (_("Level:"), headline(result.level, provisional=result.provisional)),
        (_("Classification:"), _listed(dict.fromkeys(each.classification for each in told))),
        (_("Signs present:"), _listed(_signs(inputs, present=True))),
        (_("Measured:"), _listed(_measured(inputs))),
        (_("Signs absent:"), _listed(_signs(inputs, present=False))),
        (_("Not known:"), _listed(label(each) for each in result.unknown if each not in hidden)),
        (_("Put right:"), _listed(_corrections(result, hidden))),
        (_("Advised:"), _listed(steps, "; ")),
        (_("Given or done before:"), _LINE),
        (_("Rules:"), _listed(f"{each.id} ({each.source})" for each in told)),
        (_("Packs:"), _listed(rules_used(result), "; ")),
        (_("About this note:"), disclaimer(result.site.emergency_number)),
        (_("From:"), f"{_LINE}  {_('To:')} {_LINE}"),
        (_("Received by, when, outcome:"), _LINE),
    ]
    if result.not_for_care:
        entries.insert(0, (_("Attention:"), _(NOT_FOR_CARE)))
    if more:
        entries.insert(4, (_("Attention:"), _(_ALONE)))
    return _("Referral note"), [(about, text) for about, text in entries if text]


def _patient(inputs: Sequence[Input], name: str) -> str:
    by_fact = {each.fact: each for each in inputs}
    age = by_fact.get("age_months")
    days = by_fact.get("age_days")
    said = [clean_line(name, 60) or _LINE, age.shown if age else _("age not known")]
    if days is not None and age is not None and age.value in {0, 1}:
        said.append(days.shown)
    return ", ".join(said)


def _signs(inputs: Sequence[Input], *, present: bool) -> Iterator[str]:
    for each in inputs:
        if each.value is present:
            yield label(each.fact)
        elif present and isinstance(each.value, str):
            yield f"{label(each.fact)}: {each.shown}"


def _measured(inputs: Sequence[Input]) -> Iterator[str]:
    for each in inputs:
        if each.unit and each.value is not None and not each.fact.startswith("age_"):
            yield f"{label(each.fact)} {each.shown}"


def _corrections(result: Result, hidden: frozenset[str]) -> Iterator[str]:
    for each in result.corrections:
        if each.fact not in hidden:
            yield f"{label(each.fact)}: {plain(each.before)} → {plain(each.after)}"


def _listed(entries: Iterable[str], between: str = ", ") -> str:
    return between.join(entries)


def _shortened(about: str, text: str) -> list[str]:
    lines = textwrap.wrap(f"{about} {text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    if len(lines) <= _MOST_LINES:
        return lines
    rest = " ".join(lines[_MOST_LINES - 1 :])
    count = rest.count(", ") + rest.count("; ") + 1
    return [*lines[: _MOST_LINES - 1], "  " + _("… and {count} more").format(count=count)]


def _escaped(text: str) -> str:
    """Return text of which Markdown makes nothing but text."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>#|" else each for each in text)
