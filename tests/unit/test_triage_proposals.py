"""What a model proposes of a story: it quotes the story, and takes nothing back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.reading import extraction, lexicon
from hinterland.plugins.diagnosis.reading.proposals import MODEL, Proposal
from hinterland.schemas import check_answer
from tests.triage_cases import VOCABULARY


@dataclass
class Said:
    data: Any


class Model:
    """A model that answers as it was told to, and remembers what it was asked."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.prompt = ""
        self.settings: dict[str, Any] = {}

    async def ask(self, prompt: str, **settings: Any) -> Said:
        self.prompt, self.settings = prompt, settings
        return Said(self.data)


def sign(fact: str, words: str, value: str = "yes") -> dict[str, str]:
    return {"sign": fact, "value": value, "words": words}


def extracted(text: str, data: Any) -> tuple[Proposal, ...]:
    known = lexicon.read(text, VOCABULARY)
    return asyncio.run(extraction.extract(text, Model(data), VOCABULARY, known))


def test_a_models_proposal_quotes_the_story_or_is_thrown_away() -> None:
    text = "He keeps SLIDING off\n the chair and his brow is wet"
    data = {
        "signs": [
            sign("focal_weakness", "sliding off the chair"),
            sign("shock_signs", "cold and sweaty"),
            sign("level_is_green", "his brow is wet"),
            sign("cough", ""),
        ],
        "numbers": [],
    }
    found = extracted(text, data)
    assert [(each.fact, each.words, each.by) for each in found] == [
        ("focal_weakness", "SLIDING off\n the chair", MODEL)
    ]


def test_a_model_cannot_take_back_what_was_read_nor_make_a_yes_of_a_denial() -> None:
    text = "She has chest pain. No fever and no convulsions."
    data = {
        "signs": [
            sign("chest_pain", "chest pain", "no"),
            sign("sudden_breathlessness", "chest pain"),
            sign("fever_reported", "fever"),
            sign("convulsions", "convulsions"),
        ],
        "numbers": [],
    }
    assert extracted(text, data) == ()


def test_a_denial_stands_in_the_words_and_tells_no_sex() -> None:
    found = {each.fact: each for each in lexicon.read("no fever, not pregnant", VOCABULARY)}
    assert {name: each.words for name, each in found.items()} == {
        "fever_reported": "no fever",
        "pregnant": "not pregnant",
    }
    assert not any(each.value for each in found.values())


def test_a_models_number_stands_in_the_words_it_gives() -> None:
    text = "the thing on his finger said 84"
    number = {"number": "oxygen_percent", "value": 84, "words": "his finger said 84"}
    assert [each.value for each in extracted(text, {"signs": [], "numbers": [number]})] == [84]
    for wrong in ({"value": 48}, {"words": "his finger"}, {"number": "age_months"}):
        assert extracted(text, {"signs": [], "numbers": [number | wrong]}) == ()


@pytest.mark.parametrize("data", [None, [], "GREEN", {"signs": "none"}, {"signs": [{"sign": 1}]}])
def test_nonsense_of_a_model_is_no_proposal(data: Any) -> None:
    assert extracted("my chest hurts", data) == ()


def test_the_schema_holds_the_closed_vocabulary_and_the_list_comes_before_the_story() -> None:
    schema = extraction.schema(VOCABULARY)
    assert check_answer(schema, '{"signs":[{"words":"a","sign":"cough","value":"yes"}]}') != ""
    model = Model({"signs": [], "numbers": []})
    asyncio.run(extraction.extract("my flurb", model, VOCABULARY))
    assert model.prompt.index("unconscious:") < model.prompt.index("my flurb")
    # About four characters a token, in a context window of 4096 with room for the answer.
    room = (4096 - model.settings["max_tokens"]) * 4
    assert len(model.prompt) + extraction.LONGEST < room
    with pytest.raises(InputError, match="characters"):
        asyncio.run(extraction.extract("x" * 5000, model, VOCABULARY))
