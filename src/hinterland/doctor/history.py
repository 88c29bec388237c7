"""The conversations: can they be read, and are there answers that nobody has taken in yet."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hinterland.doctor.findings import Area, Finding, In, quoted
from hinterland.doctor.visit import Visit
from hinterland.errors import StorageError

_say = In(Area.HISTORY)

_MOST = 5
"""Files that are named one by one; of the others only the number is told."""


def conversations(visit: Visit) -> Iterator[Finding]:
    """Say how many conversations there are, and which files of theirs cannot be read."""
    paths = visit.paths
    if not visit.config.history:
        yield _say.ok("history-off", "Conversations are not kept (history = false).")
    if not os.path.lexists(paths.history) and not os.path.lexists(paths.journal):
        yield _say.ok("history", "No conversation is kept yet.", conversations=0)
        return
    from hinterland.history.files import ConversationFiles
    from hinterland.history.index import SummaryIndex
    from hinterland.history.journals import Journals

    trouble: list[StorageError] = []
    files = ConversationFiles(paths, trouble.append)
    try:
        known = SummaryIndex(paths.history / "index.json", files).summaries()
    except StorageError as error:
        yield _say.problem("history-unreadable", error.message, error.hint)
        return
    waiting = list(Journals(paths.journal, trouble.append).answers())
    for each in trouble[:_MOST]:
        yield _say.problem("conversation-unreadable", each.message, each.hint)
    if len(trouble) > _MOST:
        yield _say.problem(
            "conversations-unreadable",
            f"{len(trouble) - _MOST} more files of the history cannot be read.",
            f"Put {quoted(paths.history)} back from a backup, or move the files away.",
        )
    live = sum(answer.live for answer in waiting)
    ended = len(waiting) - live
    yield _say.ok(
        "history",
        f"{len(known)} conversation{'s' * (len(known) != 1)} can be read"
        + (f"; being written: {live}" if live else "")
        + (f"; waiting to be taken in by the next `hint history list`: {ended}" if ended else "")
        + ".",
        conversations=len(known),
        unreadable=len(trouble),
        being_written=live,
        waiting=ended,
    )
