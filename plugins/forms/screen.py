"""The line at the end of a plugin's screen that says which keys do something."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.keys import format_key
from textual.widgets import Static

from hinterland.language import _


class KeyHints(Static):
    """Says in one line which keys do something, the needed ones first, as many as there is room for."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, markup=False)

    def show(self) -> None:
        """Say what keys do now."""
        room = self.app.size.width
        text = Text(no_wrap=True, end="")
        said: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            name = binding.id or ""
            if not binding.show or not active.enabled or not name or name in said:
                continue
            key = format_key(binding.key.replace("ctrl+", "^"))
            does = _(binding.description)
            room -= cell_len(f" {key} {does}")
            if room < 0:
                break
            said.add(name)
            text.append(f" {key}", "bold")
            text.append(f" {does}")
        if self.content != text:
            self.update(text)
