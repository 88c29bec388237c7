"""What a class has its pupils told of all that they ask, in the chat for as long as it holds."""

from __future__ import annotations

from hinterland.plugins.forms.screen import Notice


class NoticeLine(Notice):
    """Draws itself, and is not there while there is nothing to tell."""

    def on_mount(self) -> None:
        self._show()

    def on_notice_changed(self, message: Notice.Changed) -> None:
        message.stop()
        self._show()

    def _show(self) -> None:
        said = self.now()
        self.update(said)
        self.set_class(bool(said), "told")
