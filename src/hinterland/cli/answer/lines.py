"""Streamed Markdown as rows of a terminal, line by line of its source.

A line of the source is a line on the screen: what models write as lines they mean as lines. HTML,
images and addresses are shown as text. A finished line never changes again, so nothing but the
line that is being written, or a table that is growing, ever has to be drawn a second time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hinterland.cli.answer.inline import (
    BOLD,
    CODE,
    DIM,
    HEADING,
    ITALIC,
    UNDERLINE,
    Row,
    cells,
    wrap,
)
from hinterland.cli.answer.table import Table, begins

EMPTY = Row(())

_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})(.*)$")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_RULE = re.compile(r"^ {0,3}(?:([-*_])(?:[ \t]*\1){2,}|={3,})[ \t]*$")
_ITEM = re.compile(r"^(\s*)([-*+]|\d{1,9}[.)])[ \t]+(?=\S)")
_QUOTE = re.compile(r"^ {0,3}(?:>[ \t]?)+")
# What a line may begin with before it is known what it is.
_UNDECIDED = re.compile(
    r"^\s*(?:#{1,6}\s*|[-*_+=][-*_= \t]*|\d{1,9}[.)]?\s*|[>\s]+|`{1,2}|~{1,2})?$"
)
_MAYBE_DELIMITERS = re.compile(r"^[\s|:-]*$")
_FORMULA = re.compile(r"^\s*(?:\$\$|\\\[|\\begin\{)")
_MOST_INDENT = 16
_RULE_WIDTH = 40
_LONGEST_FORMULA = 60
"""Lines that wait for the end of a formula set apart, which has no empty ones; then they are text."""


@dataclass(frozen=True, slots=True)
class _Block:
    """How one line is laid out: what stands before its rows, and what is left of it."""

    first: str
    hang: str
    prefix_style: int
    style: int
    text: str
    at: int
    """Where `text` begins in the line."""


class Lines:
    """Takes in text as it comes, and says which rows are finished and which may still change."""

    def __init__(self, width: int, height: int, *, unicode: bool = True) -> None:
        self.width, self.height = width, height
        """Columns that rows may fill, and the rows of the screen."""
        self.done: list[Row] = []
        """Rows that will not change; whoever shows them takes them out."""
        self.in_code = False
        """Whether the growing row is a line of code, which is only ever added to."""
        self._unicode = unicode
        self._partial = ""
        self._cut = 0
        """Up to here the growing line has been shown for good."""
        self._shown_end = 0
        self._head: str | None = None
        self._table: Table | None = None
        self._skip = 0
        """Rows of the table that have been shown for good."""
        self._fence = ""
        self._formula: list[str] = []
        """The lines of a formula set apart, until it ends."""
        self._gap = self._started = self._in_list = self._after_blank = False

    def take(self, text: str) -> None:
        """Take in a piece of the answer, cut anywhere."""
        *complete, self._partial = (self._partial + text).split("\n")
        for line in complete:
            self._complete(line)

    def finish(self) -> None:
        """Finish every row: there is no more to come."""
        if self._partial:
            self._complete(self._partial)
        self._partial = ""
        self._end_formula()
        self._end_table()

    def live(self) -> list[Row]:
        """Return the rows that may still change."""
        partial = self._partial
        if self._formula or self._begins_formula(partial):
            partial = ""
        if self._table is not None:
            growing = partial if partial.lstrip().startswith("|") else None
            rows = self._gapped(self._table.rows(self.width, growing, max(2, self.height - 6)))
            rows = rows[self._skip :]
            rest = [] if growing is not None else self._rows(partial, final=False)
        elif self._head is not None:
            rows = self._gapped(self._rows(self._head, final=True))
            rest = [] if _MAYBE_DELIMITERS.match(partial) else self._rows(partial, final=False)
        else:
            rows, rest = [], self._rows(partial, final=False)
            rest = rest if self._cut else self._gapped(rest)
        self._shown_end = rest[-1].end if rest else 0
        self.in_code = bool(rest) and rest[-1].verbatim
        return rows + rest

    def keep(self) -> None:
        """Take the live rows for finished where they are: the screen has changed its width.

        What is still to come of them begins a row of its own.
        """
        if self._table is not None:
            self._skip = len(self._gapped([EMPTY])) - 1 + self._table.fix(self.width)
            return
        if self._head is not None:
            self._head = None
            self._begin()
        if self._shown_end:
            self._gap = False
            self._cut = max(self._cut, self._shown_end)

    def _complete(self, line: str, *, formulas: bool = True) -> None:
        if self._formula:
            self._go_on_with_formula(line)
            return
        if self._table is not None and "|" in line:
            self._table.add(line)
            return
        if self._head is not None:
            head, self._head = self._head, None
            if begins(head, line):
                self._table = Table(head, line, unicode=self._unicode)
                return
            self._emit(self._rows(head, final=True))
            self._follow(head)
        self._end_table()
        if formulas and self._begins_formula(line):
            self._go_on_with_formula(line)
            return
        if not self._fence and "|" in line and not self._cut and _is_text(line):
            self._head = line
            return
        rows = self._rows(line, final=True)
        cut, self._cut = self._cut, 0
        if cut:
            self.done += rows
        else:
            self._emit(rows)
        self._follow(line)

    def _end_table(self) -> None:
        if self._table is not None:
            rows = self._gapped(self._table.rows(self.width))
            self.done += rows[self._skip :]
            self._begin()
            self._after_blank = self._in_list = False
        elif self._head is not None:
            self._emit(self._rows(self._head, final=True))
        self._table, self._head, self._skip = None, None, 0

    def _begins_formula(self, line: str) -> bool:
        return (
            self._unicode and not self._fence and not self._cut and _FORMULA.match(line) is not None
        )

    def _go_on_with_formula(self, line: str) -> None:
        from hinterland.tui import latex

        self._formula.append(line)
        lines = [each.strip() for each in self._formula]
        found = latex.block(lines.__getitem__, 0, len(lines))
        shown = latex.shown_block(found.latex) if found else []
        if shown:
            indent = " " * (len(self._formula[0]) - len(self._formula[0].lstrip()) + 2)
            self._emit([Row(((indent + each, 0),), verbatim=True) for each in shown])
            self._formula, self._after_blank = [], False
        elif not lines[-1] or len(lines) == _LONGEST_FORMULA or _formula_ends(lines):
            self._end_formula()

    def _end_formula(self) -> None:
        """Show what turned out to be no formula as the text it is."""
        lines, self._formula = self._formula, []
        for line in lines:
            self._complete(line, formulas=False)

    def _emit(self, rows: list[Row]) -> None:
        if rows:
            self.done += self._gapped(rows)
            self._begin()

    def _begin(self) -> None:
        """Note that something has been shown: from now on an empty line is a gap."""
        self._started, self._gap = True, False

    def _gapped(self, rows: list[Row]) -> list[Row]:
        return [EMPTY, *rows] if self._gap and rows else rows

    def _follow(self, line: str) -> None:
        """Take note of what a finished line means to those after it."""
        fence = _FENCE.match(line)
        if self._fence:
            if fence and _closes(self._fence, fence):
                self._fence = ""
        elif fence and not ("`" in fence[2] and "`" in fence[3]):
            self._fence = fence[2]
        blank = not line.strip()
        if blank and not self._fence:
            self._gap = self._started
        elif not blank:
            indented = line[:1] in " \t"
            self._in_list = bool(_ITEM.match(line)) or (self._in_list and indented)
        self._after_blank = blank or (self._after_blank and _is_code(line))

    def _rows(self, line: str, *, final: bool) -> list[Row]:
        """Return the rows of one line that is no part of a table, from the cut on."""
        fence = _FENCE.match(line)
        if self._fence:
            return self._code_rows(line, fence, final)
        if not line.strip() or (not final and _UNDECIDED.match(line)):
            return []
        if fence and not ("`" in fence[2] and "`" in fence[3]):
            label = fence[3].strip()
            return [self._rule(3, f" {label}" if label else "")] if final else []
        if _RULE.match(line):
            return [self._rule(min(_RULE_WIDTH, self.width))] if final else []
        if _is_code(line) and self._after_blank and not self._in_list:
            return self._verbatim(line)
        block = self._block(line, 0)
        found = cells(block.text, block.style, final=final, source=block.at, formulas=self._unicode)
        first = (block.first, block.prefix_style)
        hang = (block.hang, block.prefix_style)
        if self._cut:
            found = [left for cell in found if (left := cell.after(self._cut))]
            first = hang
        if not found:
            return []
        return wrap(found, first, hang, self.width, growing=not final)

    def _code_rows(self, line: str, fence: re.Match[str] | None, final: bool) -> list[Row]:
        if fence and _closes(self._fence, fence):
            return [self._rule(3)] if final else []
        if not final and line and not line.strip().strip(self._fence[0]):
            return []  # it may become the end of the code
        return self._verbatim(line) if line or final else []

    def _verbatim(self, line: str) -> list[Row]:
        text = line.expandtabs(4)
        return [Row(((text, CODE),) if text else (), len(line), verbatim=True)]

    def _rule(self, width: int, label: str = "") -> Row:
        return Row(((("─" if self._unicode else "-") * width + label, DIM),))

    def _block(self, line: str, style: int) -> _Block:
        if quote := _QUOTE.match(line):
            inner = self._block(line[quote.end() :], style)
            bar = ("│ " if self._unicode else "| ") * quote[0].count(">")
            first, hang, at = bar + inner.first, bar + inner.hang, inner.at + quote.end()
            return _Block(first, hang, DIM, inner.style, inner.text, at)
        if heading := _HEADING.match(line):
            extra = {1: UNDERLINE, 2: 0}.get(len(heading[1]), ITALIC)
            return _Block("", "", 0, BOLD | HEADING | extra, heading[2], heading.start(2))
        indent = line[: len(line) - len(line.lstrip())].expandtabs(4)[:_MOST_INDENT]
        if item := _ITEM.match(line):
            sign = item[2] if item[2][0].isdigit() else "•" if self._unicode else "-"
            first = f"{indent}{sign} "
            text = line[item.end() :]
            return _Block(first, self._hang(len(first)), 0, style, text, item.end())
        if not self._in_list:
            indent = ""
        text = line.lstrip()
        at = len(line) - len(text)
        return _Block(indent, self._hang(len(indent)), 0, style, text, at)

    def _hang(self, columns: int) -> str:
        return " " * (columns if columns < self.width // 2 else 2)


def _closes(fence: str, line: re.Match[str]) -> bool:
    return line[2].startswith(fence) and not line[3].strip()


def _formula_ends(lines: list[str]) -> bool:
    """Whether the last line has what ends a formula, be it in a place where it cannot."""
    closing = {"$$": "$$", "\\[": "\\]"}.get(lines[0][:2], "\\end{")
    return closing in (lines[-1] if len(lines) > 1 else lines[0][2:])


def _is_code(line: str) -> bool:
    return line.startswith(("    ", "\t"))


def _is_text(line: str) -> bool:
    """Return whether a line with a bar may be a table's head."""
    return not (
        _FENCE.match(line) or _HEADING.match(line) or _ITEM.match(line) or _QUOTE.match(line)
    )
