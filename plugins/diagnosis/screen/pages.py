"""What the form shows for each step of a history, without a word about how it is drawn."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hinterland.language import _, n_
from hinterland.plugins.diagnosis.asking.interview import Asking, Confirming, Progress
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.facts import Choice, Fact, Number, Value
from hinterland.plugins.diagnosis.rules.pack import Pack
from hinterland.plugins.diagnosis.rules.spoken import Spoken
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary
from hinterland.plugins.diagnosis.screen.breaths import BreathCount
from hinterland.plugins.diagnosis.telling import restating
from hinterland.plugins.diagnosis.telling.report import (
    NARROWEST,
    WIDEST,
    deciding,
    lines,
    script_lines,
    todo,
)
from hinterland.plugins.diagnosis.telling.restating import Restated
from hinterland.plugins.diagnosis.telling.result import Result
from hinterland.plugins.diagnosis.telling.scripted import Script
from hinterland.plugins.diagnosis.telling.wording import headline, label, said
from hinterland.text import clean, clean_line

COUNTED = "/min"
"""The unit of what is counted for a minute."""


class Kind(StrEnum):
    """What a page takes."""

    WORDS = "words"
    YES_NO = "yes/no"
    TYPED = "typed"
    CHOICE = "choice"
    PROPOSAL = "proposal"
    SCRIPT = "script"
    ANSWERS = "answers"
    BREATHS = "breaths"
    RESULT = "result"
    FILE = "file"
    LEAVING = "leaving"


WRITES = frozenset({Kind.WORDS, Kind.FILE})
"""Where every character is text."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something to choose."""

    value: str
    shown: str


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown until the next key."""

    kind: Kind
    text: str
    title: str = ""
    """A line in full width, in reverse: the level."""
    rows: tuple[Row, ...] = ()
    hint: str = ""
    """What stands in the empty line to write in."""
    value: str = ""
    """What stands in it to begin with."""
    counted: bool = False
    """Whether a minute can be counted."""


def words(*, nothing_found: bool = False) -> Page:
    """Return the page that takes free words."""
    text = _(
        "Tell in your own words what is wrong: the age, the complaints, since when. Nothing counts "
        "before you confirm it."
    )
    if nothing_found:
        text = _("Nothing was found in these words. Say it otherwise, or go on without.")
    skip = _("Enter goes on without.")
    return Page(Kind.WORDS, f"{text}\n\n{skip}")


def question(asking: Asking, *, why: bool, how: bool) -> Page:
    """Return the page of a question, with why it is asked and how to check it where that is wanted."""
    fact = asking.fact
    text = []
    if asking.again:
        text.append(_("Once more, because it is a danger sign:"))
    if asking.correcting:
        text.append(_("It was: {value}. Enter keeps it.").format(value=said(fact, asking.before)))
    text.append(asking.question)
    if why:
        text.append(_("Why: {why}").format(why=fact.why or _("It changes how urgent it is.")))
    if how:
        none = _("There is nothing to measure: ask, and look.")
        text.append(_("How: {how}").format(how=fact.how or none))
    shown = "\n\n".join(map(clean, text))
    if isinstance(fact, Choice):
        options = [Row(each.id, clean_line(each.label)) for each in fact.options]
        return Page(Kind.CHOICE, shown, rows=(*options, Row("", _("not known"))))
    if isinstance(fact, Number):
        unit = _("years, months, weeks or days") if fact.id == "age_months" else fact.unit
        hint = _("{unit}; u: not known").format(unit=unit)
        return Page(Kind.TYPED, shown, hint=hint, counted=fact.unit == COUNTED)
    return Page(
        Kind.YES_NO,
        shown,
        rows=(Row("yes", _("yes")), Row("no", _("no")), Row("", _("not known"))),
    )


def proposal(state: Confirming) -> Page:
    """Return the page that asks whether free words were understood."""
    wrote = _("You wrote “{words}”.").format(words=clean_line(state.words, 120))
    about = _("The age of the patient") if state.fact.id == "age_months" else state.fact.question
    value = said(state.fact, state.value)
    means = _("Read as: {value}. Is that right?").format(value=value)
    left = n_("{count} to confirm", "{count} to confirm", state.left).format(count=state.left)
    text = "\n\n".join((f"{wrote} ({left})", clean(about), means))
    choices = (Row("yes", _("yes, that is right")), Row("no", _("no, leave it open")))
    return Page(Kind.PROPOSAL, text, rows=choices)


def script(brought: Iterable[Script], emergency_number: str, width: int) -> Page:
    """Return the page of fixed scripts."""
    text = [line for each in brought for line in script_lines(each, emergency_number, fit(width))]
    return Page(Kind.SCRIPT, clean("\n".join(text).strip("\n")))


def answers(case: Case) -> Page:
    """Return the list of answers, to put one right."""
    given = tuple(
        Row(name, clean_line(f"{label(name)}: {said(case.vocabulary.facts[name], each.value)}"))
        for name, each in case.answers.items()
        if name != "age_days" or "age_months" not in case.answers
    )
    return Page(Kind.ANSWERS, _("Which answer is wrong?"), rows=given)


def breaths() -> Page:
    """Return the page that says how a minute is counted."""
    text = _(
        "The patient must be calm. Watch the chest or belly and press Space at each breath in. The "
        "first one starts the minute."
    )
    return Page(Kind.BREATHS, text)


def clock(count: BreathCount, now: float) -> str:
    """Return the line of the clock."""
    if count.began is None:
        return _("Space at the first breath.")
    if count.over(now):
        return _("{count} breaths in one minute. Enter takes it, Space counts again.").format(
            count=count.count
        )
    return _("{left} s left, {count} breaths").format(left=count.left(now), count=count.count)


def result(found: Result, width: int, spoken: Spoken, plainer: Restated | None) -> Page:
    """Return the result: the level in full width, then what to do, beneath it in the words of the
    packs in another language, and what a model made of it."""
    title = headline(found.level, provisional=found.provisional)
    text = list(lines(found, fit(width)))
    text = text[text.index("") + 1 :]  # what stands before it is the headline
    end = text.index("")
    more = list(_translated(found, spoken, fit(width)))
    if plainer is not None:
        said_so = [line.text for line in plainer.lines]
        more += _listed(_(restating.MARK), said_so, fit(width))
    text[end:end] = more
    return Page(Kind.RESULT, clean("\n".join(text)), title=title)


def _translated(found: Result, spoken: Spoken, width: int) -> Iterator[str]:
    said_so = [spoken.sentences[each] for each in todo(found) if each in spoken.sentences]
    if said_so:
        from hinterland.plugins.diagnosis.reading.story import NAMES  # the word lists come with it

        title = _("The same in {language}:")
        if not spoken.reviewed:
            title = _("The same in {language}; nobody has approved these words:")
        name = NAMES.get(spoken.language, spoken.language)
        yield from _listed(title.format(language=name), said_so, width)


def _listed(title: str, entries: Iterable[str], width: int) -> Iterator[str]:
    yield ""
    yield from textwrap.wrap(title, width)
    for each in entries:
        yield from textwrap.wrap(
            each, width, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False
        )


def rows(page: Page, at: int | None) -> str:
    """Return the rows of a page, a line each, with a mark before the one that was gone to."""
    numbered = page.kind is Kind.CHOICE
    return "\n".join(
        f"{'>' if number == at else ' '} {f'{number + 1} ' if numbered else ''}{row.shown}"
        for number, row in enumerate(page.rows)
    )


def file(name: str) -> Page:
    """Return the page that asks where a note is to be saved."""
    text = _(
        "Where shall the referral note be saved? A name that ends in .md gives Markdown, any other "
        "plain text."
    )
    return Page(Kind.FILE, text, value=name)


def leaving(*, ended: bool) -> Page:
    """Return the page that asks before answers are lost."""
    found = [Row("yes", _("yes")), Row("no", _("no"))]
    if ended:
        found.append(Row("summary", _("yes, with a summary in the chat's box")))
    return Page(Kind.LEAVING, _("Leave the triage? The answers are lost."), rows=tuple(found))


def whereabouts(progress: Progress | None) -> str:
    """Return the line above everything."""
    if progress is None:
        return _("Triage")
    said_so_far = _("Triage · {count} answered").format(count=progress.answered)
    if not progress.most_left:
        return said_so_far
    return f"{said_so_far} · {_('at most {count} left').format(count=progress.most_left)}"


def fit(width: int) -> int:
    """Return the columns that a result is wrapped to."""
    return max(NARROWEST, min(width, WIDEST))


def summary(found: Result, words: Vocabulary, packs: Sequence[Pack], hidden: frozenset[str]) -> str:
    """Return a short summary for a conversation, without the facts that are `hidden` and without the
    advice that tells of them."""
    private = {rule.id for pack in packs for rule in pack.rules if rule.facts & hidden}
    shown = [each for each in found.inputs if each.fact not in hidden]
    age = next((each.shown for each in shown if each.fact == "age_months"), _("age not known"))
    signs = [
        label(each.fact) if each.value is True else f"{label(each.fact)} {each.shown}"
        for each in shown
        if each.value not in {None, False} and _tells(words.facts[each.fact], each.value)
    ]
    parts = [
        headline(found.level, provisional=found.provisional),
        _("Patient: {age}.").format(age=age),
    ]
    if signs:
        parts.append(_("Signs: {signs}.").format(signs=", ".join(signs)))
    if not any(rule.id in private for rule in deciding(found)):
        parts.append(_("Advised: {steps}.").format(steps="; ".join(todo(found))))
    return clean_line(" ".join(parts), 1200)


def _tells(fact: Fact, value: Value | None) -> bool:
    """Whether an answer says something: of a choice the first is what is usual, but for a complaint."""
    if fact.group == "who":
        return fact.id == "pregnant"
    return not isinstance(fact, Choice) or fact.id == "complaint" or value != fact.options[0].id
