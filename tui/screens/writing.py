"""What happens around the box a prompt is written in: completions, attachments, drafts, the prompts
of other conversations, and an editor of the person's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static, TextArea
from textual.worker import Worker

from hinterland import attachments, chat_commands
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Event
from hinterland.errors import HinterlandError
from hinterland.images import Picture
from hinterland.language import N_, _
from hinterland.prompt_memory import recallable
from hinterland.tui import commands, keys
from hinterland.tui.messages import (
    AttachmentRemoved,
    CompletionMoved,
    CompletionsFound,
    CompletionTaken,
    DraftFound,
    EarlierPromptsFound,
    EarlierPromptsWanted,
    EditorWanted,
    FileAttached,
    FileChosen,
    FileRead,
    PromptReady,
    TextEdited,
    WritingFailed,
)
from hinterland.tui.widgets.pick_list import PickList
from hinterland.tui.widgets.prompt_input import PromptInput

if TYPE_CHECKING:
    from hinterland.documents import Document

_DRAFT_AFTER = 2.0
"""Seconds from the first change that is not on the disk until it is."""
_LONGEST_COMPLETED = 4096
"""Characters of a line above which it is surely no command."""


class WritingScreen(Screen[None]):
    """The part of the chat's screen that helps to write."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f9", "attach", N_("Attach a file"), show=False, priority=True, id="chat.attach"),
    ]

    conversation: Conversation | None
    answering: Worker[None] | None
    prompt: PromptInput

    def __init__(self) -> None:
        super().__init__()
        self._pictures: list[Picture] = []
        self._documents: list[Document] = []
        self._draft_timer: Timer | None = None
        self._keeping = asyncio.Lock()
        self._draft_failed = False
        self._sent: tuple[list[Picture], list[Document]] = [], []
        """What is on its way with a prompt, of what is attached."""
        self._again: list[Document] = []
        """What is attached because an earlier prompt that is being changed had it."""
        self._drafted: Conversation | None = None
        """The conversation whose draft is in the box."""
        self._looking = False
        self._to_send = ""
        self._files_read = 0
        self.send_when_read = False
        """Whether the prompt goes as soon as the files that were chosen are read."""

    # Conversations come and go

    def begin_writing(self, conversation: Conversation) -> None:
        """Have the box belong to a conversation that is shown from now on."""
        left, self._drafted = self._drafted, conversation
        if conversation.memory.remembers:
            self.prompt.forget()
        self.prompt.remember(
            [recallable(turn.prompt) for turn in conversation.turns if not turn.replaces]
        )
        self.take_off()
        self.send_when_read = False
        if left is conversation:
            return
        # What was written for a conversation that had begun, or before one that has, stays behind.
        if left is not None and left.memory.remembers and (_begun(left) or _begun(conversation)):
            if self.prompt.text.strip():
                self.notify(
                    _("What you had written waits in the other conversation."), markup=False
                )
            self.run_worker(self._keep(left, self.prompt.text))
            self.prompt.load_text("")
        self.run_worker(self._find_draft(conversation))

    @property
    def written(self) -> str:
        """What is written and not sent."""
        return self.prompt.text

    async def _find_draft(self, conversation: Conversation) -> None:
        try:
            async with self._keeping:
                text = await conversation.memory.draft(_begun(conversation))
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
                await conversation.memory.keep_draft(text, _begun(conversation))
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
            self.run_worker(work, group="completions", exclusive=True)  # type: ignore[arg-type]

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

    # Attachments

    def ask_with_attachments(self, conversation: Conversation, prompt: str) -> AsyncIterator[Event]:
        """Return the answer to a prompt and what is attached to it."""
        pictures, documents = self.on_its_way()
        return attachments.ask(conversation, prompt, documents, pictures)

    def on_its_way(self) -> tuple[list[Picture], list[Document]]:
        """Return what is attached, which is sent now; what is added later waits for the next."""
        self._sent = list(self._pictures), list(self._documents)
        self.show_attachments()
        return self._sent

    def take_off_sent(self, *, arrived: bool) -> None:
        """Attach no more what was sent with a prompt, if that has arrived."""
        pictures, documents = self._sent if arrived else ([], [])
        self._sent = [], []
        # Those very objects: a file may have been attached once more meanwhile.
        self._pictures[:] = [each for each in self._pictures if not _among(each, pictures)]
        self._documents[:] = [each for each in self._documents if not _among(each, documents)]
        self.show_attachments()

    def take_off(self) -> None:
        """Attach nothing any more."""
        self._pictures.clear()
        self._documents.clear()
        self.show_attachments()

    def attach_again(self, documents: Sequence[tuple[str, str]]) -> None:
        """Attach documents of an earlier prompt, by name and text, in the place of those that this
        attached before."""
        again = self._again
        self._documents[:] = [each for each in self._documents if not _among(each, again)]
        self._again = []
        if documents:
            from hinterland.documents import Document, Kind

            self._again = [Document(name, text, Kind.TEXT) for name, text in documents]
            self._documents[:0] = self._again
        self.show_attachments()

    def show_attachments(self) -> None:
        """Say above the box what goes with the next prompt; what is on its way stands with that."""
        line = self.query_one("#attachments", Static)
        pictures, documents = self._sent
        names = attachments.described(
            [each for each in self._documents if not _among(each, documents)],
            [each for each in self._pictures if not _among(each, pictures)],
        )
        line.set_class(bool(names), "attached")
        if names:
            says = _("Attached: {names} ({key} in the empty box takes the last off)")
            line.update(says.format(names=names, key=keys.said(self.prompt, "prompt.delete_left")))

    def on_attachment_removed(self, message: AttachmentRemoved) -> None:
        message.stop()
        # What is on its way is kept until it has arrived.
        pictures, documents = self._sent
        if self._pictures and not _among(self._pictures[-1], pictures):
            self._pictures.pop()
        elif self._documents and not _among(self._documents[-1], documents):
            self._documents.pop()
        self.show_attachments()

    def action_attach(self) -> None:
        from hinterland.tui.screens.file_picker import FilePicker

        if self.app.screen is self:
            self.app.push_screen(FilePicker(self.post_message))

    @property
    def reads_files(self) -> bool:
        """Whether a file that was chosen is still being read."""
        return self._files_read > 0

    def on_file_chosen(self, message: FileChosen) -> None:
        self._files_read += 1
        self.run_worker(self._load_file(message, self.conversation))

    async def _load_file(self, message: FileChosen, conversation: Conversation | None) -> None:
        try:
            self.post_message(FileAttached(await attachments.load(message.path), conversation))
        except HinterlandError as error:
            self.post_message(WritingFailed(error))
        finally:
            self.post_message(FileRead())

    def on_file_read(self) -> None:
        self._files_read -= 1
        if self.send_when_read and not self.reads_files:
            self.send_when_read = False
            self.prompt.action_send()

    def on_file_attached(self, message: FileAttached) -> None:
        if message.conversation is not self.conversation:
            return  # another one is shown by now
        if isinstance(message.content, Picture):
            self._pictures.append(message.content)
        else:
            self._documents.append(message.content)
            if message.content.note:
                self.notify(message.note, severity="warning", markup=False)
        self.show_attachments()

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


def _among(attached: object, others: Sequence[object]) -> bool:
    return any(attached is each for each in others)


def _begun(conversation: Conversation) -> bool:
    return bool(conversation.turns) or conversation.running is not None
