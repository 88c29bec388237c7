"""What a fact of the vocabulary can be: yes or no, a number with its unit, or a choice."""

from __future__ import annotations

from typing import Annotated

import msgspec

Value = bool | float | str
Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{1,47}\Z")]
Sentence = Annotated[str, msgspec.Meta(min_length=3, max_length=600)]


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Id
    question: Sentence
    """What is asked, in plain words."""
    why: str = ""
    """Why it is asked."""
    how: str = ""
    """How to look for it or measure it."""
    danger: bool = False
    """A danger sign: asked a second time when it is unknown."""
    optional: bool = False
    """It needs a device, a test or a record that many do not have: not knowing it alone does not
    keep a case from GREEN, but is named in the result."""
    neutral: bool = False
    """It says who somebody is and not what is wrong: that no rule has it is nothing to refer for."""
    group: str = ""
    """What questions belong together."""
    needs: str = ""
    """A condition; while it is no, this is not asked and, unless it was answered, counts as no."""


class YesNo(_Asked, frozen=True, tag="yes/no", tag_field="kind"):
    pass


class Number(_Asked, frozen=True, tag="number", tag_field="kind"):
    unit: str
    lowest: float
    """Below this it is a mistake and not a value."""
    highest: float
    whole: bool = False


class Option(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Id
    label: Sentence


class Choice(_Asked, frozen=True, tag="choice", tag_field="kind"):
    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=2)]
    ordered: bool = False
    """Whether the options go from harmless to serious, so that rules may say `>=`."""


Fact = YesNo | Number | Choice
