"""What there is to learn, in the pupil's language where there is something."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.errors import InputError
from hinterland.plugins.tutoring.lessons import Lesson
from hinterland.plugins.tutoring.lessons.shelf import Shelf


class Topics:
    """The lessons of a shelf by their topics."""

    def __init__(self, shelf: Shelf, language: str) -> None:
        self._shelf = shelf
        self._language = language

    def lessons(self) -> Sequence[Lesson]:
        """Return the lessons in the pupil's language, all where there is none; raises InputError
        where there are no lessons at all."""
        found = self._shelf.lessons(self._language) or self._shelf.lessons()
        if not found:
            raise InputError(
                "There are no lessons.",
                "Put lesson files in the folder `lessons` of the data folder.",
            )
        return found

    def find(self, topic: str) -> Sequence[Lesson]:
        """Return the lessons that are meant by a name, all in one language; raises InputError."""
        try:
            return self._shelf.find(topic, self._language)
        except InputError:
            found = self._shelf.find(topic)
            return [each for each in found if each.language == found[0].language]

    def offered(self, among: Sequence[str]) -> Sequence[Lesson]:
        """Return the lessons of the topics that were offered, all where none of them is left."""
        lessons = self.lessons()
        return [each for each in lessons if each.topic in among] or lessons

    def chosen(self, text: str, offered: Sequence[str]) -> Sequence[Lesson]:
        """Return the lessons of a topic that was chosen by its number or its name; none where that
        says nothing."""
        text = text.strip()
        if text.isdecimal() and len(text) < 10:
            number = int(text)
            text = offered[number - 1] if 1 <= number <= len(offered) else ""
        if text in offered:
            return [each for each in self.lessons() if each.topic == text]
        try:
            return self.find(text) if text else ()
        except InputError:
            return ()


def names(lessons: Sequence[Lesson]) -> tuple[str, ...]:
    """Return the topics of lessons, each once."""
    return tuple(dict.fromkeys(each.topic for each in lessons))
