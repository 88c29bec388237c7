"""What can be done with a result: a note of it, a copy, plainer words, a summary for the chat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from textual.message import Message
from textual.worker import Worker

from hinterland import config, copying, paths
from hinterland.errors import HinterlandError
from hinterland.language import _
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.pack import Level, Pack
from hinterland.plugins.diagnosis.rules.spoken import Spoken
from hinterland.plugins.diagnosis.rules.triage import Triage
from hinterland.plugins.diagnosis.screen import pages
from hinterland.plugins.diagnosis.screen.messages import NoteSaved, PlainlySaid, RulesRead, Told
from hinterland.plugins.diagnosis.screen.view import PagedScreen
from hinterland.plugins.diagnosis.telling import audit, note, restating
from hinterland.plugins.diagnosis.telling.result import Result
from hinterland.plugins.diagnosis.telling.result import of as result_of
from hinterland.sentences import sentence
from hinterland.text import clean_line


class ResultScreen(PagedScreen):
    """A form that has come to a result, or will."""

    rules: RulesRead | None = None
    """What is gone by; None until it is read."""
    result: Result | None = None
    """None while something is still to be asked."""

    def __init__(self) -> None:
        super().__init__()
        self.plainer: restating.Restated | None = None
        """What a model made of the advice."""
        self.saved = False
        """Whether there is a note of this result."""
        self._restating: Worker[None] | None = None
        self._elsewhere = ""
        """Where words go that a model reads, once that was said."""
        self._logged: Case | None = None

    def judge(self, case: Case, triage: Triage) -> None:
        """Have the result of a case, and log it where the site wants a log."""
        assert self.rules is not None
        self.forget()
        self.result = result_of(case, triage, self.rules.site, self.rules.scripts)
        if self.rules.site.audit and case is not self._logged:
            self._logged = case
            self.run_worker(_logged(self.result, self.post_message))

    def forget(self) -> None:
        """Have no result: more is asked."""
        self.result, self.plainer, self.saved = None, None, False
        if self._restating is not None:
            self._restating.cancel()
            self._restating = None

    # A note

    @property
    def packs(self) -> tuple[Pack, ...]:
        return self.rules.packs if self.rules else ()

    @property
    def hidden(self) -> frozenset[str]:
        """The facts that no note and no summary has."""
        return self.rules.scripts.private if self.rules else frozenset()

    @staticmethod
    def note_name() -> str:
        """Return a name for a note that nobody has to think of."""
        return f"referral-{datetime.now().astimezone():%Y%m%d-%H%M%S}.txt"

    def save_note(self, name: str) -> None:
        """Write the note into a new file."""
        if self.result is not None and name:
            path = Path(name).expanduser()
            self.run_worker(_saved(path, self.result, self.packs, self.hidden, self.post_message))

    def on_note_saved(self, message: NoteSaved) -> None:
        self.saved = True
        self.close_page()
        self.say(_("Saved: {file}").format(file=message.file))

    def close_page(self) -> None:
        """Go back to the history or the result."""
        raise NotImplementedError

    # A model

    def may_ask_model(self) -> bool:
        """Whether a model may be asked now: one elsewhere not before it was said where words go."""
        try:
            remote = config.load(paths.find().config_file).remote(None)
        except HinterlandError as error:
            self.say(sentence(error))
            return False
        where = clean_line(remote.url) if remote else ""
        if where == self._elsewhere:
            return True
        self._elsewhere = where
        if where:
            said = _(
                "What a model reads will leave this machine, to {url}. The key again sends it."
            )
            self.say(said.format(url=where))
        return not where

    @property
    def may_restate(self) -> bool:
        """Whether a model may say the advice again: never of an emergency, nor beside a script."""
        found = self.result
        return (
            found is not None
            and found.level is not Level.RED
            and not found.scripts
            and self.plainer is None
            and self._restating is None
        )

    def action_plain(self) -> None:
        """Ask a model to say the advice more plainly."""
        wanted = self.may_restate and self.may_ask_model()
        if wanted and self.result is not None and self.rules is not None:
            self.say(_("A model is asked …"))
            asked = _restated(self.result, self.rules.spoken, self.post_message)
            self._restating = self.run_worker(asked)
            self.hint()

    def on_plainly_said(self, message: PlainlySaid) -> None:
        self._restating = None
        if message.result is not self.result:
            return
        outcome = message.outcome
        if isinstance(outcome, restating.Restated):
            self.plainer = outcome
            self.say("")
            self.show()
            if self.page.kind is pages.Kind.RESULT:
                self.view.scroll_home(animate=False)
        else:
            kept = _("The advice stands as it is.")
            self.say(f"{outcome.text} {kept}")
            self.hint()

    # Copies

    def action_copy(self) -> None:
        """Copy the result to the terminal's clipboard."""
        driver = self.app._driver  # noqa: SLF001 - Textual's own sequence does not pass tmux
        if driver is not None:
            driver.write(copying.sequence(f"{self.page.title}\n\n{self.page.text}"))
        self.say(_("Sent to the terminal's clipboard; not every terminal takes it."))

    def action_summary(self) -> None:
        """Leave, with a short summary for the box of the chat."""
        if self.result is not None and self.rules is not None:
            self.dismiss(pages.summary(self.result, self.rules.vocabulary, self.packs, self.hidden))


Post = Callable[[Message], object]


async def _logged(result: Result, post: Post) -> None:
    try:
        await asyncio.to_thread(audit.write, paths.find(), result)
    except HinterlandError as error:
        post(Told(sentence(error)))


async def _saved(
    path: Path, result: Result, packs: tuple[Pack, ...], hidden: frozenset[str], post: Post
) -> None:
    try:
        await asyncio.to_thread(note.save, path, result, packs, hidden)
    except HinterlandError as error:
        post(Told(sentence(error)))
    else:
        post(NoteSaved(path))


async def _restated(result: Result, spoken: Spoken, post: Post) -> None:
    outcome = await restating.restate(
        result, language=spoken.language, translations=spoken.sentences
    )
    post(PlainlySaid(result, outcome))
