"""Self-harm, abuse, sexual assault: what is said then is fixed, reviewed as data, and never a model's.

Scripts are in scripts.toml; each is brought by facts of the vocabulary that are yes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland.language import _
from hinterland.plugins.diagnosis.case import Case
from hinterland.plugins.diagnosis.checked_toml import Located, read
from hinterland.plugins.diagnosis.facts import Id, Sentence, YesNo
from hinterland.plugins.diagnosis.site import NO_NUMBER
from hinterland.plugins.diagnosis.vocabulary import Vocabulary

SHIPPED = Path(__file__).with_name("scripts.toml")
BRINGING = frozenset({"suicidal_plan", "suicidal_thoughts", "sexual_assault", "abuse"})
"""Facts that have a script; a case without any of them does not read the file."""
_NUMBER = "{emergency}"


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{1,40}\Z")]
    facts: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1)]
    """Any of these that is yes brings it."""
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


def load(vocabulary: Vocabulary, path: Path = SHIPPED) -> tuple[Script, ...]:
    """Return all scripts; raises InputError, which names file and line."""
    located: Located[_File] = read(path, _File)
    for at, script in enumerate(located.value.script):
        for name in script.facts:
            fact = vocabulary.facts.get(name)
            if not isinstance(fact, YesNo):
                problem = f"“{name}” is not a yes/no fact of the vocabulary"
                raise located.error("script", at, problem, "facts")
    return located.value.script


def brought_by(case: Case) -> tuple[Script, ...]:
    """Return the scripts that a case brings, in the order of the file; raises InputError like `load`."""
    if not any(case.value(name) is True for name in BRINGING):
        return ()
    return tuple(
        script
        for script in load(case.vocabulary)
        if any(case.value(name) is True for name in script.facts)
    )


def private_facts(scripts: Iterable[Script]) -> frozenset[str]:
    """Return the facts that are left out of a note."""
    return frozenset(name for script in scripts if script.private for name in script.facts)
