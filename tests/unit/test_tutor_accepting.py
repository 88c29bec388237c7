"""A draft is accepted by a person, question by question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.tutoring import proofing
from hinterland.plugins.tutoring.lessons.reading import read
from hinterland.plugins.tutoring.making import accepting
from tests.tutor_draft import DRAFT


class Person:
    """Somebody who goes through a draft with what they will type."""

    def __init__(self, *keys: str, edits: Callable[[str], str] = lambda text: text) -> None:
        self.keys = list(keys)
        self.edits = edits
        self.told: list[str] = []

    def tell(self, text: str) -> None:
        self.told.append(text)

    def ask(self, text: str, keys: str) -> str:
        key = self.keys.pop(0) if self.keys else ""
        assert key == "" or key in keys, (key, keys)
        return key

    def edit(self, text: str) -> str:
        return self.edits(text)


def test_a_draft_is_accepted_question_by_question(tmp_path: Path) -> None:
    file, shelf = tmp_path / "draft.md", tmp_path / "shelf"
    file.write_text(DRAFT)
    assert accepting.accept(file, shelf, Person("a"), replace=False).waiting == 2
    assert not shelf.exists()

    # Another day: what was accepted is not asked again, and what is wrong cannot be accepted.
    person = Person(
        "e", "e", "d", "s", edits=lambda text: text.replace("answer: cups", "answr: cups")
    )
    assert accepting.accept(file, shelf, person).waiting == 1
    assert "1 question was accepted before." in person.told[0]
    assert any("no line 'answr'" in each for each in person.told)
    assert any("its quote does not hold its answer" in each for each in person.told)
    assert [each.id for each in read(file).exercises] == ["water/first", "water/third"]

    mended = Person(
        "e",
        "a",
        edits=lambda text: text.replace("It keeps", "Boil water. It keeps").replace(
            "Boil water. It", "Boil water for one minute. It"
        ),
    )
    done = accepting.accept(file, shelf, mended)
    assert done.file == shelf / "water.md"
    lesson = read(shelf / "water.md")
    assert not lesson.draft
    assert list(lesson.objectives) == ["a"]
    assert not proofing.problems(lesson)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    with pytest.raises(InputError, match="on the shelf already"):
        accepting.accept(file, shelf, Person("a"))


def test_a_draft_with_a_fault_is_not_accepted_unread(tmp_path: Path) -> None:
    file = tmp_path / "draft.md"
    file.write_text(DRAFT)
    with pytest.raises(InputError, match="quote does not hold"):
        accepting.accept_all(file, tmp_path)
    file.write_text(DRAFT.replace("quote: It keeps for a day.", "quote: Boil water for one minute"))
    done = accepting.accept_all(file, tmp_path / "shelf")
    assert done.file is not None
    assert not read(done.file).draft
    with pytest.raises(InputError, match="no draft"):
        accepting.accept_all(done.file, tmp_path / "shelf")
