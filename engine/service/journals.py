"""The journal that a request asks for: what its turn is made of, written down before the answer."""

from __future__ import annotations

import time
from pathlib import Path

from hinterland.engine.journal import Header
from hinterland.engine.patient_journal import PatientJournal
from hinterland.engine.protocol import begun
from hinterland.engine.requests import Order


def open_journal(folder: Path, order: Order) -> PatientJournal | None:
    """Return a journal for a request that outlives its caller; None for one that does not."""
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
    return PatientJournal(folder, header)
