"""What pupils answer and what it is worth: the pairs of tests/data/tutoring/answers.toml."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hinterland.plugins.tutoring.checking import Checker, Verdict, accepts
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Mistake, Posed
from hinterland.plugins.tutoring.words import load

DATA = Path(__file__).parents[1] / "data" / "tutoring" / "answers.toml"
EXERCISES = tomllib.loads(DATA.read_text(encoding="utf-8"))["exercise"]
CHECKING = Path(__file__).parents[2] / "plugins" / "tutoring" / "checking"


def posed(exercise: dict[str, Any]) -> Posed:
    return Posed(
        id="answers/one",
        objective="one",
        prompt=exercise["prompt"],
        kind=AnswerKind(exercise["kind"]),
        answers=tuple(exercise["answers"]),
        form=Form(exercise.get("form", "")),
        language=exercise.get("language", "en"),
        letters=tuple(exercise.get("letters", ())),
        options=tuple(exercise.get("options", ())),
        mistakes=tuple(Mistake(each, "Look again.") for each in exercise.get("mistakes", ())),
    )


def test_every_answer_gets_its_verdict() -> None:
    """All pairs agree, in both languages and over all kinds of answers."""

    async def judged() -> list[str]:
        differing = []
        async with Checker() as checker:
            for exercise in EXERCISES:
                for answer, wanted in exercise["pairs"]:
                    found = await checker.judge(posed(exercise), answer)
                    parts = wanted.split()
                    said = [found.verdict.value]
                    if any(not each.startswith("#") for each in parts[1:]):
                        said.append(found.about)
                    if found.mistake is not None:
                        said.append(f"#{found.mistake}")
                    if said != parts:
                        differing.append(
                            f"{exercise['prompt']!r} {answer!r}: {found}, not {wanted}"
                        )
        return differing

    assert asyncio.run(judged()) == []


def test_there_are_enough_of_them() -> None:
    pairs = [(each["kind"], pair) for each in EXERCISES for pair in each["pairs"]]
    assert len(pairs) >= 700
    assert {kind for kind, _pair in pairs} == {each.value for each in AnswerKind}
    assert {each.get("language", "en") for each in EXERCISES} == {"en", "fr"}
    assert {pair[1].split()[0] for _kind, pair in pairs} == {each.value for each in Verdict}


@pytest.mark.parametrize(
    "exercise", EXERCISES, ids=lambda each: f"{each['kind']}-{each['prompt'][:20]}"
)
def test_what_the_guard_takes_for_the_answer_is_worth_something(exercise: dict[str, Any]) -> None:
    """No child process decides it: every key is accepted, and nothing that is plainly wrong."""
    asked = posed(exercise)
    for key in asked.answers:
        if asked.kind is not AnswerKind.RANGE:
            assert accepts(asked, key), key
    for answer, wanted in exercise["pairs"]:
        if wanted.startswith("wrong"):
            assert not accepts(asked, answer), answer


@pytest.mark.parametrize("language", ["en", "fr"])
def test_there_are_words_for_whatever_is_found(language: str) -> None:
    words = load(language)
    source = "\n".join(each.read_text() for each in sorted(CHECKING.glob("*.py")))
    made = r"\b(?:unreadable|form|unit|close|wrong|told)\(\s*\"([a-z-]+)\""
    abouts = set(re.findall(made, source)) | set(re.findall(r"return \"([a-z]+-[a-z-]+)\"", source))
    assert len(abouts) > 40
    assert sorted(each for each in abouts if f"check-{each}" not in words) == []
