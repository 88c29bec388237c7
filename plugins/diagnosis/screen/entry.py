"""The line that takes every key of the form, in order."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

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
