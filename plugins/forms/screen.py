"""What screens of plugins have in common: parts that change, and a line that says what keys do."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.keys import format_key
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from hinterland import notices
from hinterland.language import _
from hinterland.sentences import translated
from hinterland.text import clean_line


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


class Notice(Static):
    """What a class has its pupils told of all that is asked on a screen, for as long as it is open.

    It hears of a change; who shows it draws it.
    """

    DEFAULT_CSS = "Notice { max-height: 3; color: ansi_yellow; }"

    class Changed(Message):
        """Something else has to be told than before; posted in whatever thread asked the box."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, markup=False)

    def on_mount(self) -> None:
        notices.follow(self._hear)

    def on_unmount(self) -> None:
        notices.leave(self._hear)

    def _hear(self, _notice: str) -> None:
        self.post_message(self.Changed())

    @staticmethod
    def now() -> str:
        """Return what has to be told, in the language of the interface; mostly ""."""
        return clean_line(translated(notices.now()), 400)


class PartScreen(Screen[str]):
    """A screen of parts called `PARTS-name`, each a Static: a Notice called `notice` below what
    stands above everything, and a KeyHints at its end."""

    PARTS: ClassVar[str]

    def on_notice_changed(self) -> None:
        """Show what has to be told now, whatever page is open."""
        if self.is_mounted:
            self.put("notice", self.notice())
            self.call_after_refresh(self.hint)

    def notice(self) -> str:
        """Return what a pupil has to be told of all that is asked here; mostly ""."""
        return Notice.now()

    def hint(self) -> None:
        """Say what keys do now."""
        self.refresh_bindings()
        self.query_one(KeyHints).show()

    def put(self, part: str, text: str) -> None:
        """Change a part of the page; the same text costs nothing."""
        widget = self.query_one(f"#{self.PARTS}-{part}", Static)
        if widget.content != text:
            widget.update(text)
        widget.set_class(not text, "empty")
