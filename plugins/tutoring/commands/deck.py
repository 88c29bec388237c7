"""What a pupil has met, as a deck for Anki: the exercises of the cards, numbers in their places."""

from __future__ import annotations

from collections.abc import Iterator

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.shelf import Shelf
from hinterland.plugins.tutoring.pupils.exports import anki
from hinterland.plugins.tutoring.pupils.pupil import Pupil


def of(pupil: Pupil, shelf: Shelf) -> bytes:
    """Return the deck; raises InputError where the pupil has met no exercise that there still is."""
    notes = list(_notes(pupil, shelf))
    if not notes:
        raise InputError(
            f"{pupil.name} has not done an exercise yet, so there are no cards.",
            "`hint tutor` begins a lesson.",
        )
    name = _("Hinterland: {name}").format(name=pupil.name)
    return anki.deck(name, notes, pupil.now())


def _notes(pupil: Pupil, shelf: Shelf) -> Iterator[anki.Note]:
    seeds = {each.done.exercise: each.done.seed for each in pupil.history()}
    for card in sorted(pupil.cards, key=lambda each: each.exercise):
        found = shelf.exercise(card.exercise)
        if found is None:
            continue
        lesson, exercise = found
        posed = pose(lesson, exercise, seeds.get(card.exercise, 0))
        yield anki.note(
            posed.id,
            posed.prompt,
            posed.answers[0],
            options=posed.options,
            steps=posed.steps,
            passage=posed.passage,
            tags=(lesson.subject, lesson.topic),
        )
