"""Reads the exercises of a lesson: a prompt, then lines that say what the answer is and what helps."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hinterland.plugins.tutoring.lessons.lesson import (
    AnswerKind,
    Exercise,
    Form,
    Given,
    Mistake,
)
from hinterland.plugins.tutoring.lessons.lines import Line
from hinterland.plugins.tutoring.lessons.trouble import NAME, spoiled

_SEVERAL = ("given", "where", "answer", "option", "hint", "mistake", "step", "letters")
_ONCE = ("objective", "type", "form", "check", "quote", "sentence", "run")
_KEYS = (*_SEVERAL, *_ONCE)
_TEXTS = ("hint", "step", "mistake")
"""Keys whose value may have several lines; in others a line's end is a space."""
_FIELD = re.compile(r"- ([a-z]+):(?: (.*)|$)")
_KNOWN_FIELD = re.compile(rf"- ({'|'.join(_KEYS)}):(?: |$)")
_PARAMETER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.+)", re.DOTALL)


def exercises(
    lines: Sequence[Line], lesson: str, objectives: Mapping[str, str], file: Path
) -> tuple[Exercise, ...]:
    """Return the exercises in the lines of a section; raises LessonError."""
    found: dict[str, Exercise] = {}
    name, start, own = "", 0, list[Line]()
    for line in lines:
        if not line.is_code and line.text.startswith("## "):
            if name:
                found[name] = _Reader(f"{lesson}/{name}", start, objectives, file).read(own)
            name, start, own = line.text[3:].strip(), line.number, []
            if not NAME.fullmatch(name):
                raise spoiled(
                    file,
                    start,
                    f"{name!r} cannot be the name of an exercise",
                    "Use lower-case letters a to z, digits and hyphens.",
                )
            if name in found:
                first = found[name].line
                raise spoiled(
                    file, start, f"the exercise {name} is there twice, first in line {first}"
                )
        elif name:
            own.append(line)
        elif line.text.strip():
            raise spoiled(file, line.number, "there is text before the first exercise")
    if name:
        found[name] = _Reader(f"{lesson}/{name}", start, objectives, file).read(own)
    if not found:
        raise spoiled(file, start or 1, "it has no exercise", "An exercise begins with `## name`.")
    return tuple(found.values())


