"""Units cut into sentences, and put together again.

White space, text without letters and mark-up at the ends of a sentence are kept aside: what a model
does not see it cannot lose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
import sentencex

from hinterland.plugins.languages import Language
from hinterland.plugins.languages.scripts import is_unspaced
from hinterland.plugins.translation.segments.protected import has_words
from hinterland.plugins.translation.units import Code, Kind, Parts, Unit

LONGEST = 1000
"""Characters of a segment; a longer sentence is cut where it hurts least."""
_STAND_IN = "\N{OBJECT REPLACEMENT CHARACTER}"
_PLAIN = {
    ord(each): " "
    for each in "\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
}
_BREAKS = (
    re.compile(r"[;:。；：．][”’»)\]]*\s*"),
    re.compile(r"[,،、，、؛]\s*|\s[–—-]\s"),
    re.compile(r"\s+|[་།]|\u200b"),
)
"""Where a sentence that is too long is cut, the best places first."""


class Segment(msgspec.Struct, frozen=True):
    """A sentence or so, and what stands around it in its unit."""

    parts: Parts
    """What is translated; its codes are codes of the unit."""
    before: Parts = ()
    after: Parts = ()


def cut(unit: Unit, language: Language) -> list[Segment]:
    """Return the segments of a unit; together they are the unit, but a unit without words has none.

    A code may open in one segment and close in another.
    """
    pieces = list(_pieces(unit, language))
    segments: list[Segment] = []
    aside: Parts = ()
    for piece in pieces:
        before, core, after = _edges(piece)
        if not has_words(core):
            aside = merged((*aside, *piece))
            continue
        if aside and segments:
            last = segments[-1]
            segments[-1] = Segment(last.parts, last.before, merged((*last.after, *aside)))
            aside = ()
        segments.append(Segment(core, merged((*aside, *before)), after))
        aside = ()
    if aside and segments:
        last = segments[-1]
        segments[-1] = Segment(last.parts, last.before, merged((*last.after, *aside)))
    return segments


def join(unit: Unit, segments: Sequence[Segment], translated: Sequence[Parts | None]) -> Parts:
    """Return the parts of a unit whose segments were translated; None keeps one as it stands.

    Between sentences stands the white space of the source, but for scripts that have none there, or
    need it where the source's script has none.
    """
    changed = [
        new is not None and new != segment.parts
        for segment, new in zip(segments, translated, strict=True)
    ]
    if not any(changed):
        return unit.parts
    whole: list[str | Code] = []
    gap_from = 0
    for at, (segment, new) in enumerate(zip(segments, translated, strict=True)):
        whole += segment.before
        core = segment.parts if new is None else new
        if at and (changed[at] or changed[at - 1]):
            _space(whole, gap_from, core)
        whole += core
        gap_from = len(whole)
        whole += segment.after
    return merged(whole)


def merged(parts: Sequence[str | Code]) -> Parts:
    """Return parts with texts that touch made one, and empty ones left out."""
    if len(parts) < 2 and all(parts):
        return tuple(parts)
    whole: list[str | Code] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if text := "".join(texts):
            whole.append(text)
        whole.append(part)
        texts.clear()
    if text := "".join(texts):
        whole.append(text)
    return tuple(whole)


def _space(whole: list[str | Code], gap_from: int, core: Parts) -> None:
    """Mend the gap between two sentences, `whole[gap_from:]`, of which `core` is the second."""
    left = next((part[-1] for part in reversed(whole[:gap_from]) if isinstance(part, str)), "")
    right = next((part[0] for part in core if isinstance(part, str)), "")
    gap = whole[gap_from:]
    if not left or not right or any(isinstance(part, Code) and part.is_space for part in gap):
        return
    texts = [part for part in gap if isinstance(part, str)]
    if not texts:
        if not is_unspaced(left) and not is_unspaced(right):
            whole.insert(_outside(whole, gap_from), " ")
    elif len(texts) == 1 and texts[0] == " " and is_unspaced(left) and is_unspaced(right):
        del whole[gap_from + gap.index(" ")]


def _outside(whole: list[str | Code], gap_from: int) -> int:
    """Return where in a gap of codes alone a space goes: after what closes, before what opens."""
    at = gap_from
    while at < len(whole) and getattr(whole[at], "kind", None) is not Kind.OPEN:
        at += 1
    return at


def _pieces(unit: Unit, language: Language) -> Iterator[list[str | Code]]:
    """Yield the sentences of a unit with the codes in them and all white space."""
    text, codes = _flat(unit.parts)
    if unit.whole and len(text) <= LONGEST:
        yield list(unit.parts)
        return
    start = 0
    at = 0
    for sentence in _sentences(text, language):
        for length in _lengths(sentence):
            end = start + length
            piece: list[str | Code] = []
            from_ = start
            while at < len(codes) and _belongs(codes[at], end, len(text)):
                place, code = codes[at]
                piece.append(text[from_:place])
                from_ = place + _width(code)
                piece.append(code)
                at += 1
            piece.append(text[from_:end])
            yield [part for part in piece if part != ""]
            start = end


def _sentences(text: str, language: Language) -> list[str]:
    """Return the sentences of a text, with plain spaces for other white space: sentencex 1.0 fails at
    a full stop behind some that UTF-8 writes in several bytes."""
    try:
        found: list[str] = sentencex.segment(language.base, text.translate(_PLAIN))
    except BaseException as error:  # what fails in its Rust is no Exception
        if type(error).__name__ != "PanicException":
            raise
        return [text]
    return found


def _belongs(placed: tuple[int, Code], end: int, last: int) -> bool:
    """Whether a code belongs before the end of a sentence: what opens there belongs behind it."""
    place, code = placed
    return place < end or (place == end and (code.kind is Kind.CLOSE or end == last))


def _width(code: Code) -> int:
    return 1 if code.kind is Kind.ALONE else 0


def _flat(parts: Parts) -> tuple[str, list[tuple[int, Code]]]:
    """Return a unit's text with stand-ins for the codes that stand alone, and the codes' places."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0], []
    text: list[str] = []
    codes: list[tuple[int, Code]] = []
    length = 0
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            length += len(part)
        else:
            codes.append((length, part))
            if _width(part):
                text.append(" " if part.is_space else _STAND_IN)
                length += 1
    return "".join(text), codes


