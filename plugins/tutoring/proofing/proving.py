"""Whether a lesson is right: every key proved, nothing given away, with whatever numbers are drawn."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hinterland.plugins.tutoring.checking import Checker, Verdict, accepts, judge_plainly
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Lesson, Posed
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.trouble import LessonError
from hinterland.plugins.tutoring.proofing import keys
from hinterland.plugins.tutoring.proofing.leaks import gives_away, leak_in
from hinterland.text import clean_line

SEEDS = 50
"""Draws of numbers that a person waits for."""
_LEAST_HINTS = 2
_ASKED_ALGEBRA = 3
"""Draws that the process that does algebra judges; the others are compared at a few points."""
_ALIKE_SEEDS = 20
"""Draws of which two at least have to differ."""
_JUDGED = 100
"""Draws whose every answer and mistake is judged; of others those that come near."""
_MOST_SAID = 3
"""Sentences about one exercise: what is wrong is often wrong with all numbers."""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a lesson."""

    line: int
    """Of the lesson's file; 0 for the lesson as a whole."""
    sentence: str
    serious: bool = True
    """Whether pupils would be taught or told something wrong; otherwise it is only worth a look."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}" if self.line else self.sentence


def problems(lesson: Lesson, seeds: int = SEEDS, shown: int = SEEDS) -> list[Problem]:
    """Return what is wrong with a lesson, posing each exercise with so many draws of numbers, of which
    the first `shown` are looked at as a pupil sees them, and of the others the key.

    Programs (`run`) are not run, and terms are compared at a few points: see `judged`.
    """
    found = list(_of_lesson(lesson))
    for exercise in lesson.exercises:
        found += _of_exercise(lesson, exercise, seeds, shown)
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


async def _misjudged(posed: Posed, checker: Checker) -> list[str]:
    found = []
    for answer in _answers(posed):
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


def _of_exercise(lesson: Lesson, exercise: Exercise, seeds: int, shown: int) -> Iterator[Problem]:
    said: dict[str, None] = {}

    def tell(sentence: str) -> None:
        said.setdefault(_told(exercise, sentence))

    if len(exercise.hints) < _LEAST_HINTS:
        tell(f"it needs {_LEAST_HINTS} hints at least")
    if len(set(exercise.hints)) < len(exercise.hints):
        tell("two of its hints are the same")
    if unproved := keys.unproved(exercise):
        tell(unproved)
    if not exercise.given:
        for sentence in faults(lesson, pose(lesson, exercise, 0)):
            tell(sentence)
    else:
        for sentence in _of_draws(lesson, exercise, seeds, shown):
            tell(sentence)
            if len(said) > _MOST_SAID:
                break
    for sentence in said:
        yield Problem(exercise.line, sentence)


def _of_draws(lesson: Lesson, exercise: Exercise, seeds: int, shown: int) -> Iterator[str]:
    """Yield what is wrong with an exercise whose numbers are drawn."""
    drawn: set[str] = set()
    try:
        for seed in range(min(seeds, shown)):
            posed = pose(lesson, exercise, seed, gives_away)
            drawn.add(posed.prompt + "\0" + "\0".join(posed.answers))
            for sentence in _wrong_key(lesson, posed):
                yield f"{sentence} (seed {seed})"
        # What is shown with numbers that give nothing away was looked at; what is left is the key.
        bare = _key_of(exercise)
        for seed in range(min(seeds, shown), seeds):
            posed = pose(lesson, bare, seed)
            key = "\0".join(
                (*posed.answers, *(each.answer for each in posed.mistakes), posed.check)
            )
            if key not in drawn:
                drawn.add(key)
                wrong = _wrong_key if seed < _JUDGED else _wrong_number
                for sentence in wrong(lesson, posed):
                    yield f"{sentence} (seed {seed})"
    except LessonError as error:
        yield _reason(lesson, exercise, error)
    if seeds >= _ALIKE_SEEDS and len(drawn) == 1:
        yield "its numbers are always the same"


def _key_of(exercise: Exercise) -> Exercise:
    """Return an exercise with nothing of what is shown before the answer; it draws the same numbers."""
    if exercise.sentence or exercise.kind is AnswerKind.CHOICE:
        return msgspec.structs.replace(exercise, hints=(), steps=())
    told = tuple(msgspec.structs.replace(each, told="") for each in exercise.mistakes)
    return msgspec.structs.replace(exercise, prompt="", hints=(), mistakes=told, steps=())


def faults(lesson: Lesson, posed: Posed) -> Iterator[str]:
    """Yield what is wrong with an exercise as it is posed, as sentences without a beginning."""
    if name := leak_in(posed):
        yield f"its {name} holds the answer"
    yield from _wrong_key(lesson, posed)


def _wrong_key(lesson: Lesson, posed: Posed) -> Iterator[str]:
    if sentence := keys.disproved(lesson, posed):
        yield sentence
    for answer in _answers(posed):
        if not _is_right(posed, answer):
            yield f"its own answer {answer} would not be accepted"
    for mistake in posed.mistakes:
        if _is_right(posed, mistake.answer):
            yield f"the mistake {mistake.answer} is a right answer"


def _wrong_number(lesson: Lesson, posed: Posed) -> Iterator[str]:
    """Yield what `_wrong_key` would, judging only what comes to the answer's value."""
    if sentence := keys.disproved(lesson, posed, closely=False):
        yield sentence
    values = [keys.values_of(posed, each) for each in posed.answers]
    for mistake in posed.mistakes:
        found = keys.values_of(posed, mistake.answer)
        if (not found or found in values) and _is_right(posed, mistake.answer):
            yield f"the mistake {mistake.answer} is a right answer"


def _is_right(posed: Posed, answer: str) -> bool:
    """Whether an answer is right, algebra judged at a few points: see `judged`."""
    if posed.kind in {AnswerKind.EXPRESSION, AnswerKind.EQUATION}:
        return accepts(posed, answer)
    return judge_plainly(posed, answer).verdict is Verdict.RIGHT


def _answers(posed: Posed) -> Iterator[str]:
    """Yield answers that have to be right: the accepted ones, both ends of a range."""
    for answer in posed.answers:
        first, dots, last = answer.partition("..")
        if posed.kind is AnswerKind.RANGE and dots:
            unit = last.strip().lstrip("0123456789.,/- ")
            yield f"{first.strip()} {unit}".strip()
            yield last.strip()
        else:
            yield answer


def _reason(lesson: Lesson, exercise: Exercise, error: LessonError) -> str:
    try:
        posed = pose(lesson, exercise, 0)
    except LessonError:
        return error.message.rstrip(".").partition(": ")[2] or error.message
    name = leak_in(posed)
    return f"with all numbers its {name} holds the answer" if name else error.message


def _told(exercise: Exercise, sentence: str) -> str:
    name = exercise.id.rpartition("/")[2]
    return clean_line(f"Exercise {name}: {sentence.rstrip('.')}.", 400)
