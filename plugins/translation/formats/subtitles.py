"""Subtitles, SubRip and WebVTT: what is said in a cue is a unit, each speaker's words one of it.

Files are taken as they are found: cues without numbers, without a blank line between them or with
one inside. Numbers, times, settings, notes and styles stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import BinaryIO

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.cue_lines import broken, room_for
from hinterland.plugins.translation.formats.cue_text import speeches
from hinterland.plugins.translation.formats.decoding import has_letters, text_start
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.spans import SpanWriter
from hinterland.plugins.translation.units import Code, Parts, Unit

_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_CLOCK = r"-?\d{1,3}:\d{1,2}(?::\d{1,2})?(?:[.,:]\d{1,3})?"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?")
_LIKE_TIMES = re.compile(r"\d\s*-->|-->\s*\d")
# SubRip has no way to write these as text, and a translation has no business to have them.
_TIMES_OR_TAGS = re.compile(r"<(?=[/A-Za-z])|(?<=\d)\s*-->|-->(?=\s*\d)|\{(?=[/\\A-Za-z])|\\N")
_HARMLESS = {"<": "‹", "{": "(", "-->": "→", "\\N": " "}
_SECTION = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s.*)?")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    start: int
    text: str
    """Without its line end."""

    @property
    def is_number(self) -> bool:
        return self.text.strip().isdecimal()


@dataclass(slots=True)
class _Cue:
    number: int
    """As counted; what the file calls it is its own affair."""
    lines: list[_Line] = field(default_factory=list)


def open_document(data: bytes, form: str, wishes: Wishes) -> Subtitles:
    """Return subtitles; raises InputError, with the line, where a cue's times cannot be read."""
    document = Subtitles(data, wishes.target, is_vtt=form == "vtt")
    for _cue in document.cues():
        pass
    return document


class Subtitles:
    """A file of subtitles."""

    def __init__(self, data: bytes, target: str, *, is_vtt: bool) -> None:
        self._data = data
        self._begin = text_start(data)
        self._is_vtt = is_vtt
        self._room = room_for(target)
        ending = re.search(rb"\r\n|\r|\n", data)
        self._ending = ending[0].decode() if ending else "\n"

    def units(self) -> Iterator[Unit]:
        """Yield what each speaker says in each cue."""
        for cue in self.cues():
            for lines in _paragraphs(cue.lines):
                start = lines[0].start
                raw = self._data[start : lines[-1].start + len(lines[-1].text.encode())].decode()
                for begin, end, parts in speeches(raw, is_vtt=self._is_vtt):
                    yield Unit(
                        parts=parts,
                        start=start + len(raw[:begin].encode()),
                        end=start + len(raw[:end].encode()),
                        note=f"cue {cue.number}",
                        width=self._room.letters,
                    )

    def writer(self, out: BinaryIO) -> SpanWriter:
        """Return what writes the subtitles with translations in the places of units."""
        return SpanWriter(self._data, out, self._encode)

    def cues(self) -> Iterator[_Cue]:
        """Yield the cues with the lines of their text; raises InputError where they are broken."""
        return self._vtt_cues() if self._is_vtt else self._srt_cues()

    def _lines(self) -> Iterator[_Line]:
        for number, found in enumerate(_LINES.finditer(self._data, self._begin), 1):
            yield _Line(number, found.start(), found[0].decode().rstrip("\r\n"))

    def _srt_cues(self) -> Iterator[_Cue]:
        cue = _Cue(0)
        for line in self._lines():
            if _TIMES.fullmatch(line.text):
                if cue.lines and cue.lines[-1].is_number:
                    cue.lines.pop()
                yield from _checked(cue)
                cue = _Cue(cue.number + 1)
                continue
            _check_times(line)
            cue.lines.append(line)
        yield from _checked(cue)
        if not cue.number:
            raise InputError(
                "No cue has times: these are no SRT subtitles.",
                "The line before a cue's text is such as 00:00:01,000 --> 00:00:03,500.",
            )

    def _vtt_cues(self) -> Iterator[_Cue]:
        count = 0
        cue: _Cue | None = None
        begins = True
        skipping = False
        for line in self._lines():
            if line.number == 1:
                if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", line.text):
                    raise InputError(
                        "Line 1 is not WEBVTT: these are no WebVTT subtitles.",
                        "For SubRip subtitles give --format srt.",
                    )
                skipping = True
            elif not line.text.strip():
                if cue:
                    yield cue
                cue, begins, skipping = None, True, False
            elif _TIMES.fullmatch(line.text):
                if cue:
                    yield cue
                count += 1
                cue = _Cue(count)
            elif cue:
                cue.lines.append(line)
            elif begins and _SECTION.fullmatch(line.text):
                skipping = True
            elif not skipping:
                _check_times(line)
            begins = begins and not line.text.strip()
        if cue:
            yield cue

    def _encode(self, unit: Unit, parts: Parts) -> bytes:
        old = self._data[unit.start : unit.end].decode()
        found = re.search(r"\r\n|\r|\n", old)
        written = tuple(part if isinstance(part, Code) else self._escaped(part) for part in parts)
        return (found[0] if found else self._ending).join(broken(written, self._room)).encode()

    def _escaped(self, text: str) -> str:
        if self._is_vtt:
            return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return _TIMES_OR_TAGS.sub(lambda found: _HARMLESS[found[0].strip()], text)


def _checked(cue: _Cue) -> Iterator[_Cue]:
    """Yield a cue unless it is what stands before the first one, which may be only its number."""
    for before, line in pairwise(cue.lines):
        if not before.text.strip() and line.is_number and int(line.text) == cue.number + 1:
            raise InputError(
                f"Line {line.number}: cue {line.text.strip()} has no times.",
                "They stand below its number, such as 00:00:01,000 --> 00:00:03,500.",
            )
    if cue.number:
        yield cue
        return
    for line in cue.lines:
        if has_letters(line.text):
            raise InputError(
                f"Line {line.number} is text that belongs to no cue.",
                "A cue has its times above its text; for other formats give --format.",
            )


def _check_times(line: _Line) -> None:
    if _LIKE_TIMES.search(line.text):
        raise InputError(
            f"Line {line.number} has times that cannot be read.",
            "Times are such as 00:00:01,000 --> 00:00:03,500.",
        )


def _paragraphs(lines: list[_Line]) -> Iterator[list[_Line]]:
    for blank, some in groupby(lines, key=lambda line: not line.text.strip()):
        if not blank:
            yield list(some)