def _lengths(sentence: str) -> Iterator[int]:
    """Yield the lengths of the pieces of a sentence: one, unless it is too long."""
    start = 0
    while len(sentence) - start > LONGEST:
        end = _break(sentence, start)
        yield end - start
        start = end
    yield len(sentence) - start


def _break(sentence: str, start: int) -> int:
    window = sentence[start : start + LONGEST]
    for pattern in _BREAKS:
        ends = [found.end() for found in pattern.finditer(window)]
        if ends and ends[-1] > LONGEST // 3:
            return start + ends[-1]
    return start + LONGEST


def _edges(piece: list[str | Code]) -> tuple[Parts, Parts, Parts]:
    """Return what stands before a sentence's words, the words with the codes among them, and what
    stands after them."""
    if len(piece) == 1 and isinstance(piece[0], str):  # nearly always
        text = piece[0]
        core = text.strip()
        at = text.find(core)
        return (
            (text[:at],) if at else (),
            (core,) if core else (),
            (text[at + len(core) :],) if at + len(core) < len(text) else (),
        )
    parts = list(_apart(piece))
    first, last = 0, len(parts)
    while first < last and _is_edge(parts, first, 1):
        first += 1
    while last > first and _is_edge(parts, last - 1, -1):
        last -= 1
    first, last = _balanced(parts, first, last)
    return merged(parts[:first]), merged(parts[first:last]), merged(parts[last:])


def _apart(piece: list[str | Code]) -> Iterator[str | Code]:
    """Yield parts with the white space around texts as parts of their own."""
    for part in piece:
        if isinstance(part, Code):
            yield part
            continue
        core = part.strip()
        at = part.find(core) if core else len(part)
        yield from filter(None, (part[:at], core, part[at + len(core) :]))


def _is_edge(parts: list[str | Code], at: int, step: int) -> bool:
    """Whether a part at an end of a sentence can be kept aside, were it not for its partner.

    A code that stands alone, such as code or an image, is taken for a word of the sentence where a
    space parts it from the rest, and for an anchor or a footnote's number where it touches the text.
    """
    part = parts[at]
    if isinstance(part, str):
        return part.isspace()
    if part.kind is not Kind.ALONE or part.is_space:
        return True
    beside = parts[at + step] if 0 <= at + step < len(parts) else " "
    if isinstance(beside, Code):
        return False
    return not beside.isspace() and not is_unspaced(beside[0 if step > 0 else -1])


def _balanced(parts: list[str | Code], first: int, last: int) -> tuple[int, int]:
    """Return the ends of a sentence moved out so far that no pair has only one code aside."""
    places: dict[int, list[int]] = {}
    for at, part in enumerate(parts):
        if isinstance(part, Code) and part.pair:
            places.setdefault(part.pair, []).append(at)
    moved = True
    while moved:
        moved = False
        for pair in places.values():
            inside = [first <= at < last for at in pair]
            if any(inside) and not all(inside):
                first, last = min(first, *pair), max(last, max(pair) + 1)
                moved = True
    return first, last
