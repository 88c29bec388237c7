"""What a language model thinks that a story tells: more proposals, none of them trusted.

It is asked for signs of the closed vocabulary and the words that tell them. Words that are not in
the story are thrown away, and so is a sign whose words the lexicon reads as denied. The list comes
before the story, so that an engine reads it once for all stories.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from hinterland import prompts
from hinterland.errors import InputError
from hinterland.plugins.diagnosis.reading import lexicon
from hinterland.plugins.diagnosis.reading.proposals import MODEL, Proposal, merged, possible
from hinterland.plugins.diagnosis.rules.facts import Fact, YesNo
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary

PROMPT = "triage-facts"
LONGEST = 4000
"""Characters of a story: more would not fit a small context window beside the list of signs."""
_MOST_SIGNS = 8
_MOST_NUMBERS = 3
_WORDS = 80
"""Characters of the words that tell one sign."""
_TOKENS = 420
_NOT_ASKED = frozenset({"emergency_now", "slow_capillary_refill", "age_months", "age_days"})
_ALSO = ("fever_reported", "vomiting", "diarrhoea", "headache", "pregnant", "weak_immunity")
"""Asked for although they are no danger signs: much depends on them."""
_NUMBERS = ("temperature_c", "breaths_per_minute", "heart_rate", "oxygen_percent", "systolic_mmhg")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)?")


class Answer(Protocol):
    """A model's answer; `data` is its JSON, checked against the schema."""

    @property
    def data(self) -> Any: ...


class Asker(Protocol):
    """Whatever can be asked with a schema: `hinterland.connect(…)` is one."""

    async def ask(self, prompt: str, **settings: Any) -> Answer: ...


class _Sign(msgspec.Struct, frozen=True):
    sign: str
    value: str
    words: str


class _Number(msgspec.Struct, frozen=True):
    number: str
    value: float
    words: str


class _Told(msgspec.Struct, frozen=True):
    signs: tuple[_Sign, ...] = ()
    numbers: tuple[_Number, ...] = ()


async def extract(
    text: str,
    asker: Asker,
    vocabulary: Vocabulary,
    known: Sequence[Proposal] = (),
    *,
    language: str = "en",
    config_folder: Path | None = None,
) -> tuple[Proposal, ...]:
    """Return what a model adds to the proposals in `known`: never one that takes back a yes.

    Raises InputError for a story longer than LONGEST, and what asking raises: EngineError, ModelError,
    ContextError, and JobError for an answer that does not follow the schema.
    """
    if len(text) > LONGEST:
        raise InputError(
            f"The story has {len(text)} characters, and a model is given {LONGEST} at most.",
            "Tell it in fewer words, or go on without a model.",
        )
    signs = asked_for(vocabulary)
    prompt = prompts.load(PROMPT, config_folder)
    answer = await asker.ask(
        prompt.render(signs=signs, numbers=", ".join(_numbers(vocabulary)), story=text),
        system=prompt.system,
        schema=schema(vocabulary),
        max_tokens=_TOKENS,
        temperature=0.0,
        seed=1,
    )
    return added(text, answer.data, vocabulary, known, language)


def asked_for(vocabulary: Vocabulary) -> list[Fact]:
    """Return the signs that a model is asked for: the dangerous ones, and a few that decide much."""
    return [
        fact
        for name, fact in vocabulary.facts.items()
        if isinstance(fact, YesNo) and name not in _NOT_ASKED and (fact.danger or name in _ALSO)
    ]


def _numbers(vocabulary: Vocabulary) -> list[str]:
    return [name for name in _NUMBERS if name in vocabulary.facts]


def schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the JSON schema of the answer, over the closed vocabulary."""
    words = {"type": "string", "maxLength": _WORDS}
    return {
        "type": "object",
        "properties": {
            "signs": _listed(
                _MOST_SIGNS,
                words=words,
                sign={"enum": [fact.id for fact in asked_for(vocabulary)]},
                value={"enum": ["yes", "no"]},
            ),
            "numbers": _listed(
                _MOST_NUMBERS,
                words=words,
                number={"enum": _numbers(vocabulary)},
                value={"type": "number"},
            ),
        },
        "required": ["signs", "numbers"],
        "additionalProperties": False,
    }


def _listed(most: int, **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "array",
        "maxItems": most,
        "items": {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    }


def added(
    text: str, data: object, vocabulary: Vocabulary, known: Sequence[Proposal], language: str = "en"
) -> tuple[Proposal, ...]:
    """Return the proposals in a model's answer that hold: words of the story, a possible value.

    A “no” counts only for what nobody else read. Never raises for what a model may have written.
    """
    try:
        told = msgspec.convert(data, _Told)
    except msgspec.ValidationError:
        return ()
    yes = {each.fact for each in known if each.value is not False}
    placed = [(each.start, each.end) for each in known if each.value is not False]
    denied = [
        *lexicon.denials(text, language),
        *((each.start, each.end) for each in known if each.value is False),
    ]
    allowed = {fact.id for fact in asked_for(vocabulary)} | set(_numbers(vocabulary))
    result = [
        each
        for each in _held(text, told)
        if each.fact in allowed
        and possible(each, vocabulary)
        and not (each.value is False and each.fact in yes)
        # Words that were understood as something else are no news.
        and not any(start <= each.start and each.end <= end for start, end in placed)
        and not (each.value is True and any(start <= each.start < end for start, end in denied))
    ]
    return merged(result, vocabulary=vocabulary)


def _held(text: str, told: _Told) -> Iterator[Proposal]:
    for sign in told.signs:
        found = _place(text, sign.words)
        if found and sign.value in {"yes", "no"}:
            yield _proposal(text, sign.sign, sign.value == "yes", found)
    for number in told.numbers:
        found = _place(text, number.words)
        # The number has to be among the words that are given for it.
        written = [float(each.replace(",", ".")) for each in _DIGITS.findall(number.words)]
        if found and number.value in written:
            yield _proposal(text, number.number, number.value, found)


def _proposal(text: str, fact: str, value: bool | float, found: tuple[int, int]) -> Proposal:
    start, end = found
    return Proposal(fact=fact, value=value, words=text[start:end], start=start, end=end, by=MODEL)


def _place(text: str, words: str) -> tuple[int, int] | None:
    """Return where words stand in a text, whatever the spaces and capitals; None when nowhere."""
    parts = words.strip(" \t\n\"'.,;:…").split()
    if not parts or len("".join(parts)) < 3:
        return None
    found = re.search(r"\s+".join(re.escape(part) for part in parts), text, re.IGNORECASE)
    return found.span() if found else None
