"""A case as a file or a script tells it: a JSON object of facts by name."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules.case import Case, Origin, told
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary
from hinterland.text import clean_line

LARGEST = 100_000  # bytes
_NAMED = re.compile(r'"\s*:')
_EXAMPLE = 'Such as {"age": "2 years", "cough": "yes", "breaths_per_minute": 44}.'


def read(where: str, vocabulary: Vocabulary) -> Case:
    """Return the case in a file, or on standard input where it is called `-`.

    Raises InputError for what cannot be read, is no JSON object of facts, tells a fact twice or
    tells what cannot be.
    """
    data = _bytes(where)
    if len(data) > LARGEST:
        raise InputError("The case is too long.", f"It may have {LARGEST:,} bytes.")
    try:
        facts = _facts(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError("The case is not UTF-8 text.", "Save it as UTF-8.") from error
    except RecursionError as error:
        raise InputError("The case is nested too deeply.", _EXAMPLE) from error
    if not isinstance(facts, dict):
        raise InputError("The case is not a JSON object.", _EXAMPLE)
    return told(vocabulary, facts, Origin.FILE)


def _facts(text: str) -> object:
    """Return what JSON says; raises InputError, and RecursionError."""
    with suppress(msgspec.DecodeError):
        facts = msgspec.json.decode(text)
        # As many names as there are colons behind a quote: then no name is there twice.
        if isinstance(facts, dict) and len(_NAMED.findall(text)) == len(facts):
            return facts
    import json

    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise InputError(
            f"The case is not JSON: {error.msg} in line {error.lineno}.", _EXAMPLE
        ) from error


def text(where: str) -> str:
    """Return free words, or those on standard input where they are `-`; raises InputError."""
    if where != "-":
        return where
    try:
        return sys.stdin.buffer.read(LARGEST).decode()
    except UnicodeDecodeError as error:
        raise InputError("Standard input is not UTF-8 text.", "Convert it first.") from error


def _bytes(where: str) -> bytes:
    if where == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        with Path(where).open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(
            f"The case {clean_line(where)} cannot be read: {error.strerror or error}.",
            "Is the name right?",
        ) from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InputError(
                f"The case tells {clean_line(name, 60)} twice.", "Which one is true? Leave one."
            )
        found[name] = value
    return found
