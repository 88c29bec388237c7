"""How the screen is laid out: where the lesson is, what was said, what is asked, the box, the keys."""

from __future__ import annotations

from enum import StrEnum

from textual.app import ComposeResult
from textual.widgets import Static

from hinterland.plugins.forms.screen import KeyHints, Notice, PartScreen
from hinterland.plugins.tutoring.screen.answer_box import AnswerBox
from hinterland.plugins.tutoring.screen.choices import Choices
from hinterland.plugins.tutoring.screen.sayings import Sayings
from hinterland.text import clean


class Page(StrEnum):
    """What the screen shows, and what the box takes."""

    OPENING = "opening"
    PUPIL = "pupil"
    """Which pupil is it?"""
    NAME = "name"
    PIN = "pin"
    LANGUAGE = "language"
    LESSON = "lesson"
    CHOICE = "choice"
    """Of what the lesson offers."""
    WORKING = "working"
    """The steps of the way to an answer, a line each."""
    PROGRESS = "progress"
    HELP = "help"


CHOOSES = frozenset({Page.PUPIL, Page.LANGUAGE, Page.CHOICE})
READS = frozenset({Page.PROGRESS, Page.HELP})
"""Where there is only something to read."""
_CLASSES = ("chooses", "reads", "works")


class TutorLayout(PartScreen):
    """Shows one page at a time; what there is to show is its heirs'."""

    PARTS = "tutor"

    DEFAULT_CSS = """
    TutorLayout { background: ansi_default; layers: below above; }
    TutorLayout Static { height: auto; width: 100%; }
    #tutor-where { height: 1; text-style: reverse; }
    TutorLayout ScrollView {
        height: 1fr; scrollbar-size-vertical: 0; overflow-x: hidden; background: ansi_default;
    }
    #tutor-choices, #tutor-paper { display: none; }
    TutorLayout.chooses #tutor-choices, TutorLayout.reads #tutor-paper { display: block; }
    TutorLayout.chooses #tutor-said, TutorLayout.reads #tutor-said { display: none; }
    #tutor-asked { max-height: 3; text-style: bold; }
    #tutor-box { height: auto; max-height: 3; padding: 0; }
    TutorLayout.works #tutor-box { height: 5; max-height: 40%; min-height: 3; }
    TutorLayout.reads #tutor-box { layer: above; dock: bottom; width: 1; height: 1; }
    #tutor-told { max-height: 4; }
    #tutor-keys { height: 1; }
    TutorLayout .empty { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.page = Page.OPENING
        self._told = ""
        self._drafts: dict[Page, str] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="tutor-where", markup=False)
        yield Notice("tutor-notice")
        yield Sayings("tutor-said")
        yield Sayings("tutor-paper")
        yield Choices("tutor-choices")
        yield Static(id="tutor-asked", markup=False)
        yield AnswerBox(self, "tutor-box")
        yield Static(id="tutor-told", markup=False)
        yield KeyHints("tutor-keys")

    def on_mount(self) -> None:
        self.said = self.query_one("#tutor-said", Sayings)
        self.paper = self.query_one("#tutor-paper", Sayings)
        self.choices = self.query_one(Choices)
        self.box = self.query_one(AnswerBox)
        self.box.focus()
        for view in (self.said, self.paper):  # there may be more below than there was
            for moved in ("virtual_size", "scroll_y"):
                self.watch(view, moved, self.show, init=False)
        self.turn(Page.OPENING)

    def on_resize(self) -> None:
        self.show()

    def whereabouts(self) -> str:
        """Return the line above everything."""
        raise NotImplementedError

    def asked(self) -> str:
        """Return what the page asks."""
        raise NotImplementedError

    def turn(self, page: Page, written: str | None = None) -> None:
        """Go to another page; in its box is what was left there, or something `written`."""
        self._drafts[self.page] = self.box.text
        self._told = ""
        self.page = page
        for name, pages in zip(_CLASSES, (CHOOSES, READS, {Page.WORKING}), strict=True):
            self.set_class(page in pages, name)
        self.box.masked = page is Page.PIN
        self.box.show_cursor = page not in READS
        self.box.put(self._drafts.get(page, "") if written is None else written)
        self.show()

    def draft(self, page: Page) -> str:
        """Return what is written in the box of a page, seen or not."""
        return self.box.text if page is self.page else self._drafts.get(page, "")

    def write(self, page: Page, text: str) -> None:
        """Write something into the box of a page."""
        if page is self.page:
            self.box.put(text)
        else:
            self._drafts[page] = text

    def show(self) -> None:
        """Draw the page as it is now."""
        if not self.is_mounted:
            return
        self.put("where", self.whereabouts())
        self.put("notice", self.notice())
        self.put("asked", self.asked())
        self.put("told", self._told)
        self.hint()
        self.call_after_refresh(self.hint)

    def tell(self, text: str) -> None:
        """Show a sentence below, until the next page or act."""
        self._told = clean(text)
        self.put("told", self._told)

    # What the box asks

    @property
    def writes(self) -> bool:
        """Whether characters are text now, and no keys."""
        return self.page not in READS

    @property
    def one_line(self) -> bool:
        """Whether what is written is one line."""
        return self.page is not Page.WORKING

    def is_key(self, key: str) -> bool:
        """Whether a character is a key now, and no text."""
        raise NotImplementedError

    def pasted(self, text: str) -> bool:
        """Take a text that is too long for the box; return whether it was taken."""
        del text
        return False
