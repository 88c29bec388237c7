"""The chat: what is asked, what is answered, and what to do when that goes wrong.

Workers run the conversation and post messages; this screen's handlers change what is shown.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from hinterland import chat_commands
from hinterland.conversation import Conversation
from hinterland.errors import HinterlandError
from hinterland.language import N_, _
from hinterland.prompt_memory import recallable
from hinterland.sentences import sentence
from hinterland.text import clean, clean_line
from hinterland.tui import commands, keys, status
from hinterland.tui.finding import Finding, Resume
from hinterland.tui.messages import (
    ConversationOpened,
    MarkdownImported,
    OpeningFailed,
    Painted,
    PromptSubmitted,
    Told,
)
from hinterland.tui.screens.answering import Answering
from hinterland.tui.screens.branching import Branching
from hinterland.tui.screens.writing import WritingScreen
from hinterland.tui.shaping import Shaping
from hinterland.tui.widgets.choice import Choice
from hinterland.tui.widgets.key_line import KeyLine
from hinterland.tui.widgets.notice_line import NoticeLine
from hinterland.tui.widgets.pick_list import PickList
from hinterland.tui.widgets.prompt_input import PromptInput
from hinterland.tui.widgets.status_line import StatusLine
from hinterland.tui.widgets.transcript import Transcript

_TWICE = 2.0
"""Seconds within which a second Ctrl+C leaves."""


class ChatScreen(Answering, Finding, Branching, WritingScreen):
    """A conversation, the box to write in, and a line that says what the engine does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", priority=True, id="chat.stop"),
        # Here for the same key's sake: a class's bindings of a key replace those it inherits.
        Binding("escape", "cancel_edit", "Cancel", priority=True, id="edit.cancel"),
        Binding("escape", "read", N_("Move in the conversation"), show=False, id="vim.read"),
        Binding("ctrl+n", "new_chat", "New chat", priority=True, id="chat.new"),
        Binding(
            "ctrl+c",
            "interrupt",
            "Stop, twice: leave",
            show=False,
            priority=True,
            id="chat.interrupt",
        ),
        Binding("ctrl+t", "reasoning", "Reasoning", show=False, priority=True, id="chat.reasoning"),
        Binding(
            "f4", "copy", N_("Copy the last answer"), show=False, priority=True, id="chat.copy"
        ),
        Binding("pageup", "page(-1)", "A page up", show=False, priority=True, id="chat.page_up"),
        Binding(
            "pagedown", "page(1)", "A page down", show=False, priority=True, id="chat.page_down"
        ),
        Binding("ctrl+home", "first", "To the start", show=False, priority=True, id="chat.first"),
        Binding("ctrl+end", "last", "To the end", show=False, priority=True, id="chat.last"),
    ]

    def __init__(
        self,
        open_conversation: Callable[[], Conversation],
        conversation: Conversation | None = None,
        default_model: str = "",
        remotes: Mapping[str, str] | None = None,
        resume: Resume | None = None,
        *,
        shared: bool = False,
    ) -> None:
        super().__init__()
        self.resume = resume
        self._here = status.SHARED if shared else status.OFFLINE
        """What the status line says of where the words go, unless an engine is remote."""
        self._remotes = dict(remotes or {})
        """What the status line says of where a remote engine's words go, by its name."""
        self.shaping = Shaping.AUTO
        self._open_conversation = open_conversation
        self.conversation = conversation
        self._default_model = self._model = default_model
        self._send_when_open = False
        self._interrupted_at = -_TWICE
        self.left_unsaved = False
        """Whether the chat ended while an answer came that could not be written to the disk."""

    def compose(self) -> ComposeResult:
        yield Transcript(id="transcript")
        yield Choice(id="choice")
        yield NoticeLine("notice")
        yield StatusLine(id="status")
        yield PickList(id="completions")
        yield Static(id="attachments", markup=False)
        yield PromptInput(id="prompt")
        yield KeyLine()

    def on_mount(self) -> None:
        self.transcript = self.query_one(Transcript)
        self.transcript.shaping = self.shaping
        self.prompt = self.query_one(PromptInput)
        self.status = self.query_one(StatusLine)
        self.choice = self.query_one(Choice)
        self.prompt.focus()
        self._set_state(_("opening"))
        # What a library or the history writes to standard error must not be lost under the screen.
        self.app.begin_capture_print(self, stdout=False)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        """Do what can wait for the first paint."""
        if self.conversation is None:
            self.run_worker(self._open())
        else:
            self._show(self.conversation)
        self.run_worker(self._import_markdown())
        self.post_message(Painted())

    # Workers: they post what they find

    async def _open(self) -> None:
        try:
            conversation = await asyncio.to_thread(self._open_conversation)
        except HinterlandError as error:
            self.post_message(OpeningFailed(error))
        else:
            self.post_message(ConversationOpened(conversation))

    async def _import_markdown(self) -> None:
        markdown = await asyncio.to_thread(importlib.import_module, "hinterland.tui.markdown")
        self.post_message(MarkdownImported(markdown))

    # Handlers: they own the state

    def on_conversation_opened(self, message: ConversationOpened) -> None:
        if self.answering is None:
            self._show(message.conversation)
        else:  # something was sent while it was being opened
            self.say_what_stops()

    def on_opening_failed(self, message: OpeningFailed) -> None:
        if self.conversation is not None:
            self._report(message.error)
            message.stop()  # otherwise there is nothing to show, and the app ends with it

    def on_markdown_imported(self, message: MarkdownImported) -> None:
        self.transcript.render_markdown(message.markdown)
        gc.freeze()  # what is imported stays; to look through it takes as long as a key may

    def on_prompt_submitted(self, message: PromptSubmitted) -> None:
        self.choice.close()
        if self.conversation is not None and commands.only_shows(message.text):
            self.command(message.text)
            return
        if self.refused(self._send_after_answer):
            return
        if self.conversation is None:
            self._send_when_open = True
        elif chat_commands.read(message.text) is not None:
            self.command(message.text)
        elif self.reads_files:
            self.send_when_read = True
        else:
            self.prompt.accept()
            prompt = chat_commands.prompt_in(message.text)
            if (asking := self.asking_instead(prompt)) is not None:
                self.ask_for(replace(asking, typed=message.text))
                return
            shown = commands.shown(prompt, self._pictures, self._documents)
            answer = self.ask_with_attachments(self.conversation, prompt)
            self._await(shown, answer, message.text)

    def on_told(self, message: Told) -> None:
        self.transcript.finish()
        self.transcript.tell(message.text)

    def on_print(self, event: events.Print) -> None:
        if text := clean_line(event.text.removeprefix("hint: "), 400):
            self.notify(text, severity="warning", markup=False)

    # What the keys do

    def action_interrupt(self) -> None:
        again = monotonic() - self._interrupted_at < _TWICE
        self._interrupted_at = monotonic()
        if again:
            self.leave()
        elif self.answering is not None:
            self.action_stop()
        else:
            self._say(_("{key} again leaves.").format(key=keys.said(self, "chat.interrupt")))

    def action_new_chat(self) -> None:
        if not self.refused(self.action_new_chat):
            self.run_worker(self._open())

    def action_reasoning(self) -> None:
        self.transcript.toggle_reasoning()

    def action_copy(self) -> None:
        """Copy the last answer to the terminal's clipboard."""
        if self.conversation is not None and not self.refused(self.action_copy):
            chat = self._chat(self.conversation)
            self._start_command(chat_commands.find("copy").run(chat, ""))

    def action_page(self, pages: int) -> None:
        self.transcript.page(pages)

    def action_first(self) -> None:
        self.transcript.scroll_home(animate=False, x_axis=False)

    def action_last(self) -> None:
        self.transcript.scroll_end(animate=False, x_axis=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the key that stops an answer only while there is one."""
        if action == "stop":
            return self.answering is not None and not self.prompt.listing
        return super().check_action(action, parameters)

    def leave(self, return_code: int = 0) -> None:
        """End the chat; an answer that is kept goes on in the engine."""
        kept = self.conversation is not None and self.conversation.kept
        goes_on = self.answering is not None and kept and not self._in_command
        self.left_unsaved = goes_on and self.unsaved
        if goes_on:
            self._asked = ""  # its answer comes: it must not wait in the box of the next chat
        self.app.exit(result=goes_on, return_code=return_code)

    # The rest

    def _show(self, conversation: Conversation) -> None:
        self.leave_editing()
        self.conversation = conversation
        self.asking = None
        self._model = conversation.model or self._default_model
        self.choice.close()
        self._overflow = None
        self._warned = False
        self.prompt.focus()
        self.begin_writing(conversation)
        self.show_branch()
        self._set_state(_("ready"))
        if conversation.running is not None:
            running = conversation.running
            asked = recallable(running.prompt)
            self._await(running.brief_prompt, conversation.follow(), asked)
        elif self._send_when_open:
            self.prompt.action_send()
        self._send_when_open = False

    def _chat(self, conversation: Conversation) -> commands.ScreenChat:
        return commands.ScreenChat(conversation, self.post_message, self._pictures, self._documents)

    def spare_line(self, slow: bool) -> None:
        """Show news less often and say that the line is slow, or no longer."""
        self.slow = slow
        self.set_class(slow, "slow")
        if self.is_mounted:
            self.status.status = replace(self.status.status, slow=slow)

    def _report(self, error: HinterlandError) -> None:
        """Tell of an error once in passing and once to stay."""
        said = clean(sentence(error))
        self.transcript.tell(said)
        self.notify(clean_line(said, 400), severity="error", markup=False)

    def _say(self, sentence: str) -> None:
        self.notify(sentence, markup=False)
