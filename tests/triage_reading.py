"""Free words, read without a model."""

from __future__ import annotations

from hinterland.plugins.diagnosis.reading import lexicon
from hinterland.plugins.diagnosis.rules.facts import Value
from tests.triage_cases import VOCABULARY


def told(text: str, language: str = "en") -> dict[str, Value]:
    return {each.fact: each.value for each in lexicon.read(text, VOCABULARY, language)}
