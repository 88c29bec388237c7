"""The chat in lines: for serial consoles, dumb terminals, screen readers and pipes, and inline.

Plain, it writes no control sequence. On a terminal it prompts and lets the line be edited; from a
pipe it reads prompts and writes answers, nothing else. Inline, answers are Markdown as in `ask`.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from hinterland import attachments, branches, chat_commands, plugin_host
from hinterland.chat_branches import Asking
from hinterland.cli import line_completion, show_error
from hinterland.cli.answer import AnswerView, answer_view
from hinterland.cli.answering import where_words_go
from hinterland.cli.hang_up import EXIT_CODE, end_with_terminal
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
from hinterland.turns import Turn
from hinterland.window import OutgrownError, Overflow

if TYPE_CHECKING:
    from hinterland.documents import Document

_QUOTES = '"""'
_PROMPT = "> "
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
        resume: Callable[[str], Conversation],
        *,
        inline: bool = False,
    ) -> None:
        self._conversation = conversation
        self._resume = resume
        self._go_to: Callable[[], None] | None = None
        """What the command that runs leads to."""
        self._remotes = remotes
        self._told: SentTo | None = None
        """Where the words go, as it was said last."""
        self._new = new
        self._attended = sys.stdin.isatty()
        """Whether a person types; a pipe gets no prompts, no notices, and an exit code."""
        self.inline = inline
        """Whether answers are shown as Markdown, and control sequences are written at all."""
        self._view: AnswerView | None = None
        """Where the answer goes that is being written."""
        self._stopping: asyncio.Task[None] | None = None
        self._column = 0
        self._warned = False
        self._noted = ""
        self.pictures: list[Picture] = []
        """The images that go with the next prompt."""
        self.documents: list[Document] = []
        """The documents that go with it."""
        self._to_send = ""
        self._asking: Asking | None = None
        """The answer that a command has asked for."""
        self._exit_code = 0

    def run(self) -> int:
        """Chat until the end of the input and return the exit code."""
        if self._attended:
            line_completion.edit_lines(plain=not self.inline)
            line_completion.complete_commands(_OWN_COMMANDS, _PROMPT)
            end_with_terminal()
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
            return EXIT_CODE  # the terminal has gone; nobody is left to tell
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
                self._try(partial(self._ask, chat_commands.prompt_in(prompt)))

    def _show_reasoning(self) -> None:
        turns = self._conversation.turns
        reasoning = turns[-1].reasoning.strip() if turns else ""
        self._say(clean(reasoning) or _("There was no reasoning."))

    def _start_new(self) -> None:
        self._conversation = self._new()
        self._warned = False
        self.pictures.clear()
        self.documents.clear()
        self._say(_("A new conversation."))

    def _knows(self, name: str) -> bool:
        return chat_commands.known(name) or name in plugin_host.additions().tools

    def _run(self, name: str, argument: str) -> None:
        self._to_send = ""
        self._asking = None
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
        go_to, self._go_to = self._go_to, None
        if go_to is not None:
            go_to()
        if self._to_send:
            self._ask(self._to_send)
        if self._asking is not None:
            self._ask_for(self._asking)

    def _ask_for(self, asking: Asking) -> None:
        """Show the answer that a command asked for."""
        if asking.mark:
            self._say(f"{asking.mark} {clean(asking.prompt)}")
        if asking.begun is not None and self._attended:
            self._write(clean(asking.begun.answer))
        typed = asking.typed
        if asking.edited is not None:
            typed = f"/edit {self._number(asking.edited)} {typed}"
        if self._ask(typed, asking.events) and asking.edited is not None:
            self.pictures.clear()
            self.documents.clear()

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

    def _try(self, action: Callable[[], object]) -> None:
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
        line = self._line(_PROMPT)
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
                return input(self._marked(prompt) if self._attended else "")
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

    def _marked(self, prompt: str) -> str:
        """Return a prompt that stands out in the scrollback, if it may."""
        return f"\x01\x1b[1m\x02{prompt}\x01\x1b[m\x02" if self.inline else prompt

    # Answering

    def _show_last_turn(self) -> None:
        """Say where a conversation that goes on stands, and take up an answer still being written."""
        self._show_where_it_stands()
        running = self._conversation.running
        if running is not None:
            if self._attended:
                self._write(f"> {clean(running.brief_prompt)}\n")
            self._try(lambda: self._answer(self._conversation.follow()))

    def _show_where_it_stands(self) -> None:
        turn = branches.last_said(self._conversation.turns)
        if self._attended and turn is not None:
            mark = branches.mark(self._conversation.tree.place(turn.id))
            prompt = clean(f"{mark} {turn.brief_prompt}".lstrip())
            self._write(f"> {prompt}\n")
            self._write_answer(turn.answer)
            self._end_line()

    def _ask(self, prompt: str, answer: Callable[[], AsyncIterator[Event]] | None = None) -> bool:
        """Have a prompt answered, by asking it or with what asks for it in another way; return
        whether it was sent."""
        while True:
            try:
                if answer is not None:
                    self._answer(answer())
                else:
                    self._answer(
                        attachments.ask(self._conversation, prompt, self.documents, self.pictures)
                    )
                    self.pictures.clear()
                    self.documents.clear()
                return True
            except OutgrownError as error:
                if not self._attended:
                    raise
                self._end_line()
                if not self._make_room(error.overflow):
                    self._give_back(prompt)
                    return False

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
        self._insert(prompt)

    def _insert(self, prompt: str) -> None:
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

    @property
    def terminal(self) -> Callable[[str], None] | None:
        """What writes a control sequence; plain, none is written."""
        return self._write_unseen if self.inline else None

    def wear(self, theme: str) -> None:
        """Refuse: the colours of lines are the terminal's."""
        raise InputError(_("A chat in lines has no themes: its colours are the terminal's."))

    def say(self, text: str) -> None:
        """Write something of our own, for a person."""
        self._say(text)

    def browse(self, query: str, *, everywhere: bool = False) -> bool:
        """Return False: lines have no list to choose from."""
        del query, everywhere
        return False

    def go_to(self, conversation_id: str | None) -> None:
        """Go on with another conversation when the command has ended; None begins a new one."""
        if conversation_id is None:
            self._go_to = self._start_new
        else:
            self._go_to = partial(self._continue, conversation_id)

    def _continue(self, conversation_id: str) -> None:
        self._conversation = self._resume(conversation_id)
        self._warned = False
        self.pictures.clear()
        self.documents.clear()
        self._show_last_turn()

    def send(self, prompt: str) -> None:
        """Send a prompt once the command has ended."""
        self._to_send = prompt

    def request(self, asking: Asking) -> None:
        """Have something answered as soon as the command is over."""
        self._asking = asking

    def edit(self, turn: Turn) -> None:
        """Put the prompt of a turn into the next line, after the command that changes it."""
        number = self._number(turn)
        self._say(_("/edit {number} and the new text asks it instead.").format(number=number))
        if self._attended:
            self._insert(f"/edit {number} {turn.prompt}")

    def _number(self, turn: Turn) -> int:
        """Return how `/edit` counts to a turn of this branch: 1 is the last."""
        said = [each.id for each in self._conversation.turns if not each.replaces]
        return len(said) - said.index(turn.id)

    def branch_switched(self, sentence: str) -> None:
        """Write where the branch stands that is spoken in now."""
        self._say(sentence)
        self._show_where_it_stands()

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
                    self._write_answer("" if silent else event.text)
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
            self._end_line()
            self._stopping = None
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

    def _write_unseen(self, sequence: str) -> None:
        sys.stdout.write(sequence)
        sys.stdout.flush()

    def _write_answer(self, text: str) -> None:
        if text and self._view is None:
            self._view = self._new_view()
        if text and self._view is not None:
            self._view.write(text)

    def _new_view(self) -> AnswerView:
        if self.inline:
            return answer_view()
        from hinterland.cli.answer.words import WordView, columns_of

        return WordView(self._write, columns_of(sys.stdout) if self._attended else None)

    def _end_line(self) -> None:
        if self._view is not None:
            view, self._view = self._view, None
            view.finish(interrupted=self._stopping is not None)
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
