"""The line at the top of the list of conversations: what is looked for, or a new title or tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from hinterland.language import N_
from hinterland.text import clean_line


@dataclass
class Entered(Message):
    """Enter was pressed."""

    text: str


class SearchBox(Input):
    """One line to write in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", N_("Open"), id="search.enter"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False

    def action_enter(self) -> None:
        self.post_message(Entered(self.value))

    async def on_key(self, event: events.Key) -> None:
        """Do at once what a key means here: in a burst of keys Enter must not overtake a letter."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)

    def on_paste(self, event: events.Paste) -> None:
        """Clean what is pasted before Input's own handler puts it in."""
        event.text = clean_line(event.text)
