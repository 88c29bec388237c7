"""Translation in the chat: a text is typed, pasted or opened, and stands beside its translation.

`sheet` knows what is translated, `machine` translates, and this takes the keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from hinterland.errors import InputError
from hinterland.language import N_, _
from hinterland.plugins.translation.screen import marks, reading
from hinterland.plugins.translation.screen.doing import WorkingScreen
from hinterland.plugins.translation.screen.messages import Completed
from hinterland.plugins.translation.screen.remembered import Pair
from hinterland.plugins.translation.screen.sheet import State
from hinterland.plugins.translation.screen.view import ONE_LINE, Page
from hinterland.plugins.translation.screen.wording import ASKED, beginning, code_of, whereabouts
from hinterland.sentences import sentence

_ROWS = frozenset({Page.ROWS})
_WORK = frozenset({Page.TEXT, Page.ROWS})
_WHERE = {
    "translate": _WORK,
    "open": _WORK,
    "source": _WORK,
    "target": _WORK,
    "edit": _ROWS,
    "unsure": _ROWS,
    "save": _ROWS,
    "copy": _ROWS,
    "chat": _ROWS,
    "back": _ROWS,
    "stop": _ROWS,
    "go": _ROWS,
    "page": _ROWS,
    "ends": _ROWS,
    "take": ONE_LINE,
    "complete": frozenset({Page.OPEN, Page.SAVE}),
    "yes": frozenset({Page.LEAVING}),
    "no": frozenset({Page.LEAVING}),
}
"""On which pages an action does something; one that is not here does on all."""
_LONGEST = 8_000
"""Characters of a paste that the box takes; a longer one is opened as a file is."""
_NAMED = 12
"""Languages that are named below what is typed."""


class TranslateScreen(WorkingScreen):
    """One document at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", N_("Go on"), id="translate.take"),
        # Here for the same key's sake: they are never on the same page.
        Binding("enter,e", "edit", N_("Change"), id="translate.edit"),
        Binding("y", "yes", N_("Yes"), id="translate.yes"),
        # As above.
        Binding("n", "no", N_("No"), id="translate.no"),
        Binding("n", "unsure", N_("Next unsure"), id="translate.unsure"),
        Binding("ctrl+t", "translate", N_("Translate"), id="translate.translate"),
        Binding("s", "save", N_("Save"), id="translate.save"),
        Binding("escape", "leave", N_("Back"), id="translate.leave"),
        # As above.
        Binding("escape", "stop", N_("Stop"), id="translate.stop"),
        Binding("f3,ctrl+g", "target", N_("Into"), id="translate.target"),
        Binding("f2,ctrl+b", "source", N_("From"), id="translate.source"),
        Binding("ctrl+o", "open", N_("File"), id="translate.open"),
        Binding("c,f4", "copy", N_("Copy"), id="translate.copy"),
        Binding("p", "chat", N_("To the chat"), id="translate.chat"),
        Binding("b", "back", N_("The text"), id="translate.text"),
        Binding("tab", "complete", N_("Complete"), id="translate.complete"),
        Binding("up", "go(-1)", N_("Up"), show=False, id="translate.up"),
        Binding("down", "go(1)", N_("Down"), show=False, id="translate.down"),
        Binding("pageup", "page(-1)", N_("A page up"), show=False, id="translate.page_up"),
        Binding("pagedown", "page(1)", N_("A page down"), show=False, id="translate.page_down"),
        Binding("home", "ends(0)", N_("To the start"), show=False, id="translate.first"),
        Binding("end", "ends(1)", N_("To the end"), show=False, id="translate.last"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._then_translate = False

    # What is shown

    def whereabouts(self) -> str:
        sheet = self.sheet if self.page is not Page.TEXT else None
        return whereabouts(self.pair, self.found, sheet, running=self.running is not None)

    def asked(self) -> str:
        return _(ASKED[self.page]) if self.page in ASKED else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let keys do what the page takes."""
        if action in _WHERE and self.page not in _WHERE[action]:
            return False
        sheet = self.sheet
        if action == "translate" and self.page is Page.ROWS:
            return self.running is None and sheet is not None and bool(sheet.waiting())
        if action in {"stop", "leave"}:
            stops = self.page is Page.ROWS and self.running is not None
            return stops == (action == "stop")
        if action == "unsure":
            return sheet is not None and sheet.unsure > 0
        if action in {"save", "copy", "chat"}:
            return sheet is not None and sheet.finished > 0
        if action == "edit":
            return sheet is not None and sheet.rows[self.rows.at].state is not State.WAITING
        if action == "back":
            return sheet is not None
        return super().check_action(action, parameters)

    # What the keys do

    def action_translate(self) -> None:
        """Translate the text, or what waits; asks for the language where none was chosen."""
        if self.page is Page.TEXT and not self.box.text.strip():
            self.say(_("Type or paste a text first, or open a file."))
        elif not self.pair.target:
            self._then_translate = True
            self._ask(Page.TARGET)
        elif self.page is Page.ROWS:
            self.begin()
        elif self.sheet is not None and not self.sheet.name and self.box.text == self.text:
            self.turn(Page.ROWS)
            self.begin()
        else:
            self.text = self.box.text
            self.open(self.text, begin=True)

    def action_source(self) -> None:
        self._ask(Page.SOURCE, self.pair.source)

    def ask_source(self) -> None:
        """Ask for the language of the text, and go on."""
        self._then_translate = True
        self._ask(Page.SOURCE)

    def action_target(self) -> None:
        self._ask(Page.TARGET, self.pair.target)

    def action_open(self) -> None:
        self._ask(Page.OPEN)

    def action_save(self) -> None:
        if self.sheet is not None:
            self._ask(Page.SAVE, reading.file_name(self.sheet, self.pair.target))

    def action_copy(self) -> None:
        self.copy()

    def action_chat(self) -> None:
        """Leave, with the translation in the box of the chat."""
        self.copy(to_chat=True)

    def action_back(self) -> None:
        """Go back to the text, to change it."""
        self.turn(Page.TEXT, self.text)

    def action_edit(self) -> None:
        """Change the translation of a row by hand."""
        assert self.sheet is not None
        row = self.sheet.rows[self.rows.at]
        begun = row.source if row.target is None else row.target
        self._ask(Page.ROW, marks.written(begun, row.source))
        self.call_after_refresh(self.rows.see)

    def action_unsure(self) -> None:
        if self.sheet is not None and (at := self.sheet.next_unsure(self.rows.at)) is not None:
            self.rows.go(at)
            self.hint()

    def action_go(self, down: int) -> None:
        self.rows.go(self.rows.at + down)
        self.hint()

    def action_page(self, down: int) -> None:
        self.rows.page(down)
        self.hint()

    def action_ends(self, last: int) -> None:
        self.rows.go(len(self.sheet.rows) - 1 if last and self.sheet is not None else 0)
        self.hint()

    def action_yes(self) -> None:
        self.stop()
        self.dismiss("")

    def action_no(self) -> None:
        self._return()

    def action_stop(self) -> None:
        self.stop()

    def action_leave(self) -> None:
        """Close a question, go back to the rows, or leave; ask first where something would be lost."""
        if self.page not in _WORK:
            self._then_translate = False
            self._return()
        elif self.page is Page.TEXT and self.sheet is not None:
            self.text = self.box.text
            self.turn(Page.ROWS)
        elif self._would_lose():
            self._ask(Page.LEAVING)
        else:
            self.stop()
            self.dismiss("")

    def action_take(self) -> None:
        """Take what is written."""
        written = self.box.text.strip()
        match self.page:
            case Page.ROW:
                if written and self.write_row(written):
                    self._return()
            case Page.SOURCE | Page.TARGET:
                self._take_language(written)
            case Page.OPEN if written:
                self.open(Path(written).expanduser())
            case Page.SAVE if written:
                self.save(written)

    def action_complete(self) -> None:
        """Complete the name of a file as far as it is certain."""
        self.run_worker(reading.complete(self.box.text, self.post_message))

    def on_completed(self, message: Completed) -> None:
        if self.page in {Page.OPEN, Page.SAVE} and self.box.text == message.typed:
            self.box.put(message.text)
            self.say(message.said)

    # Questions

    def _ask(self, page: Page, written: str = "") -> None:
        if self.page in _WORK:
            self.over = self.page
            if self.page is Page.TEXT:
                self.text = self.box.text
        self.turn(page, written)

    def _return(self) -> None:
        self.turn(self.over, self.text if self.over is Page.TEXT else "")

    def _take_language(self, written: str) -> None:
        is_target = self.page is Page.TARGET
        try:
            code = code_of(written) if written or is_target else ""
        except InputError as error:
            self.say(sentence(error))
            return
        pair = Pair(self.pair.source, code) if is_target else Pair(code, self.pair.target)
        self.choose_pair(pair)
        self._return()
        if self._then_translate:
            self._then_translate = False
            self.action_translate()

    def on_text_area_changed(self) -> None:
        """Name the languages that begin as typed."""
        typed = self.box.text.strip().casefold()
        if typed and self.page in {Page.SOURCE, Page.TARGET}:
            found = beginning(typed)[:_NAMED]
            self.say(", ".join(f"{each.name} ({each.code})" for each in found))

    def _would_lose(self) -> bool:
        if self.sheet is not None and self.sheet.changed:
            return True
        return self.page is Page.TEXT and bool(self.box.text.strip())

    def pasted(self, text: str) -> bool:
        """Open what is too long for the box as a file is."""
        if self.page is not Page.TEXT or len(text) <= _LONGEST or self.box.text.strip():
            return False
        self.text = ""
        self.open(text)
        return True
