"""The faulty line of a pupil's working is named, and no right one is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hinterland.plugins.tutoring.checking import Checker, StepFault
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed, posing
from hinterland.plugins.tutoring.lessons.shelf import Shelf

STARTER = Path(__file__).parents[2] / "plugins" / "tutoring" / "starter"


def exercise(kind: AnswerKind, answer: str, prompt: str = "", language: str = "en") -> Posed:
    return Posed(
        id="steps/one",
        objective="one",
        prompt=prompt,
        kind=kind,
        answers=(answer,),
        language=language,
        letters=("x",) if kind in (AnswerKind.EQUATION, AnswerKind.EXPRESSION) else (),
    )


CHECKER = Checker()
"""One process for all: it may be asked from one event loop after the other."""


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    asyncio.run(CHECKER.aclose())


def faulty(posed: Posed, *working: Sequence[str], answer: str = "") -> list[StepFault | None]:
    async def found() -> list[StepFault | None]:
        return [await CHECKER.faulty_step(posed, each, answer) for each in working]

    return asyncio.run(found())


NUMBER = exercise(AnswerKind.NUMBER, "7/8")
LENGTH = exercise(AnswerKind.QUANTITY, "2.5 m")
FRENCH = exercise(AnswerKind.QUANTITY, "2,5 m", language="fr")
LINEAR = exercise(AnswerKind.EQUATION, "x = 3", "Solve 3x + 2 = 11.")
SQUARE = exercise(AnswerKind.EQUATION, "2; -2", "Solve x² = 4.")
DIVIDED = exercise(AnswerKind.EQUATION, "x = 80", "Solve x/8 + 14 = 24.")
BRACKET = exercise(AnswerKind.EQUATION, "x = 8", "Solve 4(x + 11) = 76.")
WORDS = exercise(AnswerKind.EQUATION, "x = 12", "In a class of 30 are 6 more girls than boys.")
TERM = exercise(AnswerKind.EXPRESSION, "3x + 6", "Simplify 2(x + 3) + x.")

RIGHT: list[tuple[Posed, list[str]]] = [
    (NUMBER, ["3/4 + 1/8 = 6/8 + 1/8 = 7/8"]),
    (NUMBER, ["3/4+1/8", "6/8+1/8", "7/8"]),
    (NUMBER, ["1) 3/4 = 6/8", "2) so 6/8 + 1/8 = 7/8."]),
    (NUMBER, ["3/4 + 1/8", "= 6/8 + 1/8", "= 7/8"]),
    (NUMBER, ["First I add 6/8 and 1/8", "I get seven eighths"]),
    (NUMBER, ["12 apples + 3 apples = 15 apples"]),
    (NUMBER, ["2 bags of 5 + 3 = 13"]),
    (NUMBER, ["10 / 3 = 3.33", "10/3 ≈ 3.3", "2/3 = 0.67"]),
    (NUMBER, ["17 ÷ 5 = 3 r 2", "17 : 5 = 3 remainder 2"]),
    (NUMBER, ["8:30 + 0:45 = 9:15"]),
    (NUMBER, ["50 + 10% = 55", "20% of 50 = 10", "1/2 of 8 = 4"]),
    (NUMBER, ["3/4 < 7/8", "0.75 > 2/3"]),
    (LENGTH, ["2 m + 50 cm = 2.5 m", "200 + 50 = 250 cm"]),
    (LENGTH, ["60 km/h × 2 h = 120 km", "3 × 4 m = 12 m²", "250 cm ÷ 100 = 2.5 m"]),
    (LENGTH, ["1 h 30 min + 45 min = 2 h 15 min"]),
    (FRENCH, ["Donc 2 m + 0,5 m = 2,5 m", "1,5 × 2 = 3"]),
    (LINEAR, ["3x + 2 = 11", "3x = 9", "x = 3"]),
    (LINEAR, ["3x + 2 = 11 | - 2", "3x = 9 | : 3", "x = 3"]),
    (LINEAR, ["3x + 2 - 2 = 11 - 2", "x = 9/3 = 3", "check: 3·3 + 2 = 11"]),
    (LINEAR, ["3x = 9 => x = 3"]),
    (SQUARE, ["x² - 4 = 0", "(x - 2)(x + 2) = 0", "x = 2 or x = -2"]),
    (SQUARE, ["x = √4", "x = ±2"]),
    (SQUARE, ["x - 2 = 0", "x = 2", "x + 2 = 0", "x = -2"]),
    (WORDS, ["x + x + 6 = 30", "2x = 24", "x = 12"]),
    (WORDS, ["x + x - 6 = 30", "2x = 36", "x = 18", "18 - 6 = 12"]),
    (TERM, ["2(x+3)+x = 2x+6+x = 3x+6"]),
    (TERM, ["2(x + 3) + x", "2x + 6 + x", "3x + 6"]),
]

FAULTY: list[tuple[Posed, list[str], int, str]] = [
    (NUMBER, ["3/4 = 5/8", "5/8 + 1/8 = 6/8"], 1, "sides-differ"),
    (NUMBER, ["3/4 = 6/8", "so 6/8 + 1/8 = 8/8"], 2, "sides-differ"),
    (NUMBER, ["3/4 + 1/8", "= 6/8 + 1/8", "= 8/8"], 3, "sides-differ"),
    (NUMBER, ["3/4 + 1/8", "4/12"], 2, "not-following"),
    (NUMBER, ["12 apples + 3 apples = 16 apples"], 1, "sides-differ"),
    (NUMBER, ["10 / 3 = 3.43"], 1, "sides-differ"),
    (NUMBER, ["3 + 4 = 7 × 2 = 14"], 1, "sides-differ"),
    (NUMBER, ["17 ÷ 5 = 3 r 3"], 1, "sides-differ"),
    (DIVIDED, ["x/8 = 34", "x = 272"], 1, "not-equivalent"),
    (BRACKET, ["4x + 11 = 76", "4x = 65"], 1, "not-equivalent"),
    (NUMBER, ["20% of 50 = 12"], 1, "sides-differ"),
    (NUMBER, ["I compare", "3/4 > 7/8"], 2, "not-true"),
    (LENGTH, ["2 m + 50 cm = 2.05 m"], 1, "sides-differ"),
    (LENGTH, ["3 cm × 4 cm = 12 cm"], 1, "units-differ"),
    (FRENCH, ["Donc 2 m + 0,5 m = 2,6 m"], 1, "sides-differ"),
    (LINEAR, ["3x = 13", "x = 13/3"], 1, "not-equivalent"),
    (LINEAR, ["3x + 2 = 11", "3x = 9", "x = 4"], 3, "not-equivalent"),
    (LINEAR, ["11 - 2 = 9", "9 ÷ 3 = 4"], 2, "sides-differ"),
    (LINEAR, ["x + 2/3 = 11/3", "3x + 2 = 11x"], 2, "not-equivalent"),
    (SQUARE, ["x = 4"], 1, "not-equivalent"),
    (SQUARE, ["x² - 4 = 0", "(x - 2)(x - 2) = 0"], 2, "solution-lost"),
    (SQUARE, ["x(x² - 4) = 0"], 1, "not-equivalent"),
    (WORDS, ["x + x + 6 = 30", "2x = 36"], 2, "not-equivalent"),
    (TERM, ["2(x+3) = 2x + 3"], 1, "sides-differ"),
    (TERM, ["2(x + 3) + x", "2x + 3 + x", "3x + 3"], 2, "not-following"),
]


def test_no_right_line_is_accused() -> None:
    found = [(work, faulty(posed, work)[0]) for posed, work in RIGHT]
    assert [each for each in found if each[1] is not None] == []


@pytest.mark.parametrize(("posed", "working", "line", "about"), FAULTY)
def test_the_faulty_line_is_named(posed: Posed, working: list[str], line: int, about: str) -> None:
    (fault,) = faulty(posed, working)
    assert fault is not None
    assert (fault.line, fault.about) == (line, about)
    numbers = re.findall(r"\d+", " ".join(fault.fields.values()))
    assert numbers  # it quotes the pupil, and no right value
    assert set(numbers) <= set(re.findall(r"\d+", " ".join(working[:line]).replace("²", "^2")))


def test_a_last_line_that_is_not_the_answer_is_told() -> None:
    (fault,) = faulty(NUMBER, ["3/4 + 1/8 = 7/8"], answer="6/8")
    assert fault == StepFault(1, "not-what-was-answered")
    for same in ("7/8", "0.875", "the answer is 14/16", "seven eighths", "words"):
        assert faulty(NUMBER, ["3/4 + 1/8 = 7/8", ""], answer=same) == [None]
    (fault,) = faulty(LENGTH, ["2 m + 50 cm = 2.5 m"], answer="2.6 m")
    assert fault is not None
    assert faulty(LENGTH, ["2 m + 50 cm = 2.5 m"], answer="250 cm") == [None]


def test_the_steps_of_every_lesson_hold() -> None:
    """The worked steps of the starter shelf, which no fault may be found in."""

    lessons = Shelf([STARTER]).lessons()
    posed = [posing.pose(lesson, each, 1) for lesson in lessons for each in lesson.exercises]
    assert len(posed) > 200
    found = [(each.id, faulty(each, each.steps)[0]) for each in posed]
    assert [each for each in found if each[1] is not None] == []


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.fractions(-50, 50, max_denominator=12), min_size=2, max_size=4),
    st.fractions(-5, 5, max_denominator=6).filter(bool),
)
def test_sums_that_are_right_hold_and_sums_that_are_not_do_not(
    terms: list[Fraction], error: Fraction
) -> None:
    left = " + ".join(f"({each})" for each in terms)
    total = sum(terms, Fraction(0))
    right, wrong = faulty(NUMBER, [f"{left} = {total}"], [f"{left} = {total + error}"])
    assert right is None
    assert wrong is not None


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, 9),
    st.integers(-20, 20),
    st.integers(-9, 9),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_equations_keep_their_solution_line_by_line(
    a: int, b: int, root: int, factor: int, error: int
) -> None:
    posed = exercise(AnswerKind.EQUATION, f"x = {root}", f"Solve {a}x + {b} = {a * root + b}.")
    lines = [
        f"{a}x + {b} = {a * root + b}",
        f"{factor * a}x + {factor * b} = {factor * (a * root + b)}",
        f"{a}x = {a * root}",
        f"x = {a * root}/{a}",
    ]
    spoilt = [*lines[:2], f"{a}x = {a * root + error}", *lines[3:]]
    right, wrong = faulty(posed, lines, spoilt)
    assert right is None
    assert wrong is not None
    assert wrong.line == 3
