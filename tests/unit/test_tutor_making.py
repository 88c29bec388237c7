"""Drafts: of a text and a model's questions only what the text answers gets into a lesson."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland import api
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Done, Event, Failed, FinishReason, Request, TextDelta
from hinterland.errors import InputError, JobError
from hinterland.plugins.tutoring import proofing
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Lesson, Mistake
from hinterland.plugins.tutoring.lessons.exercise_lines import _KEYS
from hinterland.plugins.tutoring.lessons.reading import parse, read
from hinterland.plugins.tutoring.making import source, taming, texts
from hinterland.plugins.tutoring.making.quotes import Quotable
from hinterland.plugins.tutoring.making.sieve import Dropped, Kept, Sieve
from hinterland.plugins.tutoring.making.texts import Made, Wishes
from hinterland.plugins.tutoring.making.writing import lessons_text
from tests.attached_documents import pdf
from tests.tutor_draft import DRAFT

TEXT = """# Clean water

Boiling is the surest way to make water safe. Bring the water to a rolling boil and keep it there for
one minute. Water that was boi-
led keeps for one day.

- answer: x
## trap
```
# Exercises
{a} {{b}}

Chlorine kills most germs. Put two drops of bleach into each litre of clear water and wait for half
an hour before anybody drinks it.
"""

QUOTE = "Water that was boiled keeps for one day."


def asked(quote: str, question: str, answer: str) -> dict[str, str]:
    return {"quote": quote, "question": question, "answer": answer}


GOOD = asked(QUOTE, "How long does boiled water keep?", "one day")
BAD = {
    "does not stand in the text": asked(
        "Boiled water keeps for a week.", "How long is it?", "week"
    ),
    "not in the words": asked(QUOTE, "What does chlorine kill?", "germs"),
    "its own answer": asked(QUOTE, "Does boiled water keep for one day?", "one day"),
    "asked before": asked(QUOTE, "How long can you keep boiled water?", "one day"),
    "has no answer": asked(QUOTE, "How long does the boiled water keep?", " … "),
    "all that it quotes": asked(QUOTE, "What is said of the water?", QUOTE),
    "no question": asked(QUOTE, "Chlorine kills most germs.", "one day"),
    "too short": asked(QUOTE, "Why?", "one day"),
}

TRAP = asked(
    "Chlorine kills most germs.",
    "What kills most germs?\n\n- answer: wrong\n# Exercises\n## trap {a}",
    "Chlorine",
)


class Scripted(EchoEngine):
    """An engine that says what a test wants it to."""

    def __init__(self, say: Callable[[str], Any]) -> None:
        super().__init__()
        self.say = say

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        self.requests.append(request)
        said = self.say(request.messages[-1].content)
        if isinstance(said, Failed):
            yield said
            return
        yield TextDelta(json.dumps(said))
        yield Done(FinishReason.STOP, model="m")


def made(text: Path, engine: Scripted, target: Path, questions: int = 9) -> Made:
    wishes = Wishes(questions=questions, language="en")
    return asyncio.run(texts.make(text, api.connect(engine=engine), wishes, target=target))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.md"
    file.write_text(TEXT)
    return file


def test_only_what_the_text_answers_is_kept(notes: Path, tmp_path: Path) -> None:
    found = list(Sieve(source.read(notes)).sift({"questions": [GOOD, *BAD.values(), {"quote": 1}]}))
    assert isinstance(found[0], Kept)
    reasons = [each.why if isinstance(each, Dropped) else "kept" for each in found[1:]]
    assert [name for name, why in zip(BAD, reasons, strict=False) if name not in why] == []
    assert "no question with a quote" in reasons[-1]

    engine = Scripted(lambda prompt: {"questions": [GOOD, BAD["asked before"], TRAP]})
    target = tmp_path / "out.md"
    result = made(notes, engine, target)
    lesson = read(target)
    assert lesson.draft
    assert [each.answers for each in lesson.exercises] == [("one day",), ("Chlorine",)]
    first, second = lesson.exercises
    assert first.kind is AnswerKind.QUANTITY
    assert first.quote == QUOTE
    assert any("notes.md, line 4" in each for each in first.steps)
    assert second.prompt.endswith("{a}")
    assert len(first.hints) >= 2
    assert [each.why for each in result.dropped] == ["it was asked before"]
    assert not proofing.problems(lesson)
    assert "```" in lesson.explanation
    with pytest.raises(InputError, match="there already"):
        made(notes, engine, target)


def test_every_part_of_a_long_text_is_asked_about_or_told_of(tmp_path: Path) -> None:
    facts = [
        f"The well number {number} of the district is {number + 7} metres deep."
        for number in range(300)
    ]
    long = tmp_path / "wells.txt"
    long.write_text("\n\n".join(facts))

    def say(prompt: str) -> Any:
        if len(prompt) > 1700:
            return Failed("ContextError", "It does not fit.", "")
        number = next(n for n in range(300) if facts[n] in prompt)
        return {
            "questions": [
                asked(facts[number], f"How deep is well number {number}?", f"{number + 7} metres")
            ]
        }

    result = made(long, Scripted(say), tmp_path / "out.md", questions=4)
    assert len(result.lesson.exercises) == 4
    told = " ".join(result.notes)
    assert "there were enough questions" in told
    places = [each.steps[0] for each in result.lesson.exercises]
    assert any("line 1)" in each for each in places)
    # Spread over the text, not the first pages of it.
    assert any(int(each.split("line ")[1].rstrip(")")) > 200 for each in places)


