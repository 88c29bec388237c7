"""Verdicts on terms with letters, and on equations that are an answer by themselves."""

from __future__ import annotations

import functools
import re
from itertools import pairwise
from typing import NamedTuple, Protocol

from hinterland.plugins.tutoring.arithmetic import Unreadable, plain
from hinterland.plugins.tutoring.checking import points, term_forms, terms
from hinterland.plugins.tutoring.checking.answer_text import bare_answer
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    form,
    unreadable,
    wrong,
)
from hinterland.plugins.tutoring.checking.terms import Node
from hinterland.plugins.tutoring.lessons import Form, Posed

TOO_HARD = unreadable("too-hard-to-check")
_NAME_BEFORE = re.compile(r"\s*(?:[^\W\d_]{2,}\s*)+")
_MOST_SIDES = 6


class Algebra(Protocol):
    """Who decides what points alone cannot."""

    async def are_equal(self, one: Node, other: Node) -> bool | None: ...
    async def are_prime(self, factors: list[Node]) -> bool | None: ...
    async def are_proportional(
        self, one: tuple[Node, Node], other: tuple[Node, Node]
    ) -> bool | None: ...


class Reading(NamedTuple):
    """A term, and how else it may have been meant."""

    node: Node
    tight: Node | None
    """With 1/2x as one over two x, where that makes a difference."""


@functools.lru_cache(maxsize=512)
def letters_of(posed: Posed) -> tuple[str, ...]:
    """Return the unknowns of an exercise: those it names and those of its key; x where it has none."""
    runs = [each for answer in posed.answers for each in re.findall(r"[^\W\d_]+", answer)]
    in_key = {letter for run in runs if len(run) <= 2 for letter in run if letter not in "πµ"}
    return tuple(dict.fromkeys((*posed.letters, *sorted(in_key)))) or ("x",)


def read_term(text: str, language: str, letters: tuple[str, ...]) -> Reading:
    """Return a term; raises Unreadable."""
    node = terms.parse(text, language, letters)
    tight = terms.parse(text, language, letters, tight=True) if terms.is_ambiguous(text) else node
    return Reading(node, None if tight == node else tight)


def not_read(error: Unreadable, otherwise: str) -> Judgement:
    """Return the judgement of what could not be read as mathematics."""
    if error.reason == "too-large":
        return TOO_HARD
    known = ("letter-then-number", "other-letter", "divides-by-zero")
    return unreadable(error.reason if error.reason in known else otherwise)


async def judge_expression(posed: Posed, text: str, algebra: Algebra) -> Judgement:
    """Return the verdict on a term with letters."""
    if all("=" in each for each in posed.answers):
        return await judge_relation(posed, text, algebra)
    letters = letters_of(posed)
    sides = _sides(bare_answer(text, posed.language), letters)
    try:
        said = [read_term(each, posed.language, letters) for each in sides[:_MOST_SIDES]]
    except Unreadable as error:
        return not_read(error, "not-mathematics")
    if not said:
        return unreadable("no-answer")
    for one, other in pairwise(said):
        if points.differ(one.node, other.node):
            return wrong("sides-differ", left=sides[0], right=sides[-1])
    return await _compared(posed, said[-1], sides[-1], algebra)


def _sides(text: str, letters: tuple[str, ...]) -> list[str]:
    """Return what stands between equals signs, without the name of the term: P = 2x + 6."""
    sides = [each.strip() for each in text.split("=") if each.strip()]
    if len(sides) > 1 and (
        (len(sides[0]) == 1 and sides[0].isalpha() and sides[0] not in letters)
        or _NAME_BEFORE.fullmatch(sides[0])
        or re.fullmatch(r"[A-Za-z]\([a-z]\)", sides[0])
    ):
        return sides[1:]
    return sides


