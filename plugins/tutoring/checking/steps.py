"""The first line of a pupil's working that cannot be right.

What is not clearly mathematics is passed over: a wrong accusation is worse than a fault not seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from hinterland.plugins.tutoring.arithmetic import Unreadable, plain, read
from hinterland.plugins.tutoring.checking import (
    amounts,
    equations,
    measures,
    numbers,
    points,
    terms,
)
from hinterland.plugins.tutoring.checking.algebra import are_equal, letters_of
from hinterland.plugins.tutoring.checking.answer_text import bare_answer
from hinterland.plugins.tutoring.checking.equation_steps import EquationSteps
from hinterland.plugins.tutoring.checking.judgement import StepFault
from hinterland.plugins.tutoring.checking.lines import Statement, statements
from hinterland.plugins.tutoring.checking.phrases import pattern
from hinterland.plugins.tutoring.checking.terms import Node
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed

MOST_LINES = 60
_COMPARED = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "!=": lambda left, right: left != right,
}
_ALGEBRA = (AnswerKind.EQUATION, AnswerKind.EXPRESSION)


async def faulty_step(
    posed: Posed, working: Sequence[str], answer: str, algebra: equations.Solver
) -> StepFault | None:
    """Return the first line that cannot be right; None where every step that can be computed is."""
    steps = _Steps(posed, algebra)
    lines = list(working)[:MOST_LINES]
    lost = 0
    for number, line in enumerate(lines, 1):
        fault = await steps.fault_in(line)
        if fault is not None:
            return _told(number, fault)
        if steps.equations.lost() and not lost:
            lost = number
    if lost and (sides := steps.equations.lost()) is not None:
        return _told(lost, ("solution-lost", *sides))
    last = next((i for i in range(len(lines), 0, -1) if lines[i - 1].strip()), 0)
    if answer and last and steps.differs_from(answer):
        return StepFault(last, "not-what-was-answered")
    return None


def _told(line: int, fault: Fault) -> StepFault:
    about, left, right = fault
    shown = {name: text.replace("*", "×") for name, text in (("left", left), ("right", right))}
    return StepFault(line, about, shown)


Fault = tuple[str, str, str]
"""What is wrong, and the pupil's own text of the two sides."""


