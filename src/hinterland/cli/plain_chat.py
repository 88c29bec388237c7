"""The chat in lines: for serial consoles, dumb terminals, screen readers and pipes, and inline.

Plain, it writes no control sequence. On a terminal it prompts and lets the line be edited; from a
pipe it reads prompts and writes answers, nothing else. Inline, answers are Markdown as in `ask`.
"""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from hinterland import attached, attachments, branches, chat_commands, notices, plugin_host
from hinterland.chat_branches import Asking
from hinterland.cli import line_completion, line_keys, show_error
from hinterland.cli.hang_up import EXIT_CODE, end_with_terminal
from hinterland.cli.line_answers import Answers
from hinterland.cli.line_prompts import PROMPT, QUOTES, Prompts
from hinterland.cli.line_writing import Lines
from hinterland.config import RemoteEngine
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Done, Event, Failed, SentTo
from hinterland.errors import HinterlandError, InputError, by_name
from hinterland.hookspecs import ChatTool
from hinterland.images import Picture
from hinterland.language import N_, _
from hinterland.text import clean
from hinterland.turns import Turn
from hinterland.window import OutgrownError, Overflow

if TYPE_CHECKING:
    from hinterland.documents import Document

_OWN_COMMANDS = (
    ("/new", N_("a new conversation")),
    ("/reasoning", N_("what the model thought before its last answer")),
    ("/quit", N_("leave (or Ctrl-D)")),
    ("/help", N_("this")),
    (QUOTES, N_("begins a prompt of many lines, and ends it")),
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
        self._new = new
        self._resume = resume
        self._remotes = remotes
        self._attended = sys.stdin.isatty()
        """Whether a person types; a pipe gets no prompts, no notices, and an exit code."""
        self._lines = Lines(attended=self._attended, inline=inline)
        self._prompts = Prompts(self._lines)
        self._answers = Answers(conversation, self._lines)
        self.pictures: list[Picture] = []
        """The images that go with the next prompt."""
        self.documents: list[Document] = []
        """The documents that go with it."""
        self._go_to: Callable[[], None] | None = None
        """What the command that runs leads to."""
        self._to_send = ""
        self._asking: Asking | None = None
        """The answer that a command has asked for."""
        self._exit_code = 0

    def run(self) -> int:
        """Chat until the end of the input and return the exit code."""
        if self._attended:
            line_completion.edit_lines(plain=not self._lines.inline)
            line_completion.complete_commands(_OWN_COMMANDS, PROMPT)
            end_with_terminal()
            self.say(_("Type a prompt, or /help."))
        remote = self._remotes.get(self._conversation.model or "")
        if remote is not None:
            self._answers.tell(SentTo(self._conversation.model or "", remote.url))
        notices.follow(self._answers.hear)
        if notices.now():
            self._answers.hear(notices.now())
        try:
            with line_keys.kept(), asyncio.Runner() as runner:
                self._runner = runner
                self._show_last_turn()
                while (prompt := self._prompts.read()) is not None:
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
                self.say(chat_commands.help_text(_OWN_COMMANDS))
            case ("reasoning", _):
                self._show_reasoning()
            case ("new", _):
                self._try(self._start_new)
            case ("keys", _) if self._attended:
                self.say(_("The keys are those of the screen: `hint config keys` lists them."))
            case (name, argument) if self._attended or self._knows(name):
                self._try(lambda: self._run(name, argument))
            case _ if prompt.strip():
                self._try(partial(self._ask, chat_commands.prompt_in(prompt)))

    def _show_reasoning(self) -> None:
        turns = self._conversation.turns
        reasoning = turns[-1].reasoning.strip() if turns else ""
        self.say(clean(reasoning) or _("There was no reasoning."))

    def _start_new(self) -> None:
        self._turn_to(self._new())
        self.say(_("A new conversation."))

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
            self.say(f"{asking.mark} {clean(asking.prompt)}")
        if asking.begun is not None and self._attended:
            self._lines.write(clean(asking.begun.answer))
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
            self._lines.note(warning)
        return added.tools

    async def _finish(self, command: Awaitable[object]) -> object:
        return await command

    def _try(self, action: Callable[[], object]) -> None:
        """Do something that may fail: the person sees why, a pipe's end tells by the exit code."""
        try:
            action()
        except KeyboardInterrupt:  # while something is counted or set
            self.say(_("(stopped)"))
        except HinterlandError as error:
            self._lines.end()
            show_error(error)
            self._exit_code = self._exit_code or (0 if self._attended else error.exit_code)

    # Answering

    def _show_last_turn(self) -> None:
        """Say where a conversation that goes on stands, and take up an answer still being written."""
        self._show_where_it_stands()
        running = self._conversation.running
        if running is not None:
            if self._attended:
                self._lines.write(f"> {clean(running.brief_prompt)}\n")
            self._try(lambda: self._answer(self._conversation.follow()))

    def _show_where_it_stands(self) -> None:
        turn = branches.last_said(self._conversation.turns)
        if self._attended and turn is not None:
            mark = branches.mark(self._conversation.tree.place(turn.id))
            prompt = clean(f"{mark} {turn.brief_prompt}".lstrip())
            self._lines.write(f"> {prompt}\n")
            self._lines.answer(turn.answer)
            self._lines.end()

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
                self._lines.end()
                if not self._make_room(error.overflow):
                    self.say(_("Nothing was sent."))
                    self._prompts.give_back(prompt)
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
        self.say(clean(overflow.message))
        for key, (says, _does) in ways.items():
            self.say(f"{key}      {says}")
        self.say(_("Enter  send nothing"))
        while (chosen := (self._prompts.line("? ") or "").strip().lower()) not in {"", *ways}:
            self.say(_("Type one of {keys}, or Enter.").format(keys=", ".join(ways)))
        return bool(chosen) and bool(self._runner.run(self._finish(ways[chosen][1]())))

    def _answer(self, events: AsyncIterator[Event]) -> None:
        end = self._runner.run(self._answers.show(events))
        if isinstance(end, Failed):
            raise by_name(end.kind, end.message, end.hint)
        self._answers.explain(end)

    # What commands need of a chat

    @property
    def talk(self) -> Conversation:
        """The conversation."""
        return self._conversation

    @property
    def terminal(self) -> Callable[[str], None] | None:
        """What writes a control sequence; plain, none is written."""
        return self._lines.write_unseen if self._lines.inline else None

    def wear(self, theme: str) -> None:
        """Refuse: the colours of lines are the terminal's."""
        raise InputError(_("A chat in lines has no themes: its colours are the terminal's."))

    def say(self, text: str) -> None:
        """Write something of our own, for a person."""
        self._lines.say(text)

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
        self._turn_to(self._resume(conversation_id))
        self._show_last_turn()

    def _turn_to(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._answers.of(conversation)
        self.pictures.clear()
        self.documents.clear()

    def send(self, prompt: str) -> None:
        """Send a prompt once the command has ended."""
        self._to_send = prompt

    def request(self, asking: Asking) -> None:
        """Have something answered as soon as the command is over."""
        self._asking = asking

    def edit(self, turn: Turn) -> None:
        """Put the prompt of a turn into the next line, after the command that changes it; documents
        that were with it stay with it."""
        number = self._number(turn)
        self.say(_("/edit {number} and the new text asks it instead.").format(number=number))
        if self._attended:
            self._prompts.give_back(f"/edit {number} {attached.question(turn.prompt)}")

    def _number(self, turn: Turn) -> int:
        """Return how `/edit` counts to a turn of this branch: 1 is the last."""
        said = [each.id for each in self._conversation.turns if each.asked]
        return len(said) - said.index(turn.id)

    def branch_switched(self, sentence: str) -> None:
        """Write where the branch stands that is spoken in now."""
        self.say(sentence)
        self._show_where_it_stands()

    async def show(self, heading: str, events: AsyncIterator[Event]) -> Done | Failed:
        """Write text under a heading as it comes, for a person, and return how it ended."""
        self.say(heading)
        return await self._answers.show(events, silent=not self._attended)
