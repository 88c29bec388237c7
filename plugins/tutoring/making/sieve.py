"""What is kept of the questions that a model wrote: those that the text itself answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hinterland.language import _
from hinterland.plugins.tutoring.making.quotes import Found, Quotable, folded
from hinterland.plugins.tutoring.making.source import Block, Source
from hinterland.plugins.tutoring.making.taming import line
from hinterland.text import clean_line

LONGEST_QUESTION, LONGEST_ANSWER, LONGEST_QUOTE = 300, 60, 500  # characters
_MOST_WORDS = 8
_SHORTEST_QUESTION = 8
_SHOWN = 100  # characters of a question that is told of


class Asked(msgspec.Struct, frozen=True):
    """A question, as a model wrote it."""

    quote: str
    question: str
    answer: str


class Kept(msgspec.Struct, frozen=True):
    """A question that the text answers."""

    question: str
    answer: str
    """In the spelling of the text."""
    quote: str
    """The text's own words, on one line."""
    block: Block
    """Where they stand."""
    start: int
    """Where in the whole text they begin."""


class Dropped(msgspec.Struct, frozen=True):
    """A question that is of no use."""

    question: str
    why: str
    """The reason, a clause in the language of the interface."""


class Sieve:
    """Lets through what stands in a text and was not asked before."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = Quotable(source.text)
        self._questions: set[str] = set()
        self._answers: set[tuple[str, int]] = set()

    def sift(self, data: Any) -> Iterator[Kept | Dropped]:
        """Yield what becomes of each question in a model's answer; raises nothing for what is in it."""
        for each in _listed(data):
            try:
                asked = msgspec.convert(each, Asked)
            except msgspec.ValidationError:
                yield Dropped("", _("it is no question with a quote and an answer"))
                continue
            found = self._sifted(asked)
            if isinstance(found, str):
                yield Dropped(clean_line(asked.question, _SHOWN), found)
            else:
                yield found

    def _sifted(self, asked: Asked) -> Kept | str:
        question, answer = line(asked.question), line(asked.answer)
        if wrong := _unfit(question, answer):
            return wrong
        place = self._text.find(asked.quote)
        block = place and _block_of(self._source.blocks, place)
        if place is None or block is None:
            return _("its quote does not stand in the text")
        if len(place.words) > LONGEST_QUOTE:
            return _("its quote is too long")
        said = Quotable(place.words).find(answer, least=1)
        if said is None:
            return _("its answer is not in the words that it quotes")
        if len(folded(said.words)) * 10 > len(folded(place.words)) * 8:
            return _("its answer is all that it quotes")
        if Quotable(question).find(said.words, least=1):
            return _("it holds its own answer")
        if self._text.find(question):
            return _("it is a sentence of the text and no question")
        key = (folded(said.words), block.start)
        if folded(question) in self._questions or key in self._answers:
            return _("it was asked before")
        self._questions.add(folded(question))
        self._answers.add(key)
        return Kept(question, said.words, place.words, block, place.start)


def _listed(data: Any) -> Sequence[Any]:
    found = data.get("questions") if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _unfit(question: str, answer: str) -> str:
    letters = sum(each.isalpha() for each in question)
    if letters < _SHORTEST_QUESTION or len(question) > LONGEST_QUESTION:
        return _("it is too short or too long to be a question")
    if not any(map(str.isalnum, answer)):
        return _("it has no answer")
    if len(answer) > LONGEST_ANSWER or len(answer.split()) > _MOST_WORDS:
        return _("its answer is too long to be typed")
    if any(unicodedata.category(each) in {"Co", "Cn"} or each == "\ufffd" for each in question):
        return _("it holds signs that nobody can read")
    return ""


def _block_of(blocks: Sequence[Block], place: Found) -> Block | None:
    """Return the paragraph that a stretch is in; None where it is in several, or in a program."""
    for each in blocks:
        if each.start <= place.start < each.end:
            holds = place.end <= each.end and place.words in " ".join(each.text.split())
            return each if holds and not each.is_heading else None
    return None
