"""A person goes through a draft, question by question: only then do pupils get it.

What was accepted is noted at once, so that whoever stops goes on where they were.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from hinterland import durable, paths
from hinterland.errors import InputError
from hinterland.language import _, n_
from hinterland.plugins.tutoring import proofing
from hinterland.plugins.tutoring.lessons import Exercise
from hinterland.plugins.tutoring.making.drafts import DraftFile
from hinterland.sentences import sentence, translated

ACCEPT, EDIT, DROP, STOP = "a", "e", "d", "s"


class Talk(Protocol):
    """Whoever shows a person the questions and hears what becomes of them."""

    def tell(self, text: str) -> None:
        """Say something; the text is clean, of one or more lines."""

    def ask(self, text: str, keys: str) -> str:
        """Return one of the letters in `keys`; "" where nobody answers any more."""

    def edit(self, text: str) -> str:
        """Return a text as the person has changed it; as it was where it was not changed."""


class Accepted(msgspec.Struct, frozen=True):
    """What became of a draft."""

    file: Path | None
    """Where the lesson is now; None while questions are waiting."""
    count: int
    """Questions that are accepted."""
    waiting: int = 0


def accept(file: Path, folder: Path, talk: Talk, *, replace: bool = False) -> Accepted:
    """Have a person go through a draft, and put it on the shelf `folder` once nothing waits.

    What is dropped or edited changes the draft's file at once. Raises LessonError for a file that is
    no lesson, InputError for one that is no draft or has no question left, or where another lesson
    of its id is on the shelf and is not to be replaced, and StorageError.
    """
    draft = DraftFile(file)
    target = _target(draft, folder, replace=replace)
    before = sum(map(draft.is_accepted, draft.lesson.exercises))
    if before:
        said = n_(
            "{count} question was accepted before.",
            "{count} questions were accepted before.",
            before,
        )
        talk.tell(said.format(count=before))
    while (exercise := _next(draft)) is not None:
        if not _decided(draft, exercise, talk):
            return _stopped(draft)
    return _shelved(draft, target)


def accept_all(file: Path, folder: Path, *, replace: bool = False) -> Accepted:
    """Accept a whole draft unread, and put it on the shelf `folder`; raises as `accept` does, and
    InputError for a draft with a fault that the program can find.

    Whoever calls this says that they answer for every question.
    """
    draft = DraftFile(file)
    target = _target(draft, folder, replace=replace)
    if faults := _faults(draft):
        raise InputError(
            sentence_of(faults[0]),
            "Mend it first, or go through the draft without --all and drop it.",
        )
    return _shelved(draft, target)


def sentence_of(problem: proofing.Problem) -> str:
    """Return what is wrong with a lesson, in the language of the interface."""
    return translated(str(problem))


def _next(draft: DraftFile) -> Exercise | None:
    waiting = (each for each in draft.lesson.exercises if not draft.is_accepted(each))
    return next(waiting, None)


def _decided(draft: DraftFile, exercise: Exercise, talk: Talk) -> bool:
    """Ask what becomes of a question; return whether the person goes on."""
    exercises = draft.lesson.exercises
    number = exercises.index(exercise) + 1
    talk.tell(_("Question {number} of {count}").format(number=number, count=len(exercises)))
    talk.tell(draft.text_of(exercise))
    wrong = _faults(draft, exercise)
    for each in wrong:
        talk.tell(sentence_of(each))
    keys = f"{'' if wrong else ACCEPT}{EDIT}{DROP}{STOP}"
    question = _("Edit, drop or stop?") if wrong else _("Accept, edit, drop or stop?")
    match talk.ask(question, keys):
        case "a" if not wrong:
            draft.accept(exercise)
        case "d":
            _drop(draft, exercise, talk)
        case "e":
            _edit(draft, exercise, talk)
        case _:
            return False
    return True


def _drop(draft: DraftFile, exercise: Exercise, talk: Talk) -> None:
    if len(draft.lesson.exercises) == 1:
        talk.tell(_("It is the only question left; a lesson needs one. Edit it, or stop."))
        return
    draft.put(exercise, "")


def _edit(draft: DraftFile, exercise: Exercise, talk: Talk) -> None:
    text = draft.text_of(exercise)
    changed = talk.edit(text)
    if not changed.strip() or changed == text:
        return
    try:
        draft.put(exercise, changed)
    except InputError as error:
        talk.tell(_("That is not taken: {why}").format(why=sentence(error)))


def _faults(draft: DraftFile, exercise: Exercise | None = None) -> list[proofing.Problem]:
    """Return what is seriously wrong with a draft, or with one of its exercises."""
    lesson = draft.lesson
    if exercise is not None:
        lesson = msgspec.structs.replace(
            lesson,
            exercises=(exercise,),
            objectives={exercise.objective: lesson.objectives[exercise.objective]},
        )
    return [each for each in proofing.problems(lesson) if each.serious and (each.line or exercise)]


def _target(draft: DraftFile, folder: Path, *, replace: bool) -> Path:
    target = folder / f"{draft.lesson.id}.md"
    is_itself = target.exists() and target.samefile(draft.file)
    if target.exists() and not is_itself and not replace:
        raise InputError(
            f"A lesson {draft.lesson.id} is on the shelf already.",
            "Change the draft's id, or add --overwrite.",
        )
    return target


def _stopped(draft: DraftFile) -> Accepted:
    done = sum(map(draft.is_accepted, draft.lesson.exercises))
    return Accepted(None, done, len(draft.lesson.exercises) - done)


def _shelved(draft: DraftFile, target: Path) -> Accepted:
    paths.private_folder(target.parent)
    with durable.locked(target):
        durable.replace_file(target, draft.finished().encode())
    draft.forget()
    return Accepted(target, len(draft.lesson.exercises))
