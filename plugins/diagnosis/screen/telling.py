"""Free words on the form: read by the word list, and by a model where somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.config import Config
from hinterland.language import _, n_
from hinterland.plugins.diagnosis.asking.interview import Interview
from hinterland.plugins.diagnosis.reading.proposals import Proposal
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.screen.ended import ResultScreen
from hinterland.plugins.diagnosis.screen.messages import ModelRead, RulesRead, Told, WordsRead
from hinterland.plugins.diagnosis.screen.reading import ask_model, read_rules, read_words


class TellingScreen(ResultScreen):
    """A form that begins with free words."""

    def __init__(self) -> None:
        super().__init__()
        self.interview: Interview | None = None
        """None until the rules are read."""
        self.told = False
        """Whether free words were told, or passed over."""
        self.nothing_found = False
        self._reading = False
        self._waiting: str | None = None
        """What was told before the rules were there."""
        self._words = ""
        """What was told and no model has read."""
        self._proposed: Sequence[Proposal] = ()
        self._more: Sequence[Proposal] = ()

    def on_mount(self) -> None:
        config = getattr(self.app, "config", None)
        settings = (config if isinstance(config, Config) else Config()).diagnosis
        self.run_worker(read_rules(settings, self.post_message))

    def go_on(self) -> None:
        """Show what comes next."""
        raise NotImplementedError

    def tell(self, written: str) -> None:
        """Take free words; none goes on without."""
        if self.rules is None:
            self._waiting = written
            self.say(_("Reading …"))
        elif not written:
            self.told = True
            self.go_on()
        elif not self._reading:
            self._reading = True
            self.say(_("Reading …"))
            words, language = self.rules.vocabulary, self.rules.site.language
            self.run_worker(read_words(written, words, language, self.post_message))

    @property
    def may_read(self) -> bool:
        """Whether there are words that a model could read too."""
        return bool(self._words)

    def action_model(self) -> None:
        """Have a model read the words too."""
        if self.rules is not None and self.may_ask_model():
            read, self._words = self._words, ""
            self.say(_("A model is asked …"))
            words, language = self.rules.vocabulary, self.rules.site.language
            self.run_worker(ask_model(read, self._proposed, words, language, self.post_message))
            self.hint()

    def propose_more(self) -> None:
        """Have confirmed what a model read: before the next question, never in the place of one that
        is shown already."""
        if self.interview is not None:
            self.interview.propose(self._more)
        self._more = ()

    # What workers found

    def on_rules_read(self, message: RulesRead) -> None:
        self.rules = message
        case = Case(message.vocabulary)
        self.interview = Interview(case, message.packs, message.site.rules, message.scripts)
        if self._waiting is not None:
            self.tell(self._waiting)

    def on_words_read(self, message: WordsRead) -> None:
        self._reading = False
        self.nothing_found = not message.proposals
        if message.proposals and self.interview is not None:
            self.interview.propose(message.proposals)
            self._words, self._proposed = message.text, message.proposals
            self.told = True
        self.go_on()

    def on_model_read(self, message: ModelRead) -> None:
        if self.result is None:
            self._more = message.proposals
            count = len(message.proposals)
            said = n_("The model found {count} more.", "The model found {count} more.", count)
            self.say(said.format(count=count))

    def on_told(self, message: Told) -> None:
        self._reading = False
        self.say(message.text)