class _Reader:
    """Reads one exercise."""

    def __init__(
        self, exercise: str, start: int, objectives: Mapping[str, str], file: Path
    ) -> None:
        self._id = exercise
        self._name = exercise.rpartition("/")[2]
        self._start = start
        self._objectives = objectives
        self._file = file
        self._values: dict[str, list[tuple[int, str]]] = {}

    def read(self, lines: Sequence[Line]) -> Exercise:
        at = next(
            (
                at
                for at, line in enumerate(lines)
                if not line.is_code and _KNOWN_FIELD.match(line.text)
            ),
            len(lines),
        )
        prompt = "\n".join(line.text.rstrip() for line in lines[:at]).strip("\n")
        if not prompt.strip():
            raise spoiled(self._file, self._start, f"the exercise {self._name} asks nothing")
        self._take(lines[at:])
        kind = self._kind()
        answers = self._texts("answer")
        if not answers:
            raise spoiled(
                self._file,
                self._start,
                f"the exercise {self._name} has no answer",
                "Add a line `- answer: …`.",
            )
        options = self._texts("option")
        if bool(options) != (kind is AnswerKind.CHOICE):
            what = "has no options" if kind is AnswerKind.CHOICE else f"has options but is a {kind}"
            raise spoiled(self._file, self._start, f"the exercise {self._name} {what}")
        letters = tuple(
            each for text in self._texts("letters") for each in text.replace(",", " ").split()
        )
        if not letters and kind in {AnswerKind.EXPRESSION, AnswerKind.EQUATION}:
            letters = ("x",)
        return Exercise(
            id=self._id,
            objective=self._objective(),
            prompt=prompt,
            kind=kind,
            answers=answers,
            options=options,
            form=self._form(),
            letters=letters,
            hints=self._texts("hint"),
            mistakes=tuple(self._mistakes()),
            steps=self._texts("step"),
            check=self._one("check"),
            quote=self._one("quote"),
            sentence=self._one("sentence"),
            run=self._one("run") == "yes",
            given=tuple(self._given()),
            where=self._texts("where"),
            line=self._start,
        )

    def _take(self, lines: Sequence[Line]) -> None:
        key = ""
        for line in lines:
            text = line.text.rstrip()
            if not line.is_code and (field := _FIELD.match(text)):
                key, value = field[1], (field[2] or "").strip()
                if key not in _KEYS:
                    close = difflib.get_close_matches(key, _KEYS, 1)
                    hint = f"Did you mean {close[0]}?" if close else ""
                    raise spoiled(self._file, line.number, f"an exercise has no line {key!r}", hint)
                if key in _ONCE and key in self._values:
                    raise spoiled(
                        self._file, line.number, f"the exercise {self._name} has {key} twice"
                    )
                self._values.setdefault(key, []).append((line.number, value))
            elif key and text.startswith("  "):
                number, value = self._values[key][-1]
                joint = "\n" if key in _TEXTS else " "
                self._values[key][-1] = (number, f"{value}{joint}{text[2:]}".strip())
            elif text:
                raise spoiled(
                    self._file,
                    line.number,
                    "a line of an exercise is not `- key: value`",
                    "What follows a value in another line begins with two spaces.",
                )
        for key, values in self._values.items():
            for number, value in values:
                if not value:
                    raise spoiled(self._file, number, f"{key} is empty")

    def _texts(self, key: str) -> tuple[str, ...]:
        return tuple(value for _number, value in self._values.get(key, ()))

    def _one(self, key: str) -> str:
        return next(iter(self._texts(key)), "")

    def _line(self, key: str) -> int:
        return self._values[key][0][0]

    def _kind(self) -> AnswerKind:
        text = self._one("type")
        if not text:
            raise spoiled(
                self._file,
                self._start,
                f"the exercise {self._name} has no type",
                f"Add `- type:` and one of {', '.join(AnswerKind)}.",
            )
        try:
            return AnswerKind(text)
        except ValueError as error:
            raise spoiled(
                self._file,
                self._line("type"),
                f"{text!r} is no type of answer",
                f"There are: {', '.join(AnswerKind)}.",
            ) from error

    def _form(self) -> Form:
        text = self._one("form")
        try:
            return Form(text)
        except ValueError as error:
            raise spoiled(
                self._file,
                self._line("form"),
                f"{text!r} is no form",
                f"There are: {', '.join(filter(None, Form))}.",
            ) from error

    def _objective(self) -> str:
        name = self._one("objective")
        if not name and len(self._objectives) == 1:
            return next(iter(self._objectives))
        if name not in self._objectives:
            line = self._line("objective") if name else self._start
            what = f"{name!r} is no objective of the lesson" if name else "it names no objective"
            known = ", ".join(self._objectives)
            raise spoiled(
                self._file, line, f"exercise {self._name}: {what}", f"There are: {known}."
            )
        return name

    def _mistakes(self) -> list[Mistake]:
        found = []
        for number, value in self._values.get("mistake", ()):
            answer, bar, told = value.partition(" | ")
            if not bar or not answer.strip() or not told.strip():
                raise spoiled(
                    self._file, number, "a mistake is not `the answer | what to say about it`"
                )
            found.append(Mistake(answer.strip(), told.strip()))
        return found

    def _given(self) -> list[Given]:
        found: list[Given] = []
        for number, value in self._values.get("given", ()):
            parts = _PARAMETER.fullmatch(value)
            if parts is None:
                raise spoiled(
                    self._file, number, "a parameter is not `name = first..last` or `name = a | b`"
                )
            name, values = parts[1], parts[2].strip()
            if any(each.name == name for each in found):
                raise spoiled(self._file, number, f"the parameter {name} is there twice")
            first, dots, last = values.partition("..")
            if dots:
                found.append(Given(name, (), first.strip(), last.strip(), number))
            else:
                listed = tuple(each.strip() for each in values.split("|"))
                found.append(Given(name, listed, line=number))
        return found
