"""What the screen reads and writes in a thread: documents as sheets, and translations as files."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import BinaryIO

from textual.message import Message

from hinterland import paths
from hinterland.completion import file_names
from hinterland.errors import HinterlandError, InputError
from hinterland.language import _
from hinterland.plugins.translation import formats, job
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.screen import marks, remembered
from hinterland.plugins.translation.screen.messages import (
    Completed,
    CopyMade,
    PairRecalled,
    Saved,
    SheetMade,
    Told,
)
from hinterland.plugins.translation.screen.sheet import Row, Sheet, State
from hinterland.plugins.translation.segments import join
from hinterland.plugins.translation.units import Parts, Unit
from hinterland.sentences import sentence
from hinterland.text import clean_line

Post = Callable[[Message], object]

MOST_ROWS = 5_000
"""Units of a document that the screen takes; larger ones are for the command."""
_NAMED = 12  # files
_LARGEST = 20_000_000  # bytes
_NO_TEXT = frozenset({"docx", "epub"})
"""Formats whose files are no text, so that the words alone are copied."""


async def recall_pair(post: Post) -> None:
    """Read which languages were chosen last."""
    post(PairRecalled(await asyncio.to_thread(remembered.recall, paths.find())))


async def keep_pair(pair: remembered.Pair, post: Post) -> None:
    """Keep which languages were chosen."""
    try:
        await asyncio.to_thread(remembered.keep, paths.find(), pair)
    except HinterlandError as error:
        post(Told(sentence(error)))


async def make_sheet(source: str | Path, target: str, post: Post) -> None:
    """Open a text that was typed, or a file; `target` is the code of a language or empty."""
    try:
        post(SheetMade(await asyncio.to_thread(_sheet, source, target)))
    except HinterlandError as error:
        post(Told(sentence(error)))


def _sheet(source: str | Path, target: str) -> Sheet:
    if isinstance(source, str):
        data, form, name = source.encode(), "text", ""
    else:
        form, name = formats.format_of(source.name), str(source)
        data = _read(source)
    document = formats.open_document(data, form, Wishes(target=target))
    units = []
    for unit in document.units():
        units.append(unit)
        if len(units) > MOST_ROWS:
            raise InputError(
                _("The screen takes {most:,} pieces of text, and there are more.").format(
                    most=MOST_ROWS
                ),
                _("`hint translate` takes documents of any size."),
            )
    sheet = Sheet(document, units, name, form)
    if not sheet.rows:
        raise InputError(_("There is nothing to translate in it."))
    return sheet


def _read(path: Path) -> bytes:
    shown = clean_line(str(path))
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(
                _("{file} is too large for the screen.").format(file=shown),
                _("`hint translate` takes documents of any size."),
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            _("{file} cannot be read: {reason}.").format(file=shown, reason=error.strerror)
        ) from error


async def complete(typed: str, post: Post) -> None:
    """Go on with the name of a file as far as it is certain, and say what there is then."""
    found = await asyncio.to_thread(file_names, typed)
    if found:
        text = _alike([each.text for each in found])
        names = [clean_line(each.shown, 40) for each in found[:_NAMED]]
        said = ", ".join(names) + (" …" if len(found) > _NAMED else "")
        post(Completed(typed, text or typed, said if len(found) > 1 else ""))


def _alike(texts: list[str]) -> str:
    """Return what all of them begin with."""
    first, last = min(texts), max(texts)
    length = next((at for at, each in enumerate(first) if last[at : at + 1] != each), len(first))
    return first[:length]


def file_name(sheet: Sheet, target: str) -> str:
    """Return a name for a translation that nobody has to think of."""
    name = PurePath(sheet.name) if sheet.name else PurePath("translation.txt")
    return str(name.with_name(f"{name.stem}.{target or 'new'}{name.suffix}"))


async def save(sheet: Sheet, path: Path, post: Post) -> None:
    """Write the translation into a new file."""
    try:
        await asyncio.to_thread(_save, sheet, path)
    except HinterlandError as error:
        post(Told(sentence(error)))
    else:
        post(Saved(path, sheet))


def _save(sheet: Sheet, path: Path) -> None:
    if path.exists():
        raise InputError(
            _("There is a file {name} already.").format(name=clean_line(str(path))),
            _("Take another name."),
        )
    with job.written(path, Path(sheet.name) if sheet.name else None) as file:
        _write(sheet, file)


async def copy(sheet: Sheet, post: Post, *, to_chat: bool = False) -> None:
    """Make a text of the translation."""
    try:
        post(CopyMade(await asyncio.to_thread(_text, sheet), to_chat))
    except HinterlandError as error:
        post(Told(sentence(error)))


def _text(sheet: Sheet) -> str:
    if sheet.form in _NO_TEXT:
        whole = (_joined(sheet, at, unit, rows) or unit.parts for at, unit, rows in _units(sheet))
        return "\n\n".join(marks.shown(parts, parts) for parts in whole)
    out = io.BytesIO()
    _write(sheet, out)
    return out.getvalue().decode("utf-8-sig", "replace")


def _write(sheet: Sheet, out: BinaryIO) -> None:
    writer = sheet.document.writer(out)
    for at, unit, rows in _units(sheet):
        doubtful = any(row.state is State.UNSURE for row in rows)
        writer.put(unit, _joined(sheet, at, unit, rows), doubtful=doubtful)
    writer.close()


def _units(sheet: Sheet) -> list[tuple[int, Unit, list[Row]]]:
    return [(at, unit, rows) for at, (unit, rows) in enumerate(sheet.of_units())]


def _joined(sheet: Sheet, at: int, unit: Unit, rows: list[Row]) -> Parts | None:
    """Return the translation of a unit; None where nothing of it was translated."""
    if not sheet.segments or all(row.target is None for row in rows):
        return None
    return join(unit, sheet.segments[at], [row.target for row in rows])
