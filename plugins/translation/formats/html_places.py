"""Where a page has texts: the runs between its blocks, and the attributes that people read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hinterland.plugins.translation.formats.decoding import has_letters
from hinterland.plugins.translation.formats.html_tokens import (
    Attribute,
    Kind,
    Token,
    attributes,
    end_of_element,
    names,
    tokens,
)
from hinterland.plugins.translation.formats.string_values import is_text
from hinterland.plugins.translation.units import Code, Parts
from hinterland.plugins.translation.units import Kind as CodeKind

_INLINE = names(
    "a abbr acronym area audio b bdi bdo big br canvas cite code data del dfn em embed font i "
    "iframe img input ins kbd label map mark math meter nobr object output picture progress q rb "
    "rp rt rtc ruby s samp script small source span strike strong style sub sup svg textarea time "
    "track tt u var video wbr"
)
_OPAQUE = names("code kbd samp var tt svg math pre template")
"""Elements that are copied whole."""
_NO_WORDS = {"", "script", "style", "svg", "textarea", "iframe"}
"""Elements that are copied whole and are not part of a sentence at its ends; "" is a comment."""
_NOT_READ = names("script style link")
"""Elements whose attributes nobody reads."""
_READ = names(
    "alt title placeholder aria-label aria-description aria-placeholder aria-roledescription "
    "aria-valuetext"
)
_READ_OF = {
    "label": {"option", "optgroup", "track"},
    "summary": {"table"},
    "abbr": {"th"},
    "value": {"input"},
    "content": {"meta"},
}
_META = re.compile(
    r"(?:(?:og|twitter|dc|dcterms):?\.?)?(?:title|description|keywords|image:alt)", re.IGNORECASE
)
_BUTTONS = {"submit", "button", "reset"}
_SPACE = " \t\n\r\f"
_SPACES = re.compile(r"[ \t\n\r\f]+")
_UNREADABLE = re.compile(r"([\x00-\x1f\x7f-\x9f\ud800-\udfff]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A text of a page: where it is, and what a translator sees of it."""

    start: int
    end: int
    parts: Parts
    quote: str | None = None
    """What is around the value of an attribute; None for other texts."""
    name: str = ""
    """The name of the attribute."""
    tags: tuple[tuple[int, int], ...] = ()
    """Where the codes of a text stand."""
    inner: tuple[Place, ...] = ()
    """Attributes of these."""


def places(page: str, *, is_xml: bool) -> Iterator[Place]:
    """Yield the texts of a page in their order."""
    return _Walk(page, is_xml=is_xml).places()


def text_of_value(raw: str) -> Parts:
    """Return text as written in a page as people read it; characters that are no text are codes."""
    pieces = _UNREADABLE.split(html.unescape(raw))
    return tuple(Code(piece) if at % 2 else piece for at, piece in enumerate(pieces) if piece)


