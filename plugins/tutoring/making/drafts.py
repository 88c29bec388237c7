"""A draft's file while a person goes through it: only what is changed changes in it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.errors import InputError
from hinterland.plugins.tutoring.lessons import Exercise
from hinterland.plugins.tutoring.lessons.lines import lines_of
from hinterland.plugins.tutoring.lessons.reading import LARGEST, parse, read
from hinterland.text import clean_line

_STATUS = re.compile(r"status\s*:\s*draft\s*")
_OBJECTIVE = re.compile(r"objective\s+([a-z0-9-]+)\s*:")


class DraftFile:
    """The file of a draft, and which of its exercises were accepted in the text they have now."""

    def __init__(self, file: Path) -> None:
        """Raises LessonError for a file that is no lesson, InputError for one that is no draft."""
        self.file = file
        lesson = read(file)
        if not lesson.draft:
            raise InputError(
                f"{clean_line(str(file))} is no draft: nothing in it waits to be accepted.",
                "A draft has a line `status: draft` in its header.",
            )
        self._text = file.read_bytes().decode("utf-8-sig")
        self.lesson = lesson
        self._accepted = self._recalled()

    @property
    def _memory(self) -> Path:
        return self.file.with_name(f".{self.file.name}.accepted")

    def _recalled(self) -> set[str]:
        try:
            if self._memory.stat().st_size > LARGEST:
                return set()
            return set(msgspec.json.decode(self._memory.read_bytes(), type=list[str]))
        except (OSError, msgspec.MsgspecError):
            return set()  # then everything is asked again

    def is_accepted(self, exercise: Exercise) -> bool:
        """Whether somebody accepted it in exactly this text."""
        return _print(self.text_of(exercise)) in self._accepted

    def accept(self, exercise: Exercise) -> None:
        """Note that somebody answers for an exercise; raises StorageError."""
        self._accepted.add(_print(self.text_of(exercise)))
        self._remember()

    def doubt(self, exercise: Exercise) -> None:
        """Take back that an exercise was accepted; raises StorageError."""
        self._accepted.discard(_print(self.text_of(exercise)))
        self._remember()

    def _remember(self) -> None:
        durable.replace_file(self._memory, msgspec.json.encode(sorted(self._accepted)))

    def text_of(self, exercise: Exercise) -> str:
        """Return an exercise as it stands in the file."""
        first, last = self._place(exercise)
        return "".join(self._lines()[first:last]).strip("\n") + "\n"

    def put(self, exercise: Exercise, text: str) -> None:
        """Put another text in the place of an exercise, "" to take it out.

        Raises LessonError where that is no exercise, StorageError where it cannot be written; then
        the file is as it was.
        """
        lines = self._lines()
        first, last = self._place(exercise)
        own = [f"{text.strip(chr(10))}\n\n"] if text.strip() else []
        self._write("".join([*lines[:first], *own, *lines[last:]]))

    def finished(self) -> str:
        """Return the lesson's text as it is without being a draft; objectives that no exercise is
        left for go."""
        used = {each.objective for each in self.lesson.exercises}
        lines = self._lines()
        end = next(at for at, each in enumerate(lines[1:], 1) if each.strip() == "---")
        header = [
            each
            for each in lines[1:end]
            if not _STATUS.fullmatch(each.strip())
            and not ((named := _OBJECTIVE.match(each.strip())) and named[1] not in used)
        ]
        return "".join([lines[0], *header, *lines[end:]])

    def forget(self) -> None:
        """Take away the note of what was accepted; raises StorageError."""
        durable.remove_file(self._memory)

    def _lines(self) -> list[str]:
        return self._text.splitlines(keepends=True)

    def _place(self, exercise: Exercise) -> tuple[int, int]:
        """Return the first line of an exercise, from 0, and the one behind its last."""
        first = exercise.line - 1
        for line in lines_of(self._text):
            if (
                line.number > exercise.line
                and not line.is_code
                and line.text.startswith(("# ", "## "))
            ):
                return first, line.number - 1
        return first, len(self._lines())

    def _write(self, text: str) -> None:
        lesson = parse(text, self.file)
        with durable.locked(self.file):
            durable.replace_file(self.file, text.encode())
        self._text, self.lesson = text, lesson


def _print(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
