"""Regenerating, editing earlier prompts, branches and going on: the chat screen's part in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from hinterland import attached, chat_branches, chat_commands
from hinterland.chat_branches import Asking
from hinterland.engine.protocol import Done, Event, Failed
from hinterland.errors import by_name
from hinterland.language import _
from hinterland.sentences import sentence
from hinterland.text import clean
from hinterland.tui import keys
from hinterland.tui.messages import AnswerRequested, BranchShown, CommandEnded, PromptPicked
from hinterland.tui.screens.commanding import CommandingScreen
from hinterland.turns import Turn

if TYPE_CHECKING:
    from hinterland.tui.widgets.choice import Choice


class Branching(CommandingScreen):
    """What the chat screen does for branches; the rest of the state is the chat screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f5",
            "run_command('/retry')",
            "Another answer",
            show=False,
            priority=True,
            id="chat.regenerate",
        ),
        Binding(
            "f6",
            "edit",
            "Change an earlier prompt",
            show=False,
            priority=True,
            id="chat.edit",
        ),
        Binding(
            "f7",
            "run_command('/branch previous')",
            "Previous branch",
            show=False,
            priority=True,
            id="chat.branch_previous",
        ),
        Binding(
            "f8",
            "run_command('/branch next')",
            "Next branch",
            show=False,
            priority=True,
            id="chat.branch_next",
        ),
    ]

    # The chat screen's own.
    choice: Choice
    _ended: Done | Failed | None

    def __init__(self) -> None:
        super().__init__()
        self.editing: Turn | None = None
        """The turn whose prompt is in the box, to be changed and asked on a branch of its own."""
        self.asking: Asking | None = None
        """What is being answered, where it is not a plain prompt."""
        self._requested: Asking | None = None
        self._draft = ""
        self._tip_before = ""

    def _await(self, prompt: str, answer: AsyncIterator[Event], typed: str, mark: str = "") -> None:
        raise NotImplementedError

    def _set_state(self, state: str) -> None:
        raise NotImplementedError

    # What the keys do

    def action_run_command(self, typed: str) -> None:
        """Do what a command does."""
        self.command(typed)

    def action_edit(self) -> None:
        """Put the last prompt into the box, or the one before that which is there."""
        if self.refused(self.action_edit):
            return
        line = self.conversation.turns if self.conversation is not None else []
        said = [turn for turn in line if turn.asked]
        at = next((n for n, turn in enumerate(said) if turn is self.editing), len(said)) - 1
        if said:
            self._change(said[at])
        else:
            self._say(_("Nothing was asked yet."))

    def action_cancel_edit(self) -> None:
        """Put back what was in the box."""
        self._stop_editing()
        self.transcript.scroll_end(animate=False, x_axis=False)
        self._set_state(_("ready"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Esc to others where no prompt is being changed."""
        if action == "cancel_edit":
            busy = self.answering is not None or self.choice.asking or self.prompt.listing
            return self.editing is not None and not busy
        return super().check_action(action, parameters)

    @property
    def written(self) -> str:
        """What is written and not sent: what was in the box before a prompt came into it, too."""
        text = self.prompt.text
        if self.editing is not None and text == _typed(self.editing):
            text = ""
        return "\n".join(each for each in (self._draft, text) if each.strip())

    def leave_editing(self) -> None:
        """Change no prompt any more, and have all that is written in the box."""
        if self.editing is not None or self._draft:
            self.prompt.put(self.written)
            self.attach_again(())
        self.editing = None
        self._draft = ""

    # What the commands ask for

    def on_answer_requested(self, message: AnswerRequested) -> None:
        self._requested = message.asking  # when the command is over

    def on_prompt_picked(self, message: PromptPicked) -> None:
        self._change(message.turn)

    def on_branch_shown(self, message: BranchShown) -> None:
        self._stop_editing()
        self.show_branch()
        self._say(message.sentence)

    def on_command_ended(self, message: CommandEnded) -> None:
        asking, self._requested = self._requested, None
        if asking is not None:
            self.ask_for(asking)
        elif self.editing is not None:
            self._say_what_is_changed(self.editing)

    def on_answering_stopped(self) -> None:
        asking, self.asking = self.asking, None
        if asking is None or self.conversation is None:
            return
        if asking.begun is None and self._tip() == self._tip_before:
            self.show_branch()  # the one from before
            if isinstance(self._ended, Failed):
                failed = by_name(self._ended.kind, self._ended.message, self._ended.hint)
                self.transcript.tell(clean(sentence(failed)))
        if asking.edited is not None and not isinstance(self._ended, Done):
            self.editing = asking.edited  # its prompt has been given back
            self.refresh_bindings()
        elif asking.edited is not None and self._draft.strip():
            self.prompt.give_back(self._draft)  # before what was typed since
            self._draft = ""

    # The rest

    def show_branch(self) -> None:
        """Show the turns of the branch that is spoken in."""
        assert self.conversation is not None
        self.transcript.load(self.conversation.turns, chat_branches.marks(self.conversation))

    def ask_for(self, asking: Asking) -> None:
        """Show a prompt where it belongs, and its answer as it comes."""
        assert self.conversation is not None
        if asking.edited is None:
            self._stop_editing()
        else:
            self.on_its_way()
        self.editing = None
        self.asking = asking
        self.transcript.load(asking.above, chat_branches.marks(self.conversation))
        self._await(asking.prompt, asking.events(), asking.typed, asking.mark)
        if asking.begun is not None:
            if asking.begun.reasoning.strip():
                self.transcript.think(asking.begun.reasoning)
            self.transcript.write(asking.begun.answer)

    def asking_instead(self, prompt: str) -> Asking | None:
        """Return what sending the box asks for, where a prompt is being changed."""
        if self.editing is None or self.conversation is None:
            return None
        return chat_branches.asking_instead(
            self.conversation, self.editing, prompt, self._pictures, self._documents
        )

    def _change(self, turn: Turn) -> None:
        if self.editing is None:
            self._draft = self.prompt.text
        self.editing = turn
        self.refresh_bindings()
        self.attach_again(attached.documents(turn.prompt))
        self.prompt.load_text(_typed(turn))
        self.prompt.move_cursor(self.prompt.document.end)
        self.prompt.focus()
        self.transcript.reveal(turn.id)
        self._say_what_is_changed(turn)

    def _stop_editing(self) -> None:
        if self.editing is not None:
            self.editing = None
            self.refresh_bindings()
            self.attach_again(())
            self._put_back()

    def _put_back(self) -> None:
        self.prompt.load_text(self._draft)
        self.prompt.move_cursor(self.prompt.document.end)
        self._draft = ""

    def _tip(self) -> str:
        turns = self.conversation.turns if self.conversation is not None else []
        return turns[-1].id if turns else ""

    def _say_what_is_changed(self, turn: Turn) -> None:
        assert self.conversation is not None
        said = [each.id for each in self.conversation.turns if each.asked]
        number = said.index(turn.id) + 1 if turn.id in said else 0
        state = _("changing prompt {number} of {of}: {send} asks it, {cancel} cancels")
        send, cancel = keys.said(self.prompt, "prompt.send"), keys.said(self, "edit.cancel")
        self._set_state(state.format(number=number, of=len(said), send=send, cancel=cancel))


def _typed(turn: Turn) -> str:
    """Return what was typed for a turn's prompt: not the documents that were with it."""
    return chat_commands.typed(attached.question(turn.prompt))
