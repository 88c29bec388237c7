"""Lines of right-to-left text in the order they are seen, for terminals that leave this to programs.

The Unicode Bidirectional Algorithm (UAX #9) without its explicit codes, which cleaning has replaced,
and Arabic letters in the forms they take beside each other. Characters keep their styles: that is why
it is done here and not by a library that takes and gives text. Imported when such text is shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_BEGINS = re.compile(r"\s*(•|▌|#+ |\d+[.)] )")
"""A line that begins a paragraph although none is empty above it: an item, a quotation, a heading."""
_COLUMNS = re.compile(r"\S {2,}\S|[│┃]")
"""A line of a table, whose columns stay where they are."""
_BETWEEN_COLUMNS = re.compile(r"( {2,}|[│┃])")
_MIRRORED = dict(zip("()[]{}<>«»‹›≤≥⟨⟩", ")(][}{><»«›‹≥≤⟩⟨", strict=True))
_OPENING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_NEUTRAL = ("B", "S", "WS", "ON")
_ZERO_WIDTH_JOINER, _ZERO_WIDTH_NON_JOINER = "\u200d", "\u200c"
_LAM = "\u0644"


def shape(
    strips: Sequence[Strip], width: int, gutter: int = 0, *, code: bool = False
) -> list[Strip]:
    """Return lines of one text in the order they are seen, at most `width` cells each.

    Lines of a right-to-left paragraph stand at the right, those of code and tables do not. The first
    `gutter` cells stay where they are.
    """
    shaped = []
    paragraph_is_rtl: bool | None = None
    for strip in strips:
        text = strip.text[gutter:]
        if not text.strip() or _BEGINS.match(text):
            paragraph_is_rtl = None
        if paragraph_is_rtl is None:
            paragraph_is_rtl = _first_strong_is_rtl(text)
        rtl = bool(paragraph_is_rtl) and not code and not _COLUMNS.search(text)
        shaped.append(_shaped(strip, width, gutter, rtl=rtl))
    return shaped


def visual(text: str, *, rtl: bool | None = None) -> str:
    """Return one line of text in the order it is seen; `rtl` is its paragraph's direction."""
    if rtl is None:
        rtl = bool(_first_strong_is_rtl(text))
    return "".join(cluster.text for cluster in _ordered(text, [None] * len(text), rtl=rtl))


@dataclass(slots=True)
class _Cluster:
    """A character with the marks upon it."""

    text: str
    level: int
    style: Style | None


def _shaped(strip: Strip, width: int, gutter: int, *, rtl: bool) -> Strip:
    if not rtl and strip.text.isascii():
        return strip
    characters = [(each, segment.style) for segment in strip for each in segment.text]
    text = "".join(each for each, _ in characters[gutter:])
    styles = [style for _, style in characters[gutter:]]
    segments = [Segment(each, style) for each, style in characters[:gutter]]
    clusters: list[_Cluster] = []
    if rtl:
        clusters = _ordered(text, styles, rtl=True)
    else:
        at = 0
        for part in _BETWEEN_COLUMNS.split(text):
            # A column has the direction of its own text; a line of words that of its paragraph.
            cell_is_rtl = part != text and bool(_first_strong_is_rtl(part))
            clusters += _ordered(part, styles[at : at + len(part)], rtl=cell_is_rtl)
            at += len(part)
    if rtl:
        room = width - gutter - sum(cell_len(cluster.text) for cluster in clusters)
        segments.append(Segment(" " * max(0, room)))
    segments += [Segment(cluster.text, cluster.style) for cluster in clusters]
    return Strip(Segment.simplify(segment for segment in segments if segment.text))


def _ordered(text: str, styles: Sequence[Style | None], *, rtl: bool) -> list[_Cluster]:
    levels = _levels(text, int(rtl))
    clusters: list[_Cluster] = []
    for character, level, style in zip(_joined(text), levels, styles, strict=True):
        if not character:  # it went into the ligature before it
            continue
        if clusters and _is_mark(character):
            clusters[-1].text += character
        else:
            shown = _MIRRORED.get(character, character) if level % 2 else character
            clusters.append(_Cluster(shown, level, style))
    if not clusters:
        return clusters
    highest = max(cluster.level for cluster in clusters)
    for level in range(highest, 0, -1):
        _reverse(clusters, level)
    return clusters


def _reverse(clusters: list[_Cluster], level: int) -> None:
    """Turn each run of at least this level round."""
    start = None
    for index in range(len(clusters) + 1):
        inside = index < len(clusters) and clusters[index].level >= level
        if inside and start is None:
            start = index
        elif not inside and start is not None:
            clusters[start:index] = clusters[start:index][::-1]
            start = None


