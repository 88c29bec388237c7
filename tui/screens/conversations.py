"""The conversations: a list by day, found by title as one types, or by anything that was said.

`hinterland.tui.history_work` reads and changes the history and posts what it finds; the handlers change
what is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, Static

from hinterland.history import History, Summary, fuzzy
from hinterland.language import N_, _
from hinterland.text import clean_line
from hinterland.tui import keys
from hinterland.tui.conversation_rows import Place, Row, by_day, by_match, by_place
from hinterland.tui.history_work import (
    Changed,
    ChangeFailed,
    HistoryWork,
    Listed,
    MadeReady,
    Searched,
)
from hinterland.tui.widgets.conversation_list import ConversationList
from hinterland.tui.widgets.key_line import KeyLine
from hinterland.tui.widgets.search_box import Entered, SearchBox

_PAUSE = 0.03
"""Seconds in which more letters may come before a search through everything begins."""


class Asking(Enum):
    """What the box at the top is for."""

    TITLES = N_("Title:")
    EVERYTHING = N_("Text:")
    RENAME = N_("New title:")
    TAGS = N_("Tags:")


@dataclass(frozen=True)
class Outcome:
    """How the list was left."""

    place: Place | None
    """Where to go; None stays where one is."""
    deleted: frozenset[str]
    """Conversations that were deleted and not brought back."""


class ConversationsScreen(Screen[Outcome]):
    """Lists, finds, opens, and marks conversations."""

    CSS_PATH = "conversations.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", N_("Back"), priority=True, id="conversations.back"),
        Binding("f3", "mode(True)", N_("In all text"), priority=True, id="conversations.text"),
        Binding("ctrl+o", "mode(False)", N_("In titles"), priority=True, id="conversations.titles"),
        Binding("ctrl+z", "undo", N_("Undelete"), priority=True, id="conversations.undo"),
        Binding("down", "move(1)", N_("Down"), show=False, priority=True, id="conversations.down"),
        Binding("up", "move(-1)", N_("Up"), show=False, priority=True, id="conversations.up"),
        Binding(
            "pagedown",
            "page(1)",
            N_("Scroll"),
            show=False,
            priority=True,
            id="conversations.page_down",
        ),
        Binding(
            "pageup",
            "page(-1)",
            N_("Scroll"),
            show=False,
            priority=True,
            id="conversations.page_up",
        ),
        Binding(
            "ctrl+home",
            "move_to_end(False)",
            N_("To the first"),
            show=False,
            priority=True,
            id="conversations.first",
        ),
        Binding(
            "ctrl+end",
            "move_to_end(True)",
            N_("To the last"),
            show=False,
            priority=True,
            id="conversations.last",
        ),
    ]

    def __init__(
        self, open_history: Callable[[], History], query: str = "", *, everywhere: bool = False
    ) -> None:
        super().__init__()
        self._work = HistoryWork(open_history, self.post_message)
        self._asking = self._mode = Asking.EVERYTHING if everywhere else Asking.TITLES
        self._query = query
        self._summaries: list[Summary] = []
        self._prepared: list[fuzzy.Prepared[Summary]] | None = None
        self._show_archived = False
        self._changing = ""  # the conversation that gets a new title or tags
        self._searching = False
        self._open_what_is_found = False
        self._deleted: set[str] = set()

    def compose(self) -> ComposeResult:
        with Horizontal(id="search-line"):
            yield Static(id="search-label", markup=False)
            yield SearchBox(id="search")
            yield Static(id="search-count", markup=False)
        yield ConversationList(id="conversations")
        yield KeyLine()

    def on_mount(self) -> None:
        self.box = self.query_one(SearchBox)
        self.list = self.query_one(ConversationList)
        self.box.value = self._query
        self.box.focus()
        self._label()
        self.list.show([], _("Reading the conversations …"))
        self.run_worker(self._work.read())

    # Handlers: they own the state

    def on_listed(self, message: Listed) -> None:
        self._summaries, self._prepared = message.summaries, None
        if self._mode is Asking.EVERYTHING or not self._query.strip():
            self._show(keep=True)
        # The list is painted first.
        self.call_after_refresh(lambda: self.run_worker(self._work.make_ready(message.summaries)))

    def on_made_ready(self, message: MadeReady) -> None:
        self._prepared = message.prepared
        if self._mode is Asking.TITLES and self._query.strip():
            self._show(keep=True)
        if self._open_what_is_found and not self._searching:
            self.action_open()

    def on_searched(self, message: Searched) -> None:
        self._searching = False
        if self._mode is not Asking.EVERYTHING:
            return
        if message.words != self._query:
            self._show()  # somebody typed on
            return
        known = {summary.id: summary for summary in self._summaries}
        self._show_rows(by_place(message.hits, known, message.words), len(message.hits))
        if self._open_what_is_found:
            self.action_open()

    def on_changed(self, message: Changed) -> None:
        self.notify(message.notice, markup=False)
        self._deleted |= {message.gone} - {""}
        self._deleted.discard(message.back)
        self.run_worker(self._work.read())

    def on_change_failed(self, message: ChangeFailed) -> None:
        self._searching = self._open_what_is_found = False
        sentence = clean_line(f"{message.error.message} {message.error.hint}".strip(), 400)
        if not self._summaries:
            self.list.show([], sentence)
        self.notify(sentence, severity="error", markup=False)

    def on_input_changed(self, message: Input.Changed) -> None:
        if self._asking is self._mode and message.value != self._query:
            self._query = message.value
            self._open_what_is_found = False
            self._show()

    def on_entered(self, message: Entered) -> None:
        changing, self._changing = self._changing, ""
        match self._asking:
            case Asking.RENAME:
                self._ask_for_search()
                self._change(lambda history: history.rename(changing, message.text), _("Renamed."))
            case Asking.TAGS:
                tags = message.text.replace(",", " ").split()
                self._ask_for_search()
                self._change(lambda history: history.tag(changing, tags), _("Tags changed."))
            case _ if self._searching or (self._prepared is None and self._query.strip()):
                self._open_what_is_found = True
            case _:
                self.action_open()

    # What the keys do

    def action_back(self) -> None:
        if self._asking is not self._mode:
            self._ask_for_search()
        else:
            self.dismiss(Outcome(None, frozenset(self._deleted)))

    def action_open(self) -> None:
        if self.list.chosen is not None:
            self.dismiss(Outcome(self.list.chosen, frozenset(self._deleted)))

    def action_mode(self, everywhere: bool) -> None:
        self._mode = Asking.EVERYTHING if everywhere else Asking.TITLES
        self._ask_for_search()
        self.set_focus(self.box)
        self._show()

    def action_search(self) -> None:
        self.set_focus(self.box)

    def action_move(self, rows: int) -> None:
        # `focus()` takes a while, and of keys that come in a burst the next would go to the box.
        if self._asking is not self._mode:
            return
        if self.list.has_focus:
            if not self.list.move(rows) and rows < 0:
                self.set_focus(self.box)
        elif rows > 0 and (self.list.chosen is not None or self._any_archived()):
            self.set_focus(self.list)

    def action_page(self, pages: int) -> None:
        self.list.page(pages)

    def action_move_to_end(self, last: bool) -> None:
        self.list.move_to_end(last)

    def action_archived(self) -> None:
        self._show_archived = not self._show_archived
        self._label()
        self._show(keep=True)

    def action_pin(self) -> None:
        if summary := self._chosen():
            said = _("No longer pinned.") if summary.pinned else _("Pinned.")
            self._change(lambda history: history.pin(summary.id, not summary.pinned), said)

    def action_archive(self) -> None:
        if summary := self._chosen():
            said = _("In the list again.") if summary.archived else _("Archived.")
            self._change(lambda history: history.archive(summary.id, not summary.archived), said)

    def action_rename(self) -> None:
        if summary := self._chosen():
            self._ask(Asking.RENAME, summary, summary.title)

    def action_tag(self) -> None:
        if summary := self._chosen():
            self._ask(Asking.TAGS, summary, " ".join(summary.tags))

    def action_delete(self) -> None:
        if summary := self._chosen():
            key = keys.said(self, "conversations.undo")
            said = _("Deleted “{title}”. {key} brings it back until you leave.")
            said = said.format(title=clean_line(summary.title, 40), key=key)
            self.run_worker(self._work.delete(summary.id, said))

    def action_undo(self) -> None:
        self.run_worker(self._work.bring_back())

    # The rest

    def _any_archived(self) -> bool:
        """Whether the list could show more than it does."""
        return not self._show_archived and any(each.archived for each in self._summaries)

    def _chosen(self) -> Summary | None:
        place = self.list.chosen
        if place is None:
            return None
        return next((each for each in self._summaries if each.id == place.conversation_id), None)

    def _change(self, change: Callable[[History], object], said: str) -> None:
        self.run_worker(self._work.change(change, said))

    def _ask(self, asking: Asking, summary: Summary, text: str) -> None:
        self._asking, self._changing = asking, summary.id
        self._label()
        self.box.value = clean_line(text)
        self.box.action_end()
        self.set_focus(self.box)

    def _ask_for_search(self) -> None:
        """Have the box search again."""
        was, self._asking = self._asking, self._mode
        self._label()
        self.box.value = self._query
        self.box.action_end()
        if was in (Asking.RENAME, Asking.TAGS):
            self.set_focus(self.list)

    def _label(self) -> None:
        self.query_one("#search-label", Static).update(_(self._asking.value) + " ")
        says = {
            Asking.TITLES: _("type to find; {text} searches all text"),
            Asking.EVERYTHING: _("words that were said; {titles} lists titles"),
        }
        self.box.placeholder = says.get(self._asking, "").format(
            text=keys.said(self, "conversations.text"),
            titles=keys.said(self, "conversations.titles"),
        )

    def _show(self, keep: bool = False) -> None:
        """Show what there is to show for what stands in the box."""
        words = self._query.strip()
        if self._mode is Asking.EVERYTHING and words:
            if not self._searching:
                self._searching = True
                # Not at the first letter of several: a search that has begun goes on to its end.
                self.set_timer(_PAUSE, self._search)
            return
        if words:
            if self._prepared is None:
                return  # what they are made ready for is shown then
            found = fuzzy.find(words, self._prepared)
            listed = [each for each in found if self._show_archived or not each.archived]
            rows = by_match(listed)
        else:
            listed = [each for each in self._summaries if self._show_archived or not each.archived]
            rows = by_day(listed)
        self._show_rows(rows, len(listed), keep)

    def _search(self) -> None:
        if self._mode is Asking.EVERYTHING and self._query.strip():
            self.run_worker(self._work.search(self._query))
        else:
            self._searching = False

    def _show_rows(self, rows: list[Row], count: int, keep: bool = False) -> None:
        nothing = _("There are no conversations.")
        if self._query.strip():
            nothing = _("Nothing found.")
        elif self._any_archived():
            nothing = _("All conversations are archived.")
        self.list.show(rows, nothing, keep)
        self.query_one("#search-count", Static).update(f"{count:,}")
