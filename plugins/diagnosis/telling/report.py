"""A result in words, for a terminal of any width: the level first, in capitals and not in colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hinterland.language import N_, _, n_
from hinterland.plugins.diagnosis.rules.case import Origin
from hinterland.plugins.diagnosis.rules.pack import Level
from hinterland.plugins.diagnosis.rules.spoken import ENGLISH, Spoken
from hinterland.plugins.diagnosis.rules.triage import Fired, PackUsed
from hinterland.plugins.diagnosis.telling.result import HELP, Result
from hinterland.plugins.diagnosis.telling.scripted import Script
from hinterland.plugins.diagnosis.telling.wording import (
    disclaimer,
    headline,
    label,
    number_to_call,
    plain,
)
from hinterland.plugins.forms.columns import NARROWEST, WIDEST, fit, wrapped
from hinterland.text import clean_line

__all__ = ["NARROWEST", "NOT_FOR_CARE", "WIDEST", "lines", "script_lines", "todo"]
NOT_FOR_CARE = N_("NOT FOR CARE: what nobody mentioned was read as no. For evaluation alone.")
_HASH = 12  # digits of a SHA-256 that are shown
_MOST_FACTS = 30  # of a list for people; the JSON has them all
_ORIGINS = {
    Origin.WORDS: N_("confirmed, from the words"),
    Origin.ASSUMED: N_("assumed from the words, confirmed by nobody"),
    Origin.SILENCE: N_("not mentioned, read as no"),
}


def lines(result: Result, width: int, translation: str = "") -> Iterator[str]:
    """Yield the lines of a result, none wider than `width` (40 to 80) but for what cannot be broken.

    `translation` is what there is to say of the language of the advice."""
    page = _Page(fit(width))
    if result.not_for_care:
        yield from page.text(_(NOT_FOR_CARE))
    yield from page.text(headline(result.level, provisional=result.provisional))
    yield from page.list(_("What to do"), todo(result))
    for script in result.scripts:
        yield from script_lines(script, result.site.emergency_number, width)
    yield from page.list(_("Why"), why(result))
    if result.level is not Level.RED:
        yield from page.list(_("Come back at once when"), result.return_signs)
    yield from page.list(_("Not known"), not_known(result))
    yield from page.list(_("From free words"), _from_words(result))
    yield from page.list(_("Put right"), corrected(result))
    about = [translation] if translation else []
    yield from page.list(_("Rules"), [*rules_used(result), *about])
    yield ""
    yield from page.text(disclaimer(result.site.emergency_number))
    if result.not_for_care:
        yield from page.text(_(NOT_FOR_CARE))


def script_lines(script: Script, emergency_number: str, width: int) -> Iterator[str]:
    """Yield the lines of a script: what is said, and what to do."""
    page = _Page(fit(width))
    yield ""
    yield from page.text(script.title)
    for each in script.say:
        yield from page.text(each, indent=2)
    for each in script.steps(emergency_number):
        yield from page.text(each, indent=4, mark="  - ")
    yield from page.text(_("Source: {source}").format(source=script.source), indent=2)


def todo(result: Result) -> list[str]:
    """Return what to do: the steps of the rules that made the level, and no milder ones."""
    steps: list[str] = []
    if result.level is Level.RED:
        said = _("Get emergency help now: {number}")
        steps.append(said.format(number=number_to_call(result.site.emergency_number)))
    for rule in deciding(result):
        steps.extend(step for step in rule.do if step != HELP)
    if not steps:
        steps.append(_("See a clinician today"))
    return list(dict.fromkeys(steps))


def deciding(result: Result) -> list[Fired]:
    """Return the rules that fired with the level of the result."""
    return [rule for rule in result.fired if rule.level is result.level]


def why(result: Result) -> list[str]:
    """Return what led to the level: rules with their sources, and what could not be ruled out."""
    said = [
        _("{classification} ({level}; {rule}; {source})").format(
            classification=rule.classification,
            level=rule.level,
            rule=rule.id,
            source=_source(rule),
        )
        for rule in result.fired
        if rule.level is not Level.GREEN or result.level is Level.GREEN
    ]
    if result.open and result.level is not Level.RED:
        count = len(result.open)
        worst = result.open[0].level
        said.append(
            n_(
                "{count} rule cannot be ruled out, up to {level}, because of what is not known",
                "{count} rules cannot be ruled out, up to {level}, because of what is not known",
                count,
            ).format(count=count, level=worst)
        )
    if result.out_of_scope:
        said.append(_("None of these rules are for a patient of this age, or the age is not known"))
    if result.not_covered:
        facts = ", ".join(map(label, result.not_covered))
        said.append(_("No rule for this patient covers: {facts}").format(facts=facts))
    return said


def not_known(result: Result) -> list[str]:
    """Return the facts that rules ask for and nobody knows, danger signs first; with RED, which ends
    the questions, only how many danger signs."""
    danger = [label(name) for name in result.unknown_danger]
    others = [label(name) for name in result.unknown if name not in result.unknown_danger]
    if result.level is Level.RED:
        count = len(danger)
        alone = n_("{count} danger sign", "{count} danger signs", count).format(count=count)
        return [alone] if danger else []
    said = []
    if danger:
        said.append(_("Danger signs: {facts}").format(facts=_listed(danger)))
    if others:
        said.append(_listed(others))
    return said


def _listed(facts: list[str]) -> str:
    more = len(facts) - _MOST_FACTS
    listed = ", ".join(facts[:_MOST_FACTS])
    return listed + (" " + _("… and {count} more").format(count=more) if more > 0 else "")


def corrected(result: Result) -> list[str]:
    """Return the answers that were put right: what follows from them is a re-assessment."""
    return [
        _("{fact}: was {before}, is {after}; the level before was {level}").format(
            fact=label(each.fact),
            before=plain(each.before),
            after=plain(each.after),
            level=each.level_before,
        )
        for each in result.corrections
    ]


def about_translation(result: Result, spoken: Spoken) -> str:
    """Return what there is to say of the language of a result's advice; "" for English."""
    if spoken.language == ENGLISH:
        return ""
    said = [*result.return_signs]
    for rule in deciding(result):
        said += [rule.classification, *(step for step in rule.do if step != HELP)]
    missing = len(spoken.untranslated(said))
    if missing:
        return n_(
            "{count} sentence of this advice is in English: it is not translated into {language}",
            "{count} sentences of this advice are in English: they are not translated into {language}",
            missing,
        ).format(count=missing, language=spoken.language)
    if not spoken.reviewed:
        return _("nobody has approved the translation of the advice into {language}").format(
            language=spoken.language
        )
    return ""


