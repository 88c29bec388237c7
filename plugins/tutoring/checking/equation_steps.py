"""Lines of equations: each has to keep the solutions of the one before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from hinterland.plugins.tutoring.arithmetic import Unreadable
from hinterland.plugins.tutoring.checking import points, terms
from hinterland.plugins.tutoring.checking.algebra import letters_of
from hinterland.plugins.tutoring.checking.equations import Solver, key_solutions
from hinterland.plugins.tutoring.checking.lines import statements
from hinterland.plugins.tutoring.checking.terms import Node
from hinterland.plugins.tutoring.lessons import Posed

Equation = tuple[Node, Node]

_WORD = re.compile(r"[^\W\d_]{3}")
"""What no `x/8` and no `4(x` has."""


class EquationSteps:
    """Follows the equations of one working.

    Where the prompt has the equation, its solutions are what every line has to keep. Where the
    pupil sets one up, the letter may stand for something else than in the key, and so the first
    equation is what the others are held against.
    """

    def __init__(self, posed: Posed, algebra: Solver) -> None:
        self._algebra = algebra
        self._letters = letters_of(posed)
        self._language = posed.language
        self._before: list[Equation] = self._given(posed)
        self._is_given = bool(self._before)
        self._solutions = self._values(posed) if self._is_given else []
        self._part: tuple[str, str] | None = None
        """The first equation that only some of the solutions solve."""
        self._held_since: set[int] = set()
        """Which solutions that one and those after it have."""
        self._held_now: set[int] = set()

    def _given(self, posed: Posed) -> list[Equation]:
        """Return the equations of the prompt."""
        found = []
        for line in posed.prompt.splitlines():
            for statement in statements(_last_clause(line), posed.language, self._letters):
                if len(statement.sides) != 2 or statement.relations != ("=",):
                    continue
                try:
                    sides = [
                        terms.parse(each, posed.language, self._letters) for each in statement.sides
                    ]
                except Unreadable:
                    continue
                if sides[0].letters() | sides[1].letters():
                    found.append((sides[0], sides[1]))
        return found

    def _values(self, posed: Posed) -> list[dict[str, Fraction]]:
        """Return the key's values of the letters, one set for each solution."""
        keys = key_solutions(posed)
        if not keys or any(each.value is None for each in keys[0]):
            return []
        named = {each.letter for each in keys[0]} - {""}
        if len(named) > 1:
            return [{each.letter: each.value for each in keys[0] if each.value is not None}]
        letter = named.pop() if named else self._letters[0]
        return [{letter: each.value} for each in keys[0] if each.value is not None]

    async def fault(
        self, sides: Sequence[str], nodes: Sequence[Node | None]
    ) -> tuple[str, str, str] | None:
        """Return what is wrong with a line of equations, if anything is."""
        pairs = [
            (one, other, left, right)
            for (one, left), (other, right) in pairwise(zip(nodes, sides, strict=True))
            if one is not None and other is not None and _is_plain(one) and _is_plain(other)
        ]
        for one, other, left, right in pairs:
            self._held_now = set()
            fault = await self._one_fault((one, other))
            if fault:
                return fault, left, right
            if self._part is None and 0 < len(self._held_now) < len(self._solutions):
                self._part = left, right
            if self._part is not None:
                self._held_since |= self._held_now
        return None

    def lost(self) -> tuple[str, str] | None:
        """Return the equation that left a solution out which no line after it has."""
        is_whole = len(self._held_since) == len(self._solutions)
        return None if self._part is None or is_whole else self._part

    async def _one_fault(self, equation: Equation) -> str:
        names = equation[0].letters() | equation[1].letters()
        if not names:
            return "sides-differ" if points.differ(*equation) else ""
        if self._solutions:
            held = [_holds(equation, each) for each in self._solutions]
            if None in held or any(names - each.keys() for each in self._solutions):
                return ""
            if not any(held):
                return "not-equivalent"
            self._held_now = {index for index, each in enumerate(held) if each}
            if not all(held):
                return ""  # one of several solutions, followed on its own
        if len(names) != 1 or not self._before:
            if not self._before and len(names) == 1:
                self._before = [equation]
            return ""
        if any(each[0].letters() | each[1].letters() != names for each in self._before):
            return ""
        return await self._against_before(equation, next(iter(names)))

    async def _against_before(self, equation: Equation, letter: str) -> str:
        if _is_definition(equation) and not self._is_given and _is_definition(self._before[-1]):
            return ""  # another quantity under the same letter
        compared = await self._algebra.compare_solutions(self._before[-1:], [equation], letter)
        if compared is None:
            return ""
        kept, gained_none = compared
        if kept and gained_none:
            self._before = [*self._before, equation]
            return ""
        if self._solutions or not kept:
            is_part = gained_none and not kept and not await self._is_empty(equation, letter)
            return "" if is_part else "not-equivalent"
        return "not-equivalent"

    async def _is_empty(self, equation: Equation, letter: str) -> bool:
        """Whether nothing solves an equation."""
        never = (Node("number", number=Fraction(0)), Node("number", number=Fraction(1)))
        compared = await self._algebra.compare_solutions([equation], [never], letter)
        return compared is None or compared[0]


def _holds(equation: Equation, values: dict[str, Fraction]) -> bool | None:
    try:
        return points.value(equation[0], values) == points.value(equation[1], values)
    except points.Undefined:
        return None


def _is_definition(equation: Equation) -> bool:
    return any(each.kind == "letter" for each in equation)


def _is_plain(node: Node) -> bool:
    return all(each.kind != "quantity" for each in node.walk())


def _last_clause(line: str) -> str:
    """Return the part of a prompt's line that an equation stands in: `Solve 2x = 6.`"""
    words = line.split(" ")
    starts = [i for i, each in enumerate(words) if _WORD.search(each)]
    inside = [" ".join(words[(starts[i - 1] + 1 if i else 0) : at]) for i, at in enumerate(starts)]
    inside.append(" ".join(words[starts[-1] + 1 :] if starts else words))
    return next((each for each in inside if "=" in each), "")
