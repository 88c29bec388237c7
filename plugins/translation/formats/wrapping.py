"""Whether the lines of a text are wrapped prose, and the same wrapping for other words.

A wrapped line ends where the next word did not fit; a line of verse, of a list or of an address
ends where its author wanted it to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hinterland.plugins.translation.formats.decoding import columns

_WIDEST = 130  # columns: who writes longer lines lets the screen wrap them
_NARROWEST = 30
_ENDS = frozenset(".!?:;…。！？：；।॥۔؟")
_QUOTES = "\"'”’»)]*_」』）"
_IDEOGRAPHIC = (
    "\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\uff00-\uff9f\U0001b000-\U0001b2ff\U00020000-\U0003ffff"
)
_BREAKABLE = re.compile(f"[{_IDEOGRAPHIC}]")
# Thai, Lao, Burmese and Khmer set no spaces between words either, but lines break between words.
_UNSPACED = re.compile(f"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff{_IDEOGRAPHIC}]")
_FIELD = re.compile(r"[^\W\d_][\w -]{0,30}:\s")  # Subject: and its like
_HYPHENED = re.compile(r"[^\W\d_]-\Z|\u00ad\Z")
# East Asian typesetting: these do not begin a line, and those do not end one.
_NOT_FIRST = frozenset(
    "、。，．：；？！）］｝」』】》〉〕’”…‥ー々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ・％"
)
_NOT_LAST = frozenset("（［｛「『【《〈〔‘“")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How the lines of a document are wrapped; `width` is 0 where they are not."""

    width: int = 0

    def joins(self, line: str, following: str) -> bool:
        """Whether a line ends only because it was full."""
        if not self.width:
            return False
        wide = columns(line)
        if wide > _WIDEST:
            return False
        if ends_sentence(line) and following[:1] in {"-", "–", "—", "―"}:
            return False
        if _FIELD.match(line) and _FIELD.match(following):
            return False
        if wide + 1 + columns(_first_word(following)) > self.width * 3 // 4:
            return True
        return following[:1].islower() and wide * 2 >= self.width


def wrapping_of(pairs: Iterable[tuple[str, str]]) -> Wrapping:
    """Return how a document is wrapped, from all its lines that have a line right below."""
    widths: dict[int, int] = {}
    count = ended = lower = cased = 0
    for line, following in pairs:
        wide = columns(line)
        if wide > _WIDEST:
            continue
        count += 1
        widths[wide] = widths.get(wide, 0) + 1
        ended += ends_sentence(line)
        first = following[:1]
        lower += first.islower()
        cased += first.islower() or first.isupper()
    if not count or ended * 2 > count or lower * 4 < cased:
        return Wrapping()
    width = _upper(widths, count)
    full = sum(many for wide, many in widths.items() if wide * 4 >= width * 3)
    return Wrapping(width) if width >= _NARROWEST and full * 3 >= count else Wrapping()


def _upper(widths: dict[int, int], count: int) -> int:
    """Return the width that 85 of 100 lines do not exceed: a table or two are wider."""
    seen = 0
    for wide in sorted(widths):
        seen += widths[wide]
        if seen * 100 >= count * 85:
            return wide
    return 0


def ends_sentence(line: str) -> bool:
    """Whether a line ends as a sentence does."""
    return line.rstrip(_QUOTES)[-1:] in _ENDS


def glue(line: str, following: str) -> str:
    """Return what parts two lines that are read as one."""
    last, first = line[-1:], following[:1]
    if last == "\u00ad" or (last == "-" and line[-2:-1].isalpha() and first.isalpha()):
        return ""
    return "" if is_unspaced(last) and is_unspaced(first) else " "


def is_unspaced(letter: str) -> bool:
    """Whether a character is of a script that sets no spaces between words."""
    return bool(_UNSPACED.match(letter))


def line_pieces(text: str) -> list[str]:
    """Return a text cut wherever a line may end; a space stands at the end of its piece."""
    pieces: list[str] = []
    for word in re.findall(r"[^ \t\r\n]+[ \t\r\n]*", text):
        if not _BREAKABLE.search(word):
            pieces.append(word)
            continue
        begin = 0
        for at in range(1, len(word)):
            if _may_part(word[at - 1], word[at]):
                pieces.append(word[begin:at])
                begin = at
        pieces.append(word[begin:])
    return pieces


def _may_part(before: str, after: str) -> bool:
    if not (_BREAKABLE.match(before) and _BREAKABLE.match(after)) or after.isspace():
        return False
    if before in _NOT_LAST or after in _NOT_FIRST:
        return False
    return unicodedata.category(after)[0] not in {"M", "P"}


def wrapped(
    text: str, width: int, first: int = 0, may_begin: Callable[[str], bool] = lambda _piece: True
) -> list[str]:
    """Return the lines of a text, none wider than `width` where its words allow that.

    `first` columns of the first line are taken; a line begins only with what `may_begin`, and none
    ends with a hyphen, which would join two words when it is read again.
    """
    lines: list[str] = []
    line, room = "", width - first
    for piece in line_pieces(text):
        bare = line.rstrip(" \t\r\n")
        full = columns(line) + columns(piece.rstrip()) > room
        if line and full and may_begin(piece) and not _HYPHENED.search(bare):
            lines.append(bare)
            line, room = "", width
        line += " ".join(piece.split()) + (" " if piece[-1:].isspace() else "")
    return [*lines, line.rstrip(" \t\r\n")]


def _first_word(text: str) -> str:
    word = text.split(None, 1)[0] if text.strip() else ""
    return word[:1] if is_unspaced(word[:1]) else word