def rules_used(result: Result) -> list[str]:
    """Return the packs with version, hash and review, and who answers for what is not reviewed."""
    said = [_pack(each) for each in result.packs]
    used = result.vocabulary
    said.append(
        _("questions {version}, {hash}").format(version=used.version, hash=used.sha256[:_HASH])
    )
    if not result.reviewed:
        said.append(
            _("No clinician has approved these rules; {name} answers for their use here").format(
                name=result.accepted_by
            )
            if result.accepted_by
            else _("No clinician has approved these rules, and nobody here answers for them")
        )
    return said


def _pack(pack: PackUsed) -> str:
    if pack.review == "approved":
        review = _("approved by {name}, {date}").format(name=pack.by, date=pack.date)
    elif pack.changed:
        review = _("CHANGED since it was reviewed: a draft")
    else:
        review = _("a draft")
    return f"{pack.name} {pack.version}, {pack.sha256[:_HASH]}, {clean_line(review)}"


def _source(rule: Fired) -> str:
    return f"{rule.source}: {rule.reason}" if rule.reason else rule.source


def _from_words(result: Result) -> list[str]:
    found = []
    for origin, meaning in _ORIGINS.items():
        inputs = [each for each in result.inputs if each.origin is origin]
        if not inputs:
            continue
        if origin is Origin.SILENCE:
            said = n_("{count} fact", "{count} facts", len(inputs)).format(count=len(inputs))
        else:
            said = "; ".join(
                f"{label(each.fact)}: {each.shown} (“{clean_line(each.words, 60)}”)"
                for each in inputs
            )
        found.append(f"{_(meaning)}: {said}")
    return found


class _Page:
    def __init__(self, width: int) -> None:
        self._width = width

    def text(self, text: str, indent: int = 0, mark: str = "") -> list[str]:
        """Return a paragraph in lines; `mark` stands before the first."""
        return wrapped(text, self._width, mark or " " * indent, " " * indent)

    def list(self, title: str, entries: Iterable[str]) -> Iterator[str]:
        """Yield a titled list after an empty line; nothing when it has no entries."""
        entries = tuple(entries)
        if entries:
            yield ""
            yield title
        for each in entries:
            yield from self.text(each, indent=4, mark="  - ")
