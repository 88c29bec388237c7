"""Verdicts on the values of letters: x = 3, or 2 and -2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

import msgspec

from hinterland.plugins.tutoring.arithmetic import Unreadable, Written, plain, read
from hinterland.plugins.tutoring.checking import points, terms
from hinterland.plugins.tutoring.checking.algebra import (
    TOO_HARD,
    Algebra,
    are_equal,
    judge_relation,
    letters_of,
    not_read,
    read_equation,
)
from hinterland.plugins.tutoring.checking.answer_text import bare_answer
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    Verdict,
    close,
    form,
    unreadable,
    wrong,
)
from hinterland.plugins.tutoring.checking.numbers import (
    counted,
    is_rounding,
    is_turned_round,
    misses_form,
    rounded,
    unasked_unit,
)
from hinterland.plugins.tutoring.checking.phrases import pattern
from hinterland.plugins.tutoring.checking.sets import listed, told, unmatched
from hinterland.plugins.tutoring.checking.terms import Node
from hinterland.plugins.tutoring.lessons import Posed
from hinterland.plugins.tutoring.quantities import unit_called

_GIVES = re.compile(r"^\s*([^\W\d_])\s*_?[1-9]?\s*=\s*(.+)$")
_GIVEN = re.compile(r"^(.+?)=\s*([^\W\d_])\s*$")
_BOTH_SIGNS = re.compile(r"±|\+\s*/?\s*-(?=\s*[\d√])")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


class Solver(Algebra, Protocol):
    """Who also knows what solves an equation."""

    async def compare_solutions(
        self,
        one: Sequence[tuple[Node, Node]],
        other: Sequence[tuple[Node, Node]],
        letter: str,
    ) -> tuple[bool, bool] | None: ...


class Solution(msgspec.Struct, frozen=True):
    """A letter's value."""

    letter: str
    """Empty where only the value is said."""
    node: Node
    value: Fraction | None
    """None where it is irrational."""
    written: Written | None = None
    thing: str = ""
    """What is counted, or the unit: the words behind the number."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing is left to compute."""
        return self.written is not None or self.value is None


def key_solutions(posed: Posed) -> list[list[Solution]]:
    """Return the solutions of each key; none where it is an equation that is to be found."""
    found = []
    for answer in posed.answers:
        items = [each for each in re.split(r";", answer) if each.strip()]
        try:
            solutions = [_solution(each, posed) for each in items]
        except Unreadable:
            continue
        if all(each is not None for each in solutions):
            found.append([each for each in solutions if each is not None])
    return found


def _solution(text: str, posed: Posed) -> Solution | None:
    """Return what `x = 3`, `3 = x` or `3` says; None for what is not solved."""
    text = plain(text.translate(_SUBSCRIPTS)).strip()
    text = pattern(posed.language, "equals", r"(?<=^[^\W\d_])\s+", r"\s+").sub(" = ", text, 1)
    letter = ""
    if match := _GIVES.match(text):
        letter, text = match.group(1), match.group(2)
    elif match := _GIVEN.match(text):
        text, letter = match.group(1), match.group(2)
    sides = [each.strip() for each in text.split("=") if each.strip()]
    if not sides:
        return None
    values = [_value(each, posed) for each in sides]
    if any(each is None for each in values):
        return None
    known = {each[1] for each in values if each is not None}
    if len(known) > 1:
        return None
    last = values[-1]
    assert last is not None
    names = {each.lower(): each for each in letters_of(posed)}
    return Solution(names.get(letter.lower(), letter), *last)


def _value(text: str, posed: Posed) -> tuple[Node, Fraction | None, Written | None, str] | None:
    language = posed.language
    written, thing = read(text, language), ""
    if written is None and (found := counted(text, language)) is not None:
        if is_turned_round(found[1], language):
            return None
        if not _are_letters(found[1], posed):
            written, thing = found
    if written is not None:
        return Node("number", number=written.value), written.value, written, thing
    node = terms.parse(text, language)
    try:
        return node, points.value(node, {}), None, thing
    except points.Undefined:
        return node, None, None, thing


def _are_letters(thing: str, posed: Posed) -> bool:
    """Whether what stands behind a number makes a term of it: 6x, 6/x, or 6 y in an exercise on x."""
    letters = set("".join(letters_of(posed)).lower())
    runs = re.findall(r"[^\W\d_]+", thing)
    return bool(runs) and all(
        set(each.lower()) <= letters or (len(each) == 1 and unit_called(each) is None)
        for each in runs
    )


