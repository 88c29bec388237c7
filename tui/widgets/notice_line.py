"""What a class has its pupils told of all that they ask, in the chat for as long as it holds."""

from __future__ import annotations

from textual.message import Message
from textual.widgets import Static

from hinterland import notices
from hinterland.sentences import translated
from hinterland.text import clean_line


class NoticeLine(Static):
    """Is not there while there is nothing to tell."""

    class Changed(Message):
        """Something else holds than before; posted from whatever thread asked the box."""

    def __init__(self) -> None:
        super().__init__(id="notice", markup=False)

    def on_mount(self) -> None:
        notices.follow(self._hear)
        self._show()

    def on_unmount(self) -> None:
        notices.leave(self._hear)

    def _hear(self, _notice: str) -> None:
        self.post_message(self.Changed())

    def on_notice_line_changed(self, message: Changed) -> None:
        message.stop()
        self._show()

    def _show(self) -> None:
        said = clean_line(translated(notices.now()), 400)
        self.update(said)
        self.set_class(bool(said), "told")
