"""TOML that people write, read in one place: whatever is wrong with it is one kind of error.

By itself tomllib raises RecursionError for `[[[[…`, ValueError for a number of 5,000 digits, and takes
gigabytes for a key of some ten thousand parts.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from hinterland.language import N_

_DEEPEST = 64
"""Levels of tables and lists: what goes on with the values may recurse, and tomlkit takes 100."""
_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"^[ \t]*+(?:{_PART}[ \t]*+\.[ \t]*+){{{_DEEPEST},}}", re.MULTILINE)
_DEEP = N_("Nested more than {most} levels deep (at line {line})")
_NOT_UTF8 = N_("It is not UTF-8 text (at line {line})")
_LONG = N_("A number has too many digits (at line {line})")
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{4000}")


def loads(text: str | bytes) -> dict[str, Any]:
    """Return what the TOML `text` says. Raises tomllib.TOMLDecodeError, and nothing else."""
    if isinstance(text, bytes):
        text = _decoded(text)
    if key := _LONG_KEY.search(text):
        raise _too_deep(text.count("\n", 0, key.start()) + 1)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise _too_deep(_densest_line(text)) from error
    except ValueError as error:
        number = _LONG_NUMBER.search(text)
        line = text.count("\n", 0, number.start() if number else 0) + 1
        raise tomllib.TOMLDecodeError(_LONG.format(line=line)) from error
    if _is_too_deep(found):
        raise _too_deep(_densest_line(text))
    return found


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise tomllib.TOMLDecodeError(_NOT_UTF8.format(line=line)) from error


def _is_too_deep(found: dict[str, Any]) -> bool:
    level: list[Any] = [found]
    for _ in range(_DEEPEST + 1):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return any(isinstance(value, dict | list) for value in level)


def _densest_line(text: str) -> int:
    """Return the line, from 1, that most likely goes deep: the parser does not tell which."""
    lines = text.split("\n")
    return 1 + max(range(len(lines)), key=lambda at: sum(map(lines[at].count, "[{.")))


def _too_deep(line: int) -> tomllib.TOMLDecodeError:
    return tomllib.TOMLDecodeError(_DEEP.format(most=_DEEPEST, line=line))


def tomllib_texts() -> None:
    """What tomllib says, for the catalogues."""
    N_("{what} (at line {line}, column {column})")
    N_("{what} (at end of document)")
    N_("Cannot declare {key} twice")
    N_("Cannot mutate immutable namespace {key}")
    N_("Cannot overwrite a value")
    N_("Cannot redefine namespace {key}")
    N_("Duplicate inline table key {key}")
    N_("Escaped character is not a Unicode scalar value")
    N_("Expected '=' after a key in a key/value pair")
    N_("Expected ']' at the end of a table declaration")
    N_("Expected ']]' at the end of an array declaration")
    N_('Expected "\'"')
    N_("Expected \"'''\"")
    N_("Expected newline or end of document after a statement")
    N_("Found invalid character {character}")
    N_("Illegal character {character}")
    N_("Invalid date or datetime")
    N_("Invalid hex value")
    N_("Invalid initial character for a key part")
    N_("Invalid statement")
    N_("Invalid value")
    N_("Unclosed array")
    N_("Unclosed inline table")
    N_("Unescaped '\\' in a string")
    N_("Unterminated string")
