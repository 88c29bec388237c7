"""Which rows of the input are still to be done: new ones, each id once, in windows.

It runs in the thread that reads the input. What earlier runs finished is in `finished`, by id: the
fingerprint with two marks in its lowest bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hinterland.batch.formats import Format
from hinterland.batch.rows import Maker, Piece
from hinterland.batch.sources import Line
from hinterland.errors import HinterlandError, InputError
from hinterland.jobs import Table

WINDOW_ROWS, WINDOW_BYTES = 1024, 8 << 20
_MOST_LEVELS = 100
_KNOWN, _SEEN = 1, 2
_MARKS = _KNOWN | _SEEN


class Intake:
    """Reads the input against what is finished, and counts."""

    def __init__(self, lines: Callable[[], Iterable[Line]], form: Format, maker: Maker) -> None:
        self._lines = lines
        self._format = form
        self._maker = maker
        self.finished = Table()
        self.rows = 0
        """Rows read so far."""
        self.skipped = 0
        """Rows that an earlier run has finished."""
        self.changed = 0
        """Those among them that are not what they were then."""
        self.first_changed: list[str] = []
        self.repeated = 0
        """Rows whose id was used before."""

    def know(self, name: str | int, number: int) -> None:
        """Take note of a row that an earlier run has finished, with its fingerprint's number."""
        self.finished.set(str(name), number & ~_MARKS | _KNOWN)

    def forget(self) -> None:
        """Take no note of what was finished: it is looked at anew."""
        self.finished = Table()

    def ids(self) -> Iterator[str]:
        """Yield the ids of the results, in the order of the input."""
        seen = Table()
        for line, data in self._lines():
            name = str(self._id(line, data))
            if seen.set(name, _SEEN):
                name = _spare(line, seen)
                seen.set(name, _SEEN)
            yield name

    def changed_ids(self) -> set[str]:
        """Return the ids of finished rows that are no longer what they were."""
        found, seen = set(), Table()
        for line, data in self._lines():
            name = str(self._id(line, data))
            known = 0 if seen.set(name, _SEEN) else self.finished.get(name)
            if known and (known ^ _number(self._fingerprint(data))) & ~_MARKS:
                found.add(name)
        return found

    def windows(self, *, longest_first: bool) -> Iterator[list[Piece]]:
        """Yield what is to be done, the longest first in each window."""
        window: list[Piece] = []
        size = 0
        for piece in self._pieces():
            window.append(piece)
            size += piece.length
            if len(window) == WINDOW_ROWS or size > WINDOW_BYTES:
                yield _ordered(window) if longest_first else window
                window, size = [], 0
        if window:
            yield _ordered(window) if longest_first else window

    def _pieces(self) -> Iterator[Piece]:
        finished, fingerprint_of, id_in = self.finished, self._fingerprint, self._format.id
        finish = finished.set
        for line, data in self._lines():
            self.rows += 1
            given = id_in(data) if type(data) is bytes else None
            if given is None:
                given = f"line-{line}"
            name = str(given)
            fingerprint = fingerprint_of(data)
            number = _number(fingerprint)
            had = finish(name, number | _MARKS)
            if had & _SEEN:
                self.repeated += 1
                spare = _spare(line, finished)
                if finish(spare, number | _MARKS):
                    self.skipped += 1  # an earlier run has said so
                    continue
                error = InputError(f"The id {name!r} was used before line {line}.", "Change it.")
                yield Piece(line=line, id=spare, fingerprint=fingerprint.hex(), error=error)
            elif had:
                self.skipped += 1
                if (had ^ number) & ~_MARKS:
                    self._note_changed(name)
            else:
                yield self._piece(line, given, fingerprint.hex(), data)

    def _piece(
        self, line: int, name: str | int, fingerprint: str, data: bytes | InputError
    ) -> Piece:
        if isinstance(data, InputError):
            return Piece(line=line, id=name, fingerprint=fingerprint, error=data)
        try:
            row, fields = self._format.row(data, line)
            if row.metadata is not None and _deep(row.metadata):
                raise InputError(f"The metadata of line {line} are nested too deeply.", "")
            return self._maker.piece(line, name, fingerprint, row, fields)
        except HinterlandError as error:
            return Piece(line=line, id=name, fingerprint=fingerprint, error=error)

    def _id(self, line: int, data: bytes | InputError) -> str | int:
        given = None if isinstance(data, InputError) else self._format.id(data)
        return f"line-{line}" if given is None else given

    def _fingerprint(self, data: bytes | InputError) -> bytes:
        return self._maker.fingerprint(
            data.message.encode() if isinstance(data, InputError) else data
        )

    def _note_changed(self, name: str) -> None:
        self.changed += 1
        if len(self.first_changed) < 3:
            self.first_changed.append(name)


def _spare(line: int, names: Table) -> str:
    """Return the id of a result whose row has an id that was used before."""
    spare = f"line-{line}"
    while names.get(spare) & _SEEN:
        spare += "+"  # somebody else's id
    return spare


def _deep(value: object) -> bool:
    """Whether a value has so many levels that it may not be encoded where this was called."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _number(fingerprint: bytes) -> int:
    return int.from_bytes(fingerprint, "big")


def _ordered(window: list[Piece]) -> list[Piece]:
    """Return the longest first, beside others of the same system prompt: an engine reads it once."""

    def key(piece: Piece) -> tuple[str, str, int]:
        request = piece.request
        if request is None:
            return "", "", 0
        first = request.messages[0]
        shared = first.content if first.role == "system" else ""
        return request.model or "", shared, -piece.length

    return sorted(window, key=key)
