"""What workers tell the form: its whole vocabulary. Workers post, handlers own the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from hinterland.plugins.diagnosis.reading.proposals import Proposal
from hinterland.plugins.diagnosis.rules.pack import Pack
from hinterland.plugins.diagnosis.rules.spoken import Spoken
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary
from hinterland.plugins.diagnosis.site import Site
from hinterland.plugins.diagnosis.telling.restating import Refused, Restated
from hinterland.plugins.diagnosis.telling.result import Result
from hinterland.plugins.diagnosis.telling.scripted import Scripts


@dataclass
class RulesRead(Message):
    """The rules, the questions and the scripts are there."""

    site: Site
    vocabulary: Vocabulary
    packs: tuple[Pack, ...]
    scripts: Scripts
    spoken: Spoken
    """What the packs say in the language of the site, or of the interface."""


@dataclass
class WordsRead(Message):
    """Free words were read."""

    text: str
    proposals: Sequence[Proposal]


@dataclass
class ModelRead(Message):
    """A model has read the free words too."""

    proposals: Sequence[Proposal]


@dataclass
class PlainlySaid(Message):
    """A model has said the advice of a result again, or was refused."""

    result: Result
    outcome: Restated | Refused


@dataclass
class Told(Message):
    """A sentence for the line below: something was done, or could not be."""

    text: str


@dataclass
class NoteSaved(Message):
    """The referral note is in a file."""

    file: Path
