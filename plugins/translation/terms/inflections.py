"""Which forms of a word are the same word, by the rules in `inflections.toml`."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

Rules = list[tuple[int, str, str]]
"""Least letters of the base form, what stands in it, and what in another form."""


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    endings: dict[str, list[str]] = {}
    beginnings: dict[str, list[str]] = {}


class Inflection(msgspec.Struct, frozen=True):
    """How words of one language change."""

    endings: Rules
    beginnings: Rules

    def bases(self, word: str) -> tuple[str, ...]:
        """Return the words that this one may be a form of, itself first."""
        found = {word: None}
        for least, base, form in self.endings:
            if word.endswith(form):
                whole = word[: len(word) - len(form)] + base
                if len(whole) >= least:
                    found[whole] = None
        for least, base, form in self.beginnings:
            if word.startswith(form):
                whole = base + word[len(form) :]
                if len(whole) >= least:
                    found[whole] = None
        return tuple(found)


@cache
def inflection_of(language: str) -> Inflection:
    """Return how words of a language change, by its code; one without rules has none."""
    said = _all().get(language.partition("-")[0].lower(), _Said())
    return Inflection(_rules(said.endings), _rules(said.beginnings))


@cache
def _all() -> dict[str, _Said]:
    text = resources.files(__package__).joinpath("inflections.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, _Said])


def _rules(said: dict[str, list[str]]) -> Rules:
    from hinterland.plugins.translation.terms.words import folded

    rules = []
    for least, pairs in said.items():
        for pair in pairs:
            base, bar, form = pair.partition("|")
            if not bar or base == form:
                raise ValueError(f"inflections.toml: {pair!r} is no base form and another form")
            rules.append((int(least), folded(base), folded(form)))
    return rules
