"""Self-harm, abuse, sexual assault: what is said then is fixed, reviewed as data, and never a model's.

Scripts are in scripts.toml; a condition over the facts of the case brings each.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland.language import _
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.checked_toml import Located, read
from hinterland.plugins.diagnosis.rules.expression import Expression, ExpressionError, names, parse
from hinterland.plugins.diagnosis.rules.facts import Sentence
from hinterland.plugins.diagnosis.rules.triage import lookup_of
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary
from hinterland.plugins.diagnosis.site import NO_NUMBER

SHIPPED = Path(__file__).parent.with_name("scripts.toml")
_NUMBER = "{emergency}"


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{1,40}\Z")]
    when: Sentence
    """A condition over the vocabulary, as in rules: once it is yes, this is shown."""
    title: Sentence
    say: Annotated[tuple[Sentence, ...], msgspec.Meta(min_length=1)]
    """What is said first, a paragraph each."""
    do: Annotated[tuple[Sentence, ...], msgspec.Meta(min_length=1)]
    source: Sentence
    private: bool = False
    """Whether its facts are left out of a note that others may read."""

    def steps(self, emergency_number: str) -> tuple[str, ...]:
        """Return what to do, with the number to call in it."""
        number = emergency_number or _(NO_NUMBER)
        return tuple(each.replace(_NUMBER, number) for each in self.do)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    script: Annotated[tuple[Script, ...], msgspec.Meta(min_length=1)]


class Scripts(msgspec.Struct, frozen=True):
    """All scripts, with what brings them."""

    all: Mapping[str, tuple[Script, Expression]]

    def brought_by(self, case: Case) -> tuple[Script, ...]:
        """Return the scripts that a case brings, in the order of the file."""
        lookup = lookup_of(case)
        return tuple(script for script, when in self.all.values() if when.truth(lookup, ()))

    @property
    def private(self) -> frozenset[str]:
        """The facts that are left out of a note."""
        return frozenset(
            name for script, when in self.all.values() if script.private for name in names(when)
        )


def load(vocabulary: Vocabulary, path: Path = SHIPPED) -> Scripts:
    """Return all scripts; raises InputError, which names file and line."""
    located: Located[_File] = read(path, _File)
    found: dict[str, tuple[Script, Expression]] = {}
    for at, script in enumerate(located.value.script):
        try:
            found[script.id] = script, parse(script.when, vocabulary.facts)
        except ExpressionError as error:
            raise located.error("script", at, f"{script.id}: {error}", "when") from error
    return Scripts(found)
