"""A list that also takes vi's keys where the settings ask for them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import OptionList

from hinterland.tui import vim


class VimList(OptionList):
    """A list of options, moved in by arrows and, with `ui.vim`, by letters."""

    BINDINGS: ClassVar[list[BindingType]] = [*vim.MOVES]

    def action_vim(self, move: str) -> None:
        vim.move_in_list(self, move)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return action != "vim" or vim.wanted(self)
