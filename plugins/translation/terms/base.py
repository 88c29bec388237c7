"""A term base: which terms a text has, and which of them its translation lacks."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from hinterland.plugins.translation.terms.words import Words, folded


class Term(msgspec.Struct, frozen=True):
    """A word or a few, and what they must be translated as."""

    source: str
    target: str
    """What a prompt asks for."""
    also: tuple[str, ...] = ()
    """What else will do."""
    note: str = ""


class TermBase:
    """Terms of one pair of languages; the first of two with one source is what a prompt asks for."""

    def __init__(self, terms: Iterable[Term], source: str, target: str) -> None:
        self.terms = _merged(terms)
        self.source = source
        self.target = target
        self.hash = _hash(self.terms) if self.terms else ""
        """What tells it from others of this pair; "" where it has no terms."""
        self._words = Words(source)
        self._wanted = Words(target)
        self._by_first: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for number, term in enumerate(self.terms):
            if words := tuple(self._words.of(term.source)):
                self._by_first.setdefault(words[0], []).append((words, number))
        for several in self._by_first.values():
            several.sort(key=lambda each: -len(each[0]))

    def __len__(self) -> int:
        return len(self.terms)

    def matching(self, text: str) -> tuple[Term, ...]:
        """Return the terms in a text, the longest first, each once."""
        words = self._words.of(text)
        found: dict[int, None] = {}
        at = 0
        while at < len(words):
            for wanted, number in self._by_first.get(words[at], ()):
                if tuple(words[at : at + len(wanted)]) == wanted:
                    found[number] = None
                    at += len(wanted) - 1
                    break
            at += 1
        return tuple(
            sorted((self.terms[number] for number in found), key=lambda each: -len(each.source))
        )

    def missing(self, terms: Iterable[Term], translated: str) -> tuple[Term, ...]:
        """Return those of `terms` that a translation does not have, in any of their forms."""
        text = folded(translated)
        return tuple(
            term
            for term in terms
            if not any(folded(each) in text for each in (term.target, *term.also))
        )


def _merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    by_source: dict[str, Term] = {}
    for term in terms:
        had = by_source.get(term.source)
        if had is None:
            by_source[term.source] = term
            continue
        forms = dict.fromkeys((*had.also, term.target, *term.also))
        forms.pop(had.target, None)
        note = "; ".join(dict.fromkeys(filter(None, (had.note, term.note))))
        by_source[term.source] = Term(term.source, had.target, tuple(forms), note)
    return tuple(by_source.values())


def _hash(terms: tuple[Term, ...]) -> str:
    ordered = sorted(terms, key=lambda term: (term.source, term.target))
    return sha256(msgspec.json.encode(ordered)).hexdigest()
