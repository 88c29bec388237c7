"""A question with a few answers, each of them a key, below the conversation."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.widgets import Static

from hinterland.language import _
from hinterland.text import clean
from hinterland.tui.messages import ChoiceMade

Way = tuple[str, str]
"""A key, and what it does."""
CANCEL = "escape"
_UNBROKEN = "\N{NO-BREAK SPACE}"


class Choice(Static, can_focus=True):
    """Takes the keys while it asks; Esc is always an answer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id, markup=False)
        self._keys: tuple[str, ...] = ()

    @property
    def asking(self) -> bool:
        """Whether it is shown and waits for a key."""
        return self.has_class("asking")

    def ask(self, question: str, ways: Sequence[Way]) -> None:
        """Show the question and what each key does, and take the keys."""
        self._keys = (*(way[0] for way in ways), CANCEL)
        text = Text(f"{clean(question)}\n")
        for key, does in (*ways, ("Esc", _("cancel"))):
            text.append(key, "bold")
            text.append(f" {does}".replace(" ", _UNBROKEN))
            text.append("   ")
        self.update(text)
        self.add_class("asking")
        self.screen.add_class("choosing")
        self.focus()

    def close(self) -> None:
        """Go away unanswered."""
        self.remove_class("asking")
        self.screen.remove_class("choosing")

    def on_key(self, event: events.Key) -> None:
        """Answer with the key; others but those that lead elsewhere do nothing."""
        if event.key in self._keys and self.asking:
            event.stop()
            self.close()
            self.post_message(ChoiceMade(event.key))
