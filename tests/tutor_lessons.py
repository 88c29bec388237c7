"""A short lesson and pupils for tests of the tutor's commands and its screen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hinterland import paths
from hinterland.plugins.tutoring.pupils.box import PupilBox

JUGS = """\
---
id: jugs
title: Water in jugs
subject: measuring
topic: jugs
level: 2
language: en
objective add: Add litres
objective word: Name what is measured
---

# Explanation

A jug holds water. *Litres* can be added like numbers.

# Example

1 L and 2 L are together 3 L.

# Passage

The well gives 40 cans a day. 水 is drawn before noon.

# Exercises

## two

How much are 1 L and 4 L?

- objective: add
- type: quantity
- answer: 5 L
- check: 1 + 4
- hint: Which two amounts are there?
- hint: Count on from the larger one, a litre at a time.
- mistake: 3 L | You took one away from the other. They are poured together.
- step: 1 L + 4 L = 5 L

## three

How much are 2 L and 6 L?

- objective: add
- type: quantity
- answer: 8 L
- check: 2 + 6
- hint: Which two amounts are there?
- hint: Count on from the larger one, a litre at a time.

## drawn

What is drawn before noon? Write the Chinese word.

- objective: word
- type: words
- answer: 水
- quote: 水 is drawn before noon
- hint: Look at the second sentence of the text.
- hint: It is the first word of that sentence.
"""


def shelved(text: str = JUGS, name: str = "jugs") -> Path:
    """Put a lesson on the account's own shelf and return its file."""
    folder = paths.find().lessons
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.md"
    file.write_text(text, encoding="utf-8")
    return file


def pupils(*names: str, pin: str = "") -> PupilBox:
    """Have pupils, the last one of whom has a PIN if one is given."""
    box = PupilBox(paths.find().pupils, lambda: datetime.now(UTC))
    for name in names:
        box.add(name, pin if name == names[-1] else "")
    return box
