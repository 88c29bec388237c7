"""Catalogues of a program's messages (PO, POT): the `msgstr`s are filled in, in every plural form.

What somebody has translated stays; fuzzy entries are translated anew. Whatever is doubtful gets
the flag `fuzzy`, which keeps a message out of the compiled catalogue until somebody has looked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from hinterland.errors import InputError
from hinterland.plugins.translation.formats import gettext_header as header
from hinterland.plugins.translation.formats.decoding import has_letters
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.gettext_entries import Entry, Span, entries
from hinterland.plugins.translation.formats.gettext_messages import (
    directives,
    pieces,
    written,
)
from hinterland.plugins.translation.formats.plurals import Plurals, plurals_in, plurals_of
from hinterland.plugins.translation.units import Parts, Unit, text_of

_LINE = 77  # characters between the quotes: gettext's own tools end lines before column 80


def open_document(data: bytes, form: str, wishes: Wishes) -> Catalogue:
    """Return a catalogue; raises InputError, with the line, where it is broken."""
    return Catalogue(data, wishes)


class Catalogue:
    """A PO or POT file."""

    def __init__(self, data: bytes, wishes: Wishes) -> None:
        self.data = data
        self.target = wishes.target
        self._redo = wishes.redo
        self.begin = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        self.header: Entry | None = None
        has_translations = False
        for entry in entries(data, self.begin):
            if entry.is_header:
                self.header = self.header or entry
            elif not has_translations:
                has_translations = any(entry.forms.values()) and not entry.is_fuzzy
        told = header.fields(self.header)
        header.check_charset(told)
        of = header.language_of(told)
        self.is_foreign = bool(of and self.target) and header.base(of) != header.base(self.target)
        if self.is_foreign and has_translations and not self._redo:
            raise InputError(
                f"The catalogue is a translation into {of}, not into {self.target}.",
                "Give the template (.pot), or say --redo to replace its translations.",
            )
        said = None if self.is_foreign else plurals_in(told.get("plural-forms", ""))
        self.says_plurals = said is not None
        self.plurals: Plurals = said or plurals_of(self.target)

    def units(self) -> Iterator[Unit]:
        """Yield the messages; one of several paragraphs or columns is several units."""
        for entry in entries(self.data, self.begin):
            if entry.is_header or not entry.msgid:
                continue
            done = not self._redo and not entry.is_fuzzy and self._is_full(entry)
            texts = [entry.msgid] if entry.plural is None else self._sources(entry)
            context = "\n".join(filter(None, (entry.context, *entry.comments)))
            start = entry.start
            for text in dict.fromkeys(texts):
                for piece in pieces(text, entry.flags):
                    if piece.fixed:
                        continue
                    yield Unit(
                        parts=piece.parts,
                        start=start,
                        end=entry.end,
                        context=context,
                        note=f"line {entry.line}",
                        width=piece.width,
                        done=done,
                    )
                    start = entry.end  # the others have their place in the first one's span

    def writer(self, out: BinaryIO) -> _Writer:
        """Return what writes the catalogue with its `msgstr`s filled in."""
        return _Writer(self, out)

    def forms(self, entry: Entry, given: Sequence[Parts | None]) -> tuple[list[str], bool] | None:
        """Return the `msgstr`s of an entry, and whether somebody should look at them.

        `given` are the translations of its units, in their order. None where there are none.
        """
        if all(parts is None for parts in given):
            return None
        assert entry.msgid is not None
        sources = [entry.msgid] if entry.plural is None else self._sources(entry)
        translations = iter(given)
        doubtful = any(parts is None for parts in given)
        finished: dict[str, str] = {}
        for source in dict.fromkeys(sources):
            texts = []
            for piece in pieces(source, entry.flags):
                parts = None if piece.fixed else next(translations)
                texts.append(piece if parts is None else replace(piece, parts=parts))
            finished[source], in_order = written(texts, source, entry.flags)
            doubtful |= not in_order
        if entry.plural is not None:
            # Two texts cannot be right in three forms or more, nor in forms that nobody knows.
            doubtful |= len(sources) > 2 or not (self.says_plurals or self.plurals.known)
        return [finished[source] for source in sources], doubtful

    def _sources(self, entry: Entry) -> list[str]:
        """Return the text, `msgid` or `msgid_plural`, that each form is translated from."""
        assert entry.msgid is not None
        assert entry.plural is not None
        sources = []
        for numbers in self.plurals.numbers:
            is_singular = 1 in numbers and len(self.plurals.numbers) > 1
            if is_singular and numbers != (1,):  # "One file" is not for 21 of them
                is_singular = _arguments(entry.msgid) == _arguments(entry.plural)
            sources.append(entry.msgid if is_singular else entry.plural)
        return sources

    def _is_full(self, entry: Entry) -> bool:
        wanted = 1 if entry.plural is None else len(self.plurals.numbers)
        return len(entry.forms) >= wanted and all(entry.forms.values())


def _arguments(raw: str) -> int:
    return max(len(directives(raw)), len(re.findall(r"\{\w*\}", raw)))


class _Writer:
    """Collects the units of an entry, and writes the entry when they are all there."""

    def __init__(self, catalogue: Catalogue, out: BinaryIO) -> None:
        self._catalogue = catalogue
        self._out = out
        self._at = 0
        self._span = (0, 0)
        self._given: list[Parts | None] = []
        self._doubtful = False
        self._is_translated = False
        self._has_header = False
        self._wordless: list[tuple[Span, list[Parts | None]]] = []
        """Messages such as `%s: %d`, which are their own translation once there is any other."""

    def put(self, unit: Unit, parts: Parts | None, *, doubtful: bool = False) -> None:
        """Take a unit's translation; None leaves it untranslated, or as it was."""
        if unit.start < unit.end:
            self._finish_entry()
            if unit.start < self._span[1]:
                raise ValueError(f"units out of order: {unit.note}")
            self._span = (unit.start, unit.end)
        if unit.done:
            return
        self._is_translated |= parts is not None
        self._doubtful |= doubtful and parts is not None
        if parts is None and not has_letters(text_of(unit.parts)):
            parts = unit.parts
        self._given.append(parts)

    def close(self) -> None:
        """Write the last entry and the rest."""
        self._finish_entry()
        self._copy(len(self._catalogue.data))

    def _finish_entry(self) -> None:
        given, doubtful, is_translated = self._given, self._doubtful, self._is_translated
        self._given, self._doubtful, self._is_translated = [], False, False
        if is_translated:
            for span, wordless in self._wordless:
                self._write_entry(span, wordless, doubtful=False)
            self._wordless.clear()
        elif not given or None in given:
            return
        elif not self._has_header:
            self._wordless.append((self._span, given))
            return
        self._write_entry(self._span, given, doubtful=doubtful)

    def _write_entry(self, span: Span, given: list[Parts | None], *, doubtful: bool) -> None:
        start, end = span
        entry = next(entries(self._catalogue.data[start:end]))
        made = self._catalogue.forms(entry, given)
        if made is None:
            return
        self._finish_header()
        forms, is_unsure = made
        eol = b"\r\n" if entry.crlf or b"\r\n" in self._catalogue.data[start:end] else b"\n"
        self._flag(entry, start, eol, fuzzy=doubtful or is_unsure)
        self._copy(start + entry.forms_at)
        self._out.write(eol.join(_lines_of(entry, forms)))
        self._at = end

    def _flag(self, entry: Entry, start: int, eol: bytes, *, fuzzy: bool) -> None:
        """Write up to the first keyword, with the flags as they shall be."""
        lines = sorted(entry.flags_at + entry.previous_at)
        if fuzzy and not entry.is_fuzzy:
            self._copy(start + lines[0][0] if lines else start + entry.keyword_at)
            flags = [flag for flag in entry.flags if flag]
            self._out.write(b"#, " + ", ".join(["fuzzy", *flags]).encode() + eol)
            for flags_at in entry.flags_at:
                self._copy(start + flags_at[0])
                self._at = start + flags_at[1]
        elif entry.is_fuzzy:
            for number, (line_at, line_end) in enumerate(lines):
                self._copy(start + line_at)
                if number == 0:
                    flags = [flag for flag in entry.flags if flag and (fuzzy or flag != "fuzzy")]
                    if flags:
                        self._out.write(b"#, " + ", ".join(flags).encode() + eol)
                self._at = start + line_end

    def _finish_header(self) -> None:
        """Write the header with what a translation into this language needs."""
        if self._has_header:
            return
        self._has_header = True
        catalogue = self._catalogue
        if not catalogue.target:
            return
        plurals = "" if catalogue.says_plurals else catalogue.plurals.header
        if catalogue.header is None:
            self._copy(catalogue.begin)
            eol = b"\r\n" if b"\r\n" in catalogue.data[:4096] else b"\n"
            self._out.write(header.new(catalogue.target, plurals, eol))
            return
        start, end = catalogue.header.start, catalogue.header.end
        self._copy(start)
        self._out.write(
            header.filled(
                catalogue.data[start:end],
                catalogue.target,
                plurals,
                replace=catalogue.is_foreign,
            )
        )
        self._at = end

    def _copy(self, end: int) -> None:
        if end > self._at:
            self._out.write(memoryview(self._catalogue.data)[self._at : end])
            self._at = end


def _lines_of(entry: Entry, forms: Sequence[str]) -> Iterator[bytes]:
    for number, form in enumerate(forms):
        keyword = "msgstr " if entry.plural is None else f"msgstr[{number}] "
        lines = _broken(form)
        if len(lines) == 1 and len(keyword) + len(lines[0]) <= _LINE:
            yield f'{keyword}"{lines[0]}"'.encode()
            continue
        yield f'{keyword}""'.encode()
        yield from (f'"{line}"'.encode() for line in lines)


def _broken(text: str) -> list[str]:
    """Return a message with escapes as the lines that it is written in."""
    lines = []
    for line in re.findall(r"(?:[^\\]|\\[^n])*?\\n|(?:[^\\]|\\.)+", text) or [""]:
        at = 0
        while len(line) - at > _LINE:
            cut = line.rfind(" ", at, at + _LINE) + 1 or line.find(" ", at) + 1
            if not cut or cut == len(line):
                break
            lines.append(line[at:cut])
            at = cut
        lines.append(line[at:])
    return lines
