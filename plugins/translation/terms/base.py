"""A term base: which terms a text has, and which of them its translation lacks.

It finds terms with care, since a prompt then demands them, and looks for their translations with
indulgence, since people inflect words in more ways than rules know.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from hinterland.plugins.translation.terms.inflections import inflection_of
from hinterland.plugins.translation.terms.words import (
    SYMBOL,
    UNSPACED,
    WORD,
    folded,
    has_capitals,
    without_accents,
    words_only,
)

RULES = 1
"""The version of how terms are found, which is part of a base's hash."""
_MOST_CACHED = 50_000
_SAME = 0.7
"""How much of a word has to stand at the beginning of another, for it to be a form of it."""
_LONGEST_ENDING = 4  # letters


class Term(msgspec.Struct, frozen=True):
    """A word or a few, and what they must be translated as."""

    source: str
    target: str
    """What a prompt asks for."""
    also: tuple[str, ...] = ()
    """What else will do."""
    note: str = ""


class TermBase:
    """Terms of one pair of languages, by their codes. Where a source has several translations, the
    first is what a prompt asks for, and the others will do."""

    def __init__(self, terms: Iterable[Term], source: str, target: str) -> None:
        self.source = source
        self.target = target
        self.terms = _merged(terms, source)
        self.hash = _hash(self.terms) if self.terms else ""
        """What tells it from others of this pair; "" where it has no terms."""
        shouted = sum(term.source.isupper() and len(term.source) > 6 for term in self.terms)
        self._capitals = 2 * shouted <= len(self.terms)
        """Whether capitals tell WHO from who; in a base that is all capitals they do not."""
        self._inflection = inflection_of(source)
        self._inflection_of_target = inflection_of(target)
        self._bases: dict[str, tuple[str, ...]] = {}
        self._by_word: dict[str, list[tuple[list[str], int]]] = {}
        """Terms by what their first word may be a form of."""
        self._by_letters: dict[str, list[tuple[str, int]]] = {}
        """Terms in scripts without spaces, and those with symbols, by their first two characters."""
        for number, term in enumerate(self.terms):
            text = folded(term.source, source)
            words = WORD.findall(text)
            if UNSPACED.search(text) or SYMBOL.search(text):
                self._by_letters.setdefault(text[:2], []).append((text, number))
            elif words:
                for base in self._inflection.bases(words[0]):
                    self._by_word.setdefault(base, []).append((words, number))

    def __len__(self) -> int:
        return len(self.terms)

    def matching(self, text: str) -> tuple[Term, ...]:
        """Return the terms in a text, the longest first, each once; a term within a longer one does
        not count."""
        text = words_only(text)
        plain = folded(text, self.source)
        found = [*self._words_in(plain), *self._letters_in(plain)] if self.terms else []
        if not found:
            return ()
        found.sort(key=lambda each: (each[0] - each[1], each[0]))
        taken: list[tuple[int, int]] = []
        chosen: dict[int, None] = {}
        for start, end, number in found:
            if any(start < other_end and other < end for other, other_end in taken):
                continue
            if (
                self._capitals
                and has_capitals(self.terms[number].source)
                and not self._is_written_so(number, text)
            ):
                continue
            taken.append((start, end))
            chosen[number] = None
        return tuple(self.terms[number] for number in chosen)

    def missing(self, terms: Iterable[Term], translated: str) -> tuple[Term, ...]:
        """Return those of `terms` that a translation does not have, in any form that looks like one
        of theirs."""
        text = without_accents(folded(translated, self.target))
        words = frozenset(WORD.findall(text))
        return tuple(
            term
            for term in terms
            if not any(self._has(text, words, each) for each in (term.target, *term.also))
        )

    # A term in a text

    def _words_in(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield where terms of whole words begin and end, and their numbers."""
        by_word = self._by_word
        if not by_word:
            return
        spans = [(match.group(), match.start(), match.end()) for match in WORD.finditer(text)]
        for at, (word, start, _end) in enumerate(spans):
            tried: set[int] = set()
            for base in self._bases_of(word):
                for wanted, number in by_word.get(base, ()):
                    last = at + len(wanted) - 1
                    if number in tried or last >= len(spans):
                        continue
                    tried.add(number)
                    if self._are_forms(spans, at, wanted) and _is_together(
                        text, start, spans[last][2]
                    ):
                        yield start, spans[last][2], number

    def _letters_in(self, text: str) -> Iterator[tuple[int, int, int]]:
        by_letters = self._by_letters
        if not by_letters:
            return
        for start in range(len(text)):
            for beginning in (text[start : start + 2], text[start]):
                for wanted, number in by_letters.get(beginning, ()):
                    end = start + len(wanted)
                    if text.startswith(wanted, start) and _stands_alone(text, start, end):
                        yield start, end, number

    def _bases_of(self, word: str) -> tuple[str, ...]:
        found = self._bases.get(word)
        if found is None:
            if len(self._bases) >= _MOST_CACHED:
                self._bases.clear()
            found = self._bases[word] = self._inflection.bases(word)
        return found

    def _are_forms(self, spans: list[tuple[str, int, int]], at: int, wanted: list[str]) -> bool:
        for place, each in enumerate(wanted):
            word = spans[at + place][0]
            if word == each:
                continue
            if word[0] != each[0] and not self._inflection.beginnings:
                return False
            if each not in self._bases_of(word) and word not in self._bases_of(each):
                return False
        return True

    def _is_written_so(self, number: int, text: str) -> bool:
        term = re.escape(self.terms[number].source.strip())
        return re.search(rf"(?<![A-Za-z0-9]){term}(?:['’]?s)?(?![A-Za-z0-9])", text) is not None

    # Its translation

    def _has(self, text: str, words: frozenset[str], target: str) -> bool:
        wanted = without_accents(folded(target, self.target))
        if UNSPACED.search(wanted) or SYMBOL.search(wanted):
            return "".join(wanted.split()) in "".join(text.split())
        needed = WORD.findall(wanted)
        if any(len(word) > 3 for word in needed):
            needed = [word for word in needed if len(word) > 3]  # articles and prepositions change
        return all(any(self._looks_like(word, each) for word in words) for each in needed)

    def _looks_like(self, word: str, wanted: str) -> bool:
        if word == wanted:
            return True
        inflection = self._inflection_of_target
        if wanted in inflection.bases(word) or word in inflection.bases(wanted):
            return True
        if len(wanted) <= 3:
            return word.startswith(wanted) and len(word) - len(wanted) <= 2
        if wanted in word:
            return True
        if _share(word, wanted):
            return True
        return bool(inflection.beginnings) and _share(word[::-1], wanted[::-1])


def _share(word: str, wanted: str) -> bool:
    """Whether enough of two words is the same from their beginnings."""
    same = 0
    for one, other in zip(word, wanted, strict=False):
        if one != other:
            break
        same += 1
    return same >= math.ceil(len(wanted) * _SAME) and len(word) - same <= _LONGEST_ENDING


def _is_together(text: str, start: int, end: int) -> bool:
    """Whether no sentence ends between the words of what was found."""
    return not any(mark in text[start:end] for mark in (". ", "; ", ": ", "! ", "? ", "\n\n"))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word of a script with spaces goes on before or after."""
    for inside, outside in ((start, start - 1), (end - 1, end)):
        if 0 <= outside < len(text) and WORD.match(text[inside]) and WORD.match(text[outside]):
            return False
    return True


def _merged(terms: Iterable[Term], language: str) -> tuple[Term, ...]:
    by_source: dict[str, Term] = {}
    for term in terms:
        key = term.source if has_capitals(term.source) else folded(term.source, language)
        had = by_source.get(key)
        if had is None:
            by_source[key] = term
            continue
        forms = dict.fromkeys((*had.also, term.target, *term.also))
        forms.pop(had.target, None)
        note = "; ".join(dict.fromkeys(filter(None, (had.note, term.note))))
        by_source[key] = Term(had.source, had.target, tuple(forms), note)
    return tuple(by_source.values())


def _hash(terms: tuple[Term, ...]) -> str:
    return sha256(
        msgspec.json.encode((RULES, sorted(map(msgspec.structs.astuple, terms))))
    ).hexdigest()
