"""Sentences that were made elsewhere in English, in the language of the interface.

Errors are English wherever they are raised: the engine is another process, logs and journals hold
them, scripts read them. Where a person is told of one, it is found again among the messages of the
catalogue, the values in it taken out and put into the translation.
"""

from __future__ import annotations

import re
import string
from functools import cache
from typing import TYPE_CHECKING

from hinterland import remedies
from hinterland.language import catalogue

if TYPE_CHECKING:
    from gettext import NullTranslations

    from hinterland.errors import HinterlandError

_NUMBER = re.compile(r"\d{1,3}(,\d{3})+")
_LEAST_SAID = 6
"""Letters of a message besides its values: `{subject} is {what}.` could be any sentence."""
_DEPTH = 2
"""How often a value may be a sentence with values itself."""


def translated(sentence: str) -> str:
    """Return an English sentence in the language of the interface, as it is where that has none."""
    translations = catalogue()
    return sentence if translations is None else _translated(translations, sentence, _DEPTH)


def sentence(error: HinterlandError) -> str:
    """Return what an error says, and what its reader can do, in the language of the interface."""
    return f"{translated(error.message)} {remedies.of_error(translated(error.hint))}".strip()


def _translated(translations: NullTranslations, sentence: str, depth: int) -> str:
    if _NUMBER.fullmatch(sentence):
        return sentence.replace(",", "")  # some languages take the comma for a point
    known = translations.gettext(sentence) if sentence else ""
    if known != sentence or depth < 0:
        return known
    for literals, names, message in _messages(translations):
        if not all(literal in sentence for literal in literals):
            continue
        pattern = "(.*)".join(map(re.escape, literals))
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            values = [_value(translations, each, depth - 1) for each in found.groups()]
            return _filled(translations.gettext(message), dict(zip(names, values, strict=True)))
    return sentence


def _value(translations: NullTranslations, value: str, depth: int) -> str:
    """Return a value of a sentence. A single word is a name, such as that of a group, though there may be
    a heading of the same letters; several may be a sentence that the first one tells of."""
    if _NUMBER.fullmatch(value) or any(map(str.isspace, value)):
        return _translated(translations, value, depth)
    return value


@cache
def _messages(translations: NullTranslations) -> list[tuple[list[str], list[str], str]]:
    """Return the messages with values: what they say around them, the names of the values, and the
    message; those that say most themselves come first."""
    found = []
    messages: dict[object, str] = getattr(translations, "_catalog", {})
    for message in messages:
        if not isinstance(message, str) or "{" not in message:
            continue
        try:
            parts = list(string.Formatter().parse(message))
        except ValueError:  # braces that are only braces
            continue
        names = [name for _, name, _, _ in parts if name is not None]
        literals = [literal for literal, *_ in parts]
        if len(literals) == len(names):  # it ends with a value
            literals.append("")
        said = "".join(literals)
        if names and len(re.sub(r"\W", "", said)) >= _LEAST_SAID:
            found.append((len(said), literals, names, message))
    found.sort(key=lambda each: -each[0])
    return [each[1:] for each in found]


def _filled(message: str, values: dict[str, str]) -> str:
    """Return a message with values that are text already, whatever format it asks for."""
    return "".join(
        literal + (values.get(name, "") if name is not None else "")
        for literal, name, _, _ in string.Formatter().parse(message)
    )
