"""The chat: what is asked, what is answered, and what to do when that goes wrong.

Workers run the conversation and post messages; this screen's handlers change what is shown.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker

from hinterland import address, chat_commands
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Done, Event, Failed, Note
from hinterland.errors import HinterlandError, by_name
from hinterland.language import N_, _
from hinterland.prompt_memory import recallable
from hinterland.sentences import sentence, translated
from hinterland.text import clean, clean_line
from hinterland.tui import commands, status
from hinterland.tui.entries import ending
from hinterland.tui.finding import Finding, Resume
from hinterland.tui.messages import (
    AnswerAdvanced,
    AnswerEnded,
    AnsweringFailed,
    AnsweringStopped,
    AnswerNoted,
    ChoiceMade,
    CommandEnded,
    ConversationOpened,
    ConversationOutgrown,
    MarkdownImported,
    OpeningFailed,
    Painted,
    PromptSubmitted,
    Told,
)
from hinterland.tui.pace import INTERVAL, SLOW_INTERVAL, Pace
from hinterland.tui.screens.branching import Branching
from hinterland.tui.screens.writing import WritingScreen
from hinterland.tui.shaping import Shaping
from hinterland.tui.status import Status
from hinterland.tui.widgets.choice import Choice
from hinterland.tui.widgets.key_line import KeyLine
from hinterland.tui.widgets.pick_list import PickList
from hinterland.tui.widgets.prompt_input import PromptInput
from hinterland.tui.widgets.status_line import StatusLine
from hinterland.tui.widgets.transcript import Transcript
from hinterland.window import Fill, OutgrownError, Overflow

_PATIENCE_WITH_STOP = 2.0
"""Seconds between asking an answer to stop and no longer waiting for its end."""
_TWICE = 2.0
"""Seconds within which a second Ctrl+C leaves."""


class ChatScreen(Finding, Branching, WritingScreen):
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
    ) -> None:
        super().__init__()
        self.resume = resume
        self._remotes = dict(remotes or {})
        """What the status line says of where a remote engine's words go, by its name."""
        self.shaping = Shaping.AUTO
        self._open_conversation = open_conversation
        self.conversation = conversation
        self._default_model = self._model = default_model
        self.answering: Worker[None] | None = None
        """Runs as long as an answer comes, and until it is kept; or as long as a command does."""
        self._in_command = False
        self._overflow: Overflow | None = None
        self._warned = False
        self._send_when_open = False
        self._asked = ""
        self._noted = ""
        self._ended: Done | Failed | None = None
        self._stopping: Timer | None = None
        self._interrupted_at = -_TWICE
        self._when_kept: Callable[[], object] | None = None
        """What was asked for between an answer's end and its being kept."""
        self.slow = False

    def compose(self) -> ComposeResult:
        yield Transcript(id="transcript")
        yield Choice(id="choice")
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

    async def _receive(self, answer: AsyncIterator[Event]) -> None:
        pace = Pace(self.post_message, self._interval)
        try:
            async for event in answer:
                if isinstance(event, Note):
                    self.post_message(AnswerNoted(event.text))
                elif isinstance(event, Done | Failed):
                    pace.flush()
                    self.post_message(AnswerEnded(event))
                else:
                    pace.put(event)
        except OutgrownError as error:
            self.post_message(ConversationOutgrown(error.overflow))
        except HinterlandError as error:
            self.post_message(AnsweringFailed(error))
        finally:
            pace.flush()
            self.post_message(AnsweringStopped())

    async def _run(self, command: Awaitable[object], send: str) -> None:
        done = False
        try:
            done = bool(await command)
        except HinterlandError as error:
            self.post_message(AnsweringFailed(error))
        finally:
            self.post_message(CommandEnded(send if done else ""))

    async def _stop(self, conversation: Conversation) -> None:
        try:
            await conversation.stop()
        except HinterlandError as error:
            self.post_message(AnsweringFailed(error))

    # Handlers: they own the state

    def on_conversation_opened(self, message: ConversationOpened) -> None:
        if self.answering is None:
            self._show(message.conversation)
        else:  # something was sent while it was being opened
            self._say(_("Esc stops the answer first."))

    def on_opening_failed(self, message: OpeningFailed) -> None:
        if self.conversation is not None:
            self._report(message.error)
            message.stop()  # otherwise there is nothing to show, and the app ends with it

    def on_markdown_imported(self, message: MarkdownImported) -> None:
        self.transcript.render_markdown(message.markdown)
        gc.freeze()  # what is imported stays; to look through it takes as long as a key may

    def on_prompt_submitted(self, message: PromptSubmitted) -> None:
        self.choice.close()
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

    def on_answer_advanced(self, news: AnswerAdvanced) -> None:
        if news.sent_to is not None:
            self._model = news.sent_to.model
            self._remotes[self._model] = address.parse(news.sent_to.url).mark
        if news.reasoning:
            self.transcript.think(news.reasoning)
        if news.text:
            self.transcript.write(news.text)
        if self._stopping is None:
            self._set_state(status.of_progress(news))

    def on_answer_noted(self, message: AnswerNoted) -> None:
        if message.sentence != self._noted:  # every answer may bring the same
            self._noted = message.sentence
            self._say(clean_line(translated(message.sentence), 400))

    def on_answer_ended(self, message: AnswerEnded) -> None:
        event = self._ended = message.event
        self.transcript.finish()
        if isinstance(event, Failed):
            self._report(by_name(event.kind, event.message, event.hint))
        elif (fill := self._fill()) is not None and fill.ended(event):
            self.transcript.tell(_("The answer was cut off: the window is full."))
        elif notice := ending(event.finish_reason):
            self.transcript.tell(notice)
        if isinstance(event, Done):
            self._model = event.model or self._model
        self._set_state(status.of_end(event))

    def on_answering_failed(self, message: AnsweringFailed) -> None:
        self.transcript.finish()
        self._report(message.error)

    def on_answering_stopped(self) -> None:
        if self._ended is None:
            self.transcript.finish()
            self.transcript.tell(_("Stopped."))
            self._set_state(_("stopped"))
        if not isinstance(self._ended, Done):
            self.prompt.give_back(self._asked)
        if self._tip() != self._tip_before:
            self.take_off_sent()
        self._over()
        self._warn_when_nearly_full()
        if self._overflow is not None:
            self._set_state(_("the window is full"))
            self.choice.ask(self._overflow.message, commands.ways_out(self._overflow))
        then, self._when_kept = self._when_kept, None
        if then is not None:
            self.call_later(then)  # when this has been handled by all of us

    def on_conversation_outgrown(self, message: ConversationOutgrown) -> None:
        assert self.conversation is not None
        self._overflow = message.overflow
        self._ended = Failed("ContextError", message.overflow.message)
        self.show_branch()  # the prompt goes back to the box

    def on_choice_made(self, message: ChoiceMade) -> None:
        overflow, self._overflow = self._overflow, None
        self.prompt.focus()
        if self.conversation is None or overflow is None or self.answering is not None:
            return
        chat = self._chat(self.conversation)
        way_out = commands.way_out(message.key, overflow, chat)
        if way_out is None:
            self._set_state(_("ready"))
        else:
            self._start_command(way_out, self.prompt.text)

    def on_told(self, message: Told) -> None:
        self.transcript.finish()
        self.transcript.tell(message.text)

    def on_command_ended(self, message: CommandEnded) -> None:
        self.transcript.finish()
        self._over()
        self._set_state(_("ready"))
        self.show_attachments()
        if message.send and message.send == self.prompt.text:
            self.prompt.action_send()
        self.send_what_is_ready()

    def on_print(self, event: events.Print) -> None:
        if text := clean_line(event.text.removeprefix("hint: "), 400):
            self.notify(text, severity="warning", markup=False)

    # What the keys do

    def action_stop(self) -> None:
        if self.answering is None or self.conversation is None or self._stopping is not None:
            return
        if self._ended is not None and not self._in_command:
            return  # the answer has ended, and is being kept
        self._set_state(_("stopping"))
        self._stopping = self.set_timer(_PATIENCE_WITH_STOP, self.answering.cancel)
        self.run_worker(self._stop(self.conversation))

    def action_interrupt(self) -> None:
        again = monotonic() - self._interrupted_at < _TWICE
        self._interrupted_at = monotonic()
        if again:
            self.leave()
        elif self.answering is not None:
            self.action_stop()
        else:
            self._say(_("Ctrl+C again leaves."))

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

    def refused(self, then: Callable[[], object]) -> bool:
        """Return whether it is too early for something: an answer comes, which is said, or it is
        being kept, and then this is done as soon as it is."""
        if self.answering is None:
            return False
        if self._ended is not None and not self._in_command:
            self._when_kept = then
        else:
            self._say(_("Esc stops the answer first."))
        return True

    def _send_after_answer(self) -> None:
        if isinstance(self._ended, Done):  # otherwise its prompt is back in the box
            self.prompt.action_send()

    def _chat(self, conversation: Conversation) -> commands.ScreenChat:
        return commands.ScreenChat(conversation, self.post_message, self._pictures, self._documents)

    def _start_command(self, command: Awaitable[object], send: str = "") -> None:
        self._in_command = True
        self._set_state(_("working"))
        self.answering = self.run_worker(self._run(command, send))
        self.refresh_bindings()

    def _over(self) -> None:
        """Take note that an answer or a command has ended."""
        if self._stopping is not None:
            self._stopping.stop()
            self._stopping = None
        self.answering = None
        self._in_command = False
        self.refresh_bindings()

    def _warn_when_nearly_full(self) -> None:
        fill = self._fill()
        nearly_full = fill is not None and fill.nearly_full
        if fill is not None and nearly_full and not self._warned:
            said = _("{used:,} of the window's {context:,} tokens are taken; /compact makes room.")
            said = said.format(used=fill.tokens, context=fill.context)
            self.notify(said, severity="warning", markup=False)
        self._warned = nearly_full

    def _await(self, prompt: str, answer: AsyncIterator[Event], typed: str, mark: str = "") -> None:
        self._asked = typed
        self._ended = None
        self._overflow = None
        self._tip_before = self._tip()
        self.transcript.ask(prompt, mark)
        self._set_state(_("waiting for the engine"))
        self.answering = self.run_worker(self._receive(answer))
        self.refresh_bindings()

    def _interval(self) -> float:
        return SLOW_INTERVAL if self.slow else INTERVAL

    def spare_line(self, slow: bool) -> None:
        """Show news less often and say that the line is slow, or no longer."""
        self.slow = slow
        self.set_class(slow, "slow")
        if self.is_mounted:
            self.status.status = replace(self.status.status, slow=slow)

    def _fill(self) -> Fill | None:
        return self.conversation.fill if self.conversation is not None else None

    def _set_state(self, state: str) -> None:
        fill = self._fill()
        mark = self._remotes.get(self._model, status.OFFLINE)
        self.status.status = Status(state, self._model, mark, status.of_fill(fill), self.slow)

    def _report(self, error: HinterlandError) -> None:
        """Tell of an error once in passing and once to stay."""
        said = clean(sentence(error))
        self.transcript.tell(said)
        self.notify(clean_line(said, 400), severity="error", markup=False)

    def _say(self, sentence: str) -> None:
        self.notify(sentence, markup=False)
