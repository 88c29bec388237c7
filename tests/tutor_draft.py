"""A draft of a lesson, whose questions are to be looked over."""

from __future__ import annotations

DRAFT = """---
id: water
title: Water
subject: health
level: 2
language: en
objective a: Boil water
objective b: Keep water
status: draft
---
# Explanation
Boil water for one minute. It keeps for a day. Cups make it dirty.

# Exercises

## first
How long does it boil?
- objective: a
- type: words
- answer: one minute
- quote: Boil water for one minute
- hint: Read again.
- hint: It is said at the beginning.

## second
What makes it dirty?
- objective: b
- type: words
- answer: cups
- quote: Cups make it dirty.
- hint: Read again.
- hint: What do you drink from?

## third
What keeps for a day?
- objective: a
- type: words
- answer: water
- quote: It keeps for a day.
- hint: Read again.
- hint: What is this about?
"""
