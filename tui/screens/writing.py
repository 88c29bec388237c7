"""What happens around the box a prompt is written in: completions, drafts, the prompts of other
conversations, and an editor of the person's own."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import TextArea
from textual.worker import Worker

from hinterland import chat_commands
from hinterland.conversation import Conversation
from hinterland.errors import HinterlandError
from hinterland.language import N_, _
from hinterland.prompt_memory import recallable
from hinterland.tui import commands
from hinterland.tui.messages import (
    CompletionMoved,
    CompletionsFound,
    CompletionTaken,
    DraftFound,
    EarlierPromptsFound,
    EarlierPromptsWanted,
    EditorWanted,
    PromptReady,
    TextEdited,
    WritingFailed,
)
from hinterland.tui.screens.attaching import Attaching, begun, place
from hinterland.tui.widgets.pick_list import PickList

_DRAFT_AFTER = 2.0
"""Seconds from the first change that is not on the disk until it is."""
_LONGEST_COMPLETED = 4096
"""Characters of a line above which it is surely no command."""


class WritingScreen(Attaching):
    """The part of the chat's screen that helps to write."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f9", "attach", N_("Attach a file"), show=False, priority=True, id="chat.attach"),
    ]

    conversation: Conversation | None
    answering: Worker[None] | None

    def __init__(self) -> None:
        super().__init__()
        self._draft_timer: Timer | None = None
        self._keeping = asyncio.Lock()
        self._draft_failed = False
        self._drafted: Conversation | None = None
        """The conversation whose draft is in the box."""
        self._looking = False
        self._to_send = ""

    # Conversations come and go

    def begin_writing(self, conversation: Conversation) -> None:
        """Have the box belong to a conversation that is shown from now on."""
        left, self._drafted = self._drafted, conversation
        if conversation.memory.remembers:
            self.prompt.forget()
        self.prompt.remember(
            [recallable(turn.prompt) for turn in conversation.turns if not turn.replaces]
        )
        self.send_when_read = False
        if left is conversation:
            return
        # What was written for a conversation that had begun, or before one that has, stays behind.
        if left is not None and left.memory.remembers and place(left) != place(conversation):
            if self.prompt.text.strip() or self._pictures or self._documents:
                self.notify(
                    _("What you had written waits in the other conversation."), markup=False
                )
            self.run_worker(self._keep(left, self.prompt.text))
            self.prompt.load_text("")
            self._left_attached[place(left)] = list(self._pictures), list(self._documents)
            self.take_off()
        pictures, documents = self._left_attached.pop(place(conversation), ([], []))
        self._pictures += pictures
        self._documents += documents
        self.show_attachments()
        self.run_worker(self._find_draft(conversation))

    @property
    def written(self) -> str:
        """What is written and not sent."""
        return self.prompt.text

    async def _find_draft(self, conversation: Conversation) -> None:
        try:
            async with self._keeping:
                text = await conversation.memory.draft(begun(conversation))
        except HinterlandError as error:
            self.post_message(WritingFailed(error))
        else:
            if text:
                self.post_message(DraftFound(conversation.id, text))

    def on_draft_found(self, message: DraftFound) -> None:
        if self.conversation is None or message.conversation_id != self.conversation.id:
            return
        if self.prompt.text:  # something was typed meanwhile: Up brings the draft back
            self.prompt.remember([message.text])
        else:
            self.prompt.put(message.text)

    def on_text_area_changed(self, message: TextArea.Changed) -> None:
        message.stop()
        if self._draft_timer is None:
            self._draft_timer = self.set_timer(_DRAFT_AFTER, self._keep_in_background)
        self._look_for_completions()

    def _keep_in_background(self) -> None:
        self._draft_timer = None
        if self._drafted is not None:
            self.run_worker(self._keep(self._drafted, self.written))

    async def _keep(self, conversation: Conversation, text: str) -> None:
        try:
            async with self._keeping:
                await conversation.memory.keep_draft(text)
        except HinterlandError as error:
            if not self._draft_failed:  # once: it is tried again every few seconds
                self._draft_failed = True
                self.post_message(WritingFailed(error))

    def no_longer_there(self) -> None:
        """Have what is in the box stay in it: the conversation it was written for was deleted."""
        self._drafted = None

    async def on_unmount(self) -> None:
        if self._drafted is not None:
            await self._keep(self._drafted, self.written)

    def on_writing_failed(self, message: WritingFailed) -> None:
        self.send_when_read = False
        self.notify(message.sentence, severity="error", markup=False)

    # Earlier prompts

    def on_earlier_prompts_wanted(self, message: EarlierPromptsWanted) -> None:
        message.stop()
        if self.conversation is not None and not self._looking:
            self._looking = True
            self.run_worker(self._find_prompts(self.conversation))

    async def _find_prompts(self, conversation: Conversation) -> None:
        found: list[str] = []
        try:
            found = await conversation.memory.earlier()
        except HinterlandError as error:
            self.post_message(WritingFailed(error))
        self.post_message(EarlierPromptsFound(conversation.id, found))

    def on_earlier_prompts_found(self, message: EarlierPromptsFound) -> None:
        self._looking = False
        here = self.conversation is not None and self.conversation.id == message.conversation_id
        if not here or not message.prompts:
            return
        self.prompt.remember_earlier(message.prompts)
        if self.prompt.browsing or not self.prompt.text:
            self.prompt.action_cursor_up()

    # Completions

    @property
    def completions(self) -> PickList:
        """The list above the box."""
        return self.query_one("#completions", PickList)

    def _look_for_completions(self) -> None:
        text = self.prompt.text
        if not text.startswith("/") or "\n" in text[:_LONGEST_COMPLETED] or self.prompt.browsing:
            self._close_list()
        elif len(text) < _LONGEST_COMPLETED:
            # Not a coroutine: one that is overtaken before it began would complain.
            work = partial(self._complete, text)
            self.run_worker(work, group="completions", exclusive=True)  # type: ignore[arg-type] # takes it

    async def _complete(self, text: str) -> None:
        found = await asyncio.to_thread(chat_commands.completions, text, commands.OWN)
        self.post_message(CompletionsFound(text, found))

    def on_completions_found(self, message: CompletionsFound) -> None:
        if message.text != self.prompt.text:
            return
        if not message.found or [each.text.strip() for each in message.found] == [message.text]:
            self._close_list()
            return
        self.completions.show(message.found)
        self.completions.add_class("listing")
        self.prompt.listing, self.prompt.chosen = True, False

    def on_completion_moved(self, message: CompletionMoved) -> None:
        message.stop()
        if message.down == 0:
            self._close_list()
        elif self.prompt.listing:
            self.completions.move(message.down)
            self.prompt.chosen = True

    def on_completion_taken(self, message: CompletionTaken) -> None:
        message.stop()
        if not self.prompt.listing:
            self._look_for_completions()
            return
        taken = self.completions.current or self.completions.rows[0]
        self._close_list()
        self.prompt.put(taken.text)

    def _close_list(self) -> None:
        if self.prompt.listing:
            self.prompt.listing = self.prompt.chosen = False
            self.completions.show(())
            self.completions.remove_class("listing")

    # Prompts of commands

    def on_prompt_ready(self, message: PromptReady) -> None:
        self._to_send = message.text

    def send_what_is_ready(self) -> None:
        """Send the prompt of a command that has ended, if it had one."""
        text, self._to_send = self._to_send, ""
        if not text:
            return
        typed_meanwhile = self.prompt.text.strip()
        self.prompt.give_back(text)
        if not typed_meanwhile:
            self.prompt.action_send()

    # The person's own editor

    def on_editor_wanted(self, message: EditorWanted) -> None:
        message.stop()
        self._close_list()
        self.run_worker(self._edit(message.text))

    async def _edit(self, text: str) -> None:
        from hinterland.tui.external_editor import edit

        try:
            self.post_message(TextEdited(await edit(self.app, text)))
        except HinterlandError as error:
            self.post_message(WritingFailed(error))

    def on_text_edited(self, message: TextEdited) -> None:
        self.prompt.put(message.text)
