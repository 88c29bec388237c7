"""A catalogue (PO) as its entries, each with the places in the file of what can change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hinterland.errors import InputError
from hinterland.text import clean_line

Span = tuple[int, int]

_STRING = rb'"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"'
_LINE = re.compile(
    rb"[ \t]*(?:(msgctxt|msgid_plural|msgid|msgstr(?:[ \t]*\[[ \t]*\d{1,3}[ \t]*\])?|domain)[ \t]*)?"
    rb"((?:" + _STRING + rb"[ \t]*)*)"
)
_STRINGS = re.compile(_STRING)
_FORM = re.compile(rb"\d+")


@dataclass(slots=True)
class Entry:
    """A message. Strings are as they are written, with their escapes, without their quotes."""

    start: int
    """Where its comments begin."""
    line: int = 0
    """Where its `msgid` is, from 1."""
    keyword_at: int = -1
    """Where its first keyword's line begins."""
    end: int = 0
    """Where the last line of its strings ends, before the end of line."""
    context: str | None = None
    msgid: str | None = None
    plural: str | None = None
    forms: dict[int, str] = field(default_factory=dict)
    """The `msgstr`s by number; a message without a plural has number 0."""
    forms_at: int = -1
    """Where the line of its first `msgstr` begins."""
    comments: list[str] = field(default_factory=list)
    """What people and programs told translators about it."""
    flags: list[str] = field(default_factory=list)
    flags_at: list[Span] = field(default_factory=list)
    """Whole lines with their ends, as are those of `previous_at`."""
    previous_at: list[Span] = field(default_factory=list)
    crlf: bool = False

    @property
    def is_header(self) -> bool:
        """Whether it tells of the catalogue itself."""
        return self.msgid == "" and self.context is None

    @property
    def is_fuzzy(self) -> bool:
        """Whether its translation waits for somebody to look at it."""
        return "fuzzy" in self.flags


def entries(data: bytes, start: int = 0, line: int = 1) -> Iterator[Entry]:
    """Yield the entries from an offset on, which is at the beginning of the line so numbered.

    Obsolete ones (`#~`) are none. Raises InputError, with the line, where it is no catalogue.
    """
    return _Reader(data, start, line).read()


class _Reader:
    def __init__(self, data: bytes, start: int, line: int) -> None:
        self._data = data
        self._at = start
        self._line = line - 1
        self._entry: Entry | None = None
        self._strings: list[str] = []
        self._keyword = b""

    def read(self) -> Iterator[Entry]:
        data = self._data
        while self._at < len(data):
            start = self._at
            stop = data.find(b"\n", start)
            self._at = len(data) if stop < 0 else stop + 1
            end = len(data) if stop < 0 else stop
            crlf = data[end - 1 : end] == b"\r" and end > start
            end -= crlf
            self._line += 1
            line = data[start:end]
            begun = line.lstrip()
            if not begun:
                continue
            if begun.startswith(b"#"):
                self._close_strings()
                if self._entry is not None and (self._entry.forms or begun.startswith(b"#~")):
                    yield from self._finished()
                if not begun.startswith(b"#~"):
                    self._comment(begun, start)
                continue
            found = _LINE.fullmatch(line)
            if found is None:
                raise self._broken("neither a comment nor a keyword with its text in quotes")
            keyword = found[1]
            if keyword is not None:
                self._close_strings()
                if self._begins_anew(keyword):
                    yield from self._finished()
                self._begin(keyword, start)
            elif not self._keyword:
                raise self._broken("a text in quotes without its keyword")
            self._add(found[2])
            assert self._entry is not None
            self._entry.end = end
            self._entry.crlf = crlf
        yield from self._finished()

    def _comment(self, line: bytes, start: int) -> None:
        if self._entry is None:
            self._entry = Entry(start)
        entry = self._entry
        if line.startswith(b"#,"):
            entry.flags += [flag.strip() for flag in self._text(line[2:]).split(",")]
            entry.flags_at.append((start, self._at))
        elif line.startswith(b"#|"):
            entry.previous_at.append((start, self._at))
        elif not line.startswith(b"#:"):
            words = self._text(line).lstrip("#.").strip()
            if words:
                entry.comments.append(words)

    def _begins_anew(self, keyword: bytes) -> bool:
        if self._entry is None:
            return False
        if self._keyword == b"domain":
            return True
        if keyword == b"msgid":
            return bool(self._entry.forms)
        return keyword in {b"msgctxt", b"domain"} and self._entry.msgid is not None

    def _begin(self, keyword: bytes, start: int) -> None:
        if self._entry is None:
            self._entry = Entry(start)
        entry = self._entry
        if entry.keyword_at < 0:
            entry.keyword_at = start
        form = _form(keyword)
        if keyword == b"msgid":
            entry.line = self._line
            fits = entry.msgid is None
        elif keyword == b"msgid_plural":
            fits = entry.msgid is not None and entry.plural is None and not entry.forms
        elif form is None:
            fits = entry.context is None
        else:
            fits = (
                entry.msgid is not None
                and form == len(entry.forms)
                and (b"[" in keyword) == (entry.plural is not None)
            )
        if not fits:
            raise self._broken(f"{keyword.decode()} has no place here")
        self._keyword, self._strings = keyword, []
        if form is not None and entry.forms_at < 0:
            entry.forms_at = start

    def _add(self, strings: bytes) -> None:
        self._strings += [self._text(string[1:-1]) for string in _STRINGS.findall(strings)]

    def _close_strings(self) -> None:
        if self._entry is None or not self._keyword:
            return
        text = "".join(self._strings)
        form = _form(self._keyword)
        if form is not None:
            self._entry.forms[form] = text
        elif self._keyword == b"msgid":
            self._entry.msgid = text
        elif self._keyword == b"msgid_plural":
            self._entry.plural = text
        elif self._keyword == b"msgctxt":
            self._entry.context = text

    def _finished(self) -> Iterator[Entry]:
        self._close_strings()
        entry, self._entry, self._keyword, self._strings = self._entry, None, b"", []
        if entry is None or entry.keyword_at < 0:
            return  # comments of nothing
        if entry.msgid is None:
            if entry.context is None:
                return  # a domain
            raise self._broken("a msgctxt without its msgid")
        if not entry.forms:
            raise self._broken("a msgid without its msgstr")
        yield entry

    def _text(self, part: bytes) -> str:
        try:
            return part.decode()
        except UnicodeDecodeError as error:
            raise InputError(
                f"The catalogue is not UTF-8 (line {self._line}).",
                "Convert it: msgconv --to-code=UTF-8 -o NEW.po OLD.po",
            ) from error

    def _broken(self, what: str) -> InputError:
        return InputError(
            f"The catalogue is broken at line {self._line}: {clean_line(what)}.",
            "`msgfmt -c` says more about a catalogue that cannot be read.",
        )


def _form(keyword: bytes) -> int | None:
    """Return the number of a msgstr; None where the keyword is another."""
    if not keyword.startswith(b"msgstr"):
        return None
    found = _FORM.search(keyword)
    return int(found[0]) if found else 0
