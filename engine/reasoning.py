"""Reasoning told from the answer where a server does not: text that begins with `<think>`.

llama.cpp does it by the model's template and sends `reasoning_content`; other servers may leave the
tags in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from hinterland.engine.protocol import ReasoningDelta, TextDelta

OPENING, CLOSING = "<think>", "</think>"

_BETWEEN = "\r\n"
"""What stands between the reasoning and the answer and belongs to neither."""


class _Place(Enum):
    START = "start"
    REASONING = "reasoning"
    BETWEEN = "between"
    ANSWER = "answer"


class ReasoningSplitter:
    """Feed it the text of an answer as it comes; what it yields does not depend on the cuts, but
    for where they fall."""

    def __init__(self) -> None:
        self._place = _Place.START
        self._held = ""

    def reason(self, text: str) -> Iterator[ReasoningDelta | TextDelta]:
        """Take in reasoning that the server has told apart itself."""
        yield from self.close()
        self._place = _Place.BETWEEN
        yield ReasoningDelta(text)

    def feed(self, text: str) -> Iterator[ReasoningDelta | TextDelta]:
        """Take in text."""
        text, self._held = self._held + text, ""
        if self._place is _Place.START:
            begun = text.lstrip()
            if begun.startswith(OPENING):
                self._place = _Place.REASONING
                text = begun[len(OPENING) :]
            elif OPENING.startswith(begun):
                self._held = text
                return
            else:
                self._place = _Place.ANSWER
        if self._place is _Place.REASONING:
            reasoning, closed, text = text.partition(CLOSING)
            if not closed:
                whole = len(reasoning) - _half_of_a_tag(reasoning)
                reasoning, self._held = reasoning[:whole], reasoning[whole:]
            if reasoning:
                yield ReasoningDelta(reasoning)
            if not closed:
                return
            self._place = _Place.BETWEEN
        if self._place is _Place.BETWEEN:
            text = text.lstrip(_BETWEEN)
            if text:
                self._place = _Place.ANSWER
        if text:
            yield TextDelta(text)

    def close(self) -> Iterator[ReasoningDelta | TextDelta]:
        """Yield what was held back because it might have been half of a tag."""
        held, self._held = self._held, ""
        if held:
            yield ReasoningDelta(held) if self._place is _Place.REASONING else TextDelta(held)


def _half_of_a_tag(text: str) -> int:
    """Return how many characters at the end of `text` may be the start of a closing tag."""
    return next(
        (
            n
            for n in range(min(len(CLOSING) - 1, len(text)), 0, -1)
            if CLOSING.startswith(text[-n:])
        ),
        0,
    )