def _is_mark(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("NSM", "BN")


def _first_strong_is_rtl(text: str) -> bool | None:
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return None


# The algorithm; the names are those of its rules.


def _levels(text: str, base: int) -> list[int]:
    kinds = [unicodedata.bidirectional(character) or "L" for character in text]
    own = "R" if base else "L"
    original = list(kinds)
    _resolve_weak(kinds, own)
    _resolve_brackets(text, kinds, own, original)
    _resolve_neutral(kinds, own)
    levels = [_level(kind, base) for kind in kinds]
    at_end = True
    for index in range(len(text) - 1, -1, -1):  # L1
        if original[index] in ("S", "B"):
            at_end = True
        elif original[index] not in ("WS", "BN"):
            at_end = False
        if at_end:
            levels[index] = base
    return levels


def _level(kind: str, base: int) -> int:
    """I1 and I2."""
    if base:
        return 1 if kind == "R" else 2
    return {"L": 0, "R": 1}.get(kind, 2)


def _resolve_weak(kinds: list[str], own: str) -> None:
    _resolve_marks_and_arabic(kinds, own)
    for index in range(1, len(kinds) - 1):  # W4
        before, kind, after = kinds[index - 1 : index + 2]
        if before == after and (
            (kind == "ES" and before == "EN") or (kind == "CS" and before in ("EN", "AN"))
        ):
            kinds[index] = before
    for start, end in _runs(kinds, ("ET",)):  # W5
        if "EN" in (kinds[start - 1] if start else "", kinds[end] if end < len(kinds) else ""):
            kinds[start:end] = ["EN"] * (end - start)
    strong = own
    for index, kind in enumerate(kinds):  # W6, W7
        if kind in ("ES", "ET", "CS"):
            kinds[index] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"


def _resolve_marks_and_arabic(kinds: list[str], own: str) -> None:
    previous = strong = own
    for index, kind in enumerate(kinds):  # W1, W2
        if kind in ("NSM", "BN"):
            kind = previous
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kind = "AN"
        kinds[index] = previous = kind
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]  # W3


def _resolve_brackets(text: str, kinds: list[str], own: str, original: Sequence[str]) -> None:
    """N0."""
    for start, end in _pairs(text, kinds):
        inside = {_as_strong(kind) for kind in kinds[start + 1 : end]}
        other = "L" if own == "R" else "R"
        if own in inside:
            found = own
        elif other in inside:
            before = (_as_strong(kind) for kind in reversed(kinds[:start]))
            found = next((kind for kind in before if kind), own)
        else:
            continue
        for at in (start, end):
            kinds[at] = found
            at += 1
            while at < len(kinds) and original[at] in ("NSM", "BN"):
                kinds[at] = found
                at += 1


def _pairs(text: str, kinds: Sequence[str]) -> list[tuple[int, int]]:
    open_ones: list[tuple[str, int]] = []
    pairs = []
    for index, character in enumerate(text):
        if kinds[index] != "ON":
            continue
        if character in _OPENING:
            open_ones.append((character, index))
        elif character in _CLOSING:
            for depth in range(len(open_ones) - 1, -1, -1):
                if open_ones[depth][0] == _CLOSING[character]:
                    pairs.append((open_ones[depth][1], index))
                    del open_ones[depth:]
                    break
    return sorted(pairs)


def _as_strong(kind: str) -> str:
    return {"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(kind, "")


def _resolve_neutral(kinds: list[str], own: str) -> None:
    """N1 and N2."""
    for start, end in _runs(kinds, _NEUTRAL):
        before = _as_strong(kinds[start - 1]) if start else own
        after = _as_strong(kinds[end]) if end < len(kinds) else own
        kinds[start:end] = [before if before == after else own] * (end - start)


def _runs(kinds: Sequence[str], of: Iterable[str]) -> list[tuple[int, int]]:
    runs = []
    start = None
    for index in range(len(kinds) + 1):
        inside = index < len(kinds) and kinds[index] in of
        if inside and start is None:
            start = index
        elif not inside and start is not None:
            runs.append((start, index))
            start = None
    return runs


# Arabic letters


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Return the characters that show a letter, or lam with an alef, isolated, initial and so on."""
    forms: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        form, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        name = "".join(chr(int(letter, 16)) for letter in letters)
        if form in ("<isolated>", "<initial>", "<medial>", "<final>") and (
            len(name) == 1
            or (len(name) == 2 and name[0] == _LAM and name[1] in "\u0622\u0623\u0625\u0627")
        ):
            forms.setdefault(name, {}).setdefault(form.strip("<>"), chr(code))
    return forms


def _joined(text: str) -> list[str]:
    """Return each character as it is shown beside the others; "" for one a ligature took in."""
    if not any("\u0600" <= character <= "\u08ff" for character in text):
        return list(text)
    forms = _forms()
    shown = list(text)
    letters = [index for index, each in enumerate(text) if unicodedata.bidirectional(each) != "NSM"]
    joins_on = False  # whether the letter before this one reaches for it
    skip = -1
    for place, index in enumerate(letters):
        character = text[index]
        if index == skip:
            continue
        known = forms.get(character, {})
        joins_after = "initial" in known
        following = text[letters[place + 1]] if place + 1 < len(letters) else ""
        ligature = forms.get(character + following) if following else None
        if ligature and letters[place + 1] == index + 1:
            shown[index] = ligature["final" if joins_on else "isolated"]
            shown[index + 1] = ""
            skip, joins_on = index + 1, False
            continue
        reaches = joins_after and _can_be_joined(following, forms)
        if known:
            form = {(0, 0): "isolated", (0, 1): "initial", (1, 0): "final", (1, 1): "medial"}[
                int(joins_on), int(reaches)
            ]
            shown[index] = known.get(form) or known.get("isolated") or character
        joins_on = reaches or character in (_ZERO_WIDTH_JOINER, "\u0640")
        if character == _ZERO_WIDTH_NON_JOINER:
            shown[index] = ""  # the forms of the letters beside it say all it says
    return shown


def _can_be_joined(character: str, forms: dict[str, dict[str, str]]) -> bool:
    if character in (_ZERO_WIDTH_JOINER, "\u0640"):
        return True
    return "final" in forms.get(character, {})
