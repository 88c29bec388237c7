"""A teacher's own text, in blocks: paragraphs made whole, and tables, lists and programs as they are."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland import documents
from hinterland.documents import Document, Kind
from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.tutoring.making.quotes import joined
from hinterland.text import clean, clean_line

LONGEST = 400_000
"""Characters of a text: about 200 pages, which a small model reads for hours."""
_LEAST = 40
"""Letters of a text: fewer are no text to ask about."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?=\S)")
_ITEM = re.compile(r"\s*(?:[-*+•▪‣·–]|\d{1,3}[.)])\s+(?=\S)")
_TABLE = re.compile(r"\s*\|.*\|\s*")
_PAGE_NUMBER = re.compile(r"\s*[-–—]?\s*\d{1,4}\s*[-–—]?\s*")
_LONG_LINE = 160
"""Characters of a line that is a paragraph by itself."""
_SHORT = 0.85
"""Of a full line: a shorter one that ends a sentence ends a paragraph."""
_LONGEST_HEADING = 45  # characters
_NOT_HEADING_ENDS = ".,;:!…。،、।။-–—"
_SENTENCE_ENDS = '.!?…:;。！？؟।။"”»)'


class Block(msgspec.Struct, frozen=True):
    """A paragraph, an item of a list, a heading; or a table or a program, which keeps its lines."""

    text: str
    start: int
    """Where it begins in the whole text, and where it ends."""
    end: int
    is_heading: bool = False
    is_prose: bool = True
    is_code: bool = False


class Source(msgspec.Struct, frozen=True):
    """A text to make a lesson of."""

    name: str
    text: str
    blocks: tuple[Block, ...]
    page_starts: tuple[int, ...] = ()
    """Where its pages begin; () where it has none."""
    is_markdown: bool = False
    """Whether stars, brackets and the like in it are Markdown; otherwise they are what they are."""
    note: str = ""
    """What the text lacks of the file, as a sentence; "" when it lacks nothing."""

    @property
    def title(self) -> str:
        """What it is called: its first heading or first short line, else its file's name."""
        first = next((each for each in self.blocks if each.is_heading), None)
        if first is None and self.blocks and len(self.blocks[0].text) <= 80:
            first = self.blocks[0]
        title = clean_line(first.text, 120).rstrip(" .:") if first else ""
        return title or clean_line(Path(self.name).stem.replace("_", " "), 120) or "Lesson"

    def place(self, at: int) -> str:
        """Return where in the file something stands, for people: its page or its line."""
        if self.page_starts:
            return _("page {number}").format(number=max(1, bisect_right(self.page_starts, at)))
        return _("line {number}").format(number=self.text.count("\n", 0, at) + 1)


def read(path: Path) -> Source:
    """Return the text of a PDF, Word, Markdown or text file.

    Raises InputError for one that is missing, no text, scanned, empty or too long.
    """
    return of(documents.read(path))


def of(document: Document) -> Source:
    """Return a text that was read; raises InputError for one that is too short or too long."""
    text = clean(document.text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))
    name = clean_line(document.name)
    if len(text) > LONGEST:
        raise InputError(
            f"{name} has {len(text):,} characters, and a lesson is made of {LONGEST:,} at most.",
            "Give a chapter of it.",
        )
    if sum(map(str.isalpha, text)) < _LEAST:
        raise InputError(
            f"{name} holds too little text to ask about.", "Give at least a few sentences."
        )
    return Source(
        name,
        text,
        tuple(blocks(text)),
        document.page_starts if len(text) == len(document.text) else (),
        is_markdown=document.kind in {Kind.MARKDOWN, Kind.WORD},
        note=document.note,
    )


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a text, in order."""
    gathered: list[Block] = []
    for block in _cut(text):
        before = gathered[-1] if gathered else None
        if before is not None and _goes_on(before, block):
            stretch = joined(f"{before.text}\n{block.text}")
            gathered[-1] = Block(stretch, before.start, block.end)
            continue
        yield from gathered
        gathered = [block]
    yield from gathered


def _goes_on(before: Block, block: Block) -> bool:
    """Whether a paragraph is the rest of the one before it, which a page's end has cut."""
    return (
        before.is_prose
        and block.is_prose
        and not before.is_heading
        and not block.is_heading
        and block.text[0].islower()
        and before.text[-1] not in _SENTENCE_ENDS
    )


def _cut(text: str) -> Iterator[Block]:
    lines = [(found.start(), found[0]) for found in re.finditer(r"[^\n]*\n|[^\n]+", text)]
    usual = _usual_length(lines)
    at = 0
    while at < len(lines):
        start, line = lines[at]
        last = at + 1
        if not line.strip() or _PAGE_NUMBER.fullmatch(line):
            at += 1
            continue
        if fence := _FENCE.match(line):
            while last < len(lines) and not lines[last][1].lstrip().startswith(fence[1]):
                last += 1
            last = min(last + 1, len(lines))
            is_closed = last - 1 > at and lines[last - 1][1].strip().startswith(fence[1])
            inner = _as_it_is(text, lines, at + 1, last - is_closed)
            if inner.text.strip():
                yield msgspec.structs.replace(inner, is_code=True)
        elif _TABLE.fullmatch(line):
            while last < len(lines) and _TABLE.fullmatch(lines[last][1]):
                last += 1
            yield _as_it_is(text, lines, at, last)
        elif heading := _HEADING.match(line):
            words = line[heading.end() :].strip().rstrip("#").rstrip()
            if words:
                yield Block(words, start + heading.end(), start + len(line), is_heading=True)
        else:
            while last < len(lines) and _continues(lines[last - 1][1], lines[last][1], usual):
                last += 1
            end = lines[last - 1][0] + len(lines[last - 1][1])
            is_heading = last == at + 1 and last < len(lines) and _looks_like_heading(line)
            yield Block(joined(text[start:end]), start, end, is_heading)
        at = last


def _usual_length(lines: list[tuple[int, str]]) -> int:
    """Return how long a full line of a text is: nine of ten are shorter."""
    lengths = sorted(len(line.strip()) for _start, line in lines if line.strip())
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _continues(before: str, line: str, usual: int) -> bool:
    """Whether a line goes on with the paragraph of the one before it. Text out of a PDF has no empty
    lines between paragraphs; there a short line tells."""
    begins = _FENCE.match(line) or _HEADING.match(line) or _ITEM.match(line)
    if not line.strip() or begins or _TABLE.fullmatch(line) or usual > _LONG_LINE:
        return False
    bare = before.strip()
    if len(bare) < _SHORT * usual and bare[-1] in _SENTENCE_ENDS:
        return False
    if bare[-1] in _SENTENCE_ENDS and _looks_like_heading(line):
        return False
    return not (_looks_like_heading(before) and not line.strip()[0].islower())


def _looks_like_heading(line: str) -> bool:
    bare = line.strip()
    return (
        len(bare) <= _LONGEST_HEADING
        and bare[-1] not in _NOT_HEADING_ENDS
        and not bare[0].islower()
        and bare[0].isalnum()
        and not _ITEM.match(line)
    )


def _as_it_is(text: str, lines: list[tuple[int, str]], first: int, last: int) -> Block:
    if first >= last:
        return Block("", 0, 0, is_prose=False)
    start, end = lines[first][0], lines[last - 1][0] + len(lines[last - 1][1])
    return Block(text[start:end].strip("\n"), start, end, is_prose=False)
