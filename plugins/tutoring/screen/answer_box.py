"""The box for an answer: `?` and `!` are keys in it for as long as nothing is written."""

from __future__ import annotations

from typing import Protocol

from textual import events

from hinterland.plugins.forms.box import Box, Writing


class Answering(Writing, Protocol):
    """What the box asks its screen besides."""

    def is_key(self, key: str) -> bool:
        """Whether a character is a key now, and no text."""


class AnswerBox(Box):
    """A box in which a character may be a key."""

    def __init__(self, form: Answering, name: str) -> None:
        super().__init__(form, name)
        self._answering = form

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return not self._answering.is_key(key) and super().check_consume_key(key, character)

    def is_text(self, event: events.Key) -> bool:
        return not self._answering.is_key(event.key) and super().is_text(event)
