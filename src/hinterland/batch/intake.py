"""Which rows of the input are still to be done: new ones, each id once, in windows.

It runs in the thread that reads the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hinterland.batch.formats import Format
from hinterland.batch.rows import Maker, Piece
from hinterland.batch.sources import Lines
from hinterland.errors import HinterlandError, InputError
from hinterland.jobs import Register
from hinterland.jobs.register import NEW, REPEATED

WINDOW_ROWS, WINDOW_BYTES = 1024, 8 << 20
_MOST_LEVELS = 100


class Intake:
    """Reads the input against what is finished, and counts."""

    def __init__(self, lines: Callable[[], Iterable[Lines]], form: Format, maker: Maker) -> None:
        self._lines = lines
        self._format = form
        self._maker = maker
        self.register = Register()
        """The rows that an earlier run has finished, with their fingerprints."""
        self.rows = 0
        """Rows read so far."""
        self.skipped = 0
        """Rows that an earlier run has finished."""
        self.changed = 0
        """Those among them that are not what they were then."""
        self.first_changed: list[str] = []
        self.repeated = 0
        """Rows whose id was used before."""

    def ids(self) -> Iterator[str]:
        """Yield the ids of the results, in the order of the input."""
        register = Register()
        for lines in self._lines():
            names = list(map(str, self._format.ids(lines)))
            for place, had in enumerate(register.see(names)):
                yield names[place] if had == NEW else _spare(lines.numbers[place], register)[0]

    def changed_ids(self) -> set[str]:
        """Return the ids of finished rows that are no longer what they were; the register has to be
        made anew after that."""
        found = set()
        for lines in self._lines():
            names = list(map(str, self._format.ids(lines)))
            numbers = self._maker.fingerprints(lines.data)
            for name, number, had in zip(names, numbers, self.register.see(names), strict=True):
                if had not in (NEW, REPEATED, number):
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
        for lines in self._lines():
            ids = self._format.ids(lines)
            names = list(map(str, ids))
            numbers = self._maker.fingerprints(lines.data)
            finished = self.register.see(names)
            self.rows += len(names)
            if finished == numbers:
                self.skipped += len(names)
                continue
            for place, (had, number) in enumerate(zip(finished, numbers, strict=True)):
                line = lines.numbers[place]
                if had == NEW:
                    error = lines.errors.get(place)
                    yield self._piece(line, ids[place], number, lines.data[place], error)
                elif had == REPEATED:
                    yield from self._repetition(line, names[place], number)
                else:
                    self.skipped += 1
                    if had != number:
                        self._note_changed(names[place])

    def _repetition(self, line: int, name: str, number: int) -> Iterator[Piece]:
        """Yield what tells that an id was used before, unless an earlier run has told it."""
        self.repeated += 1
        spare, is_new = _spare(line, self.register)
        if is_new:
            error = InputError(f"The id {name!r} was used before line {line}.", "Change it.")
            yield self._piece(line, spare, number, b"", error)
        else:
            self.skipped += 1

    def _piece(
        self, line: int, name: str | int, number: int, data: bytes, error: InputError | None
    ) -> Piece:
        fingerprint = f"{number:016x}"
        if error is not None:
            return Piece(line=line, id=name, fingerprint=fingerprint, error=error)
        try:
            row, fields = self._format.row(data, line)
            if row.metadata is not None and _deep(row.metadata):
                raise InputError(f"The metadata of line {line} are nested too deeply.", "")
            return self._maker.piece(line, name, fingerprint, row, fields)
        except HinterlandError as wrong:
            return Piece(line=line, id=name, fingerprint=fingerprint, error=wrong)

    def _note_changed(self, name: str) -> None:
        self.changed += 1
        if len(self.first_changed) < 3:
            self.first_changed.append(name)


def _spare(line: int, register: Register) -> tuple[str, bool]:
    """Return the id of the result of a row whose id was used before, and whether it is new."""
    spare = f"line-{line}"
    while register.was_seen(spare):
        spare += "+"  # somebody else's id
    return spare, register.see([spare]) == [NEW]


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
