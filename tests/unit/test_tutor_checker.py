"""The checker under generated equivalents and under attack."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hinterland.plugins.tutoring.arithmetic import write
from hinterland.plugins.tutoring.checking import Checker, Judgement, Verdict, accepts
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Posed
from tests.tutor_checking import CHECKER, exercise

GENERATED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    asyncio.run(CHECKER.aclose())


def judged(posed: Posed, *answers: str) -> list[Verdict]:
    async def found() -> list[Judgement]:
        return [await CHECKER.judge(posed, each) for each in answers]

    return [each.verdict for each in asyncio.run(found())]


# What is equal and what is not


@GENERATED
@given(
    st.fractions(-1000, 1000, max_denominator=60),
    st.integers(2, 12),
    st.fractions(-5, 5, max_denominator=60).filter(bool),
    st.sampled_from(["en", "fr"]),
)
def test_a_number_is_right_however_it_is_written(
    value: Fraction, by: int, error: Fraction, language: str
) -> None:
    posed = exercise(AnswerKind.NUMBER, str(value), language)
    same = [
        f"{value.numerator * by}/{value.denominator * by}",
        write(value, language, "mixed"),
        f"  {value} .",
        f"= {value}",
        str(value).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        str(value).replace("-", "−"),
    ]
    hundred = value * 100
    if hundred.denominator == 1:
        same += [write(value, language, "decimal"), f"{hundred} %"]
    assert set(judged(posed, *same)) == {Verdict.RIGHT}
    other = value + error
    wrong = [
        str(other),
        write(other, language, "mixed"),
        f"{other.numerator * by}/{other.denominator * by}",
    ]
    assert set(judged(posed, *wrong)) == {Verdict.WRONG}
    assert accepts(posed, same[0])
    assert not accepts(posed, wrong[0])


@GENERATED
@given(st.fractions(Fraction(1, 24), 500, max_denominator=24), st.integers(2, 9), st.integers(1, 9))
def test_a_simplest_form_is_told_from_another(value: Fraction, by: int, error: int) -> None:
    posed = exercise(AnswerKind.NUMBER, str(value), form=Form.SIMPLEST)
    reducible = f"{value.numerator * by}/{value.denominator * by}"
    assert judged(posed, str(value), reducible, str(value + error)) == [
        Verdict.RIGHT,
        Verdict.FORM,
        Verdict.WRONG,
    ]


UNITS = [
    ("m", "cm", 100), ("km", "m", 1000), ("kg", "g", 1000), ("L", "mL", 1000), ("h", "min", 60),
    ("m²", "cm²", 10_000), ("m³", "L", 1000), ("€", "ct", 100), ("km/h", "m/min", Fraction(50, 3)),
]  # fmt: skip


@GENERATED
@given(
    st.builds(Fraction, st.integers(1, 800), st.just(8)),
    st.sampled_from(UNITS),
    st.sampled_from(["kg", "m", "s", "°C", "J"]),
)
def test_a_quantity_is_right_in_any_unit_of_its_kind(
    value: Fraction, units: tuple[str, str, Fraction], strange: str
) -> None:
    large, small, factor = units
    posed = exercise(AnswerKind.QUANTITY, f"{value} {large}")
    same = [f"{value}{large}", f"{value * factor} {small}", f"{float(value)} {large}"]
    assert set(judged(posed, *same)) == {Verdict.RIGHT}
    assert judged(posed, f"{value} {small}", f"{value}", f"{value + 1} {large}") == [
        Verdict.UNIT,
        Verdict.UNIT,
        Verdict.WRONG,
    ]
    if strange != large:
        assert judged(posed, f"{value} {strange}", f"{value + 1} {strange}") == [
            Verdict.UNIT,
            Verdict.WRONG,
        ]


_leaf = st.sampled_from(["x", "y", "2", "3", "7", "x^2", "0.5"])
TERMS = st.recursive(
    _leaf,
    lambda inner: st.builds("({}{}{})".format, inner, st.sampled_from("+-*"), inner),
    max_leaves=6,
)


@GENERATED
@given(TERMS, TERMS, st.integers(1, 9))
def test_terms_are_the_same_under_the_laws_of_algebra(one: str, other: str, number: int) -> None:
    """Through the real process: what the laws say is equal is right, and what is not is not."""
    posed = exercise(AnswerKind.EXPRESSION, f"({one}) * ({other}) + {number}")
    same = [
        f"{number} + ({other})({one})",
        f"({one})·({other}) + {number}",
        f"(({one}) * ({other}) * 2 + {2 * number}) / 2",
        f"-(-{number} - ({one})({other}))",
        f"({one} + 1)({other}) - ({other}) + {number}",
    ]
    assert set(judged(posed, *same)) == {Verdict.RIGHT}
    different = [f"({one})({other}) + {number + 1}", f"({one})({other}) + x^3y + {number}"]
    assert set(judged(posed, *different)) == {Verdict.WRONG}


@GENERATED
@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(1, 9), st.sampled_from(["en", "fr"]))
def test_solutions_are_right_in_any_order(p: int, q: int, a: int, language: str) -> None:
    posed = exercise(AnswerKind.EQUATION, f"{p}; {q}" if p != q else f"{p}", language)
    join = {"en": " or ", "fr": " ou "}[language]
    same = [f"x = {q}{join}x = {p}", f"{{{q}; {p}}}", f"{p * a}/{a}; {q}"]
    assert set(judged(posed, *same)) == {Verdict.RIGHT}
    assert judged(posed, f"{a}(x - {p})(x - {q}) = 0".replace("- -", "+ ")) == [Verdict.FORM]
    assert judged(posed, f"{p}; {q}; 77", "x = 99") == [Verdict.WRONG, Verdict.WRONG]


@GENERATED
@given(
    st.permutations(["goat", "hen", "cow", "donkey", "seven", "3/4"]),
    st.sampled_from([", ", "; ", " and "]),
)
def test_a_set_has_no_order(items: list[str], sign: str) -> None:
    posed = exercise(AnswerKind.SET, "goat; hen; cow; donkey; 7; 0.75")
    assert judged(posed, sign.join(items), sign.join([*items, items[0]]), sign.join(items[1:])) == [
        Verdict.RIGHT,
        Verdict.RIGHT,
        Verdict.WRONG,
    ]


@GENERATED
@given(st.integers(0, 13), st.sampled_from("abcdefgh"))
def test_one_letter_is_a_slip_and_never_right(at: int, letter: str) -> None:
    key = "photosynthesis"
    posed = exercise(AnswerKind.WORDS, key)
    typo = key[:at] + letter + key[at + 1 :]
    wanted = Verdict.RIGHT if typo == key else Verdict.CLOSE
    assert judged(posed, typo, typo.upper(), f" “{typo}”. ") == [wanted] * 3


# What is meant to do harm

HOSTILE = [
    "__import__('os').system('true')",
    "eval('1')",
    "9**9**9",
    "9^9^9^9",
    "10^10^10",
    "2^99999999",
    "1e999999",
    "1E+999999999",
    "(" * 10_000 + "x" + ")" * 10_000,
    "(" * 200 + "x" + ")" * 200,
    "-" * 400 + "x",
    "√" * 200 + "x",
    "x^(x^(x^(x^(x^x))))",
    "x^x^x^x^x",
    "(x+1)^200",
    "(x+y+1)^60 - (x+y+1)^59(x+y+1)",
    "((x+1)^20*(y+1)^20)^20",
    "(x+y+2)^29*(x-y+3)^29",
    "√(x^2+√(x^3+√(x^5+√(y^7+1))))",
    "1" * 100_000,
    "x" * 100_000,
    "+".join(["x"] * 5_000),
    "x\x00+1",
    "\u202e1+x",
    "x+\ud800",
    "sin(x)",
    "x!",
    "170!!!",
    "1/0",
    "x/(x-x)",
    "0^0",
    "0^-1",
    "√(-1)",
    "[[[[x]]]]{}",
    "lambda x: x",
    "x.__class__",
    "`rm -rf x`",
    "'x'*9999999",
    "∞",
    "x=x=x=x=x=x=x=x",
    "=" * 400,
    "±" * 90,
    ";" * 400,
    "," * 499,
    " and " * 90,
    "9" * 400,
    "3/" * 200 + "1",
    "1 " * 240,
]

KEYS = {
    AnswerKind.NUMBER: "7",
    AnswerKind.QUANTITY: "7 m",
    AnswerKind.EXPRESSION: "√(x^2 + 1)(x + 1)^3",
    AnswerKind.EQUATION: "x = 3",
    AnswerKind.SET: "2; 3",
    AnswerKind.RANGE: "3..5 cm",
    AnswerKind.WORDS: "market",
    AnswerKind.CHOICE: "market",
    AnswerKind.TIME: "19:30",
}


@pytest.mark.parametrize("kind", list(AnswerKind))
def test_hostile_answers_are_refused_and_the_lesson_goes_on(kind: AnswerKind) -> None:
    posed = exercise(kind, KEYS[kind])
    if kind is AnswerKind.CHOICE:
        posed = Posed(
            id="a/b",
            objective="o",
            prompt="?",
            kind=kind,
            answers=("market",),
            options=("market", "no"),
        )
    good = {AnswerKind.RANGE: "4 cm"}.get(kind, KEYS[kind])

    async def judge_all() -> None:
        for answer in HOSTILE:
            found = await CHECKER.judge(posed, answer)
            assert found.verdict in (Verdict.UNREADABLE, Verdict.WRONG), answer
            assert not accepts(posed, answer)
            await CHECKER.faulty_step(posed, [answer, "1 + 1 = 2"], answer)
            assert (await CHECKER.judge(posed, good)).verdict is Verdict.RIGHT

    asyncio.run(judge_all())


def test_what_takes_too_long_is_stopped_and_is_neither_right_nor_wrong() -> None:
    """Terms that SymPy would expand for minutes: killed, said, and the next one is judged."""
    huge = "(x + y + 2)^29 (x - y + 3)^29"
    posed = exercise(AnswerKind.EXPRESSION, f"{huge} + √2 √x √x - √2 |x|")

    async def scene() -> None:
        async with Checker(seconds=0.5) as checker:
            await checker.warm()
            found = await checker.judge(posed, huge)
            assert found.verdict in (Verdict.UNREADABLE, Verdict.WRONG)
            slow = "(x + y + 2)^29 (x - y + 3)^29 (x + 7y)^1 √(x^2 + y^2 + 1)"
            other = "(x - y + 3)^29 (x + y + 2)^29 (7y + x) √(1 + y^2 + x^2 + 0 y)"
            verdict = await checker.judge(exercise(AnswerKind.EXPRESSION, slow), other)
            assert verdict.verdict in (Verdict.RIGHT, Verdict.UNREADABLE)
            if verdict.verdict is Verdict.UNREADABLE:
                assert verdict.about == "too-hard-to-check"
            easy = exercise(AnswerKind.EXPRESSION, "2x + 6")
            assert (await checker.judge(easy, "2(x+3)")).verdict is Verdict.RIGHT

    asyncio.run(scene())


def test_equivalence_is_asked_for_terms_and_equations() -> None:
    async def scene() -> list[bool | None]:
        return [
            await CHECKER.equivalent("2(x+3)", "2x+6", ("x",)),
            await CHECKER.equivalent("2(x+3)", "2x+3", ("x",)),
            await CHECKER.equivalent("√8", "2√2"),
            await CHECKER.equivalent("y = 2x", "2x - y = 0", ("x", "y")),
            await CHECKER.equivalent("y = 2x", "y = 3x", ("x", "y")),
            await CHECKER.equivalent("import os", "2x", ("x",)),
        ]

    assert asyncio.run(scene()) == [True, False, True, True, False, None]
