"""The line that takes every key of the form, in order, and the line that says what keys do."""

from __future__ import annotations

from typing import ClassVar, Protocol

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.keys import format_key
from textual.widgets import Input, Static

from hinterland.language import _
from hinterland.text import clean_line

_LONGEST = 4000  # characters of a story that is pasted


class Writing(Protocol):
    """What the line asks its form."""

    @property
    def types(self) -> bool:
        """Whether something can be typed on this page."""

    def writes(self, value: str) -> bool:
        """Return whether a letter is text now; `value` is what was written so far."""


class Entry(Input, inherit_bindings=False):
    """Has the focus always: a key of a burst must not overtake the one before it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        each
        for each in Input.BINDINGS
        if isinstance(each, Binding) and each.action not in {"submit", "copy"}
    ]

    def __init__(self, form: Writing) -> None:
        super().__init__(id="diagnosis-entry", compact=True, select_on_focus=False)
        self._form = form
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Leave letters to the keys of the form where they are no text."""
        return self._form.writes(self.value) and super().check_consume_key(key, character)

    async def on_key(self, event: events.Key) -> None:
        """Do at once what a key means on this page; what means nothing is text or nothing."""
        typed = event.is_printable
        if typed and self._form.writes(self.value):
            return
        active = self.screen.active_bindings
        found = active.get(event.key) or active.get(event.key.lower())
        if found is not None and found.enabled and found.node is not self.app:
            event.stop()
            event.prevent_default()
            await self.app.run_action(found.binding.action, found.node)
        elif typed and not self._form.types:
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Clean what is pasted before Input's own handler puts its first line in."""
        if self._form.types:
            event.text = clean_line(event.text, _LONGEST)
        else:
            event.stop()
            event.prevent_default()


class KeyHints(Static):
    """Says in one line which keys do something, the needed ones first, as many as there is room for."""

    def __init__(self) -> None:
        super().__init__(id="diagnosis-keys", markup=False)

    def show(self) -> None:
        """Say what keys do now."""
        room = self.app.size.width
        text = Text(no_wrap=True, end="")
        said: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            name = binding.id or ""
            if not binding.show or not active.enabled or name in said:
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
