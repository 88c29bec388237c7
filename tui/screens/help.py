"""All keys as they are now and all commands: what F1 shows."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from hinterland import chat_commands
from hinterland.config import Config
from hinterland.language import N_, _
from hinterland.tui import commands, keys, vim
from hinterland.tui.widgets.key_line import KeyLine
from hinterland.tui.wrap import hanging


class HelpText(VerticalScroll):
    """The text, scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [*vim.MOVES]

    def action_vim(self, move: str) -> None:
        vim.move_view(self, move)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return action != "vim" or vim.wanted(self)


class HelpScreen(Screen[None]):
    """Shows keys and commands until it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "leave", N_("Back"), id="help.back"),
    ]

    def __init__(self, config: Config) -> None:
        super().__init__()
        self._config = config

    def compose(self) -> ComposeResult:
        listed = keys.listed(self._config.keys, vim=self._config.ui.vim)
        typed = chat_commands.help_text(commands.OWN)
        heading = _("Commands, typed in the box")
        with HelpText():
            yield Static(_Rows(f"{listed}\n\n{heading}\n{typed}"), markup=False)
        yield KeyLine()

    def action_leave(self) -> None:
        self.dismiss()


class _Rows:
    """Rows of two columns, cut to the width there is."""

    def __init__(self, rows: str) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        yield Text("\n".join(hanging(self._rows, options.max_width)), no_wrap=True)
