"""What a transcript is made of: prompts, answers, reasoning and notices, each drawn when it is seen.

An entry knows its height before it is drawn by estimating it, so that a conversation of thousands
of turns opens at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hinterland.engine.protocol import FinishReason
from hinterland.language import _, n_
from hinterland.sentences import translated
from hinterland.text import clean
from hinterland.tui.pieces import LONGEST, Piece, split, split_on
from hinterland.tui.wrap import hanging, plain, wrap
from hinterland.turns import Turn, mark_above

_MOST_PIECES = 40
"""Pieces of an answer drawn as one, however short."""
_TAIL = 1_000
"""Characters before a part of the reasoning that may still be shown with its end."""
_SHOWN_OF_THINKING = 3
"""Lines of the reasoning shown while it is being written."""
_GUTTER = 2
"""Cells before a prompt or a notice."""

Render = Callable[[Piece, int], list[Strip]]
"""Turns a piece of an answer into strips of at most so many cells."""
Shape = Callable[[list[Strip], int, int], list[Strip]]
"""Puts strips of at most so many cells in the order they are read, but for the first cells."""


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


@dataclass(frozen=True, slots=True)
class Manner:
    """How entries are drawn."""

    width: int
    """Cells."""
    palette: Palette
    render: Render
    shape: Shape
    unfold: bool
    """Whether reasoning is shown whole."""


@dataclass(slots=True, eq=False)
class Entry:
    """A part of the transcript that is drawn as one, bounded in length; its text is clean."""

    kind: Kind
    text: str = ""
    pieces: list[Piece] = field(default_factory=list)
    """Set for an answer that has been cut already; `text` is not used then."""
    continued: bool = False
    """Whether it stands under the entry before it without a blank line."""
    live: bool = False
    """Whether it is still being written."""
    goes_on: bool = False
    """Whether the reasoning goes on in the next entry; folded, only the last one shows."""
    before: str = ""
    """The end of the reasoning before this part."""
    words: int = 0
    """Words of the reasoning before this part."""
    height: int = 0
    """Rows, the blank one above included; an estimate until it is drawn."""
    strips: list[Strip] | None = field(default=None, repr=False)
    rough: bool = False
    """Whether it was drawn in haste, as plain text, and is to be drawn again."""

    @property
    def chars(self) -> int:
        return sum(len(piece.text) for piece in self.pieces) if self.pieces else len(self.text)

    def forget(self, width: int, *, unfold: bool = False) -> None:
        """Go back to an estimated height."""
        self.strips = None
        self.rough = False
        if self.kind is Kind.REASONING and not unfold:
            self.height = 0 if self.goes_on else 2
            return
        lines = sum(piece.text.count("\n") + 2 for piece in self.pieces) or self.text.count("\n")
        self.height = lines + self.chars // max(1, width) + 1 + (not self.continued)

    def draw(self, manner: Manner) -> None:
        """Draw, and know the height."""
        strips = self._draw(manner)
        folded = self.kind is Kind.REASONING and not manner.unfold
        if (not self.continued or folded) and not (folded and self.goes_on):
            strips = [Strip([]), *strips]
        self.strips = strips
        self.height = len(strips)
        self.rough = False

    def add(self, piece: Piece, manner: Manner | None) -> None:
        """Take in the next piece of an answer; draw it, and nothing else, if this one is drawn."""
        self.pieces.append(piece)
        if self.strips is not None and manner is not None:
            if not piece.continued:
                self.strips.append(Strip([]))
            self.strips += manner.render(piece, manner.width)
            self.height = len(self.strips)

    def _draw(self, manner: Manner) -> list[Strip]:
        width, palette = manner.width, manner.palette
        match self.kind:
            case Kind.PROMPT:
                mark = " " * _GUTTER if self.continued else "> "
                return _hanging(mark, self.text, manner, palette.prompt)
            case Kind.NOTICE:
                text = "\n".join(hanging(self.text, max(1, width - _GUTTER)))
                return _hanging("! ", text, manner, palette.notice)
            case Kind.REASONING:
                return self._draw_reasoning(manner)
            case Kind.ANSWER:
                pieces = self.pieces or split(self.text)
                return _stacked((piece, manner.render(piece, width)) for piece in pieces)

    def _draw_reasoning(self, manner: Manner) -> list[Strip]:
        style = manner.palette.reasoning
        if manner.unfold:
            return _hanging(" " * _GUTTER if self.continued else "· ", self.text, manner, style)
        if self.goes_on:
            return []
        if self.live:
            end = (self.before + self.text)[-(_SHOWN_OF_THINKING + 1) * manner.width :].strip()
            shown = wrap(end, max(1, manner.width - _GUTTER))[-_SHOWN_OF_THINKING:]
            return _hanging("· ", "\n".join(shown), manner, style)
        words = self.words + len(self.text.split())
        thought = n_("thought in {words} word", "thought in {words} words", words)
        return _hanging("· ", thought.format(words=words), manner, style)


def _hanging(mark: str, text: str, manner: Manner, style: Style) -> list[Strip]:
    """Return `text` with `mark` before its first line and room for one before the others."""
    if manner.width <= _GUTTER * 2:
        return plain(text, manner.width, style)
    strips = [
        Strip([Segment((mark if row == 0 else " " * _GUTTER) + line, style)])
        for row, line in enumerate(wrap(text, manner.width - _GUTTER))
    ]
    return manner.shape(strips, manner.width, _GUTTER)


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


def turn_entries(turn: Turn, stands_for: int = 0, mark: str = "") -> Iterator[Entry]:
    """Yield the entries that show a turn that is over, or what stands for so many earlier ones; the
    mark is that of a turn which has alternatives."""
    if turn.replaces:
        yield Entry(Kind.NOTICE, f"{mark_above(turn, stands_for)}.")
    else:
        yield from prompt_entries(turn.brief_prompt, mark)
    if turn.reasoning.strip():
        yield from reasoning_entries(clean(turn.reasoning).strip())
    answer = clean(turn.answer)
    if len(answer) > LONGEST:
        yield from answer_entries(split_on(answer))
    elif answer.strip():
        yield Entry(Kind.ANSWER, answer)
    if notice := ending(turn.finish_reason, turn.error, turn.cut_at):
        yield Entry(Kind.NOTICE, clean(notice))


def answer_entries(pieces: Iterable[Piece]) -> Iterator[Entry]:
    """Yield the entries of a long answer, as many pieces in each as are quickly drawn."""
    entry: Entry | None = None
    for piece in pieces:
        if entry is not None and has_room(entry, piece):
            entry.pieces.append(piece)
        else:
            if entry is not None:
                yield entry
            entry = Entry(Kind.ANSWER, pieces=[piece], continued=piece.continued)
    if entry is not None:
        yield entry


def has_room(entry: Entry, piece: Piece) -> bool:
    """Whether a piece may be added to those of an entry, so that it is still quickly drawn."""
    return len(entry.pieces) < _MOST_PIECES and entry.chars + len(piece.text) <= LONGEST // 2


def reasoning_entries(text: str) -> Iterator[Entry]:
    """Yield the entries of reasoning that is over: parts that are quickly drawn when unfolded."""
    entry = Entry(Kind.REASONING)
    for start in range(0, len(text), LONGEST):
        for full in take_in(entry, text[start : start + LONGEST]):
            yield entry
            entry = full
    entry.live = False
    yield entry


def take_in(entry: Entry, text: str) -> list[Entry]:
    """Add to the reasoning an entry shows; return the entries it goes on in, if it became long."""
    more: list[Entry] = []
    entry.text += text
    while len(entry.text) > LONGEST:
        at = max(entry.text.rfind(blank, LONGEST // 2, LONGEST) for blank in "\n ") + 1 or LONGEST
        head, rest = entry.text[:at], entry.text[at:]
        entry.text = head[:-1] if head[-1] == "\n" else head
        entry.goes_on, entry.live, entry.strips = True, False, None
        entry = Entry(
            Kind.REASONING,
            rest,
            continued=True,
            live=True,
            before=(entry.before + head)[-_TAIL:],
            words=entry.words + len(head.split()),
        )
        more.append(entry)
    return more


def ending(reason: FinishReason, error: str = "", most: int = 0) -> str:
    """Return what is to be said of an answer's end; empty when it ended by itself. `most` is its
    turn's `cut_at`."""
    match reason:
        case FinishReason.STOP:
            return ""
        case FinishReason.LENGTH if most:
            said = _("The answer was cut off: an answer has at most {most:,} tokens here.")
            return said.format(most=most)
        case FinishReason.LENGTH:
            return _("The answer was cut off: it reached the limit of tokens.")
        case FinishReason.CANCELLED:
            return _("Stopped.")
        case FinishReason.INTERRUPTED | FinishReason.FAILED:
            return translated(error) or _("The answer was interrupted.")
