"""A question with a few answers, each of them a key, below the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Static

from hinterland.language import N_, _
from hinterland.text import clean
from hinterland.tui import keys
from hinterland.tui.messages import ChoiceMade

Way = tuple[str, str]
"""A way out by its name, the last part of the id of its binding, and what it does."""
CANCEL = "cancel"
_UNBROKEN = "\N{NO-BREAK SPACE}"


def _quiet(key: str, way: str, description: str) -> Binding:
    # Not in the line of keys: the question names them.
    return Binding(key, f"choose('{way}')", description, show=False, id=f"choice.{way}")


class Choice(Static, can_focus=True):
    """Takes the keys while it asks; to cancel is always an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _quiet("c", "compact", N_("Send a summary")),
        _quiet("d", "drop", N_("Leave the oldest turns out")),
        _quiet("r", "enlarge", N_("Raise the window")),
        _quiet("escape", CANCEL, N_("Cancel")),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id, markup=False)
        self._ways: tuple[str, ...] = ()

    @property
    def asking(self) -> bool:
        """Whether it is shown and waits for a key."""
        return self.has_class("asking")

    def ask(self, question: str, ways: Sequence[Way]) -> None:
        """Show the question and what each key does, and take the keys."""
        self._ways = (*(way[0] for way in ways), CANCEL)
        text = Text(f"{clean(question)}\n")
        for way, does in (*ways, (CANCEL, _("cancel"))):
            text.append(keys.said(self, f"choice.{way}"), "bold")
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take only the keys of what can be chosen."""
        if action == "choose":
            return self.asking and parameters[0] in self._ways
        return super().check_action(action, parameters)

    def action_choose(self, way: str) -> None:
        """Answer with a way out."""
        self.close()
        self.post_message(ChoiceMade(way))
