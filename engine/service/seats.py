"""Which slot a request of a shared box takes, so that nobody's prompt meets what another has said.

Left to itself a llama-server gives a prompt the slot that begins most like it and reuses what is
there: how many tokens it did not have to read would tell one user what another has asked. Here a
slot is somebody's until somebody else needs it, and is then read anew from the first token.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from hinterland.engine.protocol import Priority
from hinterland.engine.requests import Order
from hinterland.engine.service.worker import Worker

_BY_SLOT = frozenset({"llamacpp", "native"})
"""Workers that are told which slot to use; the others have one, or keep nothing."""


@dataclass(eq=False)
class Seat:
    """A slot, and whose words it holds."""

    number: int
    taken: bool = False
    uid: int | None = None
    """Who had it last."""
    said: tuple[bytes, ...] = ()
    """Digests of what it holds, message after message."""
    used: int = 0
    """When it was taken last, by count."""
    filled: bool = False
    """Whether the worker has begun to read who took it last: until then it holds what was there."""


class Seats:
    """The seats of every worker. A seat is taken by one request at a time, as the door lets in."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Worker, list[Seat]] = WeakKeyDictionary()
        self._count = 0

    def take(self, worker: Worker, uid: int, order: Order) -> tuple[Seat, dict[str, Any]]:
        """Return a free seat and the fields that put a request into it."""
        spec = worker.spec
        if worker not in self._of:
            self._of[worker] = [Seat(number) for number in range(spec.slots)]
        free = [seat for seat in self._of[worker] if not seat.taken]
        said = _digests(order)
        batch = order.hint.priority is Priority.BATCH
        crowded = 2 * len(free) < spec.slots

        def suits(seat: Seat) -> tuple[int, int, int]:
            """One's own that holds some of it is best, then one that nobody had, one's own, and then
            that which was left alone for longest. A llama-server reads prompts in the order of its
            slots, so that a person's has a low number, and a batch's a high one; those side by side
            it computes together, so that in a crowd one's own is better than one that nobody had."""
            if seat.uid is None:
                return 2, 0, seat.number if batch else -seat.number
            if seat.uid != uid:
                return 0, 0, -seat.used
            shared = sum(a == b for a, b in zip(seat.said, said, strict=False))
            return 4 if shared else 3 if crowded else 1, shared, -seat.used

        seat = max(free, key=suits)
        own = seat.uid == uid and seat.filled
        seat.filled = own
        self._count += 1
        seat.taken, seat.uid, seat.said, seat.used = True, uid, said, self._count
        if spec.kind not in _BY_SLOT:
            return seat, {"cache_prompt": own}
        return seat, {"cache_prompt": own, "id_slot": seat.number}

    def heard(self, seat: Seat) -> None:
        """The worker says something to who sits there: what another has said before is gone."""
        seat.filled = True

    def leave(self, seat: Seat) -> None:
        """Give a seat back; what it holds stays its user's until another takes it."""
        seat.taken = False


def _digests(order: Order) -> tuple[bytes, ...]:
    """Return a digest for every beginning of the messages, the shortest first."""
    running = hashlib.sha256()
    digests = []
    for message in order.messages:
        running.update(msgspec.json.encode(message))
        digests.append(running.digest()[:8])
    return tuple(digests)
