"""Cards that Anki exported as text: its header lines, its HTML, its pictures, and gaps in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.tutoring.making.cards import (
    MOST_CARDS,
    Card,
    Cards,
    Row,
    rows_of,
    separator_of,
    without_side,
)

_HEADER = re.compile(r"#([a-z ]+):(.*)")
_SEPARATORS = {
    "tab": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|", "colon": ":",
}  # fmt: skip
_NOT_TEXT = ("guid column", "notetype column", "deck column", "tags column")
_CLOZE = re.compile(r"\{\{c(\d{1,4})::(.*?)(?:::(.*?))?\}\}", re.DOTALL)
_SOUND = re.compile(r"\[(?:sound|anki:[^\]]*):?[^\]]*\]")
_BREAKS = frozenset({"br", "div", "p", "li", "tr", "h1", "h2", "h3", "ul", "ol", "table", "hr"})
_MEDIA = frozenset({"img", "audio", "video", "object", "source"})
_UNSEEN = frozenset({"style", "script", "head"})
GAP = "___"


def is_export(text: str) -> bool:
    """Whether a text begins as Anki's exports do."""
    return bool(_HEADER.match(text))


def notes(text: str) -> Cards:
    """Return the cards of an export, "Notes in Plain Text" or "Cards in Plain Text".

    Raises InputError for a table that cannot be read.
    """
    header, rest, first_line = _header(text)
    wished = header.get("separator", "").strip()
    separator = _SEPARATORS.get(wished.casefold(), wished[:1]) or separator_of(rest)
    is_html = header.get("html", "true").strip().casefold() != "false"
    columns = [header.get(key, "").strip() for key in _NOT_TEXT]
    # No table has a column whose number has more digits; Python refuses to read thousands of them.
    left_out = {int(each) - 1 for each in columns if each.isdecimal() and len(each) < 5}
    cards: list[Card] = []
    problems: list[str] = []
    bare = 0
    for row in rows_of(rest, separator, first_line):
        if len(cards) + len(problems) >= MOST_CARDS:
            raise InputError(
                f"It has more than {MOST_CARDS:,} cards.", "Cut it into several files."
            )
        cleaned = [
            _cleaned(each, is_html) for at, each in enumerate(row.cells) if at not in left_out
        ]
        bare += any(had_media for _text, had_media in cleaned)
        for card in _cards(row, cleaned):
            if isinstance(card, Card):
                cards.append(card)
            else:
                problems.append(card)
    told = _("{count} notes have pictures or sounds, which were left out.").format(count=bare)
    return Cards(tuple(cards), tuple(problems), (told,) if bare else ())


def _header(text: str) -> tuple[dict[str, str], str, int]:
    header: dict[str, str] = {}
    number = 1
    while found := _HEADER.match(text):
        header[found[1]] = found[2].rstrip("\r")
        text = text[found.end() :].removeprefix("\n")
        number += 1
    return header, text, number


def _cards(row: Row, cells: list[tuple[str, bool]]) -> Iterator[Card | str]:
    texts = [text for text, _had_media in cells]
    if any("{{c" in text for text in texts):
        yield from _gaps(row, texts)
        return
    front, back = (*texts, "", "")[:2]
    if front and back:
        yield Card(row.line, front, back)
    elif any(had_media for _text, had_media in cells[:2]):
        yield _("Line {line}: without its picture or sound a side is empty.").format(line=row.line)
    else:
        yield without_side(row.line, _("front") if not front else _("back"))


def _gaps(row: Row, texts: list[str]) -> Iterator[Card | str]:
    """Yield a card for each gap of a sentence, the others filled in."""
    text = next(each for each in texts if "{{c" in each)
    found = list(_CLOZE.finditer(text))
    whole = _CLOZE.sub(lambda gap: gap[2], text)
    if not found or "{{" in whole:
        yield _("Line {line}: its gaps cannot be read.").format(line=row.line)
        return
    numbers = sorted({int(gap[1]) for gap in found})
    for number in numbers:
        mine = [gap for gap in found if int(gap[1]) == number]
        if len({gap[2] for gap in mine}) > 1:
            said = _("Line {line}: gap {number} stands for several different words.")
            yield said.format(line=row.line, number=number)
            continue

        def filled(gap: re.Match[str], number: int = number) -> str:
            return GAP if int(gap[1]) == number else gap[2]

        hints = tuple(dict.fromkeys(gap[3] for gap in mine if gap[3]))
        yield Card(row.line, _CLOZE.sub(filled, text), mine[0][2], hints, sentence=whole)


def _cleaned(cell: str, is_html: bool) -> tuple[str, bool]:
    """Return the text of a field on one line, and whether it had a picture or a sound."""
    without = _SOUND.sub(" ", cell)
    had_media = without != cell
    if is_html and ("<" in without or "&" in without):
        reader = _Text()
        reader.feed(without)
        reader.close()
        without = "".join(reader.pieces)
        had_media = had_media or reader.had_media
    return " ".join(without.replace("\N{NO-BREAK SPACE}", " ").split()), had_media


class _Text(HTMLParser):
    """Gathers what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.had_media = False
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        self.had_media = self.had_media or tag in _MEDIA
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Take note of an end."""
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BREAKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        """Take what is shown."""
        if not self._unseen:
            self.pieces.append(data)
