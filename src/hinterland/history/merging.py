"""How a turn gets into a conversation's file when some of it may be there already."""

from __future__ import annotations

import msgspec

from hinterland.engine.protocol import FinishReason
from hinterland.history.files import Content, Heading, title_of
from hinterland.store import Edit
from hinterland.turns import Turn


def put(edit: Edit[Content], turn: Turn, *, current: bool = True) -> None:
    """Add a turn, in the place of what is kept of it if it says more, and show its branch from now
    on unless it is not `current`."""
    content = edit.content
    if content is None or not content.conversation:
        edit.insert("conversation", Heading(title_of(turn.prompt), turn.created, current=turn.id))
    for number, kept in content.turns.items() if content else ():
        if kept.id == turn.id:
            if _gives_way(kept, turn):
                whole = msgspec.structs.replace(
                    turn, created=kept.created, reasoning=turn.reasoning or kept.reasoning
                )
                edit.replace("turns", int(number), whole)
            return
    edit.insert("turns", turn)
    if current:
        show(edit, turn.id)


def show(edit: Edit[Content], turn_id: str) -> None:
    """Show the branch that ends with this turn from now on."""
    for number, heading in edit.content.conversation.items() if edit.content else ():
        shown = msgspec.structs.replace(heading, current=turn_id)
        edit.replace("conversation", int(number), shown)


def goes_on(kept: Turn, turn: Turn) -> bool:
    """Whether a turn goes on from where the answer that is kept was cut off."""
    return kept.finish_reason is not FinishReason.STOP and turn.answer.startswith(kept.answer)


def _gives_way(kept: Turn, turn: Turn) -> bool:
    """Whether a turn says more than what is kept of it."""
    longer = len(turn.answer) > len(kept.answer)
    if not kept.complete:
        return turn.complete or longer
    ended = turn.finish_reason is FinishReason.STOP
    return goes_on(kept, turn) and (longer or ended)
