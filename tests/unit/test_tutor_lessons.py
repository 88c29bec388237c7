"""Lessons as files: what is read, what is said of what cannot be, and the numbers of a seed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Given, Mistake
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.reading import parse, read
from hinterland.plugins.tutoring.lessons.shelf import Shelf
from hinterland.plugins.tutoring.lessons.trouble import LessonError

LESSON = """---
id: jugs
title: Jugs of water
subject: mathematics
topic: fractions
level: 4
language: en
needs: halves, quarters
objective unlike: Add two fractions with different denominators
objective name: Name a fraction
source: Written for this test
source: CC0
---

# Explanation
Pieces must be of one size.

```python
# not a section
## nor an exercise
```

# Example
1/2 + 1/4 = 3/4

# Exercises

## jug
{name} pours {a}/{b} of a litre into a jug.

How much is it with 1/{2*b} of a litre more?

- objective: unlike
- given: b = 2..9
- given: a = 1..b-1
- given: name = Mariam | Tomas
- where: gcd(a, b) == 1
- type: quantity
- answer: {a/b + 1/(2*b)} L
- check: answer - 1/(2*b) == a/b
- form: simplest
- hint: What must be the same?
- hint: Write {a}/{b} with {2*b} as its denominator,
  and go on from there.
- mistake: {(a+1)/(3*b)} L | The pieces must be of one size first.
- step: {a}/{b} = {2*a}/{2*b}

## half
What is half of a loaf called?

