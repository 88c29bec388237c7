"""What packs say in another language: data beside each pack, and told where there is none.

`packs/NAME/LANGUAGE.toml` has the pack's own sentences and what they are in that language. A sentence
that the pack no longer has is an error, and one whose English was changed is English again, so that
no translation outlives what it translates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from hinterland.plugins.diagnosis.rules.checked_toml import Located, read
from hinterland.plugins.diagnosis.rules.facts import Sentence
from hinterland.plugins.diagnosis.rules.pack import Pack

ENGLISH = "en"
_DIGITS = re.compile(r"\d+")


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    review: Literal["draft", "approved"] = "draft"
    by: str = ""
    date: str = ""
    sha256: str = ""
    """The bytes of pack.toml whose translation was reviewed."""
    say: dict[str, Sentence]


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of some packs in one language."""

    language: str
    sentences: Mapping[str, str]
    reviewed: bool
    """Whether somebody has approved the translation of each of these packs as it is now."""

    def say(self, sentence: str) -> str:
        """Return a sentence of a pack in the language; as the pack has it where that is not known."""
        return self.sentences.get(sentence, sentence)

    def untranslated(self, sentences: Sequence[str]) -> tuple[str, ...]:
        """Return those of the sentences that `say` leaves in English, to be told."""
        if self.language == ENGLISH:
            return ()
        return tuple(each for each in dict.fromkeys(sentences) if each not in self.sentences)


def languages(packs: Sequence[Pack]) -> tuple[str, ...]:
    """Return the languages, English included, in which any of the packs has words."""
    there = {path.stem for pack in packs for path in pack.folder.glob("??.toml")}
    return (ENGLISH, *sorted(there))


def spoken(packs: Sequence[Pack], language: str) -> Spoken:
    """Return the words of the packs in a language (such as "fr"); none for one that nobody has written.

    Raises InputError, which names file and line, for a translation of what a pack does not say.
    """
    sentences: dict[str, str] = {}
    reviewed = True
    for pack in packs if language != ENGLISH else ():
        path = pack.folder / f"{language}.toml"
        if not re.fullmatch(r"[a-z]{2}", language) or not path.exists():
            reviewed = False
            continue
        located: Located[_File] = read(path, _File)
        _check(located, path, frozenset(_said(pack)))
        sentences |= located.value.say
        file = located.value
        reviewed = reviewed and file.review == "approved" and file.sha256 == pack.sha256
    return Spoken(language, sentences, reviewed)


def _check(located: Located[_File], path: Path, there: frozenset[str]) -> None:
    for english, said in located.value.say.items():
        if english not in there:
            problem = f"the pack of {path.parent.name} does not say “{english}”"
        elif sorted(_DIGITS.findall(english)) != sorted(_DIGITS.findall(said)):
            problem = f"“{english}” has other numbers than “{said}”"
        else:
            continue
        raise located.error_at(english, problem)


def _said(pack: Pack) -> Iterator[str]:
    yield from pack.return_signs
    for rule in pack.rules:
        yield rule.classification
        yield from rule.do
