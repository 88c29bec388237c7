"""Has a model write questions on a text, part by part, and keeps those that the text answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from hinterland import prompts
from hinterland.errors import ContextError, EngineError, InputError, JobError
from hinterland.language import _
from hinterland.plugins.languages import find as language_named
from hinterland.plugins.tutoring.making.parts import LONGEST_PART, Part, parts_of, spread
from hinterland.plugins.tutoring.making.sieve import (
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    Dropped,
    Kept,
    Sieve,
)
from hinterland.plugins.tutoring.making.source import Source
from hinterland.sentences import sentence
from hinterland.text import clean_line

PROMPT = "draft"
"""The prompt's file; one of this name in the config folder's `prompts` takes its place."""
_SHIPPED = Path(__file__).parents[1] / "prompts" / f"{PROMPT}.md"
MOST_QUESTIONS = 100
_LONGEST_QUOTE = 300  # characters that a model may quote at once
_SURPLUS = 1.6
"""Questions that are asked for, for each that is wanted: small models write many that are no use."""
_PER_PART = 4
_SHORTEST_PART = 500  # characters
_TOKENS = 170  # of one question


class Answer(Protocol):
    """A model's answer; `data` is its JSON, checked against the schema."""

    @property
    def data(self) -> Any: ...


class Asker(Protocol):
    """Whatever can be asked with a schema: `hinterland.connect(…)` is one."""

    async def ask(self, prompt: str, **settings: Any) -> Answer: ...


class Draft(msgspec.Struct, frozen=True):
    """What came of a text."""

    kept: tuple[Kept, ...]
    """In the order of the text."""
    dropped: tuple[Dropped, ...]
    unused: tuple[str, ...]
    """A sentence for each part of the text that no question was asked for."""


Told = Callable[[int, int, int], None]
"""Hears how many parts are done, of how many, and how many questions are kept."""


async def draft(
    source: Source,
    asker: Asker,
    *,
    questions: int,
    language: str,
    config_folder: Path | None = None,
    told: Told = lambda done, total, kept: None,
) -> Draft:
    """Return questions on a text, at most as many as wanted, spread over all of it.

    Raises InputError for a number of questions that cannot be, ConfigError for a prompt of the
    user's that is none, and ModelError or EngineError where no model can be asked at all.
    """
    if not 1 <= questions <= MOST_QUESTIONS:
        raise InputError(
            f"A lesson has 1 to {MOST_QUESTIONS} questions.", "Cut the text into several lessons."
        )
    return await _Drafting(source, asker, questions, language, config_folder).draft(told)


class _Drafting:
    def __init__(
        self,
        source: Source,
        asker: Asker,
        wanted: int,
        language: str,
        config_folder: Path | None,
    ) -> None:
        self._language = language_named(language).name
        self._source = source
        self._asker = asker
        self._wanted = wanted
        self._prompt = _prompt(config_folder)
        self._sieve = Sieve(source)
        self._kept: list[Kept] = []
        self._dropped: list[Dropped] = []
        self._unused: list[tuple[Part, str]] = []

    async def draft(self, told: Told) -> Draft:
        asked_for = math.ceil(self._wanted * _SURPLUS)
        letters = sum(len(each.text) for each in self._source.blocks)
        length = max(_SHORTEST_PART, min(LONGEST_PART, letters * _PER_PART // asked_for))
        parts = spread(parts_of(self._source.blocks, length))
        each_part = max(1, min(_PER_PART + 2, math.ceil(asked_for / len(parts))))
        for done, part in enumerate(parts):
            told(done, len(parts), len(self._kept))
            if len(self._kept) >= self._wanted:
                self._leave(parts[done:], _("there were enough questions"))
                break
            try:
                await self._ask(part, each_part)
            except EngineError as error:
                if not self._kept:
                    raise
                # What there is already took long to make.
                self._leave(parts[done:], clean_line(sentence(error).rstrip(".")))
                break
        told(len(parts), len(parts), len(self._kept))
        surplus = self._kept[self._wanted :]
        self._dropped += [Dropped(each.question, _("there were enough")) for each in surplus]
        kept = sorted(self._kept[: self._wanted], key=lambda each: each.start)
        return Draft(tuple(kept), tuple(self._dropped), tuple(self._told_unused()))

    def _leave(self, parts: tuple[Part, ...], why: str) -> None:
        self._unused += [(part, why) for part in parts]

    async def _ask(self, part: Part, count: int) -> None:
        try:
            data = await self._answered(part, count)
        except ContextError:
            halves = part.halves()
            if not halves:
                self._unused.append((part, _("it does not fit the model's context window")))
            for half in halves:
                await self._ask(half, math.ceil(count / 2))
            return
        except JobError:
            self._unused.append((part, _("the model's answer was of no use")))
            return
        for each in self._sieve.sift(data):
            if isinstance(each, Kept):
                self._kept.append(each)
            else:
                self._dropped.append(each)

    async def _answered(self, part: Part, count: int) -> Any:
        """Return a model's answer; where it is none, the answer to being asked for one question."""
        try:
            return await self._said(part, count, temperature=0.0)
        except JobError:
            return await self._said(part, 1, temperature=0.4)

    async def _said(self, part: Part, count: int, temperature: float) -> Any:
        answer = await self._asker.ask(
            self._prompt.render(text=part.text, count=count, language=self._language),
            system=self._prompt.system,
            schema=schema(count),
            max_tokens=_TOKENS * count + 60,
            temperature=temperature,
            seed=1,
        )
        return answer.data

    def _told_unused(self) -> list[str]:
        """Return a sentence for each run of parts that were left out for the same reason."""
        runs: list[tuple[int, int, str]] = []
        for part, why in sorted(self._unused, key=lambda each: each[0].start):
            before = runs[-1] if runs else None
            if (
                before
                and before[2] == why
                and not self._source.text[before[1] : part.start].strip()
            ):
                runs[-1] = (before[0], part.end, why)
            else:
                runs.append((part.start, part.end, why))
        place = self._source.place
        return [
            _("Nothing was asked about {first} to {last}: {why}.").format(
                first=place(start), last=place(max(start, end - 1)), why=why
            )
            for start, end, why in runs
        ]


def schema(most: int) -> dict[str, Any]:
    """Return the JSON schema of the answer: the quote first, so that the question is about it."""
    lengths = {"quote": _LONGEST_QUOTE, "question": LONGEST_QUESTION, "answer": LONGEST_ANSWER}
    return {
        "type": "object",
        "properties": {
            "questions": {
                "type": "array",
                "minItems": 1,
                "maxItems": most,
                "items": {
                    "type": "object",
                    "properties": {
                        name: {"type": "string", "maxLength": length}
                        for name, length in lengths.items()
                    },
                    "required": list(lengths),
                    "additionalProperties": False,
                },
            }
        },
        "required": ["questions"],
        "additionalProperties": False,
    }


def _prompt(config_folder: Path | None) -> prompts.Prompt:
    own = config_folder / "prompts" / _SHIPPED.name if config_folder else None
    return prompts.read_template(own if own and own.is_file() else _SHIPPED)
