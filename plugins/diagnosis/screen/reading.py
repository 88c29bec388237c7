"""What the form reads in a thread: the rules when it opens, and free words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual.message import Message

from hinterland import language as interface
from hinterland.config import DiagnosisSettings
from hinterland.errors import HinterlandError
from hinterland.plugins.diagnosis import site
from hinterland.plugins.diagnosis.reading.proposals import Proposal
from hinterland.plugins.diagnosis.rules import spoken, vocabulary
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary
from hinterland.plugins.diagnosis.screen.messages import ModelRead, RulesRead, Told, WordsRead
from hinterland.plugins.diagnosis.telling import scripted
from hinterland.sentences import sentence

Post = Callable[[Message], object]


async def read_rules(settings: DiagnosisSettings, post: Post) -> None:
    """Read the questions, the packs of this site and the scripts."""
    try:
        post(await asyncio.to_thread(_rules, settings))
    except HinterlandError as error:
        post(Told(sentence(error)))


async def read_words(text: str, words: Vocabulary, language: str, post: Post) -> None:
    """Read free words by the lexicon of a language; "" is that of the interface."""
    try:
        post(WordsRead(text, await asyncio.to_thread(_proposed, text, words, language)))
    except HinterlandError as error:
        post(Told(sentence(error)))


async def ask_model(
    text: str, known: Sequence[Proposal], words: Vocabulary, language: str, post: Post
) -> None:
    """Have the installed model read free words too; what it adds is proposed like the rest."""
    from hinterland import api, paths
    from hinterland.plugins.diagnosis.reading import extraction, story

    try:
        code = story.language_for("", language)
        more = await extraction.extract(
            text,
            api.connect(told=api.told_before),
            words,
            known,
            language=code,
            config_folder=paths.find().config,
        )
    except HinterlandError as error:
        post(Told(sentence(error)))
    else:
        post(ModelRead(more))


def _rules(settings: DiagnosisSettings) -> RulesRead:
    place = site.of(settings)
    words = vocabulary.load()
    packs = place.packs(words)
    code = place.language or next((each[:2] for each in interface.wanted()), spoken.ENGLISH)
    scripts = scripted.load(words)
    return RulesRead(place, words, packs, scripts, spoken.spoken(packs, code))


def _proposed(text: str, words: Vocabulary, language: str) -> Sequence[Proposal]:
    from hinterland.plugins.diagnosis.reading import lexicon, story  # they have much to read

    return lexicon.read(text, words, story.language_for("", language))
