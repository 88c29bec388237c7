"""Who knocks at a shared box for the first time: looked up one after the other, each of them once.

Whoever may be many users has one place in the line as each of them, and none for each connection.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from hinterland.engine.service.house import House

_BLOCK = 65_536
"""User ids that are looked up one after the other. A machine gives its own accounts numbers below 100,000
and those of strangers (subuid(5)) in blocks from there on (login.defs(5)): so who has an account of the
machine does not stand behind the latter. A directory of accounts may give numbers in between."""
_MOST_USERS = 256  # of a block: more than come for the first time at once, even in a school
_MOST_CONNECTIONS = 256  # of a block, besides the first of each user
_MOST_OF_ONE = 8  # connections of a user while there is room
_AFTER_A_STRANGER = 0.01  # seconds until the next of the same block is looked up


class Newcomers:
    """Users of whom is not known yet whether `house` lets them in."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._members: set[int] = set()
        """Who was let in before: accounts of this machine, of which there are not many."""
        self._blocks: dict[int, _Block] = {}

    def knows(self, uid: int) -> bool:
        """Whether a user was let in before."""
        return uid in self._members

    def has_room_for(self, uid: int) -> bool:
        """Whether one more connection of a user may wait until that user is looked up."""
        block = self._blocks.get(uid // _BLOCK)
        return block is None or block.has_room_for(uid)

    def look_up(self, uid: int) -> asyncio.Future[bool]:
        """Have one more connection wait for whether its user is let in; all of one user wait for the
        same, which is not to be cancelled by one of them."""
        number = uid // _BLOCK
        block = self._blocks.setdefault(number, _Block())
        block.waiting[uid] += 1
        if uid not in block.sought:
            block.sought[uid] = asyncio.create_task(self._is_member(uid, block))
            block.sought[uid].add_done_callback(lambda _: self._is_looked_up(uid))
        return block.sought[uid]

    def close(self) -> None:
        """Look nobody up any more."""
        for block in self._blocks.values():
            for sought in block.sought.values():
                sought.cancel()

    async def _is_member(self, uid: int, block: _Block) -> bool:
        async with block.turn:
            if await asyncio.to_thread(self._house.terms, uid) is None:
                await asyncio.sleep(_AFTER_A_STRANGER)
                return False
        self._members.add(uid)
        return True

    def _is_looked_up(self, uid: int) -> None:
        block = self._blocks[uid // _BLOCK]
        del block.sought[uid], block.waiting[uid]
        if not block.sought:
            del self._blocks[uid // _BLOCK]


class _Block:
    """Those of a block who are looked up, or wait for that."""

    def __init__(self) -> None:
        self.waiting: Counter[int] = Counter()
        """Their connections."""
        self.sought: dict[int, asyncio.Task[bool]] = {}
        self.turn = asyncio.Lock()

    def has_room_for(self, uid: int) -> bool:
        if uid not in self.sought:
            return len(self.sought) < _MOST_USERS
        others = self.waiting.total() - len(self.sought)
        return self.waiting[uid] < _MOST_OF_ONE and others < _MOST_CONNECTIONS
