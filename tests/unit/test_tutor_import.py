"""Cards from tables and from Anki become lessons that are as right as any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.tutoring import proofing
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Lesson
from hinterland.plugins.tutoring.lessons.reading import read
from hinterland.plugins.tutoring.making.imports import Imported, import_cards
from hinterland.plugins.tutoring.making.texts import Wishes

ENGLISH = Wishes(language="en")


def imported(folder: Path, content: str | bytes, name: str = "cards.csv") -> Imported:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return import_cards(file, folder / "lessons", ENGLISH, replace=True)


def lesson_of(found: Imported) -> Lesson:
    """Return the only lesson of an import, which has nothing wrong with it."""
    (file,) = found.files
    lesson = read(file)
    assert not lesson.draft
    assert not proofing.problems(lesson)
    return lesson


def sides(lesson: Lesson) -> list[tuple[str, str]]:
    return [(each.prompt, each.answers[0]) for each in lesson.exercises]


@pytest.mark.parametrize(
    "table",
    [
        "bonjour,hello\nmerci,thank you\n",
        "\ufeffbonjour;hello\r\nmerci;thank you\r\n",
        "bonjour\thello\n\nmerci\tthank you",
        '"bonjour","hello"\n"merci","thank you"\n',
        "hint,answer,question\n,hello,bonjour\n,thank you,merci\n",
        "Recto;Verso\nbonjour;hello\nmerci;thank you\n",
    ],
)
def test_a_table_is_read_whatever_wrote_it(tmp_path: Path, table: str) -> None:
    lesson = lesson_of(imported(tmp_path, table))
    assert sides(lesson) == [
        ("What goes with “bonjour”?", "hello"),
        ("What goes with “merci”?", "thank you"),
    ]
    assert lesson.sources == ("imported from cards.csv",)
    assert "- bonjour — hello" in lesson.explanation


def test_a_table_in_utf_16_is_read(tmp_path: Path) -> None:
    found = imported(tmp_path, "bonjour\thello\nmerci\tthanks\n".encode("utf-16"))
    assert found.count == 2


def test_rows_become_the_exercises_that_suit_them(tmp_path: Path) -> None:
    table = (
        "front,back,hint,accept,options\n"
        "What is 7 x 8?,56,Think of 5678.,,\n"
        "to start,to begin,,to commence|to set out,\n"
        "to start,to open,,,\n"
        "Which is a fruit?,mango,,,mango|stone|rope\n"
        "Which is no fruit?,rice,,,mango|guava\n"
        "house (f),maison (f); demeure,,,\n"
        ",nothing,,,\n"
        "nothing,,,,\n"
        "What is 7 x 8?,56,,,\n"
        '"two\nlines, and a ""quote""",yes,,,\n'
    )
    found = imported(tmp_path, table)
    by_name: dict[str, Exercise] = {
        each.id.partition("/")[2]: each for each in lesson_of(found).exercises
    }
    number = by_name["what-is-7-x-8"]
    assert (number.kind, number.hints[0]) == (AnswerKind.NUMBER, "Think of 5678.")
    assert by_name["to-start"].answers == ("to begin", "to commence", "to set out", "to open")
    assert by_name["which-is-a-fruit"].options == ("mango", "stone", "rope")
    assert set(by_name["house-f"].answers) >= {"maison", "demeure"}
    assert "two lines" in by_name["two-lines-and-a-quote"].prompt
    told = [each.partition(":")[0] for each in found.problems]
    assert sorted(told) == ["Line 6", "Line 8", "Line 9"]
    assert any("there twice" in each for each in found.notes)


def test_long_answers_are_chosen_from_those_of_other_cards(tmp_path: Path) -> None:
    rows = [
        f"word{number};the long meaning of word that is called the number {letter} in our list of them"
        for number, letter in enumerate("abcdef")
    ]
    for exercise in lesson_of(imported(tmp_path, "\n".join(rows))).exercises:
        assert exercise.kind is AnswerKind.CHOICE
        assert len(set(exercise.options)) == 4


def test_an_export_of_anki_is_cleaned(tmp_path: Path) -> None:
    export = (
        "#separator:tab\n#html:true\n#guid column:1\n#tags column:4\n"
        f"#deck column:{'9' * 5000}\n"
        "a1\t<b>Water</b> freezes<br>at sea level&nbsp;at?<style>x</style>\t0&nbsp;°C\tphysics\n"
        'a2\t<img src="cow.jpg">\tcow\tx\n'
        "a3\thouse [sound:house.mp3]\tmaison\t\n"
        'a4\t"{{c1::Paris::a city}} is the capital of {{c2::France}}."\t\tgeo\n'
        "a5\t{{c1::one}} and {{c1::two}}\t\t\n"
        "a6\t# Exercises\t- answer: x\t\n"
    )
    found = imported(tmp_path, export, "deck.txt")
    lesson = lesson_of(found)
    assert sides(lesson)[:2] == [
        ("Water freezes at sea level at?", "0 °C"),
        ("What goes with “house”?", "maison"),
    ]
    assert lesson.exercises[0].kind is AnswerKind.QUANTITY
    gaps = {each.answers[0]: each for each in lesson.exercises if each.sentence}
    assert set(gaps) == {"Paris", "France"}
    assert gaps["Paris"].prompt.endswith("___ is the capital of France.")
    assert gaps["Paris"].hints[0] == "a city"
    assert gaps["France"].sentence == "Paris is the capital of France."
    assert [each.partition(":")[0] for each in found.problems] == ["Line 7", "Line 10"]
    assert found.notes[0].startswith("2 notes have pictures or sounds")


def test_many_cards_are_cut_into_lessons_and_kept_when_read_again(tmp_path: Path) -> None:
    names = ["ba", "ke", "di", "mo", "lu", "ra", "se", "ti", "po", "nu"]
    words = [a + b + c for a in names for b in names for c in names][:400]
    table = "\n".join(f"{word},{word[::-1]}h" for word in words)
    found = imported(tmp_path, table)
    assert found.count == len(words)
    lessons = [read(each) for each in found.files]
    assert len(lessons) == 34
    assert lessons[0].title == "cards (1/34)"
    assert sum(len(each.exercises) for each in lessons) == len(words)
    ids = [exercise.id for each in lessons for exercise in each.exercises]
    assert len(set(ids)) == len(ids)
    assert not [each for lesson in lessons[:3] for each in proofing.problems(lesson)]
    # The same cards again are the same exercises; fewer of them leave no lesson behind.
    assert imported(tmp_path, table).files == found.files
    assert len(imported(tmp_path, "a,b\nc,d").files) == 1
    assert len(list((tmp_path / "lessons").rglob("*.md"))) == 1
    with pytest.raises(InputError, match="there already"):
        import_cards(tmp_path / "cards.csv", tmp_path / "lessons", ENGLISH)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"one word\nanother\n", "no two columns"),
        (b'a,"b\nc,d\n', "Line 1 of the table cannot be read"),
        (b"a,b\n\xff\xfe\xfa,c\n", "line 2: it is not UTF-8"),
        (b"PK\x03\x04\xff\xff", "is packed"),
        (b"a,b\0\n", "is no text"),
        (b"front,back\n,x\n", "No card"),
        (b"the answer is x,x\n", "its question holds the answer"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        imported(tmp_path, content)
    assert sentence in f"{caught.value.message} {caught.value.hint}"
    assert not (tmp_path / "lessons").exists()
