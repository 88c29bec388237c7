"""Quizzes: the same seed gives the same sheet, neighbours get other numbers, the key fits its sheet."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.tutoring import words
from hinterland.plugins.tutoring.classroom import draw, sheets
from hinterland.plugins.tutoring.lessons import Lesson
from hinterland.plugins.tutoring.lessons.reading import parse

LESSON = """---
id: {id}
title: Sums
subject: mathematics
level: 1
language: en
objective add: Add
objective name: Name
---
# Explanation
Add.

# Passage
{passage}

# Exercises

## sum
What is {{a}} + {{b}}?

- objective: add
- given: a = 10..99
- given: b = 10..99
- type: number
- answer: {{a + b}}
- check: answer - a == b
- hint: Tens first.
- hint: Then ones.
- step: {{a}} + {{b}} = {{a + b}}

## colour
Which one is a colour?

- objective: name
- type: choice
- option: red
- option: seven
- option: run
- option: cup
- answer: red
- quote: Add.
- hint: Look up.
- hint: Think of fire.
"""


@pytest.fixture
def lessons() -> list[Lesson]:
    return [
        parse(LESSON.format(id=name, passage=f"The text of {name}."), Path(f"{name}.md"))
        for name in ("one", "two")
    ]


def test_a_seed_gives_the_same_quiz_and_another_seed_another(lessons: list[Lesson]) -> None:
    quiz = draw(lessons, "Sums", 4, 7)
    assert quiz == draw(lessons, "Sums", 4, 7)
    assert quiz != draw(lessons, "Sums", 4, 8)


def test_neighbours_get_the_same_questions_with_other_numbers(lessons: list[Lesson]) -> None:
    quiz = draw(lessons, "Sums", 4, 7, sheets=30)
    for column in zip(*quiz.sheets, strict=True):
        assert len({each.posed.id for each in column}) == 1
    sums = [sheet[0].posed.prompt for sheet in quiz.sheets]
    assert all(left != right for left, right in itertools.pairwise(sums))
    orders = {sheet[1].posed.options for sheet in quiz.sheets}
    assert len(orders) > 5
    assert quiz.alike == 0


def test_more_questions_than_exercises_come_with_other_numbers(lessons: list[Lesson]) -> None:
    prompts = [each.posed.prompt for each in draw(lessons, "Sums", 10, 1).sheets[0]]
    assert len(prompts) == 10
    assert len({each for each in prompts if "+" in each}) == 8


def test_more_than_there_are_is_refused_with_how_many_there_are(lessons: list[Lesson]) -> None:
    fixed = [
        parse(
            LESSON.format(id="one", passage="").replace("{a}", "1").replace("{b}", "2")
            .replace("- given: a = 10..99\n- given: b = 10..99\n", "")
            .replace("{a + b}", "3").replace("answer - a == b", "1 + 2"),
            Path("one.md"),
        )
    ]  # fmt: skip
    with pytest.raises(InputError, match="only 2 different exercises") as caught:
        draw(fixed, "Sums", 3, 1)
    assert "-n 2" in caught.value.hint
    for count, sheet_count in ((0, 1), (501, 1), (1, 0), (1, 1001)):
        with pytest.raises(InputError):
            draw(fixed, "Sums", count, 1, sheet_count)


def test_the_sheet_has_no_answer_and_the_key_has_every_one(lessons: list[Lesson]) -> None:
    quiz = draw(lessons, "Sums", 4, 7, sheets=2)
    say = words.load("en")
    key = sheets.key(quiz, say)
    for number, questions in enumerate(quiz.sheets):
        text = sheets.sheet(quiz, number, say)
        assert text.count("The text of one.") == 1
        assert f"Sheet 7-{number + 1}" in text
        for at, question in enumerate(questions, 1):
            assert f"**{at}.** {question.posed.prompt}" in text
            answer = question.posed.answers[0]
            if question.posed.options:
                letter = "ABCD"[question.posed.options.index(answer)]
                assert f"- **{letter}.** {answer}" in text
                assert f"**{at}.** {letter} – {answer}" in key
            else:
                assert answer not in text
                assert f"**{at}.** {answer}\n" in key


def test_a_french_quiz_speaks_french(lessons: list[Lesson]) -> None:
    text = sheets.sheet(draw(lessons, "Calcul", 1, 1), 0, words.load("fr"))
    assert text.startswith("# Calcul\n\nNom : ")
