"""Files that go with the next prompt: chosen, read, named above the box, and taken off again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen
from textual.widgets import Static

from hinterland import attachments
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Event
from hinterland.errors import HinterlandError
from hinterland.images import Picture
from hinterland.language import _
from hinterland.tui import keys
from hinterland.tui.messages import (
    AttachmentRemoved,
    FileAttached,
    FileChosen,
    FileRead,
    WritingFailed,
)
from hinterland.tui.widgets.prompt_input import PromptInput

if TYPE_CHECKING:
    from hinterland.documents import Document


class Attaching(Screen[None]):
    """The part of the chat's screen that has files go with prompts."""

    conversation: Conversation | None
    prompt: PromptInput

    def __init__(self) -> None:
        super().__init__()
        self._pictures: list[Picture] = []
        self._documents: list[Document] = []
        self._sent: tuple[list[Picture], list[Document]] = [], []
        """What is on its way with a prompt, of what is attached."""
        self._left_attached: dict[str, tuple[list[Picture], list[Document]]] = {}
        """What waits to be sent in other conversations, by their places."""
        self._again: list[Document] = []
        """What is attached because an earlier prompt that is being changed had it."""
        self._files_read = 0
        self.send_when_read = False
        """Whether the prompt goes as soon as the files that were chosen are read."""

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
        pictures, documents = self._pictures, self._documents
        chosen_in = message.conversation
        if chosen_in is not None and place(chosen_in) != place(self.conversation):
            pictures, documents = self._left_attached.setdefault(place(chosen_in), ([], []))
        if isinstance(message.content, Picture):
            pictures.append(message.content)
        else:
            documents.append(message.content)
            if message.content.note:
                self.notify(message.note, severity="warning", markup=False)
        self.show_attachments()


def place(conversation: Conversation | None) -> str:
    """Return what tells conversations apart that have a draft of their own: those that never began
    share what is in the box."""
    return conversation.id if conversation is not None and begun(conversation) else ""


def begun(conversation: Conversation) -> bool:
    """Whether something was asked in a conversation."""
    return bool(conversation.turns) or conversation.running is not None


def _among(attached: object, others: Sequence[object]) -> bool:
    return any(attached is each for each in others)
