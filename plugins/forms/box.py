"""The box of a plugin's screen, which takes every key of it in order."""

from __future__ import annotations

from typing import ClassVar, Protocol

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from hinterland.text import clean

_LEFT_OUT = {"copy", "select_word", "cursor_page_up", "cursor_page_down"}
"""What TextArea does by itself and the screen does otherwise."""


class Writing(Protocol):
    """What the box asks its screen."""

    @property
    def writes(self) -> bool:
        """Whether characters are text now, and no keys."""

    @property
    def one_line(self) -> bool:
        """Whether what is written is one line."""

    def pasted(self, text: str) -> bool:
        """Take a text that is too long for the box; return whether it was taken."""


class Box(TextArea, inherit_bindings=False):
    """Has the focus always: a key of a burst must not overtake the one before it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        each
        for each in TextArea.BINDINGS
        if isinstance(each, Binding) and each.action not in _LEFT_OUT
    ]

    def __init__(self, form: Writing, name: str) -> None:
        super().__init__(
            id=name,
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
            compact=True,
        )
        self._form = form
        self.cursor_blink = False
        self.masked = False
        """Whether what is written is hidden, as a PIN is."""

    def put(self, text: str) -> None:
        """Put a text in the place of what is in the box."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def get_line(self, line_index: int) -> Text:
        """Return a line as it is drawn."""
        line = super().get_line(line_index)
        return Text("*" * len(line), end="", no_wrap=True) if self.masked else line

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Leave letters to the keys of the screen where they are no text."""
        return self._form.writes and super().check_consume_key(key, character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys that move and delete to the screen where nothing is written."""
        return self._form.writes and super().check_action(action, parameters)

    def is_text(self, event: events.Key) -> bool:
        """Whether a key is a character that is written now."""
        return self._form.writes and event.is_printable

    async def on_key(self, event: events.Key) -> None:
        """Do at once what a key means now; what means nothing is text or nothing."""
        writes = self._form.writes
        if self.is_text(event):
            return
        active = self.screen.active_bindings
        found = active.get(event.key) or active.get(event.key.lower())
        if found is not None and found.enabled and found.node is not self.app:
            event.stop()
            event.prevent_default()
            await self.app.run_action(found.binding.action, found.node)
        elif event.is_printable or (event.key == "enter" and (self._form.one_line or not writes)):
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Clean what is pasted before TextArea's own handler puts it in."""
        text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        if self._form.one_line:
            text = text.replace("\n", " ")
        event.text = text
        if not self._form.writes or self._form.pasted(text):
            event.stop()
            event.prevent_default()
