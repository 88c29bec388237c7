"""The conversation on the screen: one scroll view of lines, whatever the number of messages.

Widgets per message make a long conversation slow. Here a message is drawn when it comes into view
and remembered as strips; the one that is being written is drawn again, from its last finished
block on, each time text arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from hinterland.language import N_
from hinterland.text import clean
from hinterland.tui import vim
from hinterland.tui.being_written import BeingWritten
from hinterland.tui.drawing import NO_HASTE, Drawing
from hinterland.tui.entries import Entry, Kind, Palette, prompt_entries
from hinterland.tui.layout import Layout
from hinterland.tui.loading import Loading
from hinterland.tui.shaping import Shaping
from hinterland.turns import Turn

if TYPE_CHECKING:
    from hinterland.tui.highlight import Sought

_AHEAD_AFTER = 0.03
"""Seconds of rest before more is drawn ahead."""
_AHEAD_FOR = 0.01
"""Seconds of drawing ahead at a time."""
_DRAWING_FOR = 0.06
"""Seconds after which the rest of a view is drawn in haste, as plain text, and properly later."""
_MOST_DRAWN = 150
"""Entries whose strips are kept; those far from the view are drawn again when they are needed."""
_SHARE = 4
"""The piece being written is not drawn again before this many times its last drawing's time."""
_WHEEL = 3
"""Rows a turn of the wheel scrolls."""


