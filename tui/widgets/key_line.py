"""The keys that do something now, in one line: as many as there is room for, the needed ones first.

Textual's own footer makes a widget of every key and cuts what is too long anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

from hinterland.language import _
from hinterland.tui.keys import NO_KEY, display

FIRST = (
    "chat.stop",
    "edit.cancel",
    "prompt.send",
    "app.palette",
    "app.help",
    "chat.new",
    "app.quit",
    "prompt.new_line",
    "chat.models",
    "chat.conversations",
)
"""Ids of keys in the order in which they are shown; others follow as they are declared."""

_OF_THE_CHAT = frozenset({"chat.stop", "edit.cancel", "prompt.send"})
"""One of these does something wherever there is a chat."""

Shown = tuple[str, str, str]
"""A key, how it is written, and what it does."""


class KeyLine(Widget):
    """Shows keys, and takes a click on one for the key."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Text:
        text = Text(no_wrap=True, end="")
        for _key, written, does in fitting(self._shown(), self.size.width - 2):
            text.append(f" {written}", "bold")
            text.append(f" {does}")
        return text

    def _shown(self) -> list[Shown]:
        of_screen: dict[str, Shown] = {}
        of_app: dict[str, Shown] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.description and binding.key != NO_KEY:
                name = binding.id or f"{binding.key} {binding.action}"
                written = binding.key_display or display([binding.key])
                found = of_app if active.node is self.app else of_screen
                found.setdefault(name, (binding.key, written, _(binding.description)))
        shown = of_screen | of_app
        if not _OF_THE_CHAT & shown.keys():
            return list(shown.values())  # the screen's own come first
        first = {name: shown[name] for name in FIRST if name in shown}
        return list((first | shown).values())

    def on_click(self, event: events.Click) -> None:
        at = 0
        for key, written, does in fitting(self._shown(), self.size.width - 2):
            at += cell_len(f" {written} {does}")
            if event.x < at:
                self.app.simulate_key(key)
                return


def fitting(keys: Sequence[Shown], width: int) -> list[Shown]:
    """Return those of the keys that have room in `width` cells, the first ones first."""
    room, found = width, []
    for key in keys:
        cells = cell_len(f" {key[1]} {key[2]}")
        if cells <= room:
            room -= cells
            found.append(key)
    return found
