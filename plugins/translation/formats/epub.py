"""Books (EPUB 2 and 3): chapters, the tables of contents, and the title; other parts as packed.

A book is web pages in an archive with a list of them (EPUB 3.3, sections 4 and 5), so its chapters
are read as pages are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO
from urllib.parse import unquote

from hinterland.errors import InputError
from hinterland.plugins.languages.table import known_code
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.html import Page
from hinterland.plugins.translation.formats.html_places import Place, text_of_value
from hinterland.plugins.translation.formats.html_tokens import Kind, Token, attributes, tokens
from hinterland.plugins.translation.formats.string_values import is_text
from hinterland.plugins.translation.formats.zipped import Archive
from hinterland.plugins.translation.units import Parts, Unit, text_of

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTER = "application/xhtml+xml"
_CONTENTS = "application/x-dtbncx+xml"


def open_document(data: bytes, form: str, wishes: Wishes) -> Book:
    """Return a book; raises InputError where it is none, or is locked."""
    return Book(data, wishes.target)


class Book:
    """An EPUB."""

    def __init__(self, data: bytes, target: str) -> None:
        self.archive = Archive(data, "EPUB")
        self.target = target
        names = set(self.archive.names)
        self.package = self._root(names)
        self._chapters, self._contents = self._listed(names)
        if _ENCRYPTION in names:
            locked = self.archive.read(_ENCRYPTION).decode("utf-8", "replace")
            if any(posixpath.basename(name) in locked for name in self._chapters):
                raise InputError(
                    "This EPUB is locked (DRM).", "Only a copy without a lock can be translated."
                )

    def members(self) -> Iterator[tuple[str, Page]]:
        """Yield the parts that have texts, with their names in the archive."""
        for name in self._chapters:
            yield name, Page(self.archive.read(name), self.target, is_xml=True)
        for name in self._contents:
            yield name, _Labels(self.archive.read(name), self.target, {"text"})
        yield self.package, _Package(self.archive.read(self.package), self.target)

    def units(self) -> Iterator[Unit]:
        """Yield the texts of the chapters, then those of the contents, then the title."""
        for _name, unit in self.located():
            yield unit

    def located(self) -> Iterator[tuple[str, Unit]]:
        """Yield the units with the part that each is in; a span is a span of that part."""
        for name, page in self.members():
            for unit in page.units():
                where = f"{posixpath.basename(name)}, {unit.note}"
                yield (
                    name,
                    Unit(
                        parts=unit.parts,
                        start=unit.start,
                        end=unit.end,
                        context=unit.context,
                        note=where,
                    ),
                )

    def writer(self, out: BinaryIO) -> _Writer:
        """Return what writes the book."""
        return _Writer(self, out)

    def _root(self, names: set[str]) -> str:
        """Return the name of the list of all parts."""
        if _CONTAINER in names:
            container = self.archive.read(_CONTAINER).decode("utf-8", "replace")
            for token in tokens(container, is_xml=True):
                path = _said(container, token).get("full-path", "")
                if token.name == "rootfile" and path in names:
                    return path
        raise InputError("This is an archive, but no EPUB.", "Copy it again from where it came.")

    def _listed(self, names: set[str]) -> tuple[list[str], list[str]]:
        """Return the chapters, in reading order, and the old tables of contents."""
        listing = Page(self.archive.read(self.package), is_xml=True).page
        folder = posixpath.dirname(self.package)
        by_id: dict[str, tuple[str, str]] = {}
        spine = []
        for token in tokens(listing, is_xml=True):
            said = _said(listing, token)
            if token.name.split(":")[-1] == "item":
                path = posixpath.normpath(posixpath.join(folder, unquote(said.get("href", ""))))
                if path in names:
                    by_id[said.get("id", path)] = said.get("media-type", ""), path
            elif token.name.split(":")[-1] == "itemref":
                spine.append(said.get("idref", ""))
        ordered = dict.fromkeys([*(one for one in spine if one in by_id), *by_id])
        parts = [by_id[one] for one in ordered]
        return (
            list(dict.fromkeys(path for kind, path in parts if kind == _CHAPTER)),
            list(dict.fromkeys(path for kind, path in parts if kind == _CONTENTS)),
        )


class _Labels(Page):
    """A part of which only some elements have texts, such as the old table of contents."""

    def __init__(self, data: bytes, target: str, names: set[str]) -> None:
        super().__init__(data, target, is_xml=True)
        self._names = names

    def places(self) -> Iterator[Place]:
        """Yield what stands in those elements."""
        before: Token | None = None
        for token in tokens(self.page, is_xml=True):
            is_within = before is not None and before.name in self._names
            if token.kind is Kind.TEXT and is_within:
                raw = self.page[token.start : token.end]
                bare = raw.strip()
                parts = text_of_value(re.sub(r"\s+", " ", bare))
                if is_text(text_of(parts)):
                    start = token.start + raw.index(bare)
                    yield Place(start, start + len(bare), parts)
            before = token if token.kind is Kind.OPEN else None

    def edits(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield nothing: the language is said elsewhere."""
        yield from ()


class _Package(_Labels):
    """The list of all parts, which says the title and the language of the book."""

    def __init__(self, data: bytes, target: str) -> None:
        super().__init__(data, target, {"dc:title", "dc:description"})

    def final(self, data: bytes) -> bytes:
        """Return a list of parts that says the language of the translation."""
        if not self.target:
            return data
        language = rb"(<dc:language\b[^>]*>)[^<]*"
        data = re.sub(language, rb"\g<1>" + self.target.encode(), data, count=1)
        known = known_code(self.target)
        if known is not None and known.rtl:
            data = re.sub(rb'(<spine\b[^>]*?)\s+page-progression-direction="[^"]*"', rb"\1", data)
            data = re.sub(rb"<spine\b", b'<spine page-progression-direction="rtl"', data, count=1)
        return data


class _Writer:
    """Writes the parts one after the other, and the archive at the end."""

    def __init__(self, book: Book, out: BinaryIO) -> None:
        self._book = book
        self._out = out
        self._members = book.members()
        self._located = book.located()
        self._open: tuple[str, Page] | None = None
        self._written = BytesIO()
        self._page_writer = Page(b"").writer(self._written)
        self._changed: dict[str, bytes] = {}

    def put(self, unit: Unit, parts: Parts | None, *, doubtful: bool = False) -> None:
        """Take the translation of a unit."""
        name = next((name for name, other in self._located if other == unit), None)
        if name is None:
            raise ValueError(f"units out of order: {unit.note}")
        self._go_to(name)
        self._page_writer.put(unit, parts, doubtful=doubtful)

    def close(self) -> None:
        """Write the archive."""
        self._go_to(None)
        if self._changed:
            package = self._book.package
            data = self._changed.get(package) or self._book.archive.read(package)
            self._changed[package] = _Package(data, self._book.target).final(data)
        self._book.archive.write(self._out, self._changed)

    def _go_to(self, name: str | None) -> None:
        while self._open is None or self._open[0] != name:
            if self._open is not None:
                self._page_writer.close()
                written = self._written.getvalue()
                if written != self._open[1].data:
                    self._changed[self._open[0]] = written
            self._open = next(self._members, None)
            if self._open is None:
                return
            self._written = BytesIO()
            self._page_writer = self._open[1].writer(self._written)


def _said(page: str, token: Token) -> dict[str, str]:
    return {one.name: page[one.start : one.end] for one in attributes(page, token)}