- it may be written in words
- objective: name
- type: choice
- option: 1/2
- option: {2}
- answer: 1/2
- quote: Pieces must be of one size.
- hint: Two of them are a loaf.
- hint: Cut it once.
"""


def test_a_lesson_is_read_whole() -> None:
    lesson = parse(LESSON, Path("jugs.md"))
    assert (lesson.id, lesson.level, lesson.needs) == ("jugs", 4, ("halves", "quarters"))
    assert lesson.objectives["name"] == "Name a fraction"
    assert lesson.sources == ("Written for this test", "CC0")
    assert lesson.explanation.endswith("# not a section\n## nor an exercise\n```")
    jug, half = lesson.exercises
    assert jug.id == "jugs/jug"
    assert jug.prompt.count("\n") == 2
    assert jug.given[1] == Given("a", (), "1", "b-1", 35)
    assert jug.given[2].values == ("Mariam", "Tomas")
    assert jug.kind is AnswerKind.QUANTITY
    assert jug.form is Form.SIMPLEST
    assert jug.hints[1].endswith("denominator,\nand go on from there.")
    assert jug.mistakes == (Mistake("{(a+1)/(3*b)} L", "The pieces must be of one size first."),)
    assert half.prompt.endswith("- it may be written in words")
    assert half.options == ("1/2", "{2}")


def test_a_seed_gives_the_same_numbers_and_another_gives_others() -> None:
    lesson = parse(LESSON, Path("jugs.md"))
    jug = lesson.exercises[0]
    posed = [pose(lesson, jug, seed) for seed in range(40)]
    assert posed == [pose(lesson, jug, seed) for seed in range(40)]
    assert len({each.prompt for each in posed}) > 10
    assert {each.prompt.split()[0] for each in posed} == {"Mariam", "Tomas"}
    assert not any("{" in f"{each.prompt}{each.hints}{each.answers}{each.check}" for each in posed)


def test_numbers_that_are_not_fit_are_drawn_again() -> None:
    lesson = parse(LESSON, Path("jugs.md"))
    jug = lesson.exercises[0]
    first = pose(lesson, jug, 3)
    assert pose(lesson, jug, 3, avoid=lambda posed: posed == first) != first
    with pytest.raises(LessonError, match="no numbers"):
        pose(lesson, jug, 3, avoid=lambda posed: True)


def test_an_exercise_without_parameters_keeps_its_braces() -> None:
    lesson = parse(LESSON, Path("jugs.md"))
    assert pose(lesson, lesson.exercises[1], 7).options == ("1/2", "{2}")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("---\nid: jugs", "id: jugs", 1, "does not begin with a header"),
        ("level: 4\n", f"level: {'9' * 5000}\n", 6, "level is not a number from 1 to 20"),
        ("level: 4\n", "level: four\n", 6, "level is not a number from 1 to 20"),
        ("language: en\n", "", 12, "its header has no language"),
        ("language: en\n", "language: English\n", 7, "no code of a language"),
        ("topic: fractions", "topics: fractions", 5, "no key 'topics'"),
        ("needs: halves, quarters", "title: Twice", 8, "the header has title twice"),
        ("# Example\n", "# Exemple\n", 23, "no section 'Exemple'"),
        ("## half\n", "## jug\n", 48, "there twice, first in line 28"),
        ("## half\n", "## Half a loaf\n", 48, "cannot be the name of an exercise"),
        ("- answer: 1/2\n", "", 48, "the exercise half has no answer"),
        ("- answer: 1/2\n", "- answer:\n", 56, "answer is empty"),
        ("- type: choice\n", "", 48, "the exercise half has no type"),
        ("- type: choice\n", "- type: guess\n", 53, "'guess' is no type of answer"),
        ("- type: choice\n", "- type: words\n", 48, "has options but is a words"),
        ("- form: simplest\n", "- form: easy\n", 41, "'easy' is no form"),
        ("- hint: Cut it once.\n", "- hnit: Cut it once.\n", 59, "no line 'hnit'"),
        ("- hint: Cut it once.\n", "Cut it once.\n", 59, "is not `- key: value`"),
        (" | The pieces", " The pieces", 45, "a mistake is not"),
        ("- objective: name\n", "- objective: call\n", 52, "'call' is no objective"),
        ("given: b = 2..9", "given: 2..9", 34, "a parameter is not"),
    ],
)
def test_a_broken_lesson_is_told_with_its_line(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(LessonError) as caught:
        parse(LESSON.replace(old, new, 1), Path("jugs.md"))
    assert caught.value.message.startswith(f"jugs.md, line {line}: ")
    assert said in caught.value.message
    assert caught.value.exit_code == 2


def test_an_expression_that_cannot_be_computed_is_told_with_its_line() -> None:
    broken = parse(LESSON.replace("1..b-1", "1..c"), Path("jugs.md"))
    with pytest.raises(LessonError, match=r"jugs\.md, line 35: .*'c' cannot be computed"):
        pose(broken, broken.exercises[0], 1)


@pytest.mark.parametrize("value", ["1/0", "9" * 5000])
def test_a_value_that_is_no_number_is_told_with_its_line(value: str) -> None:
    broken = parse(LESSON.replace("1..b-1", f"{value} | {value}"), Path("jugs.md"))
    with pytest.raises(LessonError, match=r"jugs\.md, line 35: .* is no number that a can be"):
        pose(broken, broken.exercises[0], 1)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\x7fELF\x00\x00", "---".encode("utf-16")]
)
def test_what_is_no_lesson_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.md"
    file.write_bytes(content)
    with pytest.raises(LessonError, match=r"x\.md, line 1: "):
        read(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_pipe_among_lessons_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.md")
    (problem,) = Shelf([tmp_path]).problems
    assert "is a pipe or a device" in problem


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="cannot be read: No such file"):
        read(tmp_path / "none.md")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    for folder in (own, shipped):
        folder.mkdir()
    (shipped / "jugs.md").write_text(LESSON)
    (shipped / "eau.md").write_text(
        LESSON.replace("id: jugs", "id: eau").replace("language: en", "language: fr")
        .replace("topic: fractions", "topic: santé")
    )  # fmt: skip
    (own / "mine.md").write_text(LESSON.replace("Jugs of water", "My jugs").replace("4", "2"))
    (own / "twice.md").write_text(LESSON)
    (own / "broken.md").write_text("nothing")
    (own / "draft.md").write_text(LESSON.replace("id: jugs", "id: raw\nstatus: draft"))
    return Shelf([own, shipped, tmp_path / "none"])


def test_ones_own_lesson_takes_the_place_of_a_shipped_one(shelf: Shelf) -> None:
    assert [each.title for each in shelf.lessons()] == ["My jugs", "Jugs of water"]
    assert [each.id for each in shelf.lessons("fr")] == ["eau"]
    assert [each.id for each in shelf.lessons("en", drafts=True)] == ["jugs", "raw"]
    found = shelf.exercise("eau/half")
    assert found is not None
    assert found[1].id == "eau/half"
    assert shelf.exercise("eau/none") is None


def test_a_broken_lesson_and_a_second_one_of_an_id_are_told(shelf: Shelf) -> None:
    broken, twice = shelf.problems
    assert "broken.md, line 1: " in broken
    assert "twice.md has the id jugs, as has " in twice


def test_lessons_are_found_by_what_they_are_about(shelf: Shelf) -> None:
    assert [each.id for each in shelf.find("Fractions")] == ["jugs"]
    assert [each.id for each in shelf.find("mathematics")] == ["jugs", "eau"]
    assert [each.id for each in shelf.find("SANTE")] == ["eau"]
    assert [each.id for each in shelf.find("water jugs")] == ["eau"]
    with pytest.raises(InputError, match="no lesson on 'fractoins'") as caught:
        shelf.find("fractoins")
    assert "fractions" in caught.value.hint
