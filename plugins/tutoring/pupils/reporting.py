"""A pupil's progress for a teacher's program: `hint tutor progress --json`, see docs/tutor-progress.md."""

from __future__ import annotations

from typing import Any

from hinterland.plugins.tutoring.pupils.drawing import Subjects
from hinterland.plugins.tutoring.pupils.pupil import Pupil

SCHEMA_VERSION = 1


def as_json(pupil: Pupil, known: Subjects) -> dict[str, Any]:
    """Return everything that `progress` draws, as values that JSON has; dates are the pupil's local
    ones, moments are UTC."""
    now, streak = pupil.now(), pupil.streak()
    coming = pupil.coming(known)
    objectives = [
        {
            "lesson": each.lesson,
            "objective": each.objective,
            "topic": subject.topic if subject else None,
            "title": subject.title if subject else None,
            "level": each.level,
            "points": each.points,
            "remembered": round(each.remembered, 4),
            "share": round(each.share, 4),
            "done": each.done,
            "alone": each.alone,
            "helped": each.done - each.alone - each.shown,
            "shown": each.shown,
            "days": each.days,
            "last": f"{each.last:%Y-%m-%dT%H:%M:%SZ}",
        }
        for name, each in pupil.masteries().items()
        for subject in (known.get(name),)
    ]
    return {
        "hinterland": "progress",
        "schema": SCHEMA_VERSION,
        "pupil": pupil.name,
        "now": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "clock": pupil.clock_note or None,
        "streak": {
            "days": streak.days,
            "current": streak.current,
            "longest": streak.longest,
        },
        "days": {str(day): count for day, count in sorted(pupil.days().items())},
        "exercises": {
            "met": len(pupil.cards),
            "finished": len(pupil.history()),
            "due_by_day": {str(day): count for day, count in sorted(coming.items())},
        },
        "objectives": objectives,
    }
