"""The turns of a conversation as a tree: a prompt asked again or changed begins another branch.

A turn names the one it follows. Turns without that name, as older releases wrote them, follow the
one before them, so that an old conversation is one line. What stands for earlier turns (`replaces`)
is a turn like others but never an alternative to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from hinterland.turns import Turn, new_id

BEGINNING = ""
"""What a first turn follows."""


class Tree:
    """What follows what among `turns`, which are given oldest first.

    A turn whose parent is not there follows the one before it; a damaged file makes no circle.
    """

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = {turn.id: turn for turn in turns}
        self._parents = _parents(list(self._turns.values()))
        self._origins: dict[str, str] = {}
        self._children: dict[str, list[Turn]] = {}
        """The turns that people asked for by the one they follow, summaries left out."""
        for turn in self._turns.values():
            if not turn.replaces:
                self._children.setdefault(self._origin(turn.id), []).append(turn)

    def __contains__(self, turn_id: str) -> bool:
        return turn_id in self._turns

    def line(self, tip: str) -> list[Turn]:
        """Return the turns from the beginning to `tip`; none for the beginning itself."""
        found = []
        while tip != BEGINNING:
            found.append(self._turns[tip])
            tip = self._parents[tip]
        return found[::-1]

    def parent(self, turn_id: str) -> str:
        """Return the id of the turn that this one follows; "" for the beginning."""
        return self._parents[turn_id]

    def tip(self, turn_id: str = BEGINNING) -> str:
        """Return where the branch that was spoken in last ends, of those that `turn_id` is on."""
        below = {turn_id}
        last = turn_id
        waiting = list(self._children.get(turn_id, ()))
        if turn_id in self._turns and self._turns[turn_id].replaces:
            waiting = self._under(turn_id)
        while waiting:
            turn = waiting.pop()
            if turn.id not in below:
                below.add(turn.id)
                waiting += self._children.get(turn.id, ())
        for known in self._turns:  # oldest first
            last = known if known in below and known != turn_id else last
        for turn in self._turns.values():  # what was put in the place of turns at its end
            if turn.replaces and self._parents[turn.id] == last:
                last = turn.id
        return last

    def siblings(self, turn_id: str) -> list[Turn]:
        """Return the turns that are alternatives to this one, oldest first, itself among them."""
        return list(self._children.get(self._origin(turn_id), ()))

    def place(self, turn_id: str) -> tuple[int, int]:
        """Return which of its alternatives a turn is, from 1, and how many there are."""
        siblings = [turn.id for turn in self.siblings(turn_id)]
        return (siblings.index(turn_id) + 1 if turn_id in siblings else 1), max(1, len(siblings))

    def marks(self) -> dict[str, str]:
        """Return the mark of every turn that has alternatives, by its id."""
        return {
            turn.id: mark((number, len(siblings)))
            for siblings in self._children.values()
            if len(siblings) > 1
            for number, turn in enumerate(siblings, 1)
        }

    def branches(self) -> list[Turn]:
        """Return the last turn of every branch, in the order of the tree."""
        found: list[Turn] = []
        waiting = list(reversed(self._children.get(BEGINNING, ())))
        while waiting:
            turn = waiting.pop()
            below = self._children.get(turn.id)
            if below:
                waiting += reversed(below)
            else:
                found.append(turn)
        return found

    def _origin(self, turn_id: str) -> str:
        """Return the turn that a turn follows, what stands for others left out."""
        passed = []
        at = turn_id
        while at not in self._origins:
            passed.append(at)
            parent = self._parents[at]
            if parent == BEGINNING or not self._turns[parent].replaces:
                self._origins[at] = parent
            else:
                at = parent
        for each in passed:
            self._origins[each] = self._origins[at]
        return self._origins[turn_id]

    def _under(self, turn_id: str) -> list[Turn]:
        """Return the turns people asked for that come next after one that stands for others."""
        found = []
        for turn in self.siblings(turn_id):
            at = self._parents[turn.id]
            while at != BEGINNING and self._turns[at].replaces and at != turn_id:
                at = self._parents[at]
            if at == turn_id:
                found.append(turn)
        return found


def mark(place: tuple[int, int]) -> str:
    """Return what is shown at a turn that is one of several alternatives; "" for the only one."""
    number, of = place
    return f"‹{number}/{of}›" if of > 1 else ""


def is_line(turns: Sequence[Turn]) -> bool:
    """Whether each turn follows the one before it, as in a conversation without branches."""
    parent = BEGINNING
    for turn in turns:
        if turn.parent is not None and turn.parent != parent:
            return False
        parent = turn.id
    return True


def last_said(line: Sequence[Turn]) -> Turn | None:
    """Return the last turn of a branch that somebody asked a model for."""
    return next((turn for turn in reversed(line) if turn.asked), None)


def before(line: Sequence[Turn], turn: Turn) -> tuple[list[Turn], list[Turn]]:
    """Return what an alternative to `turn` follows: the turns before it, and copies, for the new
    branch, of what was put in the place of such turns later."""
    index = next(at for at, each in enumerate(line) if each.id == turn.id)
    kept = list(line[:index])
    known = {each.id: each.id for each in kept}
    copies: list[Turn] = []
    for later in line[index + 1 :]:
        if later.replaces and all(each in known for each in later.replaces):
            follows = (*kept, *copies)[-1].id
            copy = msgspec.structs.replace(
                later,
                id=new_id(),
                parent=follows,
                replaces=tuple(known[each] for each in later.replaces),
            )
            known[later.id] = copy.id
            copies.append(copy)
    return kept, copies


def _parents(turns: Sequence[Turn]) -> dict[str, str]:
    number = {turn.id: at for at, turn in enumerate(turns)}
    parents: dict[str, str] = {}
    later: list[Turn] = []
    for at, turn in enumerate(turns):
        parent = turn.parent
        if parent is None or (parent != BEGINNING and parent not in number):
            parent = turns[at - 1].id if at else BEGINNING
        if parent != BEGINNING and number[parent] >= at:
            later.append(turn)  # a clock was set back, or the file was changed by hand
            parent = BEGINNING
        parents[turn.id] = parent
    for turn in later:
        assert turn.parent is not None
        at_id = turn.parent
        while at_id not in (BEGINNING, turn.id):
            at_id = parents[at_id]
        if at_id == BEGINNING:
            parents[turn.id] = turn.parent
    return parents