class Transcript(ScrollView, can_focus=False):
    """Shows turns; follows the answer being written until the reader scrolls up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript--prompt",
        "transcript--reasoning",
        "transcript--notice",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        *vim.MOVES,
        Binding("i,escape,enter", "vim('write')", N_("Write"), id="vim.write"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.following = True
        """Whether the last line is kept in view."""
        self._layout = Layout()
        self._drawing = Drawing(self._layout, self._palette, lambda: self.app.console)
        self._writing = BeingWritten(self._layout, self._drawing.manner)
        self._loading = Loading(
            self._layout, lambda action: self.set_timer(0.001, action), self._start_over
        )
        self._styles_of_kinds: Palette | None = None
        self._top_entry = (0, 0)  # the entry at the top of the view, and its row there
        self._settling = False
        self._same_view = False  # whether scrolling shows the same rows, which lie elsewhere now
        self._base_style = Style()
        self._ahead: Timer | None = None
        self._late: Timer | None = None
        self._sought: Sought | None = None
        self._drawn_at = self._drawing_took = 0.0

    def on_mount(self) -> None:
        self.can_focus = vim.wanted(self)

    def action_vim(self, move: str) -> None:
        if move == "write":
            self.screen.focus_next("PromptInput")
        else:
            vim.move_view(self, move)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return action != "vim" or vim.wanted(self)

    @property
    def shows_markdown(self) -> bool:
        """Whether answers are shown as Markdown yet, not as they were written."""
        return self._drawing.markdown is not None

    @property
    def unfolded(self) -> bool:
        """Whether reasoning is shown whole."""
        return self._layout.unfolded

    @property
    def shaping(self) -> Shaping:
        """Whether text that runs from right to left is put in the order it is seen."""
        return self._drawing.shaping

    @shaping.setter
    def shaping(self, shaping: Shaping) -> None:
        self._drawing.shaping = shaping

    # What it shows

    def load(self, turns: Iterable[Turn], marks: Mapping[str, str] | None = None) -> None:
        """Show these turns and nothing else, the end of the last one in view; `marks` stand at the
        prompts of turns, by their id.

        Of long ones a little is read at a time; what is called meanwhile happens after that.
        """
        self._sought = None
        self._writing.begin()
        self.following = True
        self._loading.begin(turns, marks or {})

    def ask(self, prompt: str, mark: str = "") -> None:
        """Show a prompt that is being sent, with a mark at it, and follow what comes."""
        if self._loading.must_wait(lambda: self.ask(prompt, mark)):
            return
        self._writing.begin()
        self._sought = None
        self.following = True
        self._layout.append(prompt_entries(prompt, mark))
        self._settle()

    def think(self, text: str) -> None:
        """Add to the reasoning that is being written."""
        if self._loading.must_wait(lambda: self.think(text)):
            return
        self._writing.think(text)
        self._text_arrived()

    def write(self, text: str) -> None:
        """Add to the answer that is being written."""
        if self._loading.must_wait(lambda: self.write(text)):
            return
        self._writing.write(text)
        self._text_arrived()

    def finish(self) -> None:
        """Show the whole of an answer that is over."""
        if self._loading.must_wait(self.finish):
            return
        self._writing.finish()
        if self._late is not None:
            self._late.stop()
            self._late = None
        self._settle()

    def tell(self, notice: str) -> None:
        """Show a sentence of our own below everything; not while an answer is written."""
        if self._loading.must_wait(lambda: self.tell(notice)):
            return
        self._layout.append([Entry(Kind.NOTICE, clean(notice))])
        self._settle()

    def toggle_reasoning(self) -> None:
        """Show all reasoning whole, or fold it again."""
        layout = self._layout
        layout.unfolded = not layout.unfolded
        layout.forget_some(kind is Kind.REASONING for kind in layout.kinds)
        self._settle()

    def render_markdown(self, markdown: ModuleType) -> None:
        """Draw answers as Markdown from now on; until then they are shown as they were written."""
        self._drawing.markdown = markdown
        self._layout.forget_some(kind is Kind.ANSWER for kind in self._layout.kinds)
        self._settle()

    # Moving

    def reveal(self, turn_id: str, words: str = "") -> None:
        """Go to the first place in a turn where `words` stand, and mark them there until something
        is asked; to the beginning of the turn where its text does not hold them, or for none."""
        turns_at = self._loading.turns_at
        if self._loading.must_wait(lambda: self.reveal(turn_id, words)) or turn_id not in turns_at:
            return
        index, above = turns_at[turn_id], 0
        if words:
            from hinterland.tui.highlight import Sought

            end = min((at for at in turns_at.values() if at > index), default=0)
            self._sought = Sought(words, range(index, end or len(self._layout.entries)))
            index = self._sought.entry(self._layout)
            if self._width:
                self._drawing.draw(index)
                row = self._sought.row(self._layout.entries[index].strips or [])
                above = max(0, row - self.size.height // 3)
        self.following = False
        self._top_entry = (index, above)
        self._layout.changed_from = 0
        self._settle()

    def page(self, pages: float) -> None:
        """Scroll by so many views; a row stays for orientation."""
        self.scroll_relative(y=round(pages * max(1, self.size.height - 1)), animate=False)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_relative(y=rows, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self._same_view:
            self.vertical_scrollbar.position = new_value
            return
        super().watch_scroll_y(old_value, new_value)
        if not self._settling and round(old_value) != round(new_value):
            self.following = self.is_vertical_scroll_end
            self._remember_top()
            self._settle()

    def on_resize(self) -> None:
        if self._width == self._layout.width:
            self._settle()
        else:
            self._start_over()

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base_style = self.rich_style  # it is computed anew at each look
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        row, layout = self.scroll_offset.y + y, self._layout
        strip = Strip([])
        if row < layout.rows:
            index = layout.at(row)
            strips = layout.entries[index].strips or []
            if row - layout.tops[index] < len(strips):
                strip = strips[row - layout.tops[index]]
            if self._sought is not None:
                strip = self._sought.marked(index, strip)
        style = self._base_style
        return strip.crop_extend(0, self._width, style).apply_style(style)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        before, self._styles_of_kinds = self._styles_of_kinds, None
        # Focus and hover end up here too, and drawing again is not for them.
        if before is not None and self._palette() != before:
            self._layout.forget_some(kind is not Kind.ANSWER for kind in self._layout.kinds)
            self._settle()

    def _start_over(self) -> None:
        """Lay everything out for the present width and draw what is in view."""
        if not self._width or self._loading.goes_on:
            return
        self._layout.start_over(self._width)
        self._settle()

    def _settle(self) -> None:
        """Draw what is in view and keep it where it is, or keep the end in view when following."""
        if not self._layout.width or self._loading.goes_on:
            return
        self._layout.lay_out()
        self._settling = True
        self._drawing.until = perf_counter() + _DRAWING_FOR
        if self.following:
            self._drawing.draw_up(len(self._layout.entries), self.size.height)
        else:
            index, row = self._top_entry
            if not self._drawing.draw_down(index, self.size.height + row):
                self._drawing.draw_up(len(self._layout.entries), self.size.height)
        self._place()
        self._settling = False
        self._drawing.until = NO_HASTE
        if self._ahead is None:
            self._ahead = self.set_timer(_AHEAD_AFTER, self._draw_ahead)

    def _place(self) -> None:
        """Make room for what was drawn, scroll to where it belongs, and paint what changed."""
        self._layout.lay_out()
        size = Size(self._width, self._layout.rows)
        if size != self.virtual_size:
            # Setting it plainly lays the whole screen out again, at every line of an answer.
            self.set_reactive(Transcript.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
        top = self.max_scroll_y
        if not self.following and self._layout.entries:
            index, row = self._top_entry
            wanted = self._layout.tops[index] + max(
                0, min(row, self._layout.entries[index].height - 1)
            )
            self._same_view = row < self._layout.entries[index].height and wanted <= top
            top = min(wanted, top)
        if top != self.scroll_y:
            self.scroll_target_y = self.scroll_y = top
        self._same_view = False
        self._remember_top()
        if self._layout.changed_from is not None:
            first = max(0, self._layout.changed_from - top)
            if first < self.size.height:
                self.refresh(Region(0, first, self.size.width, self.size.height - first))
            self._layout.changed_from = None

    def _remember_top(self) -> None:
        row = round(self.scroll_y)
        index = max(0, self._layout.at(row))
        self._top_entry = (index, row - self._layout.tops[index]) if self._layout.tops else (0, 0)

    def _draw_ahead(self) -> None:
        """Draw what is within a view's height of the view, so that scrolling finds it drawn."""
        self._ahead = None
        if self._loading.goes_on:
            return
        until = perf_counter() + _AHEAD_FOR
        first = max(0, self._layout.at(self.scroll_y - self.size.height))
        last = self._layout.at(self.scroll_y + 2 * self.size.height) + 1
        in_view = self._layout.at(self.scroll_y)
        for index in (*range(max(0, in_view), last), *range(first, max(0, in_view))):
            if perf_counter() > until:
                self._settle()
                return
            self._drawing.draw(index)
        self._settling = True
        self._place()
        self._settling = False
        if sum(entry.strips is not None for entry in self._layout.entries) > _MOST_DRAWN:
            for entry in (*self._layout.entries[:first], *self._layout.entries[last:]):
                entry.strips = None

    def _palette(self) -> Palette:
        if self._styles_of_kinds is None:
            prompt, reasoning, notice = (
                self.get_component_rich_style(f"transcript--{name}", partial=True)
                for name in ("prompt", "reasoning", "notice")
            )
            self._styles_of_kinds = Palette(prompt, reasoning, notice)
        return self._styles_of_kinds

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    # What is being written

    def _text_arrived(self) -> None:
        """Draw the end of the answer again: now or, if drawing it is slow, a little later."""
        wait = self._drawn_at + _SHARE * self._drawing_took - perf_counter()
        if wait <= 0:
            self._draw_end()
        elif self._late is None:
            self._late = self.set_timer(wait, self._draw_end)

    def _draw_end(self) -> None:
        self._late = None
        started = perf_counter()
        last = self._layout.entries[-1] if self._layout.entries else None
        if last is None or not last.live or not self._layout.width:
            self._settle()
            return
        if self.following or self._layout.tops[-1] < self.scroll_y + self.size.height:
            self._drawing.draw_last()
        else:
            self._layout.forget(last)
        self._settle()
        self._drawn_at = perf_counter()
        self._drawing_took = self._drawn_at - started
