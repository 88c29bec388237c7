"""No answer is said before its time, in whatever form; and ordinary hints may be said."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.plugins.tutoring.hints import Guard, seeing, spelled
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Posed

OPTIONS = ("Wash it", "Boil the water", "Wait a day")


def posed(kind: str, *answers: str, **more: Any) -> Posed:
    return Posed(
        id="lesson/exercise",
        objective="it",
        prompt="How much?",
        kind=AnswerKind(kind),
        answers=answers,
        options=OPTIONS if kind == "choice" else (),
        letters=("x",) if kind in {"expression", "equation"} else (),
        **more,
    )


SAID: tuple[tuple[str, str, str], ...] = (
    ("number", "42", "It is 42."),
    ("number", "42", "**4**2"),
    ("number", "42", "4 `2`"),
    ("number", "42", "4\u200b2"),
    ("number", "42", "４２"),
    ("number", "42", "٤٢"),
    ("number", "42", "४२"),
    ("number", "42", "4\u03322\u0332"),
    ("number", "42", "&#52;2"),
    ("number", "42", "\\u00342"),
    ("number", "42", "forty-two"),
    ("number", "42", "Forty\N{NON-BREAKING HYPHEN}two!"),
    ("number", "42", "fortytwo"),
    ("number", "42", "f o r t y t w o"),
    ("number", "7", "s-e-v-e-n"),
    ("number", "7", "⑦"),
    ("number", "7", "7️⃣"),
    ("number", "7", "𝟕"),
    ("number", "7", "七"),
    ("number", "7", "Ⅶ"),
    ("number", "1000", "1,000"),
    ("number", "1000", "1 000"),
    ("number", "1", "the answer is one"),
    ("number", "-4", "= −4"),
    ("number", "-4", "It becomes minus 4 degrees."),
    ("number", "-4", "minus four"),
    ("number", "-4", "It is 4 degrees below zero."),
    ("quantity", "-4 °C", "It becomes minus 4 degrees."),
    ("quantity", "-4 °C", "It is 4 degrees below zero."),
    ("quantity", "1.25 L", "There are 1.25 l of water."),
    ("equation", "x = 3", "It is 3 km."),
    ("number", "7/8", "7/8"),
    ("number", "7/8", "⅞"),
    ("number", "7/8", "$\\frac{7}{8}$"),
    ("number", "7/8", "\\tfrac78"),
    ("number", "7/8", "{7 \\over 8}"),
    ("number", "7/8", "<sup>7</sup>&frasl;<sub>8</sub>"),
    ("number", "7/8", "7 over 8"),
    ("number", "7/8", "seven out of eight"),
    ("number", "7/8", "seven eighths"),
    ("number", "7/8", "7 eighths"),
    ("number", "7/8", "7/8ths"),
    ("number", "7/8", "7\n---\n8"),
    ("number", "7/8", '{"answer": "7/8"}'),
    ("number", "7/8", "[here](7/8)"),
    ("number", "7/8", "<!-- 7/8 -->"),
    ("number", "3.5", "three point five"),
    ("number", "3 1/2", "three and a half"),
    ("equation", "3", "So x = 3."),
    ("equation", "3", "x is three"),
    ("words", "chlorine", "Use chlo-rine!"),
    ("words", "chlorine", "It is CHLO**R**INE"),
    ("words", "chlorine", "c.h.l.o.r.i.n.e"),
    ("words", "chlorine", "chlo\u00adrine"),
    ("words", "on the table", "It is on the *table*."),
    ("time", "19:30", "It ends at 19:30."),
    ("time", "19:30", "It is 7.30 p.m. then."),
    ("time", "19:30", "By half past seven it is over."),
    ("time", "19:30", "It is thirty minutes to eight, you see."),
    ("time", "10:25", "Count on to twenty-five past ten."),
    ("time", "8:00", "It is 8 o'clock."),
    ("time", "8:00", "It is eight o'clock, you see."),
    ("time", "8:00", "It opens at 8, they say."),
    ("time", "8:00", "They come at about eight in all."),
    ("time", "8:00", "It is 8 h there."),
    ("time", "8:00", "The answer is 8."),
    ("time", "8:00", "Count once more. It is eight!"),
    ("time", "20:00", "Then it is 8 pm, not 7 pm."),
    ("time", "12:00", "Think of noon."),
    ("choice", "Boil the water", "You must boil the water."),
    ("choice", "Boil the water", "Option B!"),
    ("choice", "Boil the water", "The answer is b"),
    ("choice", "Boil the water", "It is (B)"),
    ("choice", "Boil the water", "Take the second option."),
    ("choice", "Boil the water", "Then you may, option two."),
    ("choice", "Wash it", "Then you may, option one."),
    ("choice", "Wait a day", "Take the last one."),
)


@pytest.mark.parametrize(("kind", "answer", "text"), SAID)
def test_an_answer_is_found_however_it_is_written(kind: str, answer: str, text: str) -> None:
    assert Guard(posed(kind, answer)).leaks(text)
    assert Guard(posed(kind, answer), strict=True).leaks(text)


FRENCH = (
    ("42", "quarante-deux"),
    ("97", "quatre-vingt-dix-sept"),
    ("7/8", "sept huitièmes"),
    ("7/8", "sept sur huit"),
    ("1/4", "un quart"),
    ("3,5", "trois et demi"),
    ("3,5", "3,5"),
)


@pytest.mark.parametrize(("answer", "text"), FRENCH)
def test_a_french_answer_is_found(answer: str, text: str) -> None:
    assert Guard(posed("number", answer, language="fr")).leaks(f"Le résultat : {text}.")


FAIR: tuple[tuple[str, str, str], ...] = (
    ("number", "3", "Write 3/4 with 8 as its denominator."),
    ("number", "3", "Look at the 3rd row of thirty-three."),
    ("number", "42", "Work out 6 × 7."),
    ("number", "32", "Look at 3 ** 2 in the explanation."),
    ("number", "1", "Which one is larger?"),
    ("number", "2", "Go to the second line, then to the fire."),
    ("number", "10", "Put it on the table."),
    ("number", "7/8", "1/7 and 1/8"),
    ("number", "-4", "6x = -20 - 4"),
    ("number", "-4", "What is 10 minus 4?"),
    ("number", "-4", "Go 4 steps to the left. You are then below zero."),
    ("number", "5", "1.5 and 0.25 and 55"),
    ("equation", "3", "Take 2 away from both sides of 3x + 2 = 11."),
    ("time", "10:25", "How many minutes is it from 9:35 to the next full hour?"),
    ("time", "10:25", "Use up 25 of the 50 minutes, and begin at 10."),
    ("time", "19:30", "Go half an hour on from 7 pm."),
    ("time", "20:00", "Add the 20 minutes to 19:40."),
    ("time", "20:05", "Add twenty five minutes to 19:40."),
    ("time", "12:00", "A clock shows 12 hours."),
    ("time", "8:00", "There are eight of them."),
    ("time", "8:00", "Count on in 8 steps."),
    ("words", "tea", "The team eats a steak."),
    ("words", "soap", "It is so apt."),
    ("choice", "Boil the water", "Answer a question: what does the water need?"),
    ("choice", "Wash it", "A long wait is a problem."),
)


@pytest.mark.parametrize(("kind", "answer", "text"), FAIR)
def test_an_ordinary_hint_may_be_said(kind: str, answer: str, text: str) -> None:
    assert not Guard(posed(kind, answer)).leaks(text)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("10:25", "Take 10 minutes first."),
        ("20:00", "Add the 20 minutes to 19:40."),
        ("12:00", "A clock shows 12 hours."),
    ],
)
def test_a_model_may_say_the_number_of_the_hour(answer: str, text: str) -> None:
    guard = Guard(posed("time", answer), strict=True)
    assert not guard.leaks(text)
    assert guard.leaks(f"{text} It is {answer}.")
    assert guard.leaks(f"{text} Denk an zehn Uhr fünfundzwanzig.")


@pytest.mark.parametrize("text", ["Pense à 20 heures.", "Il est vingt heures.", "On ferme à 20 h."])
def test_a_french_time_is_found(text: str) -> None:
    asked = posed("time", "20 h", language="fr")
    assert Guard(asked).leaks(text)
    assert not Guard(asked).leaks("Ajoute les 20 minutes à 19 h 40.")


@pytest.mark.parametrize("text", ["Think of Monday.", "It opens on MONDAY"])
def test_a_time_is_found_without_the_word_in_front(text: str) -> None:
    """What a pupil may answer to “When …?” is not said either; another day may be."""
    asked = msgspec.structs.replace(posed("words", "on Monday"), prompt="When does it open?")
    assert Guard(asked).leaks(text)
    assert not Guard(asked).leaks("It does not open on Friday.")
    evening = msgspec.structs.replace(asked, answers=("in the evening",))
    assert Guard(evening).leaks("Think of evening!")


def test_a_minus_sign_in_french_words_is_found() -> None:
    asked = posed("number", "-3", language="fr")
    assert Guard(asked).leaks("Il fait moins 3 degrés.")
    assert Guard(asked).leaks("Il fait 3 degrés sous zéro.")
    assert not Guard(asked).leaks("Combien font 8 moins 3 ?")


def test_an_article_is_no_number_in_french() -> None:
    one = posed("number", "1", language="fr")
    assert not Guard(one).leaks("Un litre est une mesure.")
    assert Guard(one).leaks("Cela fait un.")


def test_another_form_than_is_asked_for_is_no_answer() -> None:
    """You should be shown 6/8 on the way to 3/4."""
    simplest = posed("number", "3/4", form=Form.SIMPLEST)
    assert not Guard(simplest).leaks("Both divide the numbers of 6/8, or six eighths.")
    assert Guard(simplest).leaks("three quarters")


MODEL: tuple[tuple[str, str, str], ...] = (
    ("number", "42", "cuarenta y dos"),
    ("number", "42", "zweiundvierzig"),
    ("number", "42", "quarante-deux"),
    ("number", "7", "yedi"),
    ("number", "42", "XLII"),
    ("number", "42", "take xlii of them"),
    ("words", "chlorine", "enirolhc"),
    ("number", "1", "Which one?"),
    ("quantity", "7/8 L", "It is 7/8."),
    ("quantity", "7/8 L", "sept huitièmes"),
    ("words", "chlorine", "chlorinated water"),
    ("words", "chlorine", "some clorine"),
    ("words", "chlorine", "The stuff is chlo / rine."),
    ("words", "water", "saw a termite"),
    ("choice", "Boil the water", "I like B."),
    ("choice", "Boil the water", "La deuxième option."),
    ("set", "2; 3", "3 is in it, and 2 is, too"),
)


@pytest.mark.parametrize(("kind", "answer", "text"), MODEL)
def test_a_model_may_not_even_come_near(kind: str, answer: str, text: str) -> None:
    assert Guard(posed(kind, answer), strict=True).leaks(text)


@given(st.integers(0, 999_999), st.sampled_from(("en", "fr")))
def test_a_number_in_words_is_read_as_it_was_spelled(number: int, language: str) -> None:
    spelt = {"en": _english, "fr": _french}[language](number)
    assert spelled.in_digits(f"({spelt})", language, eager=True) == f"({number})"


@given(st.integers(2, 9999), st.data())
def test_no_disguise_of_digits_hides_a_number(number: int, data: st.DataObject) -> None:
    zero = data.draw(st.sampled_from("0０٠۰०০๐𝟎𝟬"))
    between = data.draw(st.sampled_from(("", "\u200b", "\u2060", "**", "\u00ad", "\u0332", " ")))
    disguised = between.join(chr(ord(zero) + int(each)) for each in str(number))
    assert Guard(posed("number", str(number))).leaks(f"so: {disguised} !")


@given(st.text(max_size=300))
def test_any_text_can_be_looked_through(text: str) -> None:
    for each in (posed("number", "7/8"), posed("words", "tea"), posed("expression", "2x + 6")):
        Guard(each, strict=True).leaks(text)
    assert seeing.readings(text)


_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    *("onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_DIX = (
    *("", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante"),
    *("quatre-vingt", "quatre-vingt"),
)


def _english(number: int) -> str:
    if number >= 1000:
        rest = f" {_english(number % 1000)}" if number % 1000 else ""
        return f"{_english(number // 1000)} thousand{rest}"
    if number >= 100:
        rest = f" and {_english(number % 100)}" if number % 100 else ""
        return f"{_ONES[number // 100]} hundred{rest}"
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def _french(number: int) -> str:
    if number >= 1000:
        many = number // 1000
        before = f"{_french(many)} " if many > 1 else ""
        rest = f" {_french(number % 1000)}" if number % 1000 else ""
        return f"{before}mille{rest}"
    if number >= 100:
        many = number // 100
        before = f"{_UNS[many]} " if many > 1 else ""
        rest = f" {_french(number % 100)}" if number % 100 else ""
        return f"{before}cent{'s' if many > 1 and not rest else ''}{rest}"
    if number < 20:
        return _UNS[number]
    tens, ones = divmod(number, 10)
    if tens in {7, 9}:
        ones += 10
    if number == 80:
        return "quatre-vingts"
    if not ones:
        return _DIX[tens]
    return _DIX[tens] + (" et " if ones in {1, 11} and tens < 8 else "-") + _UNS[ones]
