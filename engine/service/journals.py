"""The journal that a request asks for: what its turn is made of, written down before the answer."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from hinterland.engine.journal import Header, JournalWriter
from hinterland.engine.protocol import begun
from hinterland.engine.requests import Order
from hinterland.errors import HinterlandError
from hinterland.paths import private_folder

log = logging.getLogger("hinterland.engine")


def open_journal(folder: Path, order: Order) -> JournalWriter | None:
    """Return a journal for a request that outlives its caller; None for one that does not, and
    where it cannot be written: an answer is worth more than its journal."""
    conversation_id, turn_id = order.hint.conversation_id, order.hint.turn_id
    if conversation_id is None or turn_id is None:
        return None
    system = [message.content for message in order.messages if message.role == "system"]
    header = Header(
        conversation_id=conversation_id,
        turn_id=turn_id,
        created=time.time(),
        prompt=next((m.content for m in reversed(order.messages) if m.role == "user"), ""),
        system=system[0] if system else None,
        model=order.model or "",
        sampling=order.sampling,
        images=order.hint.images,
        parent=order.hint.parent,
        answer=begun(order.messages),
    )
    try:
        return JournalWriter(private_folder(folder), header)
    except (OSError, HinterlandError) as error:
        log.error("no journal: %s", error)
        return None
