"""Answers as they come: asking for them, stopping them, and what their ends mean for the chat's screen.

Workers receive them and post messages; the handlers here change what is shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from hinterland import address
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Done, Event, Failed, Note
from hinterland.errors import HinterlandError, by_name
from hinterland.language import _
from hinterland.sentences import translated
from hinterland.text import clean_line
from hinterland.tui import commands, keys, status
from hinterland.tui.entries import ending
from hinterland.tui.messages import (
    AnswerAdvanced,
    AnswerEnded,
    AnsweringFailed,
    AnsweringStopped,
    AnswerNoted,
    ChoiceMade,
    CommandEnded,
    ConversationOutgrown,
)
from hinterland.tui.pace import INTERVAL, SLOW_INTERVAL, Pace
from hinterland.tui.status import Status
from hinterland.tui.widgets.choice import Choice
from hinterland.tui.widgets.prompt_input import PromptInput
from hinterland.tui.widgets.status_line import StatusLine
from hinterland.tui.widgets.transcript import Transcript
from hinterland.window import Fill, OutgrownError, Overflow

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from hinterland.tui.finding import BrowsingWanted, ConversationWanted

_PATIENCE_WITH_STOP = 2.0
"""Seconds between asking an answer to stop and no longer waiting for its end."""


class Answering(Screen[None]):
    """The part of the chat's screen that waits for answers and for commands."""

    conversation: Conversation | None
    transcript: Transcript
    prompt: PromptInput
    status: StatusLine
    choice: Choice
    _model: str
    _remotes: dict[str, str]
    _here: str
    _tip_before: str
    _wanted: BrowsingWanted | ConversationWanted | None

    def __init__(self) -> None:
        super().__init__()
        self.answering: Worker[None] | None = None
        """Runs as long as an answer comes, and until it is kept; or as long as a command does."""
        self.slow = False
        """Whether the line is, so that news come less often."""
        self._in_command = False
        self._overflow: Overflow | None = None
        self._warned = False
        self._asked = ""
        self._noted = ""
        self.unsaved = False
        """Whether the answer that comes cannot be written to the disk."""
        self._ended: Done | Failed | None = None
        self._stopping: Timer | None = None
        self._when_kept: Callable[[], object] | None = None
        """What was asked for between an answer's end and its being kept, or during a command."""
        self._after_command = False
        """Whether what was over last was a command."""

    # Workers: they post what they find

    async def _receive(self, answer: AsyncIterator[Event]) -> None:
        pace = Pace(self.post_message, self._interval)
        try:
            async for event in answer:
                if isinstance(event, Note):
                    self.post_message(AnswerNoted(event.text, event.saved))
                elif isinstance(event, Done | Failed):
                    pace.flush()
                    self.post_message(AnswerEnded(event))
                else:
                    pace.put(event)
        except OutgrownError as error:
            self.post_message(ConversationOutgrown(error.overflow))
        except HinterlandError as error:
            pace.flush()  # what came stands above what went wrong
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
            self.post_message(AnsweringFailed(error, goes_on=True))

    # Handlers: they own the state

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
        if message.saved is not None:
            self.unsaved = not message.saved
            self.status.status = replace(self.status.status, unsaved=self.unsaved)
            said = clean_line(translated(message.sentence), 400)
            severity: SeverityLevel = "error" if self.unsaved else "information"
            self.notify(said, severity=severity, markup=False)
        elif message.sentence != self._noted:  # every answer may bring the same
            self._noted = message.sentence
            if (
                self._ended is None and self._stopping is None
            ):  # what was said of a wait may be over
                self._set_state(_("waiting for the engine"))
            self._say(clean_line(translated(message.sentence), 400))

    def on_answer_ended(self, message: AnswerEnded) -> None:
        event = self._ended = message.event
        self.transcript.finish()
        if isinstance(event, Failed):
            self._report(by_name(event.kind, event.message, event.hint))
        elif (fill := self._fill()) is not None and fill.ended(event):
            self.transcript.tell(_("The answer was cut off: the window is full."))
        elif self.conversation is not None and (most := self.conversation.cut_at(event)):
            goes_on = _("/continue asks for the rest.")
            self.transcript.tell(f"{ending(event.finish_reason, most=most)} {goes_on}")
        elif notice := ending(event.finish_reason):
            self.transcript.tell(notice)
        if isinstance(event, Done):
            self._model = event.model or self._model
        self._set_state(status.of_end(event))

    def on_answering_failed(self, message: AnsweringFailed) -> None:
        error = message.error
        if self._ended is None and not (self._in_command or message.goes_on):
            self._ended = Failed(type(error).__name__, error.message, error.hint)
            self._set_state(status.of_end(self._ended))
        self.transcript.finish()
        self._report(error)

    def on_answering_stopped(self) -> None:
        if self._ended is None:
            self.transcript.finish()
            self.transcript.tell(_("Stopped."))
            self._set_state(_("stopped"))
        if not isinstance(self._ended, Done):
            self.prompt.give_back(self._asked)
        self.take_off_sent(arrived=self._tip() != self._tip_before)
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
        way_out = commands.way_out(message.way, overflow, chat)
        if way_out is None:
            self._set_state(_("ready"))
        else:
            self._start_command(way_out, self.prompt.text)

    def on_command_ended(self, message: CommandEnded) -> None:
        self.transcript.finish()
        self._over()
        self._set_state(_("ready"))
        self.show_attachments()
        then, self._when_kept = self._when_kept, None
        if message.send and message.send == self.prompt.text:
            self.prompt.action_send()
        self.send_what_is_ready()
        if then is not None and self._wanted is None:  # else it is no longer about what is shown
            self.call_later(then)

    # The rest

    def action_stop(self) -> None:
        if self.answering is None or self.conversation is None or self._stopping is not None:
            return
        if self._ended is not None and not self._in_command:
            return  # the answer has ended, and is being kept
        self._set_state(_("stopping"))
        self._when_kept = None
        self._stopping = self.set_timer(_PATIENCE_WITH_STOP, self.answering.cancel)
        self.run_worker(self._stop(self.conversation))

    def _await(self, prompt: str, answer: AsyncIterator[Event], typed: str, mark: str = "") -> None:
        self._asked = typed
        self._ended = None
        self.unsaved = False
        self._overflow = None
        self._tip_before = self._tip()
        self.transcript.ask(prompt, mark)
        self._set_state(_("waiting for the engine"))
        self.answering = self.run_worker(self._receive(answer))
        self.refresh_bindings()

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
        if self.unsaved:  # it has been kept by now, or it was said below it that it could not be
            self.unsaved = False
            self.status.status = replace(self.status.status, unsaved=False)
        self._after_command = self._in_command
        self._in_command = False
        self.refresh_bindings()

    def refused(self, then: Callable[[], object]) -> bool:
        """Return whether it is too early for something: an answer comes, which is said; or it is
        being kept or a command runs, and then this is done as soon as that is over."""
        if self.answering is None:
            return False
        if self._ended is not None or self._in_command:
            self._when_kept = then
        else:
            self.say_what_stops()
        return True

    def say_what_stops(self) -> None:
        """Say that an answer has to be stopped first, and with which key."""
        said = _("{key} stops the answer first.").format(key=keys.said(self, "chat.stop"))
        self.notify(said, markup=False)

    def _send_after_answer(self) -> None:
        if self._after_command or isinstance(self._ended, Done):  # else its prompt is back
            self.prompt.action_send()

    def _warn_when_nearly_full(self) -> None:
        fill = self._fill()
        nearly_full = fill is not None and fill.nearly_full
        if fill is not None and nearly_full and not self._warned:
            said = _("{used:,} of the window's {context:,} tokens are taken; /compact makes room.")
            said = said.format(used=fill.tokens, context=fill.context)
            self.notify(said, severity="warning", markup=False)
        self._warned = nearly_full

    def _interval(self) -> float:
        return SLOW_INTERVAL if self.slow else INTERVAL

    def _fill(self) -> Fill | None:
        return self.conversation.fill if self.conversation is not None else None

    def _set_state(self, state: str) -> None:
        fill = self._fill()
        mark = self._remotes.get(self._model, self._here)
        self.status.status = Status(
            state, self._model, mark, status.of_fill(fill), self.slow, self.unsaved
        )

    if TYPE_CHECKING:  # other base classes of the chat's screen have it, or the screen itself

        def show_branch(self) -> None: ...

        def show_attachments(self) -> None: ...

        def take_off_sent(self, *, arrived: bool) -> None: ...

        def send_what_is_ready(self) -> None: ...

        def _tip(self) -> str: ...

        def _chat(self, conversation: Conversation) -> commands.ScreenChat: ...

        def _report(self, error: HinterlandError) -> None: ...

        def _say(self, sentence: str) -> None: ...
