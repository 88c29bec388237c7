"""Cards with two sides out of a table, whatever program wrote it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.reading import read_file
from hinterland.text import clean_line

MOST_BYTES = 32 << 20
MOST_CARDS = 50_000
_SEPARATORS = "\t;,|"
"""In the order of what is least likely to stand within a text."""
_LOOKED_AT = 200  # rows, to find out what parts the columns
_NAMES = {
    "front": ("front", "question", "prompt", "term", "word", "recto", "terme", "mot"),
    "back": (
        *("back", "answer", "response", "definition", "translation", "meaning"),
        *("verso", "réponse", "reponse", "définition", "traduction"),
    ),
    "hint": ("hint", "hints", "note", "indice"),
    "accepted": ("accept", "accepted", "also", "synonyms", "synonymes"),
    "options": ("options", "choices", "choix"),
}
"""What columns are called in the first row, by what they hold."""


class Card(msgspec.Struct, frozen=True):
    """What is asked, and what is answered."""

    line: int
    """Of the file, from 1."""
    front: str
    back: str
    hints: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    """Other answers that are as good."""
    options: tuple[str, ...] = ()
    sentence: str = ""
    """The whole sentence, where the front has a gap in it."""


class Cards(msgspec.Struct, frozen=True):
    """What came out of a file."""

    cards: tuple[Card, ...]
    problems: tuple[str, ...] = ()
    """A sentence for each row that cannot be used, with its line."""
    notes: tuple[str, ...] = ()
    """What the cards lack of the file, in sentences."""


class Row(msgspec.Struct, frozen=True):
    """One row of a table."""

    line: int
    cells: tuple[str, ...]


def text_of(path: Path) -> str:
    """Return the text of a file; raises InputError for one that is none."""
    subject = f"The file {clean_line(str(path))}"
    data = read_file(
        path,
        MOST_BYTES,
        subject=subject,
        wanted="Give a table in CSV, or cards that Anki exported as text.",
        too_large="Cut it into several files.",
    )
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith(b"PK\x03\x04"):
            raise InputError(
                f"{subject} is packed, and no text.",
                "Of Anki, export “Notes in Plain Text (.txt)”; of a spreadsheet, save as CSV.",
            ) from error
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{subject}, line {line}: it is not UTF-8 text.", "Save it as UTF-8 first."
        ) from error
    if "\0" in text:
        raise InputError(f"{subject} is no text.", "Give a table in CSV or text.")
    if not text.strip():
        raise InputError(f"{subject} is empty.", "There is no card in it.")
    return text


def rows_of(text: str, separator: str, first_line: int = 1) -> Iterator[Row]:
    """Yield the rows of a table, with the line each begins at; raises InputError, with its line, for
    one whose quotation marks do not close."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = first_line
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield Row(line, tuple(cells))
            line = first_line + reader.line_num
    except csv.Error as error:
        raise InputError(
            f"Line {line} of the table cannot be read: {error}.",
            'A text with quotation marks in it stands between others, which are doubled: "a ""b""".',
        ) from error


def table(text: str) -> Cards:
    """Return the cards of a table: a front, a back, and perhaps a hint and other answers, or columns
    that the first row names. Raises InputError for a table that has no two columns."""
    separator = separator_of(text)
    rows = rows_of(text, separator)
    first = next(rows)
    columns = _columns(first.cells)
    cards: list[Card] = []
    problems: list[str] = []
    if columns is None:
        columns = {"front": [0], "back": [1], "hint": [2], "accepted": list(range(3, 64))}
        rows = iter([first, *rows])
    for row in rows:
        if len(cards) + len(problems) >= MOST_CARDS:
            raise InputError(
                f"It has more than {MOST_CARDS:,} cards.", "Cut it into several files."
            )
        card = _card(row, columns)
        if isinstance(card, str):
            problems.append(card)
        else:
            cards.append(card)
    return Cards(tuple(cards), tuple(problems))


def without_side(line: int, side: str) -> str:
    """Return what is said of a card that lacks its front or back."""
    return _("Line {line}: its {side} is empty.").format(line=line, side=side)


def separator_of(text: str) -> str:
    """Return what parts the columns of a table; raises InputError where nothing does."""
    sample = "\n".join(text.splitlines()[: 2 * _LOOKED_AT])
    best, separator = (0.0, 0), ""
    trouble: InputError | None = None
    for each in _SEPARATORS:
        widths: list[int] = []
        try:
            for row in rows_of(sample, each):
                widths.append(len(row.cells))
                if len(widths) == _LOOKED_AT:
                    break
        except InputError as error:
            trouble = trouble or error  # the sample may end within a text, or another may fit
        if not widths:
            continue
        wide = sum(width > 1 for width in widths)
        usual = Counter(widths).most_common(1)[0][1]
        if wide and (wide / len(widths), usual) > best:
            best, separator = (wide / len(widths), usual), each
    if not separator and trouble is not None:
        raise trouble
    if not separator:
        raise InputError(
            "It has no two columns.",
            "A card is a line with its front and its back, with a comma, a semicolon or a tab between.",
        )
    return separator


def _columns(cells: Sequence[str]) -> dict[str, list[int]] | None:
    """Return which columns hold what, where a row names them."""
    names = [" ".join(each.split()).casefold() for each in cells]
    found = {
        what: [at for at, name in enumerate(names) if name in known]
        for what, known in _NAMES.items()
    }
    return found if found["front"] and found["back"] else None


def _card(row: Row, columns: dict[str, list[int]]) -> Card | str:
    cells = [" ".join(each.split()) for each in row.cells]

    def of(what: str) -> list[str]:
        return [cells[at] for at in columns.get(what, ()) if at < len(cells) and cells[at]]

    front, back = "".join(of("front")[:1]), "".join(of("back")[:1])
    if not front or not back:
        return without_side(row.line, _("front") if not front else _("back"))
    return Card(
        row.line,
        front,
        back,
        tuple(of("hint")),
        tuple(part for each in of("accepted") for part in parted(each)),
        tuple(part for each in of("options") for part in parted(each)),
    )


def parted(text: str) -> tuple[str, ...]:
    """Return the texts of a cell that holds several, with `|` between."""
    return tuple(filter(None, map(str.strip, text.split("|"))))
