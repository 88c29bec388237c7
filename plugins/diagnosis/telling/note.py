"""The referral note: one page that goes with the patient, as Markdown or as text to print.

Whoever carries it may not be whoever the patient trusts: what scripts call private is left out, and
the note only says that there is more to ask. It has a name only where one was typed for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hinterland.errors import InputError, StorageError
from hinterland.language import N_, _
from hinterland.plugins.diagnosis.rules.pack import Level, Pack
from hinterland.plugins.diagnosis.telling.report import NOT_FOR_CARE, deciding, rules_used, todo
from hinterland.plugins.diagnosis.telling.result import Input, Result
from hinterland.plugins.diagnosis.telling.wording import disclaimer, headline, label, plain
from hinterland.plugins.forms.columns import wrapped
from hinterland.text import clean_line

WIDTH, LONGEST = 80, 60
"""Of the printed note: columns, and lines of the page."""
_LINE = "_" * 24
_ALONE = N_("Please talk to the patient alone: not everything is written here.")


@dataclass(frozen=True, slots=True)
class _Entry:
    about: str
    said: tuple[str, ...]
    between: str = ", "


def save(
    path: Path, result: Result, packs: Sequence[Pack], hidden: frozenset[str], name: str = ""
) -> None:
    """Save the note, as Markdown where the file is called `.md`, readable by its owner alone.

    Raises InputError where there is such a file, and StorageError.
    """
    when = datetime.now().astimezone()
    write = markdown if path.suffix.lower() in {".md", ".markdown"} else printable
    text = write(result, packs, hidden, when, name)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise InputError(f"{path} is there already.", "Give the note a name of its own.") from error
    except OSError as error:
        raise StorageError(
            f"The note {path} cannot be written: {error.strerror or error}.",
            "Name a file in a folder you can write to.",
        ) from error


def markdown(
    result: Result, packs: Sequence[Pack], hidden: frozenset[str], when: datetime, name: str = ""
) -> str:
    """Return the note as Markdown; `hidden` are the facts that are left out."""
    said = [f"# {_escaped(_('Referral note'))}"]
    said += [
        f"**{_escaped(each.about)}** {_escaped(each.between.join(each.said))}"
        for each in _page(result, packs, hidden, when, name)
    ]
    return "\n\n".join(said) + "\n"


def printable(
    result: Result, packs: Sequence[Pack], hidden: frozenset[str], when: datetime, name: str = ""
) -> str:
    """Return the note as text of at most LONGEST lines of WIDTH columns; what does not fit an entry
    is counted at its end."""
    title = _("Referral note")
    entries = _page(result, packs, hidden, when, name)
    most = LONGEST
    while True:
        lines = [title, "=" * len(title)]
        for entry in entries:
            lines += _fitted(entry, most)
        if len(lines) <= LONGEST or most == 1:
            return "\n".join(lines) + "\n"
        most = min(most - 1, 12)


def _page(
    result: Result, packs: Sequence[Pack], hidden: frozenset[str], when: datetime, name: str
) -> list[_Entry]:
    rules = {rule.id for pack in packs for rule in pack.rules if rule.facts & hidden}
    told = [rule for rule in result.fired if rule.id not in rules and rule.level is not Level.GREEN]
    inputs = [each for each in result.inputs if each.fact not in hidden]
    private = any(rule.id in rules for rule in deciding(result))
    entries = [
        _Entry(_("Attention:"), (_(NOT_FOR_CARE),) if result.not_for_care else ()),
        _Entry(_("Patient:"), tuple(_patient(inputs, name))),
        _Entry(_("When:"), (when.strftime("%Y-%m-%d %H:%M %z").strip(),)),
        _Entry(_("Level:"), (headline(result.level, provisional=result.provisional),)),
        _Entry(_("Attention:"), (_(_ALONE),) if _has_more(result, hidden) else ()),
        _Entry(_("Classification:"), tuple(dict.fromkeys(each.classification for each in told))),
        _Entry(_("Signs present:"), tuple(_signs(inputs, present=True)), "; "),
        _Entry(_("Measured:"), tuple(_measured(inputs))),
        _Entry(_("Signs absent:"), tuple(_signs(inputs, present=False))),
        _Entry(
            _("Not known:"), tuple(label(each) for each in result.unknown if each not in hidden)
        ),
        _Entry(_("Put right:"), tuple(_corrections(result, hidden))),
        _Entry(_("Advised:"), () if private else tuple(todo(result)), "; "),
        _Entry(_("Given or done before:"), (_LINE,)),
        _Entry(_("Rules:"), tuple(f"{each.id} ({each.source})" for each in told)),
        _Entry(_("Packs:"), tuple(rules_used(result)), "; "),
        _Entry(_("About this note:"), (disclaimer(result.site.emergency_number),)),
        _Entry(_("From, to:"), (_LINE, _LINE), " "),
        _Entry(_("Received by, when, outcome:"), (_LINE,)),
    ]
    return [each for each in entries if each.said]


def _has_more(result: Result, hidden: frozenset[str]) -> bool:
    return any(each.fact in hidden and each.present for each in result.inputs)


def _patient(inputs: Sequence[Input], name: str) -> Iterator[str]:
    by_fact = {each.fact: each for each in inputs}
    age = by_fact.get("age_months")
    days = by_fact.get("age_days")
    yield clean_line(name, 60) or _LINE
    yield age.shown if age else _("age not known")
    if days is not None and age is not None and age.value in {0, 1}:
        yield days.shown


def _signs(inputs: Sequence[Input], *, present: bool) -> Iterator[str]:
    for each in sorted(inputs, key=lambda each: not each.danger):
        if each.present is present:
            option = f": {each.shown}" if present and isinstance(each.value, str) else ""
            yield label(each.fact) + option


def _measured(inputs: Sequence[Input]) -> Iterator[str]:
    for each in inputs:
        if each.unit and each.value is not None and not each.fact.startswith("age_"):
            yield f"{label(each.fact)} {each.shown}"


def _corrections(result: Result, hidden: frozenset[str]) -> Iterator[str]:
    for each in result.corrections:
        if each.fact not in hidden:
            yield f"{label(each.fact)}: {plain(each.before)} → {plain(each.after)}"


def _fitted(entry: _Entry, most: int) -> list[str]:
    """Return the lines of an entry, at most so many: items that do not fit are counted."""
    for kept in range(len(entry.said), 0, -1):
        said = entry.between.join(entry.said[:kept])
        if kept < len(entry.said):
            said += " " + _("… and {count} more").format(count=len(entry.said) - kept)
        lines = wrapped(f"{entry.about} {said}", WIDTH, rest="  ")
        if len(lines) <= most or kept == 1:
            return lines
    return []


def _escaped(text: str) -> str:
    """Return text of which Markdown makes nothing but text."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>#|" else each for each in text)
