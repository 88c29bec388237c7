"""The list of conversations: lines to choose from, of which only those in view are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from hinterland.language import N_
from hinterland.tui import vim
from hinterland.tui.conversation_rows import MARK, Place, Row
from hinterland.tui.shaping import Shaping, of_settings


class ConversationList(Widget, can_focus=True):
    """Shows rows and keeps one of them chosen; while it has the focus, letters are commands."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.open", N_("Open"), id="conversations.open"),
        Binding("p", "screen.pin", N_("Pin"), id="conversations.pin"),
        Binding("r", "screen.rename", N_("Rename"), id="conversations.rename"),
        Binding("t", "screen.tag", N_("Tags"), id="conversations.tag"),
        Binding("a", "screen.archive", N_("Archive"), id="conversations.archive"),
        Binding("d,delete", "screen.delete", N_("Delete"), id="conversations.delete"),
        Binding("v", "screen.archived", N_("Show archived"), id="conversations.archived"),
        Binding("slash", "screen.search", N_("Search"), show=False, id="conversations.search"),
        *vim.MOVES,
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._rows: Sequence[Row] = []
        self._chosen: int | None = None
        self._top = 0
        self._notice = ""
        self._shaping = Shaping.AUTO

    def on_mount(self) -> None:
        self._shaping = of_settings(self.app)

    def action_vim(self, move: str) -> None:
        half, page = max(1, self.size.height // 2), max(1, self.size.height - 1)
        all_ = len(self._rows)
        steps = {
            "down": 1,
            "up": -1,
            "first": -all_,
            "last": all_,
            "half_down": half,
            "half_up": -half,
            "page_down": page,
            "page_up": -page,
        }
        self.move(steps[move])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return action != "vim" or vim.wanted(self)

    @property
    def chosen(self) -> Place | None:
        """What is chosen."""
        return None if self._chosen is None else self._rows[self._chosen].place

    def show(self, rows: Sequence[Row], notice: str = "", keep: bool = False) -> None:
        """Show these rows, or a notice where there are none. `keep` chooses what was chosen before,
        or what took its place; otherwise the first is chosen."""
        before, at = self.chosen, self._chosen or 0
        self._rows, self._notice = rows, notice
        self._chosen = None
        if keep and before is not None:
            same = (n for n, row in enumerate(rows) if row.place == before)
            self._chosen = next(same, None)
            if self._chosen is None:
                self._chosen = self._near(at)
        if self._chosen is None:
            self._top = 0
            self._chosen = self._near(0)
        self._settle()

    def move(self, steps: int) -> bool:
        """Choose what lies so many rows further down; return whether there was anything."""
        if self._chosen is None:
            return False
        step = 1 if steps > 0 else -1
        last = self._chosen
        at, left = last + step, abs(steps)
        while 0 <= at < len(self._rows) and left > 0:
            left -= 1
            if self._rows[at].place is not None:
                last = at
            elif left == 0:
                left = 1
            at += step
        moved, self._chosen = last != self._chosen, last
        self._settle()
        return moved

    def page(self, pages: int) -> None:
        """Move by so many views."""
        self.move(pages * max(1, self.size.height - 1))

    def move_to_end(self, last: bool) -> None:
        """Choose the first or the last."""
        self.move(len(self._rows) if last else -len(self._rows))

    def render_line(self, y: int) -> Strip:
        width, at = self.size.width, self._top + y
        if at < len(self._rows):
            strip = self._rows[at].draw(width, at == self._chosen)
            (strip,) = self._shaping.shape([strip], width, MARK)
        elif not self._rows and y == 0:
            strip = Strip([Segment(f"  {self._notice}")])
        else:
            strip = Strip([])
        return strip.crop_extend(0, width, self.rich_style).apply_style(self.rich_style)

    def on_resize(self) -> None:
        self._settle()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-3)

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked; the second click opens it."""
        at = self._top + event.y
        while 0 < at < len(self._rows) and self._rows[at].place is None:
            at -= 1
        if 0 <= at < len(self._rows) and self._rows[at].place is not None:
            again, self._chosen = at == self._chosen, at
            self._settle()
            if again:
                self.screen.action_open()  # type: ignore[attr-defined] # of its screen

    def _near(self, at: int) -> int | None:
        """Return the row nearest to `at` that can be chosen, below rather than above."""
        below = (n for n in range(at, len(self._rows)) if self._rows[n].place is not None)
        last = min(at, len(self._rows)) - 1
        above = (n for n in range(last, -1, -1) if self._rows[n].place is not None)
        found = next(below, None)
        return found if found is not None else next(above, None)

    def _settle(self) -> None:
        """Bring what is chosen into view, with the heading above it, and draw."""
        height = max(1, self.size.height)
        if self._chosen is not None:
            first = last = self._chosen
            if first > 0 and self._rows[first - 1].place is None:
                first -= 1
            if last + 1 < len(self._rows) and self._rows[last + 1].place is None:
                last += 1
            if last >= self._top + height:
                self._top = last - height + 1
            if first < self._top or self._chosen < self._top:
                self._top = first
            if self._chosen >= self._top + height:
                self._top = self._chosen - height + 1
        self._top = max(0, min(self._top, len(self._rows) - height))
        self.refresh()
