"""A class drawn as plain lines: each objective with who still needs help, each pupil, hard exercises."""

from __future__ import annotations

from collections.abc import Iterator

from hinterland.cells import wrapped
from hinterland.language import _
from hinterland.plugins.tutoring.classroom.results import Class, called
from hinterland.plugins.tutoring.pupils.drawing import Subjects, edges
from hinterland.plugins.tutoring.pupils.mastery import Level
from hinterland.text import clean_line


def table(found: Class, known: Subjects, width: int = 80) -> list[str]:
    """Return the lines, each at most `width` cells wide."""
    return [*_objectives(found, known, width), "", *_pupils(found, width), *_hard(found, width)]


def _objectives(found: Class, known: Subjects, width: int) -> Iterator[str]:
    topic = ""
    for name in sorted(found.objectives(), key=lambda each: (called(each, known).topic, each)):
        subject = called(name, known)
        if subject.topic != topic:
            if topic:
                yield ""
            topic = subject.topic
            yield from wrapped(clean_line(topic), width)
        levels = {pupil: each.level for pupil, each in found.of(name).items()}
        held = sum(each is Level.HELD for each in levels.values())
        count = _("{held} of {pupils} know it").format(held=held, pupils=len(found.pupils))
        yield edges(f" {clean_line(subject.title)}", count, width)
        for level, told in (
            (Level.FADING, _("fading: {names}")),
            (Level.LEARNING, _("learning: {names}")),
        ):
            names = [clean_line(each) for each, own in levels.items() if own is level]
            if names:
                yield from _indented(told.format(names=", ".join(names)), width)
        missing = [one.pupil for one in found.pupils if one.pupil not in levels]
        if missing and levels:
            said = _("not begun: {names}").format(names=", ".join(map(clean_line, missing)))
            yield from _indented(said, width)


def _pupils(found: Class, width: int) -> Iterator[str]:
    for one in found.pupils:
        held = sum(each.level is Level.HELD for each in one.objectives)
        done = sum(each.done for each in one.objectives)
        told = _("{held} of {met} known, exercises: {done}, days: {days}").format(
            held=held, met=len(one.objectives), done=done, days=one.days
        )
        yield edges(clean_line(one.pupil), told, width)


def _hard(found: Class, width: int) -> Iterator[str]:
    hard = found.hardest()
    if not hard:
        return
    yield ""
    yield from wrapped(_("Hard exercises, whose answer had to be shown:"), width)
    for each in hard:
        told = _("{shown} of {pupils}").format(shown=each.shown, pupils=each.pupils)
        yield edges(f" {clean_line(each.exercise)}", told, width)


def _indented(text: str, width: int) -> list[str]:
    return [f"   {line}" for line in wrapped(text, width - 3)]
