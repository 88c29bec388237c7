"""How the screen is laid out: a line about the work, the rows, what is asked, the box, the keys."""

from __future__ import annotations

from enum import StrEnum

from textual.app import ComposeResult
from textual.widgets import Static

from hinterland.plugins.forms.box import Box
from hinterland.plugins.forms.screen import KeyHints, Notice, PartScreen
from hinterland.plugins.translation.screen.side_by_side import SideBySide
from hinterland.text import clean


class Page(StrEnum):
    """What the screen shows, and what the box takes."""

    TEXT = "text"
    ROWS = "rows"
    ROW = "row"
    """A translation that is being changed by hand."""
    SOURCE = "source"
    TARGET = "target"
    OPEN = "open"
    SAVE = "save"
    LEAVING = "leaving"


WRITES = frozenset(Page) - {Page.ROWS, Page.LEAVING}
"""Where characters are text."""
ONE_LINE = frozenset({Page.ROW, Page.SOURCE, Page.TARGET, Page.OPEN, Page.SAVE})
"""Where Enter takes what is written."""


class LaidOutScreen(PartScreen):
    """Shows one page at a time; what there is to show is its heirs'."""

    PARTS = "translation"

    DEFAULT_CSS = """
    LaidOutScreen { background: ansi_default; layers: below above; }
    LaidOutScreen Static { height: auto; width: 100%; }
    #translation-where { height: 1; text-style: reverse; }
    #translation-rows { height: 1fr; display: none; scrollbar-size-vertical: 0; overflow-x: hidden; }
    LaidOutScreen.rows #translation-rows { display: block; }
    #translation-asked { max-height: 5; }
    #translation-box { height: auto; max-height: 5; padding: 0; }
    LaidOutScreen.whole #translation-box { height: 1fr; max-height: 100%; }
    LaidOutScreen.keys #translation-box { layer: above; dock: bottom; width: 1; height: 1; }
    #translation-said { max-height: 3; text-style: bold; }
    #translation-keys { height: 1; }
    LaidOutScreen .empty { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.page = Page.TEXT
        self.over = Page.TEXT
        """The page that a question is asked over."""
        self._said = ""

    def compose(self) -> ComposeResult:
        yield Static(id="translation-where", markup=False)
        yield Notice("translation-notice")
        yield SideBySide()
        yield Static(id="translation-asked", markup=False)
        yield Box(self, "translation-box")
        yield Static(id="translation-said", markup=False)
        yield KeyHints("translation-keys")

    def on_mount(self) -> None:
        self.rows = self.query_one(SideBySide)
        self.box = self.query_one(Box)
        self.box.focus()
        self.turn(Page.TEXT)

    def on_resize(self) -> None:
        self.show()

    def whereabouts(self) -> str:
        """Return the line above everything."""
        raise NotImplementedError

    def asked(self) -> str:
        """Return what the page asks."""
        raise NotImplementedError

    def turn(self, page: Page, written: str = "") -> None:
        """Go to another page, with something written in its box."""
        self.page = page
        self._said = ""
        shown = page if page in {Page.TEXT, Page.ROWS} else self.over
        self.set_class(shown is Page.ROWS, "rows")
        self.set_class(page is Page.TEXT, "whole")
        self.set_class(page not in WRITES, "keys")
        self.box.show_cursor = page in WRITES
        self.box.put(written)
        self.show()

    def show(self) -> None:
        """Draw the page as it is now."""
        if not self.is_mounted:
            return
        self.put("where", self.whereabouts())
        self.put("notice", self.notice())
        self.put("asked", self.asked())
        self.put("said", self._said)
        self.hint()

    def say(self, text: str) -> None:
        """Show a sentence below, until the next page."""
        self._said = clean(text)
        self.put("said", self._said)

    # What the box asks

    @property
    def writes(self) -> bool:
        """Whether characters are text now, and no keys."""
        return self.page in WRITES

    @property
    def one_line(self) -> bool:
        """Whether what is written is one line."""
        return self.page in ONE_LINE

    def pasted(self, text: str) -> bool:
        """Take a text that is too long for the box; return whether it was taken."""
        raise NotImplementedError
