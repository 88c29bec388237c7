"""How a page of the form is laid out and drawn: text, something to choose, a line to write in."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from hinterland.plugins.diagnosis.screen import pages
from hinterland.plugins.diagnosis.screen.entry import Entry
from hinterland.plugins.diagnosis.screen.pages import Kind, Page
from hinterland.plugins.forms.screen import KeyHints, Notice, PartScreen
from hinterland.text import clean


class PagedScreen(PartScreen):
    """Shows one page at a time; what there is to show is its heirs'."""

    PARTS = "diagnosis"

    DEFAULT_CSS = """
    PagedScreen { background: ansi_default; }
    PagedScreen Static { height: auto; width: 100%; }
    #diagnosis-where { height: 1; text-style: reverse; }
    #diagnosis-level { text-style: bold reverse; }
    #diagnosis-view { height: 1fr; scrollbar-size-vertical: 0; }
    #diagnosis-said { max-height: 3; text-style: bold; }
    #diagnosis-keys { height: 1; }
    PagedScreen .empty { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.page = pages.words()
        self.at: int | None = None
        """Which row was gone to."""
        self._said = ""

    def compose(self) -> ComposeResult:
        yield Static(id="diagnosis-where", markup=False)
        yield Notice("diagnosis-notice")
        with VerticalScroll(id="diagnosis-view", can_focus=False):
            yield Static(id="diagnosis-level", markup=False)
            yield Static(id="diagnosis-text", markup=False)
            yield Static(id="diagnosis-rows", markup=False)
        yield Static(id="diagnosis-clock", markup=False)
        yield Entry(self)
        yield Static(id="diagnosis-said", markup=False)
        yield KeyHints("diagnosis-keys")

    def on_mount(self) -> None:
        self.view = self.query_one(VerticalScroll)
        self.entry = self.query_one(Entry)
        self.entry.focus()
        for moved in ("virtual_size", "scroll_y"):  # there may be more below than there was
            self.watch(self.view, moved, self.hint, init=False)
        self.turn()

    def on_resize(self) -> None:
        self.show()

    def made(self) -> Page:
        """Return the page that is to be shown now."""
        raise NotImplementedError

    def whereabouts(self) -> str:
        """Return the line above everything."""
        raise NotImplementedError

    def turn(self) -> None:
        """Go to another page, at its top, with nothing chosen and nothing written."""
        self.at = None
        self._said = ""
        self.show()
        self.entry.value = self.page.value
        self.entry.cursor_position = len(self.page.value)
        self.view.scroll_home(animate=False)

    def show(self) -> None:
        """Draw the page as it is now."""
        if not self.is_mounted:
            return
        self.page = self.made()
        self.put("where", self.whereabouts())
        self.put("notice", self.notice())
        self.put("level", self.page.title)
        self.put("text", self.page.text)
        self.put("rows", pages.rows(self.page, self.at))
        self.put("said", self._said)
        self.entry.placeholder = self.page.hint
        self.hint()
        self.call_after_refresh(self.hint)

    @property
    def has_more(self) -> bool:
        """Whether there is more below what is shown."""
        return self.view.max_scroll_y > self.view.scroll_offset.y

    def say(self, text: str) -> None:
        """Show a sentence below, until the next page."""
        self._said = clean(text)
        self.put("said", self._said)

    # What is written

    @property
    def types(self) -> bool:
        """Whether something can be written on this page."""
        return self.page.kind in pages.WRITES or self.page.kind is Kind.TYPED

    def writes(self, value: str) -> bool:
        """Whether a character is text now, and no key; `value` is what was written so far."""
        return self.page.kind in pages.WRITES or (self.page.kind is Kind.TYPED and bool(value))

    def on_input_changed(self) -> None:
        """Say which keys are keys, and no longer text."""
        self.hint()

    # Keys that move

    def action_move(self, down: int) -> None:
        """Go to the next row, or scroll a line where there is nothing to choose."""
        rows = self.page.rows
        if not rows:
            self.view.scroll_relative(y=down, animate=False)
            return
        first = 0 if down > 0 else len(rows) - 1
        self.at = first if self.at is None else (self.at + down) % len(rows)
        self.put("rows", pages.rows(self.page, self.at))
        self.hint()
        line = self.query_one("#diagnosis-rows").virtual_region.y + self.at
        top, height = self.view.scroll_offset.y, self.view.size.height
        if not top <= line < top + height:
            self.view.scroll_to(y=line if line < top else line - height + 1, animate=False)

    def action_page(self, down: int) -> None:
        height = max(1, self.view.size.height - 1)
        self.view.scroll_relative(y=down * height, animate=False)
