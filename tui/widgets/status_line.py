"""One line that says what the engine is doing, with which model, and whether words leave the box."""

from __future__ import annotations

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from hinterland.tui.shaping import of_settings
from hinterland.tui.status import Status


class StatusLine(Widget):
    """Shows a status in the width there is."""

    status: reactive[Status] = reactive(Status())

    def render(self) -> Text:
        line = of_settings(self.app).line(self.status.line(self.size.width))
        return Text(line, no_wrap=True, end="")
