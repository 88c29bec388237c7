"""Word files: paragraphs wherever they stand, with the looks inside of them as codes.

They are read in a confined child process, as documents from anywhere should be; what is written is
the same archive with the translated paragraphs patched into the XML of its parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from hinterland.confined import Limits, UnreadableError, run
from hinterland.errors import InputError
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.docx.members import stories, text_of
from hinterland.plugins.translation.formats.docx.shapes import Part
from hinterland.plugins.translation.formats.docx.wording import Wording
from hinterland.plugins.translation.formats.docx.writing import PartWriter
from hinterland.plugins.translation.formats.zipped import Archive
from hinterland.plugins.translation.units import Parts, Unit

_WHAT = "Word file"
_LIMITS = Limits(1 << 30, 60, "Save its text as .txt and translate that.")
_READER = "hinterland.plugins.translation.formats.docx.reading:read"

_Place = tuple[int, int]
"""A part, and a paragraph in it."""


def open_document(data: bytes, _form: str, wishes: Wishes) -> WordDocument:
    """Return a Word file; raises InputError where it is none, encrypted, broken or a bomb."""
    archive = Archive(data, _WHAT)
    members = stories(archive)
    xml = {name: text_of(archive, name) for name in members}
    try:
        content = run(_READER, msgspec.msgpack.encode(list(xml.items())), _LIMITS)
    except UnreadableError as error:
        raise InputError(f"This {_WHAT} {error.reason}.", error.hint) from error
    return WordDocument(archive, members, xml, msgspec.convert(content, list[Part]), wishes)


class WordDocument:
    """One Word file."""

    def __init__(
        self,
        archive: Archive,
        members: dict[str, str],
        xml: dict[str, bytes],
        parts: list[Part],
        wishes: Wishes,
    ) -> None:
        self._archive = archive
        self._xml = xml
        self._parts = parts
        self._wording = Wording.of(wishes.target)
        self._units: list[Unit] = []
        self._places: list[list[_Place]] = []
        """Of each unit, where it stands: a text box stands twice in a file."""
        for index, (part, label) in enumerate(zip(parts, members.values(), strict=True)):
            self._collect(index, part, label)

    def units(self) -> Iterator[Unit]:
        """Yield the paragraphs with words: the body's, then headers', footers' and notes'."""
        return iter(self._units)

    def writer(self, out: BinaryIO) -> WordWriter:
        """Return what writes the file into `out`, all at once when it is closed."""
        writers = [
            PartWriter(xml, part, self._wording)
            for xml, part in zip(self._xml.values(), self._parts, strict=True)
        ]
        return WordWriter(
            self._archive,
            self._units,
            self._places,
            dict(zip(self._xml, writers, strict=True)),
            out,
        )

    def _collect(self, index: int, part: Part, label: str) -> None:
        placed: dict[int, list[_Place]] = {}
        for at, paragraph in enumerate(part.paragraphs):
            if paragraph.twin in placed:
                placed[paragraph.twin].append((index, at))
                continue
            where = f"paragraph {paragraph.number}"
            note = f"{label}, {where}" if label else where
            self._units.append(Unit(parts=paragraph.parts, note=note))
            placed[at] = [(index, at)]
            self._places.append(placed[at])


class WordWriter:
    """Gathers the translations of one file, and packs it when it is closed."""

    def __init__(
        self,
        archive: Archive,
        units: list[Unit],
        places: list[list[_Place]],
        writers: dict[str, PartWriter],
        out: BinaryIO,
    ) -> None:
        self._archive = archive
        self._units = units
        self._places = places
        self._writers = writers
        self._out = out
        self._at = 0

    def put(self, unit: Unit, parts: Parts | None, *, doubtful: bool = False) -> None:
        """Note a translation, wherever the unit stands."""
        while self._at < len(self._units) and self._units[self._at] != unit:
            self._at += 1
        if self._at == len(self._units):
            raise ValueError(f"units out of order: {unit.note}")
        if parts is not None and parts != unit.parts:
            writers = list(self._writers.values())
            for part, paragraph in self._places[self._at]:
                writers[part].put(paragraph, parts)
        self._at += 1

    def close(self) -> None:
        """Write the archive, with the parts that have changed."""
        changed = {
            name: writer.finished() for name, writer in self._writers.items() if writer.is_changed
        }
        same = {name for name, xml in changed.items() if xml == self._writers[name].xml}
        self._archive.write(self._out, {name: changed[name] for name in changed.keys() - same})
