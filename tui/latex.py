r"""Where mathematics begins and ends in Markdown, and Markdown that is still being written.

`\(…\)`, `\[…\]`, `$…$`, `$$…$$` and environments. A dollar may be a price: between two single ones
there must be something that only mathematics has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from hinterland.tui.mathematics import shown, shown_block

__all__ = ["Block", "Inline", "block", "closed", "inline", "shown_block"]

_CLOSING = {r"\(": r"\)", r"\[": r"\]", "$$": "$$"}
_LONGEST_INLINE = 1_000
"""Characters within which inline mathematics has to end."""
_MOST_LINES = 200
"""Lines within which a block of mathematics has to end."""
_SIGNS = re.compile(
    r"[\\^_=<>]|\d\s*[+*/-]\s*\d?|[+*/]|^\s*-?\s*\d*[a-zA-Z]['′]?\s*$|^[a-zA-Z]\([a-zA-Z]"
)
"""What prose and prices do not have: commands, scripts, relations; or it is one variable."""
_ENVIRONMENT = re.compile(r"\\begin\{([a-zA-Z]+\*?)\}")
_UNFINISHED_COMMAND = re.compile(r"\\[a-zA-Z]*$")
_JUST_BEGUN = re.compile(r"(?:^|[\s(])(\*{1,3})$")
_EMPHASIS = re.compile(r"(?:^|[\s(])\*[^\s*][^*\n]*$")
_UNFINISHED_LINK = re.compile(r"\[[^\[\]\n]*\]\([^()\s]*$")


@dataclass(frozen=True)
class Inline:
    shown: str
    end: int
    """Where the text goes on."""


@dataclass(frozen=True)
class Block:
    latex: str
    end: int
    """The line where the text goes on."""


def inline(text: str, start: int) -> Inline | None:
    """Return the mathematics that begins at `start`, if any does."""
    if text[start] not in "\\$":
        return None
    opening = text[start : start + 2]
    closing = _CLOSING.get(opening)
    if closing is None:
        return _between_dollars(text, start) if text[start] == "$" else None
    end = text.find(closing, start + 2, start + _LONGEST_INLINE)
    if end < 0:
        return None
    inside = text[start + 2 : end]
    if not inside.strip() or (opening != "$$" and not _is_mathematics(inside, opening)):
        return None  # an escaped bracket
    return Inline(shown(inside), end + 2)


def _between_dollars(text: str, start: int) -> Inline | None:
    if start and (text[start - 1].isalnum() or text[start - 1] in "\\$"):
        return None
    end = text.find("$", start + 1, start + _LONGEST_INLINE)
    inside = text[start + 1 : end]
    if end < 0 or not inside or inside[0].isspace() or inside[-1].isspace() or "\n" in inside:
        return None
    if text[end + 1 : end + 2].isalnum() or not _SIGNS.search(inside) or "`" in inside:
        return None
    return Inline(shown(inside), end + 1)


def _is_mathematics(inside: str, opening: str) -> bool:
    r"""Whether it is not `\(words\)` in brackets, or `\[1\]`, a reference."""
    if _SIGNS.search(inside):
        return True
    return opening == r"\(" and not re.search(r"[a-zA-Z]{3}", inside)


def block(line: Callable[[int], str], start: int, last: int) -> Block | None:
    """Return the block of mathematics that begins with line `start`, if one does."""
    first = line(start)
    opening = first[:2]
    if environment := _ENVIRONMENT.match(first):
        opening, closing = "", f"\\end{{{environment[1]}}}"
    elif opening in ("$$", r"\["):
        closing = _CLOSING[opening]
    else:
        return None
    found = [first[len(opening) :]]
    number = start
    while closing not in found[-1]:
        number += 1
        if number >= min(last, start + _MOST_LINES):
            return None
        found.append(line(number))
    inside, behind = "\n".join(found).rsplit(closing, 1)
    if behind.strip(" \t.,;"):
        return None  # a paragraph that begins with mathematics
    return Block(inside + (behind.strip() if opening else closing), number + 1)


def closed(text: str) -> str:
    """Return Markdown that is still being written as if what it has begun ended here.

    Otherwise its marks would be shown until their other halves come, and then vanish.
    """
    if "```" in text or "~~~" in text:
        return text
    for opening, closing in _CLOSING.items():
        alike = opening == closing
        if text.count(opening) % 2 if alike else text.rfind(opening) > text.rfind(closing):
            begun = _UNFINISHED_COMMAND.sub("", text).rstrip()
            if begun.endswith(opening):
                return begun.removesuffix(opening)
            return begun + (f" {closing}" if opening == r"\(" else f"\n{closing}")
    if text.endswith("\\"):
        return text[:-1]
    end = text[text.rfind("\n\n") + 1 :]
    if _UNFINISHED_LINK.search(end):
        return f"{text})"
    if end.count("`") % 2:
        return text.rstrip("`") if end.endswith("`") else f"{text}`"
    if marks := _JUST_BEGUN.search(end):
        return text[: len(text) - len(marks[1])]
    if end.count("**") % 2:
        return f"{text.rstrip('* ')}**"
    if _EMPHASIS.search(end):
        return f"{text.rstrip()}*"
    return text