class _Steps:
    def __init__(self, posed: Posed, algebra: equations.Solver) -> None:
        self._posed = posed
        self._algebra = algebra
        self._letters = letters_of(posed) if posed.kind in _ALGEBRA else ()
        self.equations = EquationSteps(posed, algebra)
        self._last = ""
        """The last side of the line before."""
        self._held = False
        """Whether the line before was a term on its own, worth what the key is."""

    async def fault_in(self, line: str) -> Fault | None:
        remainder = _remainder_fault(line, self._posed.language)
        if remainder is not None:
            return remainder[0]
        found = statements(line, self._posed.language, self._letters)
        for statement in found:
            fault = await self._fault_of(statement)
            if fault is not None:
                return fault
        if not found:
            self._last, self._held = "", False
        return None

    async def _fault_of(self, statement: Statement) -> Fault | None:
        sides = statement.sides
        if statement.goes_on and self._last:
            sides = (self._last, *sides)
        is_first_equation = False
        fault: Fault | None = None
        relations = statement.relations[-(len(sides) - 1) :] if len(sides) > 1 else ()
        nodes = [self._node(each) for each in sides]
        if self._has_letters(nodes) and self._posed.kind is AnswerKind.EQUATION:
            if len(sides) > 1 and set(relations) == {"="}:
                fault = await self.equations.fault(sides, nodes)
            is_first_equation = True
        elif self._has_letters(nodes):
            fault = await self._identity_fault(sides, nodes, relations)
        else:
            fault = self._numbers_fault(sides, relations)
        if fault is None and not is_first_equation:
            fault = await self._following_fault(statement, sides, nodes)
        self._last = sides[-1]
        return fault

    def _node(self, side: str) -> Node | None:
        for letters in dict.fromkeys((self._letters, ())):
            try:
                return terms.parse(side, self._posed.language, letters, with_units=not letters)
            except Unreadable:
                continue
        return None

    @staticmethod
    def _has_letters(nodes: Sequence[Node | None]) -> bool:
        return any(each is not None and each.letters() for each in nodes)

    def _numbers_fault(self, sides: Sequence[str], relations: Sequence[str]) -> Fault | None:
        language = self._posed.language
        found = [measures.measured(each, language) for each in sides]
        for index, (one, other) in enumerate(pairwise(found)):
            if one is None or other is None:
                continue
            left, right, relation = sides[index], sides[index + 1], relations[index]
            if relation in _COMPARED:
                if one.dimension != other.dimension:
                    continue
                if not _COMPARED[relation](one.base, other.base):
                    return "not-true", left, right
                continue
            about = measures.disagree(one, other)
            if about and not _is_rounded(left, right, one, other, relation, language):
                return about, left, right
        return None

    async def _identity_fault(
        self, sides: Sequence[str], nodes: Sequence[Node | None], relations: Sequence[str]
    ) -> Fault | None:
        """Judge a chain of terms: each has to be the same as the next, whatever the letters are."""
        if set(relations) - {"="}:
            return None
        if len(sides) > 1 and len(sides[0]) == 1 and sides[0].isalpha():
            sides, nodes = sides[1:], nodes[1:]
        for index, (one, other) in enumerate(pairwise(nodes)):
            if one is None or other is None or _has_units(one) or _has_units(other):
                continue
            if bool(one.letters()) != bool(other.letters()) and not self._is_constant(one, other):
                continue  # 2x + 6 = 10 is an equation, and none was asked for
            if await are_equal(one, other, self._algebra) is False:
                if await self._is_tight(sides[index], sides[index + 1], one, other):
                    continue
                return "sides-differ", sides[index], sides[index + 1]
        return None

    @staticmethod
    def _is_constant(one: Node, other: Node) -> bool:
        return points.differ(one, other) is False

    async def _is_tight(self, left: str, right: str, one: Node, other: Node) -> bool:
        """Whether the sides agree when 1/2x is one over two x."""
        if not (terms.is_ambiguous(left) or terms.is_ambiguous(right)):
            return False
        language = self._posed.language
        for first in (one, terms.parse(left, language, self._letters, tight=True)):
            for second in (other, terms.parse(right, language, self._letters, tight=True)):
                if points.differ(first, second) is False:
                    return True
        return False

    async def _following_fault(
        self, statement: Statement, sides: Sequence[str], nodes: Sequence[Node | None]
    ) -> Fault | None:
        """Judge terms that stand alone, line after line: once one is worth the answer, so is the
        next."""
        last = nodes[-1]
        if last is None or statement.relations or not statement.is_whole:
            self._held = False
            return None
        worth = await self._is_key(last)
        if self._held and worth is False and self._may_follow(last):
            return "not-following", self._last, sides[-1]
        self._held = bool(worth) and bool(numbers_in(last) > 1 or last.letters())
        return None

    def _may_follow(self, node: Node) -> bool:
        return self._posed.kind is not AnswerKind.EXPRESSION or bool(node.letters())

    async def _is_key(self, node: Node) -> bool | None:
        posed = self._posed
        if posed.kind is AnswerKind.NUMBER:
            values = [each.value for each in numbers.keys(posed.answers, posed.language)]
            try:
                return points.value(node, {}) in values
            except points.Undefined:
                return None
        if posed.kind is AnswerKind.EXPRESSION and node.letters():
            found: list[bool | None] = []
            for answer in posed.answers:
                try:
                    key = terms.parse(answer, posed.language, self._letters)
                except Unreadable:
                    return None
                found.append(await are_equal(node, key, self._algebra))
            return True if True in found else None if None in found else False
        return None

    def differs_from(self, answer: str) -> bool:
        """Whether the last line clearly comes to something else than what was answered."""
        posed = self._posed
        if not self._last:
            return False
        if posed.kind is AnswerKind.NUMBER:
            said = read(bare_answer(answer, posed.language), posed.language)
            last = read(self._last, posed.language)
            if said is None or last is None or said.value == last.value:
                return False
            return not {said.other, last.other} & {said.value, last.value}
        if posed.kind is AnswerKind.QUANTITY:
            keys = amounts.keys(posed.answers, posed.language)
            like = keys[0].unit.dimension if keys else None
            from hinterland.plugins.tutoring import quantities

            one = quantities.read(bare_answer(answer, posed.language), posed.language, like)
            two = quantities.read(self._last, posed.language, like)
            return one is not None and two is not None and not quantities.same(one, two)
        if posed.kind is AnswerKind.EXPRESSION:
            one_node, two_node = (
                self._node(bare_answer(answer, posed.language)),
                self._node(self._last),
            )
            if one_node is None or two_node is None or not one_node.letters():
                return False
            return bool(two_node.letters()) and points.differ(one_node, two_node) is True
        return False


def numbers_in(node: Node) -> int:
    """Return how many numbers and letters a term is written with."""
    return sum(1 for each in node.walk() if not each.parts)


def _has_units(node: Node) -> bool:
    return any(each.kind == "quantity" for each in node.walk())


def _is_rounded(
    left: str,
    right: str,
    one: measures.Measure,
    other: measures.Measure,
    relation: str,
    language: str,
) -> bool:
    """Whether a side is the other one with fewer decimals, which is no fault of calculation."""
    for text, near, exact in ((right, other, one), (left, one, other)):
        written = read(re.sub(r"[^\d.,/ \u066b\u066c-]+$", "", text), language)
        if written is None or near.base == 0 or written.value == 0:
            continue
        if (
            written.decimals >= 2
            or (written.decimals == 1 and _never_ends(exact.base))
            or (relation == "≈")
        ):
            step = abs(near.base / written.value) / 10**written.decimals
            if abs(near.base - exact.base) < step:
                return True
    return False


def _never_ends(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest != 1


def _remainder_fault(line: str, language: str) -> tuple[Fault | None] | None:
    """Judge `17 ÷ 5 = 3 r 2`; None where the line is no such division."""
    word = pattern(language, "remainder").pattern
    match = re.search(
        rf"(\d{{1,12}})\s*[/:]\s*(\d{{1,12}})\s*=\s*(\d{{1,12}})\s*,?\s*{word}\s*:?\s*(\d{{1,12}})",
        plain(line),
        re.IGNORECASE,
    )
    if match is None:
        return None
    whole, by, times, rest = map(int, match.groups())
    if whole == by * times + rest and rest < by:
        return (None,)
    left, _equals, right = match.group().partition("=")
    return (("sides-differ", left.strip(), right.strip()),)
