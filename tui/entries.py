"""What a transcript is made of: prompts, answers, reasoning and notices, each drawn when it is seen.

An entry knows its height before it is drawn by estimating it, so that a conversation of thousands
of turns opens at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hinterland.engine.protocol import FinishReason
from hinterland.language import _, n_
from hinterland.sentences import translated
from hinterland.text import clean
from hinterland.tui.pieces import LONGEST, Piece, split
from hinterland.tui.wrap import plain, wrap
from hinterland.turns import Turn, mark_above

_WHOLE = 2 * LONGEST
"""Characters of an answer above which it becomes several entries."""
_SHOWN_OF_THINKING = 3
"""Lines of the reasoning shown while it is being written."""
_GUTTER = 2
"""Cells before a prompt or a notice."""

Render = Callable[[Piece, int], list[Strip]]
"""Turns a piece of an answer into strips of at most so many cells."""


class Kind(Enum):
    PROMPT = "prompt"
    ANSWER = "answer"
    REASONING = "reasoning"
    NOTICE = "notice"


@dataclass(frozen=True)
class Palette:
    """The styles of what is not Markdown."""

    prompt: Style
    reasoning: Style
    notice: Style


@dataclass(slots=True, eq=False)
class Entry:
    """A part of the transcript that is drawn as one; its text is clean."""

    kind: Kind
    text: str = ""
    piece: Piece | None = None
    """Set for an answer that has been cut already; `text` is not used then."""
    continued: bool = False
    """Whether it stands under the entry before it without a blank line."""
    turn_id: str = ""
    """Set at the first entry of a turn."""
    live: bool = False
    """Whether it is still being written."""
    height: int = 0
    """Rows, the blank one above included; an estimate until it is drawn."""
    strips: list[Strip] | None = field(default=None, repr=False)

    def forget(self, width: int) -> None:
        """Go back to an estimated height."""
        self.strips = None
        text = self.piece.text if self.piece else self.text
        rows = text.count("\n") + len(text) // max(1, width) + 1
        self.height = rows + (not self.continued)
        if self.kind is Kind.REASONING:
            self.height = 2

    def draw(self, width: int, palette: Palette, render: Render, *, unfold: bool) -> None:
        """Draw for a width, and know the height."""
        strips = self._draw(width, palette, render, unfold)
        self.strips = strips if self.continued else [Strip([]), *strips]
        self.height = len(self.strips)

    def _draw(self, width: int, palette: Palette, render: Render, unfold: bool) -> list[Strip]:
        match self.kind:
            case Kind.PROMPT:
                mark = " " * _GUTTER if self.continued else "> "
                return _hanging(mark, self.text, width, palette.prompt)
            case Kind.NOTICE:
                return _hanging("! ", self.text, width, palette.notice)
            case Kind.REASONING:
                return self._draw_reasoning(width, palette.reasoning, unfold)
            case Kind.ANSWER:
                pieces = [self.piece] if self.piece else split(self.text)
                return _stacked((piece, render(piece, width)) for piece in pieces)

    def _draw_reasoning(self, width: int, style: Style, unfold: bool) -> list[Strip]:
        if unfold:
            return _hanging("· ", self.text, width, style)
        if self.live:
            end = self.text[-(_SHOWN_OF_THINKING + 1) * width :].strip()
            shown = wrap(end, max(1, width - _GUTTER))[-_SHOWN_OF_THINKING:]
            return _hanging("· ", "\n".join(shown), width, style)
        return _hanging("· ", _thought(self.text), width, style)


def _thought(text: str) -> str:
    words = len(text.split())
    return n_("thought in {words} word", "thought in {words} words", words).format(words=words)


def _hanging(mark: str, text: str, width: int, style: Style) -> list[Strip]:
    """Return `text` with `mark` before its first line and room for one before the others."""
    if width <= _GUTTER * 2:
        return plain(text, width, style)
    return [
        Strip([Segment((mark if row == 0 else " " * _GUTTER) + line, style)])
        for row, line in enumerate(wrap(text, width - _GUTTER))
    ]


def _stacked(drawn: Iterable[tuple[Piece, list[Strip]]]) -> list[Strip]:
    strips: list[Strip] = []
    for piece, rows in drawn:
        if strips and not piece.continued:
            strips.append(Strip([]))
        strips += rows
    return strips


def prompt_entries(prompt: str, mark: str = "") -> list[Entry]:
    """Return the entries that show a prompt, with a mark before it: several for one that is long."""
    lines = clean(f"{mark} {prompt}" if mark else prompt).rstrip().split("\n")
    texts: list[str] = []
    size = LONGEST
    for line in lines:
        for start in range(0, len(line) or 1, LONGEST):
            part = line[start : start + LONGEST]
            if size + len(part) > LONGEST:
                texts.append(part)
                size = 0
            else:
                texts[-1] += "\n" + part
            size += len(part) + 1
    return [Entry(Kind.PROMPT, text, continued=row > 0) for row, text in enumerate(texts)]


def turn_entries(turn: Turn, stands_for: int = 0, mark: str = "") -> list[Entry]:
    """Return the entries that show a turn that is over, or what stands for so many earlier ones; the
    mark is that of a turn which has alternatives."""
    above = [Entry(Kind.NOTICE, f"{mark_above(turn, stands_for)}.")]
    entries = above if turn.replaces else prompt_entries(turn.shown_prompt, mark)
    entries[0].turn_id = turn.id
    if turn.reasoning.strip():
        entries.append(Entry(Kind.REASONING, clean(turn.reasoning).strip()))
    answer = clean(turn.answer)
    if len(answer) > _WHOLE:
        entries += [
            Entry(Kind.ANSWER, piece=piece, continued=piece.continued) for piece in split(answer)
        ]
    elif answer.strip():
        entries.append(Entry(Kind.ANSWER, answer))
    if notice := ending(turn.finish_reason, turn.error):
        entries.append(Entry(Kind.NOTICE, clean(notice)))
    return entries


def ending(reason: FinishReason, error: str = "") -> str:
    """Return what is to be said of an answer's end; empty when it ended by itself."""
    match reason:
        case FinishReason.STOP:
            return ""
        case FinishReason.LENGTH:
            return _("The answer was cut off: it reached the limit of tokens.")
        case FinishReason.CANCELLED:
            return _("Stopped.")
        case FinishReason.INTERRUPTED | FinishReason.FAILED:
            return translated(error) or _("The answer was interrupted.")
