"""Movement as in vi, for those who set `ui.vim`: keys and what they do to a view or a list."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import OptionList

from hinterland.config import Config
from hinterland.language import N_

MOVES = [
    Binding("j", "vim('down')", N_("Down"), show=False, id="vim.down"),
    Binding("k", "vim('up')", N_("Up"), show=False, id="vim.up"),
    Binding("g", "vim('first')", N_("To the start"), show=False, id="vim.first"),
    Binding("G", "vim('last')", N_("To the end"), show=False, id="vim.last"),
    Binding("ctrl+d", "vim('half_down')", N_("Half a page down"), show=False, id="vim.half_down"),
    Binding("ctrl+u", "vim('half_up')", N_("Half a page up"), show=False, id="vim.half_up"),
    Binding("ctrl+f", "vim('page_down')", N_("A page down"), show=False, id="vim.page_down"),
    Binding("ctrl+b", "vim('page_up')", N_("A page up"), show=False, id="vim.page_up"),
]
"""For the BINDINGS of a widget that has an `action_vim` and asks `wanted` in its `check_action`."""


def wanted(widget: Widget) -> bool:
    """Whether the settings ask for these keys."""
    config = getattr(widget.app, "config", None)
    return isinstance(config, Config) and config.ui.vim


def move_view(view: Widget, move: str) -> None:
    """Scroll a view."""
    half = max(1, view.size.height // 2)
    page = max(1, view.size.height - 1)
    rows = {
        "down": 1,
        "up": -1,
        "half_down": half,
        "half_up": -half,
        "page_down": page,
        "page_up": -page,
    }
    if move == "first":
        view.scroll_home(animate=False, x_axis=False)
    elif move == "last":
        view.scroll_end(animate=False, x_axis=False)
    else:
        view.scroll_to(y=view.scroll_offset.y + rows[move], animate=False)


def move_in_list(options: OptionList, move: str) -> None:
    """Choose another line of a list."""
    moves: dict[str, Callable[[], None]] = {
        "down": options.action_cursor_down,
        "up": options.action_cursor_up,
        "first": options.action_first,
        "last": options.action_last,
        "half_down": options.action_page_down,
        "half_up": options.action_page_up,
        "page_down": options.action_page_down,
        "page_up": options.action_page_up,
    }
    moves[move]()
