"""What the screen does with a document: opened, translated, stopped, saved, copied."""

from __future__ import annotations

from pathlib import Path

from textual.worker import Worker

from hinterland import copying
from hinterland.config import Config
from hinterland.conversation import Conversation
from hinterland.errors import HinterlandError
from hinterland.language import _
from hinterland.plugins.languages import Language
from hinterland.plugins.translation.screen import machine, marks, reading
from hinterland.plugins.translation.screen.messages import (
    CopyMade,
    Doubted,
    Ended,
    PairRecalled,
    Saved,
    SheetCut,
    SheetMade,
    SourceUnknown,
    Told,
    Translated,
    Wish,
)
from hinterland.plugins.translation.screen.remembered import Pair
from hinterland.plugins.translation.screen.sheet import Sheet
from hinterland.plugins.translation.screen.view import LaidOutScreen, Page
from hinterland.sentences import sentence
from hinterland.text import clean_line


class WorkingScreen(LaidOutScreen):
    """A screen with a document and two languages."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()
        self.found = ""
        """The code of the language that a text was found to be in."""
        self.sheet: Sheet | None = None
        """None before a text is translated or a file opened."""
        self.text = ""
        """What was typed."""
        self.running: Worker[None] | None = None
        self._wish: Wish | None = None
        """What is done, or was done last in these languages."""
        self._others: tuple[Language, ...] = ()
        self._agreed = ""
        self._begin_when_made = False

    def on_mount(self) -> None:
        self.run_worker(reading.recall_pair(self.post_message))

    @property
    def talk(self) -> Conversation | None:
        """The conversation of the chat: its model translates where the settings name none."""
        found = getattr(self.app, "talk", None)
        return found if isinstance(found, Conversation) else None

    @property
    def keeps(self) -> bool:
        """Whether anything may be left on the disk: not of a chat that leaves no trace."""
        return self.talk is not None and self.talk.kept

    @property
    def settings(self) -> Config:
        found = getattr(self.app, "config", None)
        return found if isinstance(found, Config) else Config()

    # Languages

    def choose_pair(self, pair: Pair) -> None:
        """Take other languages; what was translated was into or from others."""
        if pair == self.pair:
            return
        self.stop()
        self._wish = None
        self.pair, self.found, self._agreed = pair, "", ""
        if self.sheet is not None:
            self.sheet.forget()
            self.rows.show(self.sheet)
        if self.keeps:
            self.app.run_worker(reading.keep_pair(pair, self.post_message))

    def on_pair_recalled(self, message: PairRecalled) -> None:
        if self.pair == Pair():
            self.pair = message.pair
            if not self.pair.target:
                self.pair = Pair(self.pair.source, self.settings.translation.to)
            self.show()

    # A document

    def open(self, source: str | Path, *, begin: bool = False) -> None:
        """Open a text or a file, and perhaps translate it at once."""
        self._begin_when_made = begin
        self.run_worker(reading.make_sheet(source, self.pair.target, self.post_message))

    def on_sheet_made(self, message: SheetMade) -> None:
        self.stop()
        self._wish = None
        self.sheet, self.found = message.sheet, ""
        self.rows.show(message.sheet)
        self.turn(Page.ROWS)
        if self._begin_when_made:
            self._begin_when_made = False
            self.begin()

    # Translating

    def begin(self) -> None:
        """Translate what waits."""
        sheet = self.sheet
        if sheet is None or self.running is not None:
            return
        model = self.talk.model if self.talk is not None else None
        source, target = self.pair.source, self.pair.target
        self._wish = Wish(sheet, source, target, model, keeps=self.keeps, agreed=self._agreed)
        self.say(_("Translating …"))
        self.running = self.run_worker(machine.translate(self._wish, self.post_message))
        self.show_work()

    def stop(self) -> None:
        """Translate no more; what is translated stays."""
        if self.running is not None:
            self.running.cancel()
            self.running = None
            self.say(_("Stopped."))
            self.show_work()

    def show_work(self) -> None:
        """Say how far it is."""
        self.put("where", self.whereabouts())
        self.hint()

    def on_sheet_cut(self, message: SheetCut) -> None:
        if message.wish is self._wish:
            sheet = message.wish.sheet
            self.found, self._others = message.origin.code, message.others
            if not sheet.segments:
                sheet.cut(message.segments)
                self.rows.show(sheet)
            self.show_work()

    def on_translated(self, message: Translated) -> None:
        if message.wish is self._wish:
            for at, target, reasons in message.finished:
                message.wish.sheet.put(at, target, reasons)
            self.rows.change({at for at, _target, _reasons in message.finished})
            self.show_work()

    def on_doubted(self, message: Doubted) -> None:
        if message.wish is self._wish:
            self.running, self._agreed = None, message.doubt
            self.say(message.doubt)
            self.show_work()

    def on_source_unknown(self, message: SourceUnknown) -> None:
        if message.wish is self._wish:
            self.running = None
            self.ask_source()
            self.say(_("It is too short to tell what language it is in."))

    def ask_source(self) -> None:
        """Ask for the language of the text, and go on."""
        raise NotImplementedError

    def on_ended(self, message: Ended) -> None:
        if message.wish is self._wish:
            self.running = None
            self.say(message.trouble or self._done(message.wish.sheet))
            self.show_work()

    def _done(self, sheet: Sheet) -> str:
        said = _("Done.")
        if sheet.unsure:
            said = _("Done. Unsure: {count}; n goes there, Enter changes one.")
            said = said.format(count=sheet.unsure)
        if self._others:
            names = ", ".join(each.native for each in self._others)
            said += " " + _("It has text in other languages too: {names}.").format(names=names)
        return said

    # By hand

    def write_row(self, written: str) -> bool:
        """Take what a person wrote for the row that was gone to; return whether it could be taken."""
        sheet = self.sheet
        if sheet is None:
            return False
        row = sheet.rows[self.rows.at]
        try:
            target = marks.read(written, row.source)
        except HinterlandError as error:
            self.say(sentence(error))
            return False
        sheet.write(self.rows.at, target)
        self.rows.change({self.rows.at})
        if self.keeps:
            kept = machine.keep_by_hand(
                self.pair.source or self.found,
                self.pair.target,
                row.source,
                target,
                self.post_message,
            )
            self.app.run_worker(kept)  # it goes on where this screen is left
        return True

    # Taken out

    def save(self, name: str) -> None:
        """Write the translation into a new file."""
        if self.sheet is not None:
            path = Path(name).expanduser()
            self.run_worker(reading.save(self.sheet, path, self.post_message))

    def on_saved(self, message: Saved) -> None:
        message.sheet.changed = False
        if self.page is Page.SAVE:
            self.turn(Page.ROWS)
        self.say(_("Saved: {file}").format(file=clean_line(str(message.file))))

    def copy(self, *, to_chat: bool = False) -> None:
        """Copy the translation, or leave with it."""
        if self.sheet is not None:
            self.run_worker(reading.copy(self.sheet, self.post_message, to_chat=to_chat))

    def on_copy_made(self, message: CopyMade) -> None:
        if message.to_chat:
            self.dismiss(message.text)
            return
        driver = self.app._driver  # noqa: SLF001 - Textual's own sequence does not pass tmux
        try:
            copied = copying.sequence(message.text)
        except HinterlandError as error:
            self.say(sentence(error))
            return
        if driver is not None:
            driver.write(copied)
        self.say(_("Sent to the terminal's clipboard; not every terminal takes it."))

    def on_told(self, message: Told) -> None:
        self.say(message.text)
