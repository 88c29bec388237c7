"""Which conversations a list shows, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hinterland.history.files import title_of
from hinterland.history.index import Summary
from hinterland.turns import Turn


def listed(kept: Mapping[str, Summary], running: Iterable[tuple[str, Turn]]) -> list[Summary]:
    """Return the conversations that are `kept` or in which an answer is being written, spoken in last
    first. `running` are the ids of the latter, each with the turn that is being answered."""
    summaries = dict(kept)
    for conversation_id, turn in running:
        known = summaries.get(conversation_id) or Summary(
            id=conversation_id,
            title=title_of(turn.prompt),
            created=turn.created,
            updated=turn.created,
            model=turn.model,
        )
        summaries[conversation_id] = msgspec.structs.replace(
            known, updated=max(known.updated, turn.created), running=True
        )
    return sorted(
        summaries.values(), key=lambda summary: (summary.updated, summary.id), reverse=True
    )


def only(
    summaries: Iterable[Summary], *, archived: bool | None, pinned: bool | None, tag: str | None
) -> list[Summary]:
    """Return those that are archived, pinned, or not; None leaves out neither. `tag` is one of theirs,
    whatever its case."""
    return [
        summary
        for summary in summaries
        if archived in (None, summary.archived)
        and pinned in (None, summary.pinned)
        and (tag is None or tag.casefold() in map(str.casefold, summary.tags))
    ]
