"""An answer in a chat in lines: written as it comes, stopped by Ctrl-C, and how it ended."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING

from hinterland import notices
from hinterland.cli.answering import where_words_go
from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Loading,
    Note,
    PromptProgress,
    Queued,
    ReasoningDelta,
    SentTo,
    TextDelta,
)
from hinterland.errors import HinterlandError
from hinterland.language import _
from hinterland.progress_line import Waits, in_line

if TYPE_CHECKING:
    from hinterland.cli.line_writing import Lines
    from hinterland.conversation import Conversation

_PATIENCE_WITH_STOP = 2.0  # seconds between Ctrl-C and no longer waiting for a tidy end


class Answers:
    """Shows the answers of the conversation that is spoken in."""

    def __init__(self, conversation: Conversation, lines: Lines) -> None:
        self._conversation = conversation
        self._lines = lines
        self._stopping: asyncio.Task[None] | None = None
        self._warned = False
        """Whether it was said that the window is nearly full."""
        self._told: SentTo | None = None
        """Where the words go, as it was said last."""
        self._noted = ""

    def of(self, conversation: Conversation) -> None:
        """Go on with the answers of another conversation."""
        self._conversation = conversation
        self._warned = False

    def tell(self, sent_to: SentTo) -> None:
        """Say where the words go, once."""
        if sent_to != self._told:
            self._told = sent_to
            self._lines.note(where_words_go(sent_to))

    def hear(self, notice: str) -> None:
        """Say what a class has its pupils told from now on, or that it holds no more."""
        self._noted = notice
        self._lines.note(notice or notices.OVER, midway=True)

    async def show(self, events: AsyncIterator[Event], *, silent: bool = False) -> Done | Failed:
        """Write the answer as it comes and return how it ended; `silent`, write none of it."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        loop.add_signal_handler(signal.SIGINT, self._interrupt, loop, task)
        end: Done | Failed = Done(FinishReason.CANCELLED)
        said = ""
        waits = Waits()
        try:
            async for event in events:
                if isinstance(event, TextDelta):
                    self._lines.answer("" if silent else event.text)
                elif isinstance(event, Note) and event.saved is not None:
                    self._lines.note(event.text, midway=True)
                elif isinstance(event, Note):
                    self._note(event.text)
                elif isinstance(event, SentTo):
                    self.tell(event)
                elif isinstance(event, Done | Failed):
                    end = event
                elif isinstance(event, Queued) and not waits.is_news(event):
                    continue
                elif (notice := _waiting(event)) and notice != said:
                    said = notice
                    self._lines.say(notice)
        except asyncio.CancelledError:
            task.uncancel()
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            self._lines.end()
            self._stopping = None
            self._lines.interrupted = False
        return end

    def explain(self, done: Done) -> None:
        """Say why an answer ended early, if it did, and once when the window is nearly full."""
        say = self._lines.say
        fill = self._conversation.fill
        if fill is not None and fill.ended(done):
            say(_("(cut off: the window is full)"))
        elif most := self._conversation.cut_at(done):
            cut = _(
                "cut off: an answer has at most {most:,} tokens here; /continue asks for the rest"
            )
            self._lines.note(cut.format(most=most))
        elif done.finish_reason is FinishReason.LENGTH:
            say(_("(cut off: the limit of tokens is reached)"))
        elif done.finish_reason is FinishReason.CANCELLED:
            say(_("(stopped)"))
        nearly_full = fill is not None and fill.nearly_full
        if fill is not None and nearly_full and not self._warned:
            said = _("({used:,} of the window's {context:,} tokens are taken; /compact makes room)")
            say(said.format(used=fill.tokens, context=fill.context))
        self._warned = nearly_full

    def _note(self, sentence: str) -> None:
        if sentence != self._noted:  # every answer may bring the same
            self._noted = sentence
            self._lines.note(sentence)

    def _interrupt(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
        if self._stopping is not None:
            task.cancel()
            return
        self._lines.interrupted = True
        self._stopping = loop.create_task(self._stop())
        loop.call_later(_PATIENCE_WITH_STOP, self._give_up, self._stopping, task)

    def _give_up(self, stopping: asyncio.Task[None], task: asyncio.Task[None]) -> None:
        if self._stopping is stopping:
            task.cancel()

    async def _stop(self) -> None:
        with suppress(HinterlandError):  # the answer's own end says what there is to say
            await self._conversation.stop()


def _waiting(event: Event) -> str:
    match event:
        case Loading():
            return _("(loading the model)")
        case Queued():
            return f"({in_line(event)})"
        case PromptProgress(0, total) if total > 0:
            return _("(reading {total} tokens)").format(total=total)
        case ReasoningDelta():
            return _("(thinking …)")
        case _:
            return ""