async def judge_equation(posed: Posed, text: str, algebra: Solver) -> Judgement:
    """Return the verdict on the values of letters."""
    keys = key_solutions(posed)
    if not keys:
        return await judge_relation(posed, text, algebra)
    bare = bare_answer(text, posed.language)
    ways, problem = readings(bare, posed)
    found: list[Judgement] = []
    for said in ways:
        for key in keys:
            found.append(await _compared(posed, said, key, algebra))
            if found[-1].verdict is Verdict.RIGHT:
                return RIGHT
    if not ways:
        return await _unsolved(posed, bare, keys, algebra, problem)
    for verdict in (Verdict.FORM, Verdict.UNIT, Verdict.CLOSE, Verdict.UNREADABLE):
        for each in found:
            if each.verdict is verdict:
                return each
    return next((each for each in found if each.about), WRONG)


def readings(text: str, posed: Posed) -> tuple[list[list[Solution]], Unreadable | None]:
    """Return the ways in which a text says values, and why it says none where it does not."""
    ways: list[list[Solution]] = []
    problem: Unreadable | None = None
    for items in listed(_expanded(text), posed.language):
        try:
            solutions = [_solution(each, posed) for each in items]
        except Unreadable as error:
            problem = problem or error
            continue
        if all(each is not None for each in solutions):
            ways.append([each for each in solutions if each is not None])
    return ways, problem


def _expanded(text: str) -> str:
    """Return `x = ±3` as `x = +3; x = -3`."""
    if not _BOTH_SIGNS.search(text) or len(text) > 100:
        return text
    return f"{_BOTH_SIGNS.sub('+', text)}; {_BOTH_SIGNS.sub('-', text)}"


async def _compared(
    posed: Posed, said: list[Solution], key: list[Solution], algebra: Solver
) -> Judgement:
    unknown = {each.letter for each in key} - {""}
    strange = {each.letter for each in said} - unknown - {""}
    if strange and unknown:
        return unreadable("other-letter")
    irrational = [each for each in (*said, *key) if each.value is None]
    same: set[tuple[int, int]] = set()
    undecided = False
    if irrational:
        for one in said:
            for other in key:
                found = await are_equal(one.node, other.node, algebra)
                undecided |= found is None
                same |= {(id(one), id(other))} if found else set()

    def equal(one: Solution, other: Solution) -> bool:
        if one.letter and other.letter and one.letter != other.letter:
            return False
        if one.value is not None and other.value is not None:
            return one.value == other.value
        return one is other or (id(one), id(other)) in same

    missing, extra = unmatched(said, key, equal)
    if not missing and not extra:
        return _forms(posed, said, key) or _units(posed, said, key) or RIGHT
    if undecided:
        return TOO_HARD
    if len(said) == len(key) == 1:
        return _near(said[0], key[0]) or WRONG
    return told(missing, extra)


def _forms(posed: Posed, said: list[Solution], key: list[Solution]) -> Judgement | None:
    for each in said:
        for other in key:
            if each.value == other.value and each.written is not None and other.written is not None:
                missed = misses_form(each.written, other.written, posed.form)
                if missed is not None:
                    return missed
        if not each.is_plain:
            return form("work-it-out")
    return None


def _units(posed: Posed, said: list[Solution], key: list[Solution]) -> Judgement | None:
    """Return what there is to say about a unit that neither the key nor the prompt gives the letter."""
    in_key = {each.thing for each in key}
    for each in said:
        letters = "|".join(map(re.escape, [each.letter] if each.letter else letters_of(posed)))
        named = rf"(?<!\w)(?:{letters})\s*{re.escape(each.thing)}(?!\w)"
        if each.thing and each.thing not in in_key and not re.search(named, plain(posed.prompt)):
            fault = unasked_unit(posed, each.thing)
            if fault is not None:
                return fault
    return None


def _near(said: Solution, key: Solution) -> Judgement | None:
    if said.written is None:
        return None
    if key.written is None:
        almost = points.approximate(key.node)
        is_near = almost is not None and is_rounding(said.written, almost)
        return close("rounded") if is_near else None
    if said.written.other is not None and said.written.other == key.value:
        return form("decimal-sign")
    return rounded(said.written, key.written)


async def _unsolved(
    posed: Posed,
    text: str,
    keys: list[list[Solution]],
    algebra: Solver,
    problem: Unreadable | None,
) -> Judgement:
    """Judge an equation that has the right solutions but does not name them: 2x = 6."""
    letters = letters_of(posed)
    if "=" not in text:
        return not_read(problem, "not-a-solution") if problem else unreadable("not-a-solution")
    try:
        said = read_equation(text, posed.language, letters)
    except Unreadable as error:
        return not_read(error, "not-a-solution")
    names = sorted(said[0].letters() | said[1].letters())
    if len(names) != 1:
        sides = text.split("=")
        if not names and points.differ(*said):
            return wrong("sides-differ", left=sides[0].strip(), right=sides[1].strip())
        return unreadable("not-a-solution")
    undecided = False
    for key in keys:
        target = [(Node("letter", name=names[0]), each.node) for each in key]
        same = await algebra.compare_solutions([said], target, names[0])
        if same == (True, True):
            return form("not-solved")
        undecided |= same is None
    return TOO_HARD if undecided else WRONG
