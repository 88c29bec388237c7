"""The box a prompt is written in: Enter sends, it grows by a few lines, and remembers."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from hinterland.language import N_, _
from hinterland.text import clean
from hinterland.tui import keys
from hinterland.tui.messages import (
    AttachmentRemoved,
    CompletionMoved,
    CompletionTaken,
    EarlierPromptsWanted,
    EditorWanted,
    PromptSubmitted,
)
from hinterland.tui.widgets.editor import Editor


def _quiet(key: str, action: str, description: str, name: str) -> Binding:
    return Binding(key, action, description, show=False, id=f"prompt.{name}")


_SELECTING = N_("Select")


class PromptInput(Editor, inherit_bindings=False):
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
        _quiet("tab", "complete", N_("Complete"), "complete"),
        _quiet("escape", "close_list", N_("Close the list"), "close_list"),
        _quiet("ctrl+g", "editor", N_("Write in $EDITOR"), "editor"),
        _quiet("ctrl+z,super+z", "undo", N_("Undo"), "undo"),
        _quiet("ctrl+y,super+y", "redo", N_("Redo"), "redo"),
        _quiet("up", "cursor_up", N_("Line up, earlier prompt"), "up"),
        _quiet("down", "cursor_down", N_("Line down, later prompt"), "down"),
        _quiet("left", "cursor_left", N_("Character left"), "left"),
        _quiet("right", "cursor_right", N_("Character right"), "right"),
        _quiet("ctrl+left,alt+b", "cursor_word_left", N_("Word left"), "word_left"),
        _quiet("ctrl+right,alt+f", "cursor_word_right", N_("Word right"), "word_right"),
        _quiet("home,ctrl+a", "cursor_line_start", N_("Start of the line"), "line_start"),
        _quiet("end,ctrl+e", "cursor_line_end", N_("End of the line"), "line_end"),
        _quiet("shift+up", "cursor_up(True)", _SELECTING, "select_up"),
        _quiet("shift+down", "cursor_down(True)", _SELECTING, "select_down"),
        _quiet("shift+left", "cursor_left(True)", _SELECTING, "select_left"),
        _quiet("shift+right", "cursor_right(True)", _SELECTING, "select_right"),
        _quiet("ctrl+shift+left", "cursor_word_left(True)", _SELECTING, "select_word_left"),
        _quiet("ctrl+shift+right", "cursor_word_right(True)", _SELECTING, "select_word_right"),
        _quiet("shift+home", "cursor_line_start(True)", _SELECTING, "select_line_start"),
        _quiet("shift+end", "cursor_line_end(True)", _SELECTING, "select_line_end"),
        _quiet("backspace", "delete_left", N_("Delete left"), "delete_left"),
        _quiet("delete,ctrl+d", "delete_right", N_("Delete right"), "delete_right"),
        _quiet(
            "ctrl+w,ctrl+backspace,alt+backspace",
            "delete_word_left",
            N_("Delete the word left"),
            "delete_word_left",
        ),
        _quiet(
            "alt+delete,alt+d",
            "delete_word_right",
            N_("Delete the word right"),
            "delete_word_right",
        ),
        _quiet(
            "ctrl+u,super+backspace",
            "delete_to_start_of_line",
            N_("Delete to the start of the line"),
            "delete_to_start",
        ),
        _quiet(
            "ctrl+k",
            "delete_to_end_of_line_or_delete_line",
            N_("Delete to the end of the line"),
            "delete_to_end",
        ),
        _quiet("ctrl+x,super+x", "cut", N_("Cut"), "cut"),
        _quiet("ctrl+v,super+v", "paste", N_("Paste what was cut"), "paste"),
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
        self.listing = False
        """Whether a list of completions is open above, for Up, Down, Tab, Enter and Esc to act on."""
        self.chosen = False
        """Whether one in that list was gone to."""

    def remember(self, prompts: list[str]) -> None:
        """Add prompts, oldest first, to those that Up brings back."""
        for prompt in prompts:
            if prompt.strip() and self._prompts[-1:] != [prompt]:
                self._prompts.append(prompt)

    def remember_earlier(self, prompts: list[str]) -> None:
        """Add prompts, oldest first, before those that Up brings back."""
        self._prompts[:0] = prompts
        if self._recalled is not None:
            self._recalled += len(prompts)

    def forget(self) -> None:
        """Bring back none of the prompts any more: those of another conversation come."""
        self._prompts.clear()
        self._recalled = None

    def give_back(self, prompt: str) -> None:
        """Put a prompt that could not be answered before whatever was typed since."""
        self.put("\n".join(text for text in (prompt, self.text) if text.strip()))

    def put(self, text: str) -> None:
        """Put a text in the place of what is in the box; Ctrl+Z undoes it."""
        if text != self.text:
            self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor(self.document.end)

    def action_send(self) -> None:
        if self.listing and self.chosen:
            self.post_message(CompletionTaken())
        elif self.text.strip():
            self.post_message(PromptSubmitted(self.text.strip("\n")))

    def accept(self) -> None:
        """Empty the box: what was in it has been sent."""
        self.remember([self.text.strip("\n")])
        self._recalled = None
        self.load_text("")

    def action_new_line(self) -> None:
        self.insert("\n")
        self.scroll_cursor_visible()

    def action_complete(self) -> None:
        self.post_message(CompletionTaken())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Esc to others where no list is open."""
        if action == "close_list":
            return self.listing
        return super().check_action(action, parameters)

    def action_close_list(self) -> None:
        self.post_message(CompletionMoved(0))

    def action_editor(self) -> None:
        self.post_message(EditorWanted(self.text))

    def action_delete_left(self) -> None:
        if self.text:
            super().action_delete_left()
        else:
            self.post_message(AttachmentRemoved())

    def action_cursor_up(self, select: bool = False) -> None:
        if self.listing and not select:
            self.post_message(CompletionMoved(-1))
        elif select or not (self.browsing or not self.text):
            super().action_cursor_up(select)
        else:
            at = len(self._prompts) if self._recalled is None else self._recalled
            if at > 0:
                self._recall(at - 1)
            else:
                self.post_message(EarlierPromptsWanted())

    def action_cursor_down(self, select: bool = False) -> None:
        if self.listing and not select:
            self.post_message(CompletionMoved(1))
        elif select or not self.browsing or self._recalled is None:
            super().action_cursor_down(select)
        elif self._recalled + 1 < len(self._prompts):
            self._recall(self._recalled + 1)
        else:
            self._recalled = None
            self.put("")

    async def on_key(self, event: events.Key) -> None:
        """Do at once what a key means here. Textual sends it up to the app and back, and on a slow
        line, where keys come in bursts, Enter or Backspace would then act on another text."""
        for binding in keys.at(self, self._bindings, event.key):
            if binding.action == "close_list" and not self.listing:
                continue  # Esc means something else then
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)
            return
        if _is_text(event.character) and not event.is_printable:
            assert event.character is not None
            event.stop()
            event.prevent_default()
            self._replace_via_keyboard(event.character, *self.selection)

    def on_paste(self, event: events.Paste) -> None:
        """Clean what is pasted before TextArea's own handler puts it in: this terminal shows it."""
        event.text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))

    @property
    def browsing(self) -> bool:
        """Whether the box holds an earlier prompt, untouched."""
        return self._recalled is not None and self.text == self._prompts[self._recalled]

    def _recall(self, index: int) -> None:
        self._recalled = index
        self.put(self._prompts[index])


def _is_text(character: str | None) -> bool:
    """Whether a key that Python does not call printable is text all the same: the ideographic space,
    and what joins emoji or keeps Persian letters apart."""
    if character is None or len(character) != 1:
        return False
    return unicodedata.category(character) in {"Cf", "Zs"} and clean(character) == character
