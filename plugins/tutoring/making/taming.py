"""Foreign text made fit for a lesson's file: it is shown as it is, and never read as a part of it.

A backslash before a sign is Markdown for the sign itself, so that is what takes a line its meaning.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from hinterland.text import clean

KEYS = (
    *("objective", "given", "where", "type", "answer", "option", "form", "letters", "check"),
    *("quote", "sentence", "run", "hint", "mistake", "step"),
)
"""What lines of an exercise begin with."""
_MEANT = re.compile(rf"(?m)^([ ]*)(##?(?=[ ]|$)|`{{3}}|~{{3}}|-(?=[ ](?:{'|'.join(KEYS)}):))")
_FENCE = re.compile(r"(?m)^[ \t]*(`{3,}|~{3,})")
_SIGN = re.compile(r"[\\*`<\[\]~|]|(?<![A-Za-z0-9_])_(?!_)|(?<!_)_(?![A-Za-z0-9_])|&(?=#?\w+;)")
_BEGINNING = re.compile(r"(?m)^[ ]*(\d*)([-+>=#]|(?<=\d)[.)](?=[ ]|$))")
_LONGEST_NAME = 48  # characters of an id


def line(text: str) -> str:
    """Return a text as one line, for a value or the header; "" stays ""."""
    return " ".join(clean(text).split())


def block(text: str) -> str:
    """Return a text of several lines in which no line is a heading, a fence, or a line of an exercise."""
    return _MEANT.sub(r"\1\\\2", _lines(text))


def inline(text: str) -> str:
    """Return plain text as Markdown that is shown as it is."""
    return _SIGN.sub(r"\\\g<0>", text)


def plain(text: str) -> str:
    """Return plain text of several lines as Markdown that is shown as it is."""
    return _BEGINNING.sub(r"\1\\\2", inline(_lines(text)))


def hint(text: str) -> str:
    """Return a text for a value that may have several lines: without empty ones."""
    return "\n".join(filter(None, map(line, block(text).splitlines())))


def code(text: str, language: str = "") -> str:
    """Return a text of several lines as a block of code that nothing in it can end."""
    lines = _lines(text)
    longest = max((len(found[1]) for found in _FENCE.finditer(lines)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{lines}\n{fence}"


def name(text: str, kind: str = "lesson") -> str:
    """Return what a lesson or an exercise may be called in a file; `kind` begins the name of a text
    in a script that cannot."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    found = "-".join(re.findall(r"[a-z0-9]+", letters))[:_LONGEST_NAME].strip("-")
    if found and sum(map(str.isalnum, letters[: 2 * _LONGEST_NAME])) < 1.5 * len(found):
        return found
    # Another script: its letters cannot be in a name, but the same text has the same one.
    return f"{kind}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:10]}"


def _lines(text: str) -> str:
    lines = clean(text).expandtabs(4).splitlines()
    return "\n".join(each.rstrip() for each in lines).strip("\n")
