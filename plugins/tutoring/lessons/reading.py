"""Reads a lesson's file, and says in which line it cannot be understood.

A file is text that somebody typed: nothing in it is run, and what is not understood is an error with
its line, never left out. docs/lessons.md has the format.
"""

from __future__ import annotations

import difflib
import re
import stat
from pathlib import Path

import msgspec

from hinterland.plugins.tutoring.lessons.exercise_lines import exercises
from hinterland.plugins.tutoring.lessons.lesson import Lesson
from hinterland.plugins.tutoring.lessons.lines import Line, lines_of
from hinterland.plugins.tutoring.lessons.trouble import NAME, LessonError, spoiled
from hinterland.text import clean_line

LARGEST = 16_000_000  # bytes of a file
_KEYS = ("id", "title", "subject", "topic", "level", "language", "needs", "status", "source")
_SECTIONS = ("Explanation", "Example", "Passage", "Exercises")
_NEEDED_KEYS = ("id", "title", "subject", "level", "language")
_NEEDED_SECTIONS = ("Explanation", "Exercises")
_HIGHEST_LEVEL = 20
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class _Header(msgspec.Struct):
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    """Where each of the values stands."""
    objectives: dict[str, str] = {}
    sources: list[str] = []
    needs: list[str] = []


def read(file: Path) -> Lesson:
    """Return the lesson in a file; raises LessonError."""
    try:
        state = file.stat()
        if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)):  # they may never end
            raise LessonError(
                f"The lesson {clean_line(str(file))} is a pipe or a device.",
                "A lesson is a file.",
            )
        if (size := state.st_size) > LARGEST:
            raise LessonError(
                f"The lesson {clean_line(str(file))} is too large ({size:,} bytes).",
                f"It may have {LARGEST:,}; cut it into several lessons.",
            )
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise spoiled(file, _line_of(file, error.start), "it is not UTF-8 text") from error
    except OSError as error:
        raise LessonError(
            f"The lesson {clean_line(str(file))} cannot be read: {error.strerror or error}.",
            "Are its name and permissions right?",
        ) from error
    return parse(text, file)


def parse(text: str, file: Path) -> Lesson:
    """Return the lesson that a text is; `file` is what errors name. Raises LessonError."""
    if "\0" in text:
        raise spoiled(file, text[: text.index("\0")].count("\n") + 1, "it is not a text")
    lines = list(lines_of(text))
    header, rest = _header(lines, file)
    sections = _sections(rest, file)
    known = header.values
    lesson_id = known["id"]
    return Lesson(
        id=lesson_id,
        title=known["title"],
        subject=known["subject"],
        topic=known.get("topic", known["subject"]),
        level=int(known["level"]),
        language=known["language"],
        objectives=header.objectives,
        explanation=_text(sections["Explanation"]),
        example=_text(sections.get("Example", [])),
        passage=_text(sections.get("Passage", [])),
        exercises=exercises(sections["Exercises"], lesson_id, header.objectives, file),
        needs=tuple(header.needs),
        draft=known.get("status", "") == "draft",
        sources=tuple(header.sources),
        file=file,
    )


def _header(lines: list[Line], file: Path) -> tuple[_Header, list[Line]]:
    if not lines or lines[0].text.strip() != "---":
        raise spoiled(file, 1, "it does not begin with a header between two lines of ---")
    header = _Header()
    for at, line in enumerate(lines[1:], 1):
        if line.text.strip() == "---":
            _check_header(header, file, line.number)
            return header, lines[at + 1 :]
        if not line.text.strip():
            continue
        key, colon, value = line.text.partition(":")
        key, value = key.strip(), " ".join(value.split())
        if not colon or not value:
            raise spoiled(file, line.number, "a line of the header is not `key: value`")
        _take(header, key, value, file, line.number)
    raise spoiled(file, len(lines), "its header has no closing ---")


def _take(header: _Header, key: str, value: str, file: Path, number: int) -> None:
    if key.startswith("objective "):
        name = key.removeprefix("objective ").strip()
        if not NAME.fullmatch(name):
            raise spoiled(file, number, f"{name!r} cannot be the name of an objective")
        if name in header.objectives:
            raise spoiled(file, number, f"the objective {name} is there twice")
        header.objectives[name] = value
    elif key == "source":
        header.sources.append(value)
    elif key == "needs":
        header.needs += [each.strip() for each in value.split(",") if each.strip()]
    elif key not in _KEYS:
        raise spoiled(file, number, f"the header has no key {key!r}", near(key, _KEYS))
    elif key in header.values:
        raise spoiled(file, number, f"the header has {key} twice")
    else:
        header.values[key] = value
        header.lines[key] = number


def _check_header(header: _Header, file: Path, number: int) -> None:
    values = header.values
    for key in _NEEDED_KEYS:
        if key not in values:
            raise spoiled(file, number, f"its header has no {key}")
    if not header.objectives:
        raise spoiled(file, number, "its header has no objective", "Add `objective NAME: text`.")
    if not NAME.fullmatch(values["id"]):
        raise spoiled(
            file,
            header.lines["id"],
            f"{values['id']!r} cannot be an id",
            "Use lower-case letters a to z, digits and hyphens.",
        )
    level = values["level"]
    # Python itself refuses to read thousands of digits.
    if not (len(level) < 10 and level.isdecimal() and 1 <= int(level) <= _HIGHEST_LEVEL):
        raise spoiled(
            file, header.lines["level"], f"its level is not a number from 1 to {_HIGHEST_LEVEL}"
        )
    if not _LANGUAGE.fullmatch(values["language"]):
        raise spoiled(
            file,
            header.lines["language"],
            f"{values['language']!r} is no code of a language",
            "Such as en or fr.",
        )
    if values.get("status", "draft") != "draft":
        raise spoiled(
            file,
            header.lines["status"],
            f"{values['status']!r} is no status",
            "Write draft, or leave it out.",
        )


def _sections(lines: list[Line], file: Path) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    current: list[Line] | None = None
    for line in lines:
        if not line.is_code and line.text.startswith("# "):
            name = line.text[2:].strip().capitalize()
            if name not in _SECTIONS:
                raise spoiled(
                    file,
                    line.number,
                    f"there is no section {line.text[2:].strip()!r}",
                    near(name, _SECTIONS),
                )
            if name in found:
                raise spoiled(file, line.number, f"the section {name} is there twice")
            current = found[name] = []
        elif current is not None:
            current.append(line)
        elif line.text.strip():
            raise spoiled(file, line.number, "there is text before the first section")
    last = lines[-1].number if lines else 1
    for name in _NEEDED_SECTIONS:
        if name not in found:
            raise spoiled(file, last, f"it has no section `# {name}`")
    return found


def near(name: str, known: tuple[str, ...]) -> str:
    """Return a hint that names what was perhaps meant."""
    if close := difflib.get_close_matches(name, known, 1):
        return f"Did you mean {close[0]}?"
    return f"There are: {', '.join(known)}."


def _text(lines: list[Line]) -> str:
    return "\n".join(line.text.rstrip() for line in lines).strip("\n")


def _line_of(file: Path, byte: int) -> int:
    return file.read_bytes()[:byte].count(b"\n") + 1
