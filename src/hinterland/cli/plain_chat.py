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
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

from hinterland import chat_commands, plugin_host
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
from hinterland.hookspecs import ChatTool
from hinterland.images import Picture
from hinterland.language import N_, _
from hinterland.sentences import translated
from hinterland.text import clean, clean_line
from hinterland.window import OutgrownError, Overflow

_QUOTES = '"""'
_PATIENCE_WITH_STOP = 2.0  # seconds between Ctrl-C and no longer waiting for a tidy end
_OWN_COMMANDS = (
    ("/new", N_("a new conversation")),
    ("/reasoning", N_("what the model thought before its last answer")),
    ("/quit", N_("leave (or Ctrl-D)")),
    ("/help", N_("this")),
    (_QUOTES, N_("begins a prompt of many lines, and ends it")),
    ("Ctrl-C", N_("stops the answer")),
)


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
        self._warned = False
        self._noted = ""
        self.pictures: list[Picture] = []
        """The images that go with the next prompt."""
        self._exit_code = 0

    def run(self) -> int:
        """Chat until the end of the input and return the exit code."""
        if self._attended:
            _edit_lines()
            self._say(_("Type a prompt, or /help."))
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
        match chat_commands.read(prompt):
            case ("help", _):
                self._say(chat_commands.help_text(_OWN_COMMANDS))
            case ("reasoning", _):
                self._show_reasoning()
            case ("new", _):
                self._try(self._start_new)
            case ("keys", _) if self._attended:
                self._say(_("The keys are those of the screen: `hint config keys` lists them."))
            case (name, argument) if self._attended or self._knows(name):
                self._try(lambda: self._run(name, argument))
            case _ if prompt.strip():
                self._try(lambda: self._ask(chat_commands.prompt_in(prompt)))

    def _show_reasoning(self) -> None:
        turns = self._conversation.turns
        reasoning = turns[-1].reasoning.strip() if turns else ""
        self._say(clean(reasoning) or _("There was no reasoning."))

    def _start_new(self) -> None:
        self._conversation = self._new()
        self._warned = False
        self.pictures.clear()
        self._say(_("A new conversation."))

    def _knows(self, name: str) -> bool:
        return chat_commands.known(name) or name in plugin_host.additions().tools

    def _run(self, name: str, argument: str) -> None:
        if not chat_commands.known(name):
            added = plugin_host.additions()
            if tool := added.tools.get(name):
                self._runner.run(self._finish(chat_commands.use_tool(self, tool, argument)))
                return
            if name in added.screens:
                raise InputError(
                    _("/{name} opens a screen, and this chat is in lines.").format(name=name),
                    _("Open the chat without --plain."),
                )
        self._runner.run(self._finish(chat_commands.find(name).run(self, argument)))

    def switched(self, model: str, where: str) -> None:
        """Nothing to do: what `/model` says is all there is to see here."""

    async def tools(self) -> Mapping[str, ChatTool]:
        """Return the tools of plugins; says what is wrong with them."""
        added = plugin_host.additions()
        for warning in added.warnings:
            self._note(warning)
        return added.tools

    async def _finish(self, command: Awaitable[object]) -> object:
        return await command

    def _try(self, action: Callable[[], None]) -> None:
        """Do something that may fail: the person sees why, a pipe's end tells by the exit code."""
        try:
            action()
        except KeyboardInterrupt:  # while something is counted or set
            self._say(_("(stopped)"))
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
                self._say(_("That was not UTF-8 text."))

    # Answering

    def _show_last_turn(self) -> None:
        """Say where a conversation that goes on stands, and take up an answer still being written."""
        said = [turn for turn in self._conversation.turns if not turn.replaces]
        if self._attended and said:
            turn = said[-1]
            self._write(f"> {clean(turn.shown_prompt)}\n{clean(turn.answer)}\n")
        running = self._conversation.running
        if running is not None:
            if self._attended:
                self._write(f"> {clean(running.shown_prompt)}\n")
            self._try(lambda: self._answer(self._conversation.follow()))

    def _ask(self, prompt: str) -> None:
        while True:
            try:
                self._answer(self._conversation.ask(prompt, images=tuple(self.pictures)))
                self.pictures.clear()
                return
            except OutgrownError as error:
                if not self._attended:
                    raise
                self._end_line()
                if not self._make_room(error.overflow):
                    self._give_back(prompt)
                    return

    def _make_room(self, overflow: Overflow) -> bool:
        """Say what no longer fits and do what the person chooses; return whether to ask again."""
        going = overflow.going
        ways: dict[str, tuple[str, Callable[[], Awaitable[bool]]]] = {}
        if going:
            ways["c"] = (_("send a summary of them"), partial(chat_commands.compact, self, going))
            ways["d"] = (_("leave them out"), partial(chat_commands.drop, self, going))
        if (larger := overflow.raise_to) is not None:
            says = _("raise the window to {larger:,} tokens").format(larger=larger)
            ways["r"] = (says, partial(chat_commands.enlarge, self, larger))
        self._say(clean(overflow.message))
        for key, (says, _does) in ways.items():
            self._say(f"{key}      {says}")
        self._say(_("Enter  send nothing"))
        while (chosen := (self._line("? ") or "").strip().lower()) not in {"", *ways}:
            self._say(_("Type one of {keys}, or Enter.").format(keys=", ".join(ways)))
        return bool(chosen) and bool(self._runner.run(self._finish(ways[chosen][1]())))

    def _give_back(self, prompt: str) -> None:
        """Put a prompt that was not sent into the next line, to be changed or sent again."""
        self._say(_("Nothing was sent."))
        if "\n" in prompt or not prompt.isprintable():
            return
        with suppress(ImportError):
            import readline

            def insert() -> None:
                readline.insert_text(prompt)
                readline.set_startup_hook(None)

            readline.set_startup_hook(insert)

    def _answer(self, events: AsyncIterator[Event]) -> None:
        end = self._runner.run(self._show(events))
        if isinstance(end, Failed):
            raise by_name(end.kind, end.message, end.hint)
        self._explain(end)

    # What commands need of a chat

    @property
    def talk(self) -> Conversation:
        """The conversation."""
        return self._conversation

    def say(self, text: str) -> None:
        """Write something of our own, for a person."""
        self._say(text)

    async def show(self, heading: str, events: AsyncIterator[Event]) -> Done | Failed:
        """Write text under a heading as it comes, for a person, and return how it ended."""
        self._say(heading)
        return await self._show(events, silent=not self._attended)

    async def _show(self, events: AsyncIterator[Event], *, silent: bool = False) -> Done | Failed:
        """Write the answer as it comes and return how it ended."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        loop.add_signal_handler(signal.SIGINT, self._interrupt, loop, task)
        end: Done | Failed = Done(FinishReason.CANCELLED)
        said = ""
        try:
            async for event in events:
                if isinstance(event, TextDelta):
                    self._write("" if silent else clean(event.text))
                elif isinstance(event, Note):
                    self._note_once(event.text)
                elif isinstance(event, SentTo):
                    self._tell(event)
                elif isinstance(event, Done | Failed):
                    end = event
                elif (notice := _waiting(event)) and notice != said:
                    said = notice
                    self._say(notice)
        except asyncio.CancelledError:
            task.uncancel()
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            self._stopping = None
            self._end_line()
        return end

    def _note_once(self, sentence: str) -> None:
        if sentence != self._noted:  # every answer may bring the same
            self._noted = sentence
            self._note(sentence)

    def _note(self, sentence: str) -> None:
        sentence = clean_line(translated(sentence), 400)
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
        fill = self._conversation.fill
        if fill is not None and fill.ended(done):
            self._say(_("(cut off: the window is full)"))
        elif done.finish_reason is FinishReason.LENGTH:
            self._say(_("(cut off: the limit of tokens is reached)"))
        elif done.finish_reason is FinishReason.CANCELLED:
            self._say(_("(stopped)"))
        nearly_full = fill is not None and fill.nearly_full
        if fill is not None and nearly_full and not self._warned:
            said = _("({used:,} of the window's {context:,} tokens are taken; /compact makes room)")
            self._say(said.format(used=fill.tokens, context=fill.context))
        self._warned = nearly_full

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
            return _("(loading the model)")
        case Queued(position):
            return _("(queued {position})").format(position=position)
        case PromptProgress(0, total) if total > 0:
            return _("(reading {total} tokens)").format(total=total)
        case ReasoningDelta():
            return _("(thinking …)")
        case _:
            return ""


def _edit_lines() -> None:
    """Let lines be edited, with nothing but backspaces and spaces: no control sequences."""
    os.environ["TERM"] = "dumb"  # which readline looks up when it starts
    with suppress(ImportError):
        import readline

        readline.parse_and_bind("set enable-bracketed-paste off")
        readline.parse_and_bind("set enable-meta-key off")
