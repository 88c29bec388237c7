"""Whether a lesson is right: every key proved, nothing given away, with whatever numbers are drawn."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hinterland.plugins.tutoring.checking import Checker, Verdict, accepts
from hinterland.plugins.tutoring.hints import Guard
from hinterland.plugins.tutoring.lessons import Exercise, Lesson, Posed
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.trouble import LessonError
from hinterland.plugins.tutoring.proofing import keys
from hinterland.text import clean_line

SEEDS = 50
"""Draws of numbers that a person waits for."""
_LEAST_HINTS = 2
_ASKED_ALGEBRA = 3
"""Draws that the process that does algebra judges; the others are compared at a few points."""
_SAME = 0.7
"""The share of neighbours who may have the same numbers."""
_ALIKE_SEEDS = 24


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a lesson."""

    line: int
    """Of the lesson's file; 0 for the lesson as a whole."""
    sentence: str
    serious: bool = True
    """Whether pupils would be taught or told something wrong; otherwise it is only worth a look."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}" if self.line else self.sentence


def problems(lesson: Lesson, seeds: int = SEEDS) -> list[Problem]:
    """Return what is wrong with a lesson, posing each exercise with so many draws of numbers.

    Programs (`run`) are not run, and terms are compared at a few points: see `judged`.
    """
    found = list(_of_lesson(lesson))
    for exercise in lesson.exercises:
        found += _of_exercise(lesson, exercise, seeds)
    return found


async def judged(lesson: Lesson, checker: Checker, seeds: int = _ASKED_ALGEBRA) -> list[Problem]:
    """Return where the checker that pupils meet does not judge as the lesson says it should: every
    accepted answer right, every mistake known as what it is."""
    found: list[Problem] = []
    for exercise in lesson.exercises:
        said: dict[str, None] = {}
        for seed in range(seeds if exercise.given else 1):
            try:
                posed = pose(lesson, exercise, seed, gives_away)
            except LessonError:
                break  # `problems` says so
            for sentence in await _misjudged(posed, checker):
                said.setdefault(_told(exercise, sentence))
        found += [Problem(exercise.line, each) for each in said]
    return found


async def proof(lesson: Lesson, checker: Checker, seeds: int = SEEDS) -> list[Problem]:
    """Return what `problems` and `judged` find."""
    return [*problems(lesson, seeds), *await judged(lesson, checker)]


def gives_away(posed: Posed) -> bool:
    """Whether the question, a hint, or what is said about a mistake holds the answer."""
    return bool(leak_in(posed))


def leak_in(posed: Posed) -> str:
    """Return which text holds the answer, such as `hint 2`; "" where none does."""
    guard = Guard(posed)
    for name, text in _seen(posed):
        if guard.leaks(text):
            return name
    return ""


def _seen(posed: Posed) -> Iterator[tuple[str, str]]:
    """Yield what a pupil may see before the answer."""
    yield "question", posed.prompt
    for number, text in enumerate(posed.hints, 1):
        yield f"hint {number}", text
    for number, mistake in enumerate(posed.mistakes, 1):
        yield f"text of mistake {number}", mistake.told


async def _misjudged(posed: Posed, checker: Checker) -> list[str]:
    found = []
    for answer in posed.answers:
        judgement = await checker.judge(posed, answer)
        if judgement.verdict is not Verdict.RIGHT:
            found.append(f"its own answer {answer} is judged {judgement.verdict}")
    for number, mistake in enumerate(posed.mistakes):
        judgement = await checker.judge(posed, mistake.answer)
        if judgement.verdict is Verdict.RIGHT:
            found.append(f"the mistake {mistake.answer} is judged right")
        elif judgement.mistake != number:
            found.append(f"the mistake {mistake.answer} is not known again when a pupil makes it")
    return found


def _of_lesson(lesson: Lesson) -> Iterator[Problem]:
    used = {each.objective for each in lesson.exercises}
    for name in lesson.objectives:
        if name not in used:
            yield Problem(0, f"No exercise practises the objective {name}.")
    if not lesson.explanation.strip():
        yield Problem(0, "Its explanation is empty.", serious=False)
    if lesson.id in lesson.needs:
        yield Problem(0, "It needs itself.")


def _of_exercise(lesson: Lesson, exercise: Exercise, seeds: int) -> Iterator[Problem]:
    said: dict[str, None] = {}

    def tell(sentence: str) -> None:
        said.setdefault(_told(exercise, sentence))

    if len(exercise.hints) < _LEAST_HINTS:
        tell(f"it needs {_LEAST_HINTS} hints at least")
    if len(set(exercise.hints)) < len(exercise.hints):
        tell("two of its hints are the same")
    if unproved := keys.unproved(exercise):
        tell(unproved)
    drawn: set[str] = set()
    for seed in range(seeds if exercise.given else 1):
        try:
            posed = pose(lesson, exercise, seed, gives_away)
        except LessonError as error:
            tell(_reason(lesson, exercise, seed, error))
            break
        drawn.add(posed.prompt + "\0" + "\0".join(posed.answers))
        for sentence in faults(lesson, posed):
            tell(sentence + (f" (seed {seed})" if exercise.given else ""))
        if len(said) > 3:
            break  # the same, over and over
    if exercise.given and seeds >= _ALIKE_SEEDS and len(drawn) < 2:
        tell("its numbers are always the same")
    for sentence in said:
        yield Problem(exercise.line, sentence)


def faults(lesson: Lesson, posed: Posed) -> Iterator[str]:
    """Yield what is wrong with an exercise as it is posed, as sentences without a beginning."""
    if name := leak_in(posed):
        yield f"its {name} holds the answer"
    if sentence := keys.disproved(lesson, posed):
        yield sentence
    for answer in posed.answers:
        if not accepts(posed, answer):
            yield f"its own answer {answer} would not be accepted"
    for mistake in posed.mistakes:
        if accepts(posed, mistake.answer):
            yield f"the mistake {mistake.answer} is a right answer"


def _reason(lesson: Lesson, exercise: Exercise, seed: int, error: LessonError) -> str:
    try:
        posed = pose(lesson, exercise, seed)
    except LessonError:
        return error.message.rstrip(".").partition(": ")[2] or error.message
    name = leak_in(posed)
    return f"with all numbers its {name} holds the answer" if name else error.message


def _told(exercise: Exercise, sentence: str) -> str:
    name = exercise.id.rpartition("/")[2]
    return clean_line(f"Exercise {name}: {sentence.rstrip('.')}.", 400)