class _Walk:
    def __init__(self, page: str, *, is_xml: bool) -> None:
        self._page = page
        self._is_xml = is_xml
        self._run: list[Token] = []
        self._unclosed = 0
        self._last_close: dict[str, int] = {}

    def places(self) -> Iterator[Place]:
        at = 0
        stream = tokens(self._page, is_xml=self._is_xml)
        while (token := next(stream, None)) is not None:
            if token.start < at:
                continue  # within an element that is copied
            end = self._end_of_copied(token)
            if end:
                token = Token(Kind.OTHER, token.start, end, token.name, token.end)
                at = end
                if end - token.tag_end > _FAR:
                    stream = tokens(self._page, end, is_xml=self._is_xml)
            if token.kind is Kind.TEXT or not token.name or token.name in _INLINE:
                self._run.append(token)
                continue
            yield from self._finished()
            yield from self._attributes(token)
        yield from self._finished()

    def _end_of_copied(self, token: Token) -> int | None:
        """Return where an element ends that is copied as it is; None for the others."""
        if token.kind is not Kind.OPEN:
            return None
        if token.name not in _OPAQUE and not self._is_not_translated(token):
            return None
        # A page of tags that nothing closes must not be read to its end for each of them.
        if self._is_never_closed(token):
            return token.end
        far = None if self._unclosed < _MOST_UNCLOSED else _NEAR
        end = end_of_element(self._page, token, is_xml=self._is_xml, far=far)
        self._unclosed += end is None
        return end or token.end

    def _is_never_closed(self, token: Token) -> bool:
        if token.name not in self._last_close:
            closing = re.compile(re.escape(f"</{token.name}"), re.IGNORECASE)
            ends = [found.start() for found in closing.finditer(self._page, token.end)]
            self._last_close[token.name] = ends[-1] if ends else 0
        return self._last_close[token.name] < token.end

    def _is_not_translated(self, token: Token) -> bool:
        if "translate" not in self._page[token.start : token.tag_end or token.end].lower():
            return False
        said = {
            one.name: self._page[one.start : one.end].lower()
            for one in attributes(self._page, token)
        }
        return said.get("translate") == "no" or "notranslate" in said.get("class", "").split()

    def _attributes(self, token: Token) -> Iterator[Place]:
        """Yield the attributes of a tag that people read."""
        if token.kind not in {Kind.OPEN, Kind.EMPTY, Kind.OTHER} or token.name in {"", *_NOT_READ}:
            return
        if "=" not in self._page[token.start : token.tag_end or token.end]:
            return
        if self._is_not_translated(token):
            return
        found = attributes(self._page, token)
        for one in found:
            raw = self._page[one.start : one.end]
            if self._is_read(token, one, found) and is_text(html.unescape(raw)):
                yield Place(one.start, one.end, text_of_value(raw), one.quote, one.name)

    def _is_read(self, token: Token, one: Attribute, all_of_it: Sequence[Attribute]) -> bool:
        if one.name in _READ:
            return True
        if token.name not in _READ_OF.get(one.name, ()):
            return False
        said = {other.name: self._page[other.start : other.end].lower() for other in all_of_it}
        if one.name == "value":
            return said.get("type", "").strip() in _BUTTONS
        if one.name == "content":
            return bool(_META.fullmatch(said.get("name", said.get("property", "")).strip()))
        return True

    def _finished(self) -> Iterator[Place]:
        """Yield the texts of the run that ends here; an empty line within it parts two texts."""
        run, self._run = self._run, []
        begin = 0
        for number, token in enumerate(run):
            if token.name == "br" and self._is_second_break(run, number):
                yield from self._text(run[begin:number])
                begin = number
        yield from self._text(run[begin:])

    def _is_second_break(self, run: Sequence[Token], number: int) -> bool:
        for before in range(number - 1, -1, -1):
            token = run[before]
            if token.name == "br":
                return True
            if token.kind is not Kind.TEXT or self._shown(token).strip(_SPACE):
                return False
        return False

    def _shown(self, token: Token) -> str:
        return self._page[token.start : token.end]

    def _text(self, run: list[Token]) -> Iterator[Place]:
        pairs = _pairs(run)
        begin, end = self._trimmed(run, pairs)
        text = run[begin:end]
        if not any(
            token.kind is Kind.TEXT and has_letters(html.unescape(self._shown(token)))
            for token in text
        ):
            begin = end = len(run)
        for token in run[:begin]:
            yield from self._attributes(token)
        if begin < end:
            yield self._place(text, {one - begin: other - begin for one, other in pairs.items()})
        for token in run[end:]:
            yield from self._attributes(token)

    def _trimmed(self, run: list[Token], pairs: dict[int, int]) -> tuple[int, int]:
        """Return the numbers of the first token of a text and of the one behind its last: without
        white space and tags around it."""
        begin, end = 0, len(run)
        while begin < end:
            if self._is_outside(run[begin]) and begin not in pairs:
                begin += 1
            elif self._is_outside(run[end - 1]) and end - 1 not in pairs:
                end -= 1
            elif pairs.get(begin) == end - 1:
                begin, end = begin + 1, end - 1
            elif begin in pairs and self._is_empty(run[begin + 1 : pairs[begin]]):
                begin = pairs[begin] + 1
            else:
                break
        return begin, end

    def _is_outside(self, token: Token) -> bool:
        if token.kind is Kind.TEXT:
            return not self._shown(token).strip(_SPACE)
        return token.kind is not Kind.OTHER or token.name in _NO_WORDS

    def _is_empty(self, run: Sequence[Token]) -> bool:
        return all(self._is_outside(token) and token.kind is not Kind.OTHER for token in run)

    def _place(self, run: list[Token], pairs: dict[int, int]) -> Place:
        parts: list[str | Code] = []
        raw_text = ""
        numbers: dict[int, int] = {}
        start, end = run[0].start, run[-1].end
        for number, token in enumerate(run):
            shown = self._shown(token)
            if token.kind is Kind.TEXT:
                if number == 0:
                    start += len(shown) - len(shown := shown.lstrip(_SPACE))
                if number == len(run) - 1:
                    end -= len(shown) - len(shown := shown.rstrip(_SPACE))
                raw_text = _SPACES.sub(" ", shown)
                parts += text_of_value(raw_text)
                continue
            other = pairs.get(number)
            if other is None:
                parts.append(Code(shown, is_space=token.name == "br"))
            elif other > number:
                numbers[other] = pair = len(numbers) + 1
                parts.append(Code(shown, CodeKind.OPEN, pair))
            else:
                parts.append(Code(shown, CodeKind.CLOSE, numbers[number]))
        tags = [token for token in run if token.kind is not Kind.TEXT]
        return Place(
            start,
            end,
            tuple(parts),
            tags=tuple((tag.start, tag.end) for tag in tags),
            inner=tuple(place for tag in tags for place in self._attributes(tag)),
        )


_MOST_UNCLOSED, _NEAR = 20, 200  # tags, characters
_FAR = 1_000  # characters: further on, it is quicker to begin anew than to read what is copied


def _pairs(run: Sequence[Token]) -> dict[int, int]:
    """Return which tags of a run belong together, both ways; they are well nested."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for number, token in enumerate(run):
        if token.kind is Kind.OPEN:
            opened.append(number)
        elif token.kind is Kind.CLOSE:
            for depth in range(len(opened) - 1, -1, -1):
                if run[opened[depth]].name == token.name:
                    pairs[opened[depth]], pairs[number] = number, opened[depth]
                    del opened[depth:]
                    break
    return pairs
