"""Markdown as strips of text: links are shown and never opened, HTML and images stay as written.

Importing this imports Rich's Markdown and Pygments (tens of milliseconds): do it after the first
paint.
"""

from __future__ import annotations

from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, ListItem, Markdown, TableElement
from rich.segment import Segment
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.theme import Theme
from textual.strip import Strip

from hinterland.tui import latex, tables
from hinterland.tui.pieces import Piece
from hinterland.tui.wrap import TAB, plain

CODE_INDENT = 2
"""Cells before a line of code."""
# The terminal's own sixteen colours: few bytes a change, and readable on any background.
_CODE_THEME = "ansi_dark"
# Few and plain, because they have to read well on any background.
_THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.code_block": "cyan",
        "markdown.block_quote": "italic",
        "markdown.link": "underline",
        "markdown.link_url": "underline",
        "markdown.item.bullet": "bold",
        "markdown.item.number": "bold",
        "markdown.hr": "none",
    }
)
_LONGEST_LINE = 2_000
"""Characters in a line of code above which colouring it is not worth its time."""
_NARROWEST = 12
"""Columns; in fewer, lists and tables have no room left and Markdown is shown as it is written."""

# Without HTML, images and references nothing the model wrote disappears: it is shown as text.
_parser = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["strikethrough", "table"])
    .disable(["image", "reference", "html_inline", "html_block"])
)


def _inline_mathematics(state: StateInline, silent: bool) -> bool:
    found = latex.inline(state.src, state.pos)
    if found is None or found.end > state.posMax:
        return False
    if not silent:
        state.push("text", "", 0).content = found.shown
    state.pos = found.end
    return True


def _block_mathematics(state: StateBlock, start: int, last: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False

    def line(number: int) -> str:
        return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]

    found = latex.block(line, start, last)
    if found is None:
        return False
    if not silent:
        token = state.push("math_block", "", 0)
        token.content = found.latex
        token.map = [start, found.end]
        state.line = found.end
    return True


_parser.inline.ruler.before("escape", "mathematics", _inline_mathematics)
_parser.block.ruler.before(
    "fence", "mathematics", _block_mathematics, {"alt": ["paragraph", "blockquote", "list"]}
)


def render(piece: Piece, width: int, console: Console) -> list[Strip]:
    """Return a piece of clean text as strips of at most `width` cells."""
    if piece.language is not None:
        return _code(piece.text, piece.language, width, console)
    if width < _NARROWEST:
        return plain(piece.text, width)
    document = _Document(latex.closed(piece.text) if piece.open else piece.text)
    return _strips(document, width, console)


def _code(text: str, language: str, width: int, console: Console) -> list[Strip]:
    indent = CODE_INDENT if width > _NARROWEST else 0
    longest = max(map(len, text.split("\n")))
    if longest > _LONGEST_LINE:
        strips = plain(text, width - indent)
    else:
        strips = _strips(_highlighted(text, language), width - indent, console)
    margin = Segment(" " * indent)
    return [Strip([margin, *strip]) if indent and strip else strip for strip in strips]


def _strips(renderable: _Document | Syntax, width: int, console: Console) -> list[Strip]:
    options = console.options.update(width=width, height=None, highlight=False)
    with console.use_theme(_THEME):
        lines = list(Segment.split_lines(console.render(renderable, options)))
    strips = [Strip(_without_trailing_blanks(line)) for line in lines]
    while strips and not strips[-1].text.strip():
        strips.pop()
    while strips and not strips[0].text.strip():
        strips.pop(0)
    return strips


def _without_trailing_blanks(line: list[Segment]) -> list[Segment]:
    """Drop the padding Rich adds: the widget pads with its own background."""
    while line:
        last = line[-1]
        text = last.text.rstrip(" ")
        if text:
            return [*line[:-1], Segment(text, last.style)]
        line = line[:-1]
    return line


def _highlighted(code: str, language: str) -> Syntax:
    return Syntax(
        code.rstrip("\n"),
        language or "text",
        theme=_CODE_THEME,
        background_color="default",
        word_wrap=True,
        tab_size=TAB,
    )


class _Code(CodeBlock):
    """Code inside a list or a quotation, without Rich's box of padding."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _highlighted(str(self.text), self.lexer_name)


class _Mathematics(CodeBlock):
    """Mathematics set apart, a little indented."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in latex.shown_block(str(self.text)):
            yield Text(" " * CODE_INDENT + line, overflow="fold")


class _Heading(Heading):
    """A heading at the left, with the marks that tell its level without colour."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text("#" * int(self.tag[1:]) + " ")
        text.append_text(self.text)
        text.stylize("bold")
        yield text


class _ListItem(ListItem):
    """A numbered item that keeps the full stop after its number."""

    def render_number(
        self, console: Console, options: ConsoleOptions, number: int, last_number: int
    ) -> RenderResult:
        numeral = f"{number}. ".rjust(len(str(last_number)) + 3)
        inside = options.update(width=options.max_width - len(numeral))
        style = console.get_style("markdown.item.number")
        for index, line in enumerate(console.render_lines(self.elements, inside, style=self.style)):
            yield Segment(numeral if index == 0 else " " * len(numeral), style)
            yield from line
            yield Segment.line()


class _Table(TableElement):
    """A table whose cells fold: Rich would end a word that is too wide with an ellipsis."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        headings = self.header.row if self.header is not None else None
        header = [cell.content for cell in headings.cells] if headings is not None else []
        rows = [
            [cell.content for cell in row.cells] for row in (self.body.rows if self.body else ())
        ]
        widths = tables.widths(header, rows, options.max_width)
        if widths is None:
            yield from tables.records(header, rows)
            return
        table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
        for cell, width in zip(header, widths, strict=True):
            heading = cell.copy()
            heading.stylize("bold")
            table.add_column(heading, overflow="fold", width=width)
        for row in rows:
            table.add_row(*row)
        yield table


class _Document(Markdown):
    """Rich's Markdown over our own parser; the model's line breaks are kept."""

    elements = Markdown.elements | {
        "fence": _Code,
        "code_block": _Code,
        "math_block": _Mathematics,
        "heading_open": _Heading,
        "list_item_open": _ListItem,
        "table_open": _Table,
    }

    def __init__(self, text: str) -> None:
        super().__init__("", hyperlinks=False)
        self.parsed = _parser.parse(tables.with_whole_cells(text))
        _keep_line_breaks(self.parsed)


def _keep_line_breaks(tokens: Iterable[Token]) -> None:
    for token in tokens:
        if token.type == "softbreak":
            token.type = "hardbreak"
        if token.children:
            _keep_line_breaks(token.children)