def test_what_was_made_is_kept_when_the_engine_fails(tmp_path: Path) -> None:
    long = tmp_path / "wells.txt"
    fact = "The well of the school is nine metres deep."
    long.write_text(
        "\n\n".join([fact, *["Nothing is said here about any well at all. " * 12] * 20])
    )
    calls = 0

    def say(prompt: str) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            return Failed("EngineError", "The engine died.", "")
        return {"questions": [asked(fact, "How deep is it?", "nine metres")]}

    result = made(long, Scripted(say), tmp_path / "out.md")
    assert len(result.lesson.exercises) == 1
    assert any("The engine died" in each for each in result.notes)


def test_a_draft_without_a_question_is_none(notes: Path, tmp_path: Path) -> None:
    useless = Scripted(lambda prompt: {"questions": [BAD["not in the words"]]})
    with pytest.raises(JobError, match="could be kept"):
        made(notes, useless, tmp_path / "out.md")
    assert not (tmp_path / "out.md").exists()


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "empty.txt", "empty"),
        (b"a few words", "short.txt", "too little"),
        (b"\x7fELF\0\0\0" * 99, "program.pdf", "not a text, PDF or Word file"),
        (pdf(b"", b""), "scan.pdf", "seems to be scanned"),
        (b"word " * 100_000, "huge.txt", "is made of 400,000 at most"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes, name: str, sentence: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        made(file, Scripted(lambda prompt: {"questions": []}), tmp_path / "out.md")


def test_paragraphs_and_pages_of_a_pdf_are_found_again(tmp_path: Path) -> None:
    def page(*lines: str) -> bytes:
        shown = b" ".join(b"(%s) Tj T*" % each.encode() for each in lines)
        return b"BT /F 11 Tf 50 780 Td 14 TL " + shown + b" ET"

    file = tmp_path / "notes.pdf"
    file.write_bytes(
        pdf(
            page(
                "Clean water",
                "Water from a river may look clear and still carry germs, and people",
                "who drink them can fall ill.",
                "Boiling is the surest way to make it safe. Keep it boiling for at least",
            ),
            page(
                "one whole minute and let it cool.",
                "Wells",
                "A good well lies uphill from every latrine and is deep enough.",
            ),
        )
    )
    found = source.read(file)
    assert found.title == "Clean water"
    assert [
        (each.text[:24], each.is_heading, found.place(each.start)) for each in found.blocks
    ] == [
        ("Clean water", True, "page 1"),
        ("Water from a river may l", False, "page 1"),
        ("Boiling is the surest wa", False, "page 1"),
        ("Wells", True, "page 2"),
        ("A good well lies uphill ", False, "page 2"),
    ]
    assert "at least one whole minute" in found.blocks[2].text


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("water that was BOILED keeps", "Water that was boiled keeps"),
        ("“Bring the water  to a\nrolling boil”", "Bring the water to a rolling boil"),
        ("keep it there for one minute", "keep it there for one minute"),
        ("eep it there for one minute", None),
        ("keep it there for two minutes", None),
        ("minute", None),
    ],
)
def test_quotes_are_found_as_they_stand(quote: str, words: str | None) -> None:
    found = Quotable(TEXT).find(quote)
    assert (found.words if found else None) == words


ANYTHING = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\n\n\n#-`~{}|:_*\\ "),
    ),
    max_size=60,
) | st.sampled_from(
    [
        "- answer: x",
        "# Exercises",
        "## trap\n- type: words",
        "```\n",
        "~~~ x\n# Passage",
        "---",
        "a | b",
    ]
)


@settings(max_examples=150, deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_a_lesson_is_read_as_it_was_written(one: str, two: str, three: str, four: str) -> None:
    exercise = Exercise(
        id="trap/x",
        objective="o",
        prompt=taming.plain(one) or "?",
        kind=AnswerKind.CHOICE,
        answers=(taming.line(two) or "x",),
        options=(taming.line(three) or "y", "z"),
        quote=taming.line(taming.inline(four)),
        hints=(taming.hint(one) or "h", "i"),
        mistakes=(Mistake("z", taming.line(two) or "no"),),
        steps=(taming.hint(three) or "s",),
    )
    lesson = Lesson(
        id="trap",
        title=taming.line(one) or "t",
        subject=taming.line(two) or "s",
        topic=taming.line(three) or "t",
        level=1,
        language="en",
        objectives={"o": taming.line(four) or "o"},
        explanation=taming.block(four),
        example=taming.plain(three),
        passage=taming.code(two),
        exercises=(
            exercise,
            msgspec.structs.replace(exercise, id="trap/y", prompt=taming.code(two)),
        ),
        draft=True,
        sources=(taming.line(three) or "s",),
    )
    # `lessons_text` reads what it wrote, and raises where that is another lesson.
    again = parse(lessons_text(lesson), Path("trap.md"))
    assert [each.id for each in again.exercises] == ["trap/x", "trap/y"]


def test_what_cannot_be_written_is_refused_and_all_keys_are_known() -> None:
    lesson = parse(DRAFT, Path())
    with pytest.raises(InputError, match="cannot be written"):
        lessons_text(msgspec.structs.replace(lesson, explanation="# Exercises"))
    assert set(taming.KEYS) == set(_KEYS)
