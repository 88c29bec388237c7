"""The palette: everything that can be done, found by a few letters of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.fuzzy import Matcher
from textual.screen import Screen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from hinterland import chat_commands
from hinterland.errors import HinterlandError
from hinterland.language import N_, _
from hinterland.sentences import translated
from hinterland.text import clean_line
from hinterland.tui import palette_entries, vim
from hinterland.tui.palette_entries import Entry
from hinterland.tui.widgets.key_line import KeyLine

_ELLIPSIS = "…"


class PaletteScreen(Screen[Entry]):
    """Lists what can be done; ends with what was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", N_("Do it"), priority=True, id="palette.choose"),
        Binding("escape", "leave", N_("Back"), id="palette.back"),
        Binding("down,ctrl+n", "move(1)", N_("Next"), priority=True, id="palette.next"),
        Binding("up,ctrl+p", "move(-1)", N_("Previous"), priority=True, id="palette.previous"),
        Binding(
            "pagedown",
            "page(1)",
            N_("A page on"),
            show=False,
            priority=True,
            id="palette.page_down",
        ),
        Binding(
            "pageup", "page(-1)", N_("A page back"), show=False, priority=True, id="palette.page_up"
        ),
    ]

    def __init__(self, entries: Sequence[Entry], *, whole: bool) -> None:
        super().__init__()
        self._entries = list(entries)
        self._whole = whole
        """Whether models, roles and what plugins bring are to be offered too."""
        self._shown: list[Entry] = []

    def compose(self) -> ComposeResult:
        yield Input(placeholder=_("What do you want to do?"), compact=True, id="sought")
        yield OptionList(id="found", compact=True)
        yield KeyLine()

    def on_mount(self) -> None:
        self._input = self.query_one(Input)
        self._input.cursor_blink = False
        self._list = self.query_one(OptionList)
        self._list.can_focus = False
        self._input.focus()
        self.call_after_refresh(self._show)
        if self._whole:
            self.run_worker(self._complete())

    async def _complete(self) -> None:
        try:
            more, wrong = await asyncio.to_thread(palette_entries.of_this_box)
        except HinterlandError as error:
            more, wrong = [], [error.message]
        self._entries += more
        self._show()
        for sentence in wrong:
            self.notify(clean_line(translated(sentence), 400), severity="warning", markup=False)

    def on_input_changed(self) -> None:
        self._show()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._show)

    def on_option_list_option_selected(self) -> None:
        self.action_choose()

    # What the keys do

    def action_choose(self) -> None:
        typed = self._input.value.strip()
        at = self._list.highlighted
        if (command := chat_commands.read(typed)) and (" " in typed or not self._shown):
            self.dismiss(Entry(typed, typed=f"/{command[0]} {command[1]}".rstrip()))
        elif at is not None and at < len(self._shown):
            chosen = self._shown[at]
            if chosen.typed.endswith(" ") and chosen.typed.strip() != typed:
                self._input.value = chosen.typed
                self._input.cursor_position = len(chosen.typed)
            else:
                self.dismiss(chosen)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        if rows > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_page(self, pages: int) -> None:
        vim.move_in_list(self._list, "page_down" if pages > 0 else "page_up")

    # What it shows

    def _show(self) -> None:
        self._shown = found(self._entries, self._input.value)
        width = max(10, self._list.scrollable_content_region.width)
        self._list.clear_options()
        self._list.add_options(Option(_row(entry, width)) for entry in self._shown)
        self._list.highlighted = 0 if self._shown else None


def found(entries: Sequence[Entry], sought: str) -> list[Entry]:
    """Return the entries that have the letters sought in their order, the best match first."""
    sought = sought.strip()
    if chat_commands.read(sought) and " " in sought:  # a command and what goes with it
        sought = sought.partition(" ")[0]
    if not sought:
        return list(entries)
    matcher = Matcher(sought)
    scores = [(matcher.match(f"{entry.title} {entry.detail}"), entry) for entry in entries]
    matching = [(score, entry) for score, entry in scores if score > 0]
    return [entry for _score, entry in sorted(matching, key=lambda each: -each[0])]


def _row(entry: Entry, width: int) -> Text:
    detail = clean_line(entry.detail)
    room = width - (cell_len(detail) + 2 if detail else 0)
    title = entry.title
    if cell_len(title) > room:
        title = set_cell_size(title, max(0, room - 1)) + _ELLIPSIS
    text = Text(set_cell_size(title, room), no_wrap=True)
    return text.append(f"  {detail}", "bold") if detail else text
