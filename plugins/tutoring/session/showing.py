"""What a lesson shows of itself: its explanation, an exercise, an answer; and how it says goodbye."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from string import ascii_lowercase

from hinterland.plugins.tutoring.lessons import AnswerKind, Lesson, Posed
from hinterland.plugins.tutoring.pupils.pupil import Pupil
from hinterland.plugins.tutoring.session.acts import Said, SaidKind
from hinterland.plugins.tutoring.session.place import Place
from hinterland.plugins.tutoring.words import Words

_MARKS = re.compile(r"[\\`*_\[\]<>~|#$]")


def explanation(lesson: Lesson, words: Words) -> list[Said]:
    """Return how a lesson begins."""
    return [
        Said(SaidKind.TITLE, lesson.title),
        Said(SaidKind.NOTE, words.say("aims", aims=_listed(lesson.objectives.values()))),
        Said(SaidKind.EXPLANATION, lesson.explanation),
    ]


def exercise(posed: Posed, *, passage: bool) -> list[Said]:
    """Return an exercise as it is asked, with the text that it is about where that is wanted."""
    labelled = zip(ascii_lowercase, posed.options, strict=False)
    options = _listed(f"{letter}) {literal(text)}" for letter, text in labelled)
    said = [Said(SaidKind.EXERCISE, f"{posed.prompt}\n\n{options}".strip())]
    if passage and posed.passage:
        said.insert(0, Said(SaidKind.PASSAGE, posed.passage))
    return said


def answer(posed: Posed, words: Words) -> Said:
    """Return the answer with the way to it, and why it is so."""
    first, dots, last = posed.answers[0].partition("..")
    if posed.kind is AnswerKind.RANGE and dots:
        shown = [words.say("the-range", first=first.strip(), last=last.strip())]
    else:
        shown = [words.say("the-answer", answer=literal(posed.answers[0]))]
    if posed.steps:
        shown.append(words.say("the-way"))
        shown.append("\n".join(f"{n}. {step}" for n, step in enumerate(posed.steps, 1)))
    elif posed.hints:
        shown += [words.say("the-thoughts"), _listed(posed.hints)]
    if posed.quote:
        shown.append(words.say("the-quote", quote=posed.quote))
    elif posed.sentence:
        shown.append(f"> {posed.sentence}")
    return Said(SaidKind.ANSWER, "\n\n".join(shown))


def offer(topics: Sequence[str], words: Words) -> Said:
    """Return the question what is to be learnt."""
    listed = "\n".join(f"{number}. {topic}" for number, topic in enumerate(topics, 1))
    return Said(SaidKind.NOTE, f"{words.say('which-topic')}\n\n{listed}")


def farewell(place: Place, pupil: Pupil, following: Lesson | None, words: Words) -> Said:
    """Return what is said at the end, when all is recorded: what was learnt, and what follows."""
    if place.stopped:
        return Said(SaidKind.END, words.say("stopped"))
    said = [words.say("learnt", learnt=_listed(place.learnt))] if place.learnt else []
    said += [] if said else [words.say("learnt-little")]
    said.append(_next_time(pupil, words))
    if (days := pupil.streak().current) > 1:
        said.append(words.say("streak", count=days))
    if following is not None:
        said.append(words.say("up-next", title=following.title))
    said.append(words.say("goodbye"))
    return Said(SaidKind.END, "\n\n".join(filter(None, said)))


def literal(text: str) -> str:
    """Return a text as Markdown that shows it as it is: `3*4*5` has no emphasis in it."""
    return _MARKS.sub(r"\\\g<0>", text)


def _next_time(pupil: Pupil, words: Words) -> str:
    """Return when something comes back next, as a sentence; "" where nothing does."""
    first = min((card.due for card in pupil.cards), default=None)
    if first is None:
        return ""
    days = (first.astimezone(pupil.zone).date() - pupil.today()).days
    if days <= 1:
        return words.say("next-tomorrow" if days == 1 else "next-today")
    return words.say("next-days", count=days)


def _listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {each}" for each in items)
