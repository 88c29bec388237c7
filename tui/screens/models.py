"""The model switcher: what there is, how it suits this box, and which one answers next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static
from textual.widgets.option_list import Option

from hinterland import config, paths, remedies
from hinterland.errors import HinterlandError
from hinterland.language import N_, _
from hinterland.model_choices import ModelChoice, choices
from hinterland.sentences import sentence
from hinterland.text import clean_line
from hinterland.tui.widgets.key_line import KeyLine
from hinterland.tui.widgets.vim_list import VimList


class ModelsScreen(Screen[str]):
    """Lists models; ends with the name of the one that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", N_("Switch"), priority=True, id="models.choose"),
        Binding("escape,f2,q", "leave", N_("Back"), id="models.back"),
    ]

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current
        self._choices: Sequence[ModelChoice] = ()

    def compose(self) -> ComposeResult:
        yield Static(_("Looking for models …"), id="heading", markup=False)
        yield VimList(id="models", compact=True)
        yield KeyLine()

    def on_mount(self) -> None:
        self._list = self.query_one(VimList)
        self._heading = self.query_one("#heading", Static)
        self.run_worker(self._look())

    async def _look(self) -> None:
        try:
            found = paths.find()
            self._choices = await choices(found, config.load(found.config_file))
        except HinterlandError as error:
            self._heading.update(clean_line(sentence(error), 400))
            return
        self._heading.update(
            _("The next prompt is answered by:") if self._choices else remedies.no_model()
        )
        self._list.add_options(
            Option(_rows(each, each.name == self._current), disabled=bool(each.obstacle))
            for each in self._choices
        )
        names = [each.name for each in self._choices]
        usable = [number for number, each in enumerate(self._choices) if not each.obstacle]
        current = names.index(self._current) if self._current in names else -1
        self._list.highlighted = current if current in usable else next(iter(usable), None)

    def on_option_list_option_selected(self) -> None:
        self.action_choose()

    def action_choose(self) -> None:
        at = self._list.highlighted
        if at is not None:
            self.dismiss(self._choices[at].name)

    def action_leave(self) -> None:
        self.dismiss(None)


def _rows(choice: ModelChoice, current: bool) -> Text:
    text = Text(f"{'*' if current else ' '} {clean_line(choice.name)}\n", "bold")
    return text.append(Text(f"    {' · '.join(choice.facts)}", "not bold"))
