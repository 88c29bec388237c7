"""The chat in lines: for serial consoles, dumb terminals, screen readers and pipes.

It writes no control sequence. On a terminal it prompts and lets the line be edited; from a pipe it
reads prompts and writes answers, nothing else.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

from hinterland.cli import show_error
from hinterland.cli.answering import where_words_go
from hinterland.config import RemoteEngine
from hinterland.conversation import Conversation
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
from hinterland.errors import HinterlandError, InputError, by_name
from hinterland.text import clean, clean_line

_QUOTES = '"""'
_PATIENCE_WITH_STOP = 2.0  # seconds between Ctrl-C and no longer waiting for a tidy end
_HELP = f"""\
/new        a new conversation
/reasoning  what the model thought before its last answer
/quit       leave (or Ctrl-D)
/help       this
{_QUOTES}         begins a prompt of many lines, and ends it
Ctrl-C stops the answer"""


class PlainChat:
    """A conversation on standard input and standard output."""

    def __init__(
        self,
        conversation: Conversation,
        new: Callable[[], Conversation],
        remotes: Mapping[str, RemoteEngine],
    ) -> None:
        self._conversation = conversation
        self._remotes = remotes
        self._told: SentTo | None = None
        """Where the words go, as it was said last."""
        self._new = new
        self._attended = sys.stdin.isatty()
        """Whether a person types; a pipe gets no prompts, no notices, and an exit code."""
        self._stopping: asyncio.Task[None] | None = None
        self._column = 0
        self._exit_code = 0

    def run(self) -> int:
        """Chat until the end of the input and return the exit code."""
        if self._attended:
            _edit_lines()
            self._say("Type a prompt, or /help.")
        remote = self._remotes.get(self._conversation.model or "")
        if remote is not None:
            self._tell(SentTo(self._conversation.model or "", remote.url))
        try:
            with asyncio.Runner() as runner:
                self._runner = runner
                self._show_last_turn()
                while (prompt := self._read()) is not None:
                    if prompt.strip() == "/quit":
                        break
                    self._take(prompt)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return 128 + signal.SIGHUP  # the terminal has gone; nobody is left to tell
        return self._exit_code

    def _take(self, prompt: str) -> None:
        match prompt.strip():
            case "":
                return
            case "/help":
                self._say(_HELP)
            case "/reasoning":
                self._show_reasoning()
            case "/new":
                self._try(self._start_new)
            case command if command.startswith("/") and "\n" not in command and self._attended:
                self._say(f"There is no {clean_line(command.split()[0], 40)}; see /help.")
            case _:
                self._try(lambda: self._answer(self._conversation.ask(prompt)))

    def _show_reasoning(self) -> None:
        turns = self._conversation.turns
        reasoning = turns[-1].reasoning.strip() if turns else ""
        self._say(clean(reasoning) or "There was no reasoning.")

    def _start_new(self) -> None:
        self._conversation = self._new()
        self._say("A new conversation.")

    def _try(self, action: Callable[[], None]) -> None:
        """Do something that may fail: the person sees why, a pipe's end tells by the exit code."""
        try:
            action()
        except HinterlandError as error:
            self._end_line()
            show_error(error)
            self._exit_code = self._exit_code or (0 if self._attended else error.exit_code)

    # Reading

    def _read(self) -> str | None:
        """Return the next prompt; None at the end of the input."""
        line = self._line("> ")
        if line is None or not line.lstrip().startswith(_QUOTES):
            return line
        lines = [line.lstrip()[len(_QUOTES) :]]
        while not lines[-1].rstrip().endswith(_QUOTES):
            more = self._line(". ")
            if more is None:
                return "\n".join(lines).strip("\n")
            lines.append(more)
        lines[-1] = lines[-1].rstrip()[: -len(_QUOTES)]
        return "\n".join(lines).strip("\n")

    def _line(self, prompt: str) -> str | None:
        while True:
            try:
                return input(prompt if self._attended else "")
            except EOFError:
                if self._attended:
                    self._write("\n")
                return None
            except KeyboardInterrupt:  # it empties the line, as in a shell
                self._write("\n")
            except UnicodeDecodeError as error:
                if not self._attended:
                    raise InputError(
                        "Standard input is not UTF-8 text.", "Convert it first."
                    ) from error
                self._say("That was not UTF-8 text.")

    # Answering

    def _show_last_turn(self) -> None:
        """Say where a conversation that goes on stands, and take up an answer still being written."""
        if self._attended and self._conversation.turns:
            turn = self._conversation.turns[-1]
            self._write(f"> {clean(turn.shown_prompt)}\n{clean(turn.answer)}\n")
        running = self._conversation.running
        if running is not None:
            if self._attended:
                self._write(f"> {clean(running.shown_prompt)}\n")
            self._try(lambda: self._answer(self._conversation.follow()))

    def _answer(self, events: AsyncIterator[Event]) -> None:
        self._runner.run(self._show(events))

    async def _show(self, events: AsyncIterator[Event]) -> None:
        """Write the answer as it comes; raises what went wrong."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        loop.add_signal_handler(signal.SIGINT, self._interrupt, loop, task)
        failed: Failed | None = None
        said = ""
        try:
            async for event in events:
                if isinstance(event, TextDelta):
                    self._write(clean(event.text))
                elif isinstance(event, Failed):
                    failed = event
                elif isinstance(event, Note):
                    self._note(event.text)
                elif isinstance(event, SentTo):
                    self._tell(event)
                elif isinstance(event, Done):
                    self._end_line()
                    self._explain(event)
                elif (notice := _waiting(event)) and notice != said:
                    said = notice
                    self._say(notice)
        except asyncio.CancelledError:
            task.uncancel()
            self._say("(stopped)")
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            self._stopping = None
            self._end_line()
        if failed is not None:
            raise by_name(failed.kind, failed.message, failed.hint)

    def _note(self, sentence: str) -> None:
        sentence = clean_line(sentence, 400)
        if self._attended:
            self._say(f"({sentence})")
        else:
            sys.stderr.write(f"hint: {sentence}\n")

    def _tell(self, sent_to: SentTo) -> None:
        """Say where the words go, once; to whoever reads standard error where nobody types."""
        if sent_to != self._told:
            self._told = sent_to
            self._note(where_words_go(sent_to))

    def _interrupt(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
        if self._stopping is not None:
            task.cancel()
            return
        self._stopping = loop.create_task(self._stop())
        loop.call_later(_PATIENCE_WITH_STOP, self._give_up, self._stopping, task)

    def _give_up(self, stopping: asyncio.Task[None], task: asyncio.Task[None]) -> None:
        if self._stopping is stopping:
            task.cancel()

    async def _stop(self) -> None:
        with suppress(HinterlandError):  # the answer's own end says what there is to say
            await self._conversation.stop()

    def _explain(self, done: Done) -> None:
        if done.finish_reason is FinishReason.LENGTH:
            self._say("(cut off: the limit of tokens is reached)")
        elif done.finish_reason is FinishReason.CANCELLED:
            self._say("(stopped)")

    # Writing

    def _write(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
            self._column = 0 if text.endswith("\n") else 1

    def _end_line(self) -> None:
        if self._column:
            self._write("\n")

    def _say(self, notice: str) -> None:
        """Write something of our own, for a person."""
        if self._attended:
            self._end_line()
            self._write(f"{notice}\n")


def _waiting(event: Event) -> str:
    match event:
        case Loading():
            return "(loading the model)"
        case Queued(position):
            return f"(queued {position})"
        case PromptProgress(0, total) if total > 0:
            return f"(reading {total} tokens)"
        case ReasoningDelta():
            return "(thinking …)"
        case _:
            return ""


def _edit_lines() -> None:
    """Let lines be edited, with nothing but backspaces and spaces: no control sequences."""
    os.environ["TERM"] = "dumb"  # which readline looks up when it starts
    with suppress(ImportError):
        import readline

        readline.parse_and_bind("set enable-bracketed-paste off")
        readline.parse_and_bind("set enable-meta-key off")
