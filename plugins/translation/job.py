"""A document from bytes to bytes: read, its language told, translated, and put in its place whole."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from hinterland import durable
from hinterland.errors import InputError, StorageError
from hinterland.plugins import languages
from hinterland.plugins.languages import Language
from hinterland.plugins.translation import formats, reviewing
from hinterland.plugins.translation.formats.document import Document, Unwritable, Wishes
from hinterland.plugins.translation.pipeline import Flag, Outcome, Translated, Translator
from hinterland.plugins.translation.units import Unit, text_of

LARGEST = 256 << 20
"""Bytes of a document; a larger one is refused."""
_SAMPLE = 6_000  # characters that a document's language is told by
_UNITS_LOOKED_AT = 2_000
_UNIT_LOOKED_AT = 400  # characters
FORMAT = "format"
"""The kind of flag of a translation that its format has no way to write."""
STDIN = "-"


class Source(msgspec.Struct, frozen=True):
    """A document as it came."""

    name: str
    """What people call it; `-` is standard input."""
    data: bytes
    form: str
    """One of `formats.FORMATS`."""
    path: Path | None = None

    @property
    def title(self) -> str:
        """What it is called, for people."""
        return _called(self.name)

    def open(self, wishes: Wishes) -> Document:
        """Return the document; raises InputError, which names it, where it is broken."""
        try:
            return formats.open_document(self.data, self.form, wishes)
        except InputError as error:
            raise InputError(f"{self.title}: {error.message}", error.hint) from error


class Flagged(msgspec.Struct, frozen=True):
    """A segment of a document that somebody should look at."""

    title: str
    """What the document is called."""
    origin: str
    """The code of the language it is in."""
    unit: Unit
    outcome: Outcome

    @property
    def item(self) -> reviewing.Item:
        """The same as it stands in the file of what is flagged."""
        flag = self.outcome.flag
        return reviewing.Item(
            self.outcome.segment.parts,
            flag.sentence if flag is not None else "",
            self.outcome.tried,
            ", ".join(filter(None, (self.title, self.unit.note))),
            self.unit.context,
        )


def form_of(name: str, form: str | None) -> str:
    """Return the format of a document by its file's name, where `form` does not say it.

    Raises InputError where that says nothing, and where there is no such file.
    """
    if name == STDIN:
        return form or "text"
    path = Path(name)
    if path.is_dir():
        raise InputError(f"{path} is a folder.", "Name a file.")
    if not path.exists():
        raise _missing(name)
    try:
        return form or formats.format_of(name)
    except InputError:
        if path.is_file():
            raise
        return "text"  # what a pipe is called says nothing


def read(name: str, form: str | None) -> Source:
    """Return a document by its file's name; `form` is its format, where the name does not say it.

    Raises InputError where it cannot be read.
    """
    form = form_of(name, form)
    path = None if name == STDIN else Path(name)
    try:
        if path is None:
            # Not `sys.stdin.buffer`: whoever leaves meanwhile could not close it.
            with open(sys.stdin.fileno(), "rb", closefd=False) as file:
                data = file.read(LARGEST + 1)
        else:
            if path.stat().st_size > LARGEST:
                raise _too_large(name)
            data = path.read_bytes()
    except FileNotFoundError as error:
        raise _missing(name) from error
    except OSError as error:
        raise InputError(
            f"{name} cannot be read: {error.strerror or error}.",
            "Check its name and permissions.",
        ) from error
    if len(data) > LARGEST:
        raise _too_large(name)
    if not data.strip():
        raise InputError(f"There is nothing to translate in {_called(name)}.", "It is empty.")
    return Source(name, data, form, path)


def source_language(
    source: Source, document: Document, target: Language
) -> tuple[Language, tuple[Language, ...]]:
    """Return what language a document is in, and which others it has; told by a sample of it.

    Raises InputError where that cannot be told, or where it is the one that is translated into.
    """
    sample = "\n\n".join(_sample(document))
    if not sample.strip():
        raise InputError(
            f"There is nothing to translate in {_called(source.name)}.",
            "It has no words, or none that --keys names.",
        )
    found = languages.detect(sample)
    several = found.mixed or ((found.language,) if found.language is not None else ())
    if not several:
        raise InputError(
            f"What language {source.title} is in cannot be told.", "Say so, such as with --from en."
        )
    foreign = [each for each in several if each.code != target.code]
    if not foreign:
        raise InputError(
            f"{source.title} is in {target.name} already, it seems.",
            "If it is not, say what it is in with --from.",
        )
    return foreign[0], tuple(each for each in several if each != foreign[0])


def _sample(document: Document) -> Iterator[str]:
    length = 0
    for number, unit in enumerate(document.units()):
        text = text_of(unit.parts)[:_UNIT_LOOKED_AT]
        length += len(text)
        yield text
        if length > _SAMPLE or number > _UNITS_LOOKED_AT:
            return


async def translate(
    title: str,
    document: Document,
    out: BinaryIO,
    translator: Translator,
    *,
    told: Callable[[Translated], None] = lambda done: None,
    stream: bool = False,
) -> list[Flagged]:
    """Write a document's translation and return what is flagged in it; `told` hears of each unit.

    `stream` has `out` hold each unit as soon as it is translated. Raises what `Translator.translate`
    raises, and OSError where `out` cannot be written.
    """
    writer = document.writer(out)
    flagged: list[Flagged] = []
    async with aclosing(translator.translate(document.units())) as translations:
        async for done in translations:
            try:
                writer.put(done.unit, done.parts, doubtful=bool(done.flagged))
            except Unwritable as error:
                writer.put(done.unit, None)
                done = _unwritten(done, str(error))
                translator.tally.flagged[FORMAT] += len(done.outcomes)
            flagged += (
                Flagged(title, translator.pair.source.code, done.unit, each)
                for each in done.flagged
            )
            told(done)
            if stream:
                out.flush()
    writer.close()
    return flagged


def _unwritten(done: Translated, why: str) -> Translated:
    """Return a unit whose translation could not be written, with all of it flagged."""
    flag = Flag(FORMAT, why)
    outcomes = (Outcome(each.segment, None, flag) for each in done.outcomes)
    return Translated(done.unit, tuple(outcomes))


@contextmanager
def written(
    out: Path | None, like: Path | None = None, *, stream: bool = False
) -> Iterator[BinaryIO]:
    """Give a file that takes the place of `out` at the block's end, or of nothing where that fails;
    None is standard output, which then gets all of it at once. With `stream` it is written at once.

    Raises StorageError. A new file may be read by whoever may read the document `like` it. A link
    stays one: what it leads to is written.
    """
    if out is not None and out.is_symlink():
        out = Path(os.path.realpath(out))
    try:
        if out is None and stream:
            yield sys.stdout.buffer
        elif out is None:
            with tempfile.TemporaryFile() as spool:
                yield spool
                spool.seek(0)
                shutil.copyfileobj(spool, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        elif stream:
            with durable.held(out), out.open("wb") as file:
                yield file
        else:
            with durable.held(out), durable.replacing(out) as file:
                yield file
                os.fchmod(file.fileno(), _mode(out, like))
    except BlockingIOError as error:
        raise StorageError(
            f"Another run is writing {out}.", "Wait for it, or name another file."
        ) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_written(out, error) from error


def _not_written(out: Path | None, error: OSError) -> StorageError:
    """Return the error for a translation that could not be written."""
    name = out or "standard output"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError(
            f"The disk is full: {name} was not written.",
            "What is translated is remembered: free some space and run the same command again.",
        )
    return StorageError(
        f"{name} cannot be written: {error.strerror or error}.",
        "Name a file in a folder that you may write to.",
    )


def place_beside(document: Path, target: Language, folder: Path | None = None) -> Path:
    """Return where a document's translation goes: beside it, as `guide.fr.md` of `guide.md`; that of
    a template for translations is a translation."""
    suffix = ".po" if document.suffix == ".pot" else document.suffix
    name = f"{document.stem}.{target.code}{suffix}"
    return (folder or document.parent) / name


def _mode(out: Path, like: Path | None) -> int:
    for path in (out, like):
        if path is not None:
            with contextlib.suppress(OSError):
                return stat.S_IMODE(path.stat().st_mode) & 0o666
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _called(name: str) -> str:
    return "standard input" if name == STDIN else name


def _missing(name: str) -> InputError:
    return InputError(
        f"There is no file {name}.",
        "Words are translated from standard input: `echo … | hint translate --to fr`.",
    )


def _too_large(name: str) -> InputError:
    return InputError(
        f"{_called(name)} is larger than {LARGEST >> 20} MB.", "Translate it in pieces."
    )
