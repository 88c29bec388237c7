"""Free words on their way into a case: who reads them, in which language, and what becomes of silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hinterland import language as interface
from hinterland.config import Config
from hinterland.errors import InputError
from hinterland.plugins.diagnosis.asking.typed import AGE
from hinterland.plugins.diagnosis.reading import lexicon
from hinterland.plugins.diagnosis.reading.free_text import case_from
from hinterland.plugins.diagnosis.reading.proposals import Proposal, merged
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary

LEXICONS = Path(__file__).parent.with_name("lexicon")
NAMES = {"en": "English", "es": "español", "fr": "français"}
"""What languages call themselves."""
_DEFAULT = "en"


def languages() -> list[str]:
    """Return the codes of the languages in which free words are read."""
    return sorted(each.stem for each in LEXICONS.glob("*.toml"))


def language_for(wanted: str, usual: str = "") -> str:
    """Return the language to read in: the one that is wanted, else the usual one of the site, the
    interface's or English, whichever of them has a lexicon first.

    Raises InputError where one is wanted by name and there is no lexicon for it.
    """
    there = languages()
    if wanted:
        if wanted not in there:
            raise InputError(
                f"Free words are not read in “{wanted[:20]}”.", f"They are in {', '.join(there)}."
            )
        return wanted
    codes = (code.partition("_")[0] for code in (usual, *interface.wanted()))
    return next((code for code in codes if code in there), _DEFAULT)


class Reader:
    """Reads the free words of one patient: with the word list, and with a model where that is wanted."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        languages: tuple[str, str],
        model: str | None,
        config_folder: Path,
        *,
        extract: bool,
    ) -> None:
        """`languages` are the one that is wanted and the usual one, as for `language_for`, which may
        raise InputError; `model` None is the configured one."""
        self.language = language_for(*languages)
        self.extract = extract
        self._vocabulary = vocabulary
        self._model = model
        self._config_folder = config_folder

    def goes_to(self, settings: Config) -> str:
        """Return where words go that a model elsewhere reads; "" for a model of this box.

        Raises ConfigError where the settings forbid it.
        """
        remote = settings.remote(self._model) if self.extract else None
        return remote.url if remote else ""

    @property
    def language_name(self) -> str:
        """What the language that is read calls itself."""
        return NAMES.get(self.language, self.language)

    def by_list(self, words: str) -> tuple[Proposal, ...]:
        """Return what the word list proposes; raises InputError for a text that is too long."""
        return lexicon.read(words, self._vocabulary, self.language)

    def by_model(self, words: str) -> tuple[Proposal, ...]:
        """Return what a model adds to that.

        Raises InputError for a text that is too long for it, JobError for an answer that is none, and
        ModelError or EngineError where there is no model to ask.
        """
        import asyncio

        from hinterland import api
        from hinterland.plugins.diagnosis.reading.extraction import extract

        known = self.by_list(words)

        async def ask() -> tuple[Proposal, ...]:
            async with api.connect(self._model, told=api.told_before) as box:
                return await extract(
                    words,
                    box,
                    self._vocabulary,
                    known,
                    language=self.language,
                    config_folder=self._config_folder,
                )

        return asyncio.run(ask())

    def by_both(self, words: str) -> tuple[Proposal, ...]:
        """Return what either proposes; raises like `by_model`."""
        return merged(self.by_list(words), self.by_model(words), vocabulary=self._vocabulary)


def assumed(
    told: Case, text: str, proposals: Sequence[Proposal], language: str, *, silence_is_no: bool
) -> Case:
    """Return a case with what free words seem to say added, confirmed by nobody.

    What `told` has already stays. With `silence_is_no` whatever is left is read as no, which is for
    evaluation alone and marks the result.
    """
    known = told.answers
    new = [each for each in proposals if each.fact not in known and not _other_age(each.fact, told)]
    before = [
        Proposal(fact=name, value=answer.value, words="", start=0, end=0)
        for name, answer in known.items()
        if answer.value is not None
    ]
    vocabulary = told.vocabulary
    unmentioned = False if silence_is_no else None
    read = case_from(text, (*before, *new), vocabulary, unmentioned, language)
    return replace(told, answers={**read.answers, **known})


def _other_age(name: str, told: Case) -> bool:
    """Whether a fact is an age and another one is known, with which it need not agree."""
    return name in AGE and any(each in told.answers for each in AGE)
