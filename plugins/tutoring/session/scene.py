"""One act in the making: the place as it becomes, what is said, and what the record gets."""

from __future__ import annotations

from typing import Any

import msgspec

from hinterland.plugins.tutoring.lessons import Posed
from hinterland.plugins.tutoring.pupils.done import Done
from hinterland.plugins.tutoring.session.acts import Said, SaidKind
from hinterland.plugins.tutoring.session.place import Open, Place


class Scene:
    """Nothing of it counts until it is kept: an act that fails leaves everything as it was."""

    def __init__(self, place: Place, posed: Posed | None) -> None:
        self.place = place
        self.posed = posed
        """The exercise of `place.open`, its numbers in place."""
        self.said: list[Said] = []
        self.done: Done | None = None

    @property
    def open(self) -> Open | None:
        """The exercise that waits for an answer."""
        open_ = self.place.open
        return open_ if open_ is not None and not open_.revealed else None

    def say(self, kind: SaidKind, text: str) -> None:
        """Add a saying."""
        self.said.append(Said(kind, text))

    def change(self, **changes: Any) -> None:
        """Change the place."""
        self.place = msgspec.structs.replace(self.place, **changes)

    def change_open(self, **changes: Any) -> None:
        """Change the exercise that is open."""
        assert self.place.open is not None
        self.change(open=msgspec.structs.replace(self.place.open, **changes))

    def first_time(self, what: str) -> bool:
        """Whether something that is told once in a lesson is still to be told; then it is not any more."""
        if what in self.place.told:
            return False
        self.change(told=(*self.place.told, what))
        return True