async def _compared(posed: Posed, said: Reading, text: str, algebra: Algebra) -> Judgement:
    letters, undecided, missed = letters_of(posed), False, list[Judgement]()
    for answer in posed.answers:
        try:
            key = terms.parse(_sides(answer, letters)[-1], posed.language, letters)
        except (Unreadable, IndexError):
            continue
        same = await are_equal(said.node, key, algebra)
        if same:
            judgement = await _misses_form(posed, said.node, key, text, algebra) or RIGHT
            if judgement is RIGHT:
                return RIGHT
            missed.append(judgement)
        elif same is None:
            undecided = True
        elif said.tight is not None and await are_equal(said.tight, key, algebra):
            missed.append(form("brackets-needed"))
    if missed:
        return missed[0]
    return TOO_HARD if undecided else WRONG


async def are_equal(one: Node, other: Node, algebra: Algebra) -> bool | None:
    """Whether two terms are the same: points tell most apart, the process confirms the rest."""
    if one == other:
        return True
    if points.differ(one, other):
        return False
    same = await algebra.are_equal(one, other)
    return True if same is None and points.are_proven_equal(one, other) else same


async def _misses_form(
    posed: Posed, node: Node, key: Node, text: str, algebra: Algebra
) -> Judgement | None:
    if posed.form is Form.FACTORED:
        factors = term_forms.factors(node)
        if factors is None or node.kind == "sum":
            return form("not-factored")
        prime = await algebra.are_prime(factors)
        if prime is None:
            return TOO_HARD
        return None if prime else form("not-factored")
    return misses_plain_form(posed, node, key, text)


def misses_plain_form(posed: Posed, node: Node, key: Node, text: str) -> Judgement | None:
    """Return what is wrong with the form of an equal term, as far as it shows without algebra."""
    if posed.form is Form.SIMPLEST:
        if term_forms.is_collected(node):
            return None
        if term_forms.is_collected(key) or term_forms.size(node) > term_forms.size(key):
            return form("not-simplified")
        return None
    if posed.form is Form.EXACT and _compact(text) not in {_compact(a) for a in posed.answers}:
        return form("another-form")
    if node != key and _is_asked(text, posed):
        return form("as-given")
    return None


def _is_asked(text: str, posed: Posed) -> bool:
    """Whether the answer is what the prompt asks to change."""
    said = _compact(text)
    return len(node_signs(said)) > 0 and said in _compact(posed.prompt)


def node_signs(text: str) -> str:
    """Return the signs of a calculation in a text."""
    return "".join(each for each in text if each in "+-*/^(:√")


def _compact(text: str) -> str:
    return re.sub(r"[\s$`]", "", plain(text))


async def judge_relation(posed: Posed, text: str, algebra: Algebra) -> Judgement:
    """Return the verdict on an equation that says what the key's equation says."""
    letters = letters_of(posed)
    try:
        said = read_equation(bare_answer(text, posed.language), posed.language, letters)
    except Unreadable as error:
        return not_read(error, "not-an-equation")
    undecided = False
    for answer in posed.answers:
        try:
            key = read_equation(answer, posed.language, letters)
        except Unreadable:
            continue
        same = await are_proportional(said, key, algebra)
        if same:
            return RIGHT
        undecided |= same is None
    return TOO_HARD if undecided else WRONG


def read_equation(text: str, language: str, letters: tuple[str, ...]) -> tuple[Node, Node]:
    """Return the two sides of an equation; raises Unreadable."""
    sides = text.split("=")
    if len(sides) != 2:
        raise Unreadable("not-an-equation")
    return terms.parse(sides[0], language, letters), terms.parse(sides[1], language, letters)


async def are_proportional(
    one: tuple[Node, Node], other: tuple[Node, Node], algebra: Algebra
) -> bool | None:
    """Whether two equations are the same but for a factor or swapped sides."""
    if one in (other, other[::-1]):
        return True
    names = sorted({name for each in (*one, *other) for name in each.letters()})
    ratios = set()
    for point in points.points(names):
        try:
            first, second = (
                points.value(a, point) - points.value(b, point) for a, b in (one, other)
            )
        except points.Undefined:
            continue
        if (first == 0) != (second == 0):
            return False
        if second:
            ratios.add(first / second)
    if len(ratios) > 1 and not any(
        node.kind in ("power", "size", "over") for each in (*one, *other) for node in each.walk()
    ):
        return False
    return await algebra.are_proportional(one, other)
