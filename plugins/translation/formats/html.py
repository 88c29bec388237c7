"""Web pages: the texts between tags, and the attributes that are read out or shown.

The page is read by its own tags, as it is written; all that is not a translated text stays byte
for byte, entities and errors included.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from hinterland.errors import InputError
from hinterland.plugins.languages.table import known_code
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.html_places import Place, places
from hinterland.plugins.translation.formats.html_tokens import Kind, attributes, tokens
from hinterland.plugins.translation.units import Code, Parts, Unit
from hinterland.text import clean_line

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(rb"""(?i)<meta[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)""")
_XML = re.compile(rb"""\s*<\?xml[^>]*?(?:encoding\s*=\s*["']([\w.:-]+)["'][^>]*)?\?>""")
_CHARSET_WITHIN = 4096  # bytes; browsers look at 1,024
_HTML_WITHIN = 1 << 16
# The Encoding Standard: these names are all taken for windows-1252.
_WESTERN = {"ascii", "us-ascii", "iso-8859-1", "iso8859-1", "latin1", "l1", "iso_8859-1"}


def open_document(data: bytes, form: str, wishes: Wishes) -> Page:
    """Return a page; raises InputError where its characters cannot be read."""
    return Page(data, wishes.target)


class Page:
    """An HTML or XHTML document."""

    def __init__(self, data: bytes, target: str = "", *, is_xml: bool = False) -> None:
        self._begin = 0
        for mark, charset in _BOMS:
            if data.startswith(mark):
                self._begin, self.charset = len(mark), charset
                break
        else:
            self.charset = _charset_of(data)
        self.data = data
        self.page = data[self._begin :].decode(self.charset, "surrogateescape")
        if data[self._begin :] != self.page.encode(self.charset, "surrogateescape"):
            raise InputError(f"The page is not in {self.charset}, as it says.", "Save it as UTF-8.")
        self.is_xml = (
            is_xml
            or _XML.match(data, self._begin) is not None
            or (
                b"http://www.w3.org/1999/xhtml" in data[:_CHARSET_WITHIN] and b"XHTML" in data[:200]
            )
        )
        self.target = target

    def places(self) -> Iterator[Place]:
        """Yield the texts."""
        return places(self.page, is_xml=self.is_xml)

    def located(self) -> Iterator[tuple[Place, Unit]]:
        """Yield the texts and their units; those of attributes within a text are not among them."""
        at = self._begin
        behind = 0
        line = 1
        for place in self.places():
            line += self.page.count("\n", behind, place.start)
            start = at + len(self.encoded(self.page[behind : place.start]))
            at = start + len(self.encoded(self.page[place.start : place.end]))
            line_here = line
            line += self.page.count("\n", place.start, place.end)
            behind = place.end
            yield place, _unit(place, start, at, line_here)

    def units(self) -> Iterator[Unit]:
        """Yield the texts; attributes within one come after it, and have no span of their own."""
        for place, unit in self.located():
            yield unit
            for inner in place.inner:
                yield _unit(inner, unit.end, unit.end, unit.note.removeprefix("line "))

    def writer(self, out: BinaryIO) -> _Writer:
        """Return what writes the page."""
        return _Writer(self, out)

    def encoded(self, text: str) -> bytes:
        """Return text of the page as its bytes."""
        return text.encode(self.charset, "surrogateescape")

    def edits(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield what makes the page one in the target language: its places, and what comes there."""
        html = next(
            (
                token
                for token in tokens(self.page[:_HTML_WITHIN], is_xml=self.is_xml)
                if token.name == "html" and token.kind is Kind.OPEN
            ),
            None,
        )
        if html is None or not self.target:
            return
        language = known_code(self.target)
        wanted = {"lang": self.target}
        if self.is_xml:
            wanted["xml:lang"] = self.target
        said = {one.name: one for one in attributes(self.page, html)}
        if language is not None and (language.rtl or "dir" in said):
            wanted["dir"] = "rtl" if language.rtl else "ltr"
        found = []
        new = ""
        for name, value in wanted.items():
            if name in said:
                one = said[name]
                found.append((one.start, one.end, value if one.quote else f'"{value}"'))
            else:
                new += f' {name}="{value}"'
        after = html.start + 1 + len("html")
        for start, end, text in sorted([(after, after, new), *found]):
            before = self._begin + len(self.encoded(self.page[:start]))
            length = len(self.encoded(self.page[start:end]))
            yield before, before + length, self.encoded(text)


class _Writer:
    """Holds a text back until the attributes within it have come."""

    def __init__(self, page: Page, out: BinaryIO) -> None:
        self._page = page
        self._out = out
        self._at = 0
        self._located = page.located()
        self._held: tuple[Unit, Parts | None] | None = None
        self._inner: list[Parts | None] = []
        self._edits: list[tuple[int, int, bytes]] | None = None

    def put(self, unit: Unit, parts: Parts | None, *, doubtful: bool = False) -> None:
        """Take the translation of a unit."""
        parts = None if parts == unit.parts else parts
        if unit.start == unit.end:
            self._inner.append(parts)
            return
        self._finish_text()
        if unit.start < self._at:
            raise ValueError(f"units out of order: {unit.note}")
        self._held = unit, parts

    def close(self) -> None:
        """Write the last text and the rest."""
        self._finish_text()
        self._copy(len(self._page.data))

    def _finish_text(self) -> None:
        if self._held is None:
            return
        (unit, parts), inner = self._held, self._inner
        self._held, self._inner = None, []
        if parts is None and all(value is None for value in inner):
            return
        if self._edits is None:
            self._edits = list(self._page.edits())
        place = next(place for place, other in self._located if other.start == unit.start)
        values = [
            (one.start, one.end, self._value(one, new))
            for one, new in zip(place.inner, inner, strict=False)
            if new is not None
        ]
        self._copy(unit.start)
        if parts is None:
            text = self._patched(place.start, place.end, values)
        elif place.quote is not None:
            text = self._value(place, parts)
        else:
            text = self._text(place, parts, values)
        self._out.write(self._page.encoded(text))
        self._at = unit.end

    def _text(self, place: Place, parts: Parts, values: list[tuple[int, int, str]]) -> str:
        page = self._page.page
        tags = {}
        at = 0
        for start, end in place.tags:
            begin = at
            while at < len(values) and values[at][0] < end:
                at += 1
            if begin < at:
                tags[page[start:end]] = self._patched(start, end, values[begin:at])
        has_nbsp = "&nbsp;" in page[place.start : place.end]
        return "".join(
            tags.get(part.source, part.source)
            if isinstance(part, Code)
            else self._escaped(part, has_nbsp=has_nbsp)
            for part in parts
        )

    def _value(self, place: Place, parts: Parts) -> str:
        """Return the value of an attribute as it is written within its quotes."""
        has_nbsp = "&nbsp;" in self._page.page[place.start : place.end]
        text = "".join(
            part.source if isinstance(part, Code) else self._escaped(part, has_nbsp=has_nbsp)
            for part in parts
        )
        if place.quote == "'":
            return text.replace("'", "&#39;")
        text = text.replace('"', "&quot;")
        return text if place.quote else f'"{text}"'

    def _escaped(self, text: str, *, has_nbsp: bool) -> str:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if has_nbsp:
            text = text.replace("\u00a0", "&nbsp;")
        return text.encode(self._page.charset, "xmlcharrefreplace").decode(self._page.charset)

    def _patched(self, start: int, end: int, values: list[tuple[int, int, str]]) -> str:
        """Return a stretch of the page with other values of attributes."""
        pieces = []
        for value_start, value_end, text in values:
            pieces += [self._page.page[start:value_start], text]
            start = value_end
        return "".join([*pieces, self._page.page[start:end]])

    def _copy(self, end: int) -> None:
        data = memoryview(self._page.data)
        while self._edits and self._edits[0][0] < end:
            start, stop, new = self._edits.pop(0)
            if start >= self._at:
                self._out.write(data[self._at : start])
                self._out.write(new)
                self._at = stop
        if end > self._at:
            self._out.write(data[self._at : end])
            self._at = end


def _unit(place: Place, start: int, end: int, line: int | str) -> Unit:
    where = f"line {line}" + (f", {place.name}" if place.name else "")
    return Unit(parts=place.parts, start=start, end=end, note=where, context=place.name)


def _charset_of(data: bytes) -> str:
    found = _XML.match(data)
    name = found[1] if found and found[1] else None
    if name is None:
        meta = _CHARSET.search(data[:_CHARSET_WITHIN])
        name = meta[1] if meta else b"utf-8"
    charset = name.decode("ascii").lower()
    if charset in _WESTERN:
        return "windows-1252"
    if charset.startswith("utf-16"):
        return "utf-8"  # as browsers do: the page was read as ASCII to get here
    try:
        codec = codecs.lookup(charset)
        " ".encode(charset)
    except (LookupError, UnicodeError) as error:
        raise InputError(
            f"The page is in {clean_line(charset)}, an encoding that is not known.",
            "Save it as UTF-8.",
        ) from error
    return codec.name
