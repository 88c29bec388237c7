"""Words of a text as term bases compare them."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """Return a text without what terms are compared without: case, and ways to write a letter."""
    return unicodedata.normalize("NFC", text).casefold()


class Words:
    """How the words of a language are found."""

    def __init__(self, language: str) -> None:
        self.language = language

    def of(self, text: str) -> list[str]:
        """Return the words of a text in their order."""
        return _WORD.findall(folded(text))
