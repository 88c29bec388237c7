"""What the status line says of the engine, in words."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from hinterland.engine.protocol import (
    Done,
    Failed,
    FinishReason,
    Loading,
    PromptProgress,
    Queued,
    SentTo,
)
from hinterland.language import N_, _
from hinterland.progress_line import in_line
from hinterland.text import clean_line
from hinterland.tui.messages import AnswerAdvanced
from hinterland.window import Fill

OFFLINE = N_("offline")
"""The mark that says that no word leaves this box."""
SHARED = N_("offline: shared box")
"""The same where the engine is everybody's on this box."""
_SLOW = N_("slow line")
_UNSAVED = N_("not saved")
_SHORTEST_MODEL = 8
"""Cells of a model's name below which it is left out."""


@dataclass(frozen=True)
class Status:
    """The state of the chat, as the status line shows it."""

    state: str = N_("ready")
    model: str = ""
    mark: str = OFFLINE
    """What is said of where the words go; of `label: place` the label stays longest."""
    fill: str = ""
    """How full the window is."""
    slow: bool = False
    """Whether little is sent to the terminal because its line is slow."""
    unsaved: bool = False
    """Whether the answer that comes cannot be written to the disk, which is said first."""

    def line(self, width: int) -> str:
        """Return the line for `width` cells: the state at the left, how full the window is, the
        model and the mark at the right. What there is no room for is left out, the model first."""
        room = max(0, width - 2)
        state = clean_line(_(self.state))
        if self.unsaved:
            state = f"{_(_UNSAVED)} · {state}"
        right = clean_line(_(self.mark))
        if cell_len(state) + cell_len(right) >= room:
            right = right.partition(":")[0]
            if self.mark not in (OFFLINE, SHARED):  # what leaves is said before what goes on
                state = set_cell_size(
                    state, max(0, min(cell_len(state), room - cell_len(right) - 1))
                )
        if self.fill and room - cell_len(state) - cell_len(right) - cell_len(self.fill) >= 3:
            right = f"{self.fill}  {right}"
        slow = _(_SLOW) if self.slow else ""
        if slow and room - cell_len(state) - cell_len(right) - cell_len(slow) >= 3:
            right = f"{slow}  {right}"
        for_model = room - cell_len(state) - cell_len(right) - 4
        model = clean_line(self.model)
        if model and for_model >= min(_SHORTEST_MODEL, cell_len(model)):
            if cell_len(model) > for_model:
                model = set_cell_size(model, for_model - 1).rstrip() + "…"
            right = f"{model}  {right}"
        gap = room - cell_len(state) - cell_len(right)
        line = f"{state}{' ' * gap}{right}" if gap >= 1 else set_cell_size(state, room)
        return f" {line} "


def of_progress(news: AnswerAdvanced) -> str:
    """Return the state that an answer's news tell."""
    match news.waiting:
        case Loading(_, None):
            return _("loading the model")
        case Loading(_, progress):
            return _("loading the model {progress:.0%}").format(progress=progress)
        case SentTo(model, _):
            return _("waiting for {model}").format(model=model)
        case Queued() as queued:
            return in_line(queued)
        case PromptProgress(done, total):
            return _("reading prompt {done}/{total}").format(done=done, total=total)
        case None:
            doing = _("thinking") if news.reasoning and not news.text else _("writing")
            return doing + _speed(news.tokens_per_second)


def of_end(event: Done | Failed) -> str:
    """Return the state after an answer."""
    if isinstance(event, Failed):
        return _("failed")
    said = _("stopped") if event.finish_reason is FinishReason.CANCELLED else _("ready")
    return said + _speed(event.timings.predicted_per_second)


def of_fill(fill: Fill | None) -> str:
    """Return how full the window is, with a mark when that has to be thought of; "" if unknown."""
    if fill is None:
        return ""
    mark = "! " if fill.nearly_full else ""
    said = _("{used:,}/{context:,} tokens").format(used=fill.tokens, context=fill.context)
    return f"{mark}{said}"


def _speed(tokens_per_second: float | None) -> str:
    if not tokens_per_second:
        return ""
    return _(" {tokens:.1f} tokens/s").format(tokens=tokens_per_second)
