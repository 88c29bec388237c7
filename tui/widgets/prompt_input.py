"""The box a prompt is written in: Enter sends, it grows by a few lines, and remembers."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from hinterland.language import _
from hinterland.text import clean
from hinterland.tui import keys
from hinterland.tui.messages import PromptSubmitted


class PromptInput(TextArea):
    """A text area that sends on Enter and brings earlier prompts back with Up when it is empty."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="prompt.send"),
        Binding(
            "ctrl+j,alt+enter,shift+enter",
            "new_line",
            "New line",
            key_display="^j",
            id="prompt.new_line",
        ),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
            placeholder=_("Ask something, or type /help"),
            compact=True,
        )
        self.cursor_blink = False  # a blinking cursor is bytes on the line for nothing
        self._prompts: list[str] = []
        self._recalled: int | None = None

    def remember(self, prompts: list[str]) -> None:
        """Add prompts, oldest first, to those that Up brings back."""
        for prompt in prompts:
            if prompt.strip() and self._prompts[-1:] != [prompt]:
                self._prompts.append(prompt)

    def give_back(self, prompt: str) -> None:
        """Put a prompt that could not be answered before whatever was typed since."""
        self._show("\n".join(text for text in (prompt, self.text) if text.strip()))

    def action_send(self) -> None:
        if self.text.strip():
            self.post_message(PromptSubmitted(self.text.strip("\n")))

    def accept(self) -> None:
        """Empty the box: what was in it has been sent."""
        self.remember([self.text.strip("\n")])
        self._recalled = None
        self.load_text("")

    def action_new_line(self) -> None:
        self.insert("\n")
        self.scroll_cursor_visible()

    def action_cursor_up(self, select: bool = False) -> None:
        if select or not (self._browsing or not self.text):
            super().action_cursor_up(select)
            return
        at = len(self._prompts) if self._recalled is None else self._recalled
        if at > 0:
            self._recall(at - 1)

    def action_cursor_down(self, select: bool = False) -> None:
        if select or not self._browsing or self._recalled is None:
            super().action_cursor_down(select)
        elif self._recalled + 1 < len(self._prompts):
            self._recall(self._recalled + 1)
        else:
            self._recalled = None
            self.load_text("")

    async def on_key(self, event: events.Key) -> None:
        """Do at once what a key means here. Textual sends it up to the app and back, and on a slow
        line, where keys come in bursts, Enter or Backspace would then act on another text."""
        for binding in keys.at(self, self._bindings, event.key):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)

    def on_paste(self, event: events.Paste) -> None:
        """Clean what is pasted before TextArea's own handler puts it in: this terminal shows it."""
        event.text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))

    @property
    def _browsing(self) -> bool:
        """Whether the box holds an earlier prompt, untouched."""
        return self._recalled is not None and self.text == self._prompts[self._recalled]

    def _recall(self, index: int) -> None:
        self._recalled = index
        self._show(self._prompts[index])

    def _show(self, text: str) -> None:
        self.load_text(text)
        self.move_cursor(self.document.end)
