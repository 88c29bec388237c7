"""HTML as the tags and texts that it is written in, each with its place.

The stretches are those of the tokenizer in the HTML Living Standard (13.2.5), so that a broken
page is cut as browsers cut it; no tree is built, and nothing is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


def names(of_all: str) -> frozenset[str]:
    """Return names that are written with spaces between."""
    return frozenset(of_all.split())


VOID = names(
    "area base br col embed hr img input link meta param source track wbr basefont bgsound "
    "command frame keygen"
)
"""Elements without a content and an end tag."""

_RAW = names("script style xmp iframe noembed noframes textarea")
_ATTRIBUTE_VALUE = r"""=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+|)"""
_TAG = re.compile(rf"</?+([A-Za-z][^\s/>]*+)(?:[^>=]++|{_ATTRIBUTE_VALUE})*+>")
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_BOGUS = re.compile(r"<(?:[!?]|/[^A-Za-z>])[^>]*+>|</>")
_ATTRIBUTE = re.compile(
    r"""([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>][^\s>]*+)|))?"""
)


class Kind(Enum):
    """What a stretch of a page is."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    EMPTY = auto()  # an element that is but a tag
    OTHER = auto()  # comments and declarations; all of a script


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of a page. `tag_end` is where its first tag ends, if it has more than one."""

    kind: Kind
    start: int
    end: int
    name: str = ""
    tag_end: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a tag, and the place of its value within the quotes, which may be none."""

    name: str
    start: int
    end: int
    quote: str


def tokens(page: str, start: int = 0, *, is_xml: bool = False) -> Iterator[Token]:
    """Yield the stretches of a page; an unfinished tag at its end, which no browser shows, is OTHER."""
    at = text_at = start
    while True:
        at = page.find("<", at)
        if at < 0:
            break
        token = _token(page, at, is_xml=is_xml)
        if token is None:
            if page[at + 1 : at + 2].isalpha() or page.startswith(("</", "<!", "<?"), at):
                break  # unfinished
            at += 1
            continue
        if at > text_at:
            yield Token(Kind.TEXT, text_at, at)
        yield token
        at = text_at = token.end
        if token.kind is Kind.OPEN and token.name == "title":
            at = _end_of_raw(page, at, "title")
    if at >= 0:
        if at > text_at:
            yield Token(Kind.TEXT, text_at, at)
        yield Token(Kind.OTHER, at, len(page))
    elif text_at < len(page):
        yield Token(Kind.TEXT, text_at, len(page))


def attributes(page: str, token: Token) -> list[Attribute]:
    """Return the attributes of the first tag of a token, those named twice once."""
    found = []
    named = set()
    end = token.tag_end or token.end
    for attribute in _ATTRIBUTE.finditer(page, token.start + 1 + len(token.name), end):
        name = attribute[1].lower()
        if name in named:
            continue
        named.add(name)
        for group, quote in ((2, '"'), (3, "'"), (4, "")):
            if attribute[group] is not None:
                start, stop = attribute.span(group)
                found.append(Attribute(name, start, stop, quote))
    return found


def end_of_element(page: str, token: Token, *, is_xml: bool, far: int | None = None) -> int | None:
    """Return where the element that a token opens ends; None where it is not closed, or not
    within `far` characters."""
    depth = 0
    for following in tokens(page, token.start, is_xml=is_xml):
        if following.name == token.name:
            depth += (following.kind is Kind.OPEN) - (following.kind is Kind.CLOSE)
            if depth <= 0:
                return following.end
        if far is not None and following.end > token.end + far:
            return None
    return None


def _token(page: str, at: int, *, is_xml: bool) -> Token | None:
    found = _TAG.match(page, at)
    if found is None:
        for pattern in (_COMMENT, _CDATA) if is_xml or page.startswith("<!--", at) else ():
            other = pattern.match(page, at)
            if other:
                return Token(Kind.OTHER, at, other.end())
        if page.startswith("<!--", at):
            return None
        other = _BOGUS.match(page, at)
        return Token(Kind.OTHER, at, other.end()) if other else None
    name, end = found[1], found.end()
    name = name.lower() if name.isascii() else name  # ẞ and İ would change its length
    if page[at + 1] == "/":
        return Token(Kind.CLOSE, at, end, name)
    if name in VOID or (is_xml and page[end - 2] == "/"):
        return Token(Kind.EMPTY, at, end, name)
    if name in _RAW:
        whole = _end_of_raw(page, end, name)
        close = page.find(">", whole)
        return Token(Kind.OTHER, at, len(page) if close < 0 else close + 1, name, end)
    return Token(Kind.OPEN, at, end, name)


def _end_of_raw(page: str, at: int, name: str) -> int:
    """Return where the end tag of an element begins in which tags are not tags."""
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, at)
    return found.start() if found else len(page)
