"""A draft lesson: the teacher's own text as its explanation, and the questions that it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Lesson
from hinterland.plugins.tutoring.making import exercises, taming
from hinterland.plugins.tutoring.making.drafting import Draft
from hinterland.plugins.tutoring.making.sieve import Dropped, Kept
from hinterland.plugins.tutoring.making.source import Block, Source
from hinterland.plugins.tutoring.words import Words
from hinterland.text import clean_line

_WHOLE = 3000
"""Characters of a text that is shown whole; of a longer one, the paragraphs that are asked about."""
_TOGETHER = 4
"""Questions of one objective: a pupil who answers two in a row goes on to the next."""


class Facts(msgspec.Struct, frozen=True):
    """What a lesson's header says."""

    id: str
    title: str
    subject: str
    language: str
    level: int = 1


def lesson_of(
    source: Source, draft: Draft, facts: Facts, words: Words
) -> tuple[Lesson, tuple[Dropped, ...]]:
    """Return a draft lesson, and the questions that are not fit for it; it may have no exercise left."""
    shown = _shown(source.blocks, [each.block for each in draft.kept])
    lesson = Lesson(
        id=facts.id,
        title=facts.title,
        subject=facts.subject,
        topic=facts.title,
        level=facts.level,
        language=facts.language,
        objectives={},
        explanation="\n\n".join(_rendered(each, source) for each in shown),
        example="",
        exercises=(),
        draft=True,
        sources=(clean_line(source.name, 120),),
        file=Path(),
    )
    made: list[tuple[Kept, Exercise]] = []
    dropped: list[Dropped] = []
    for number, kept in enumerate(draft.kept, 1):
        plain = _exercise(lesson, f"question-{number}", kept, source)
        hints = exercises.of_text(plain, kept.block.text, kept.quote, words)
        exercise = exercises.with_hints(plain, lesson, hints)
        if isinstance(exercise, str):
            dropped.append(Dropped(kept.question, exercise))
        else:
            made.append((kept, exercise))
    objectives, placed = _in_objectives(made, words)
    return msgspec.structs.replace(lesson, objectives=objectives, exercises=placed), tuple(dropped)


def _exercise(lesson: Lesson, name: str, kept: Kept, source: Source) -> Exercise:
    kind = exercises.kind_of(kept.answer, lesson.language, spelt_numbers=True)
    is_words = kind is AnswerKind.WORDS
    quote = kept.quote if source.is_markdown else taming.inline(kept.quote)
    return Exercise(
        id=f"{lesson.id}/{name}",
        objective="",
        prompt=taming.plain(kept.question),
        kind=kind,
        answers=exercises.accepted(kept.answer) if is_words else (kept.answer,),
        quote=quote,
        steps=(f"“{quote}” ({taming.inline(source.name)}, {source.place(kept.start)})",),
    )


def _shown(blocks: Sequence[Block], asked: Sequence[Block]) -> list[Block]:
    """Return the whole of a short text; of a long one the paragraphs that are asked about, each with
    the heading it stands under."""
    if sum(len(each.text) for each in blocks) <= _WHOLE:
        return list(blocks)
    wanted = {each.start for each in asked}
    shown: list[Block] = []
    heading: Block | None = None
    for each in blocks:
        if each.is_heading:
            heading = each
        elif each.start in wanted:
            shown += [heading, each] if heading else [each]
            heading = None
    return shown


def _rendered(block: Block, source: Source) -> str:
    if block.is_heading:
        text = block.text if source.is_markdown else taming.inline(block.text)
        return f"### {taming.line(text)}"
    if block.is_code:
        return taming.code(block.text)
    return taming.block(block.text) if source.is_markdown else taming.plain(block.text)


def _in_objectives(
    made: Sequence[tuple[Kept, Exercise]], words: Words
) -> tuple[dict[str, str], tuple[Exercise, ...]]:
    """Return objectives, a few questions of the text each, and the exercises with theirs."""
    objectives: dict[str, str] = {}
    placed: list[Exercise] = []
    for number, group in _groups(made):
        name = f"part-{number}"
        objectives[name] = words.say("draft-objective", title=_beginning(group[0][0].block))
        placed += [msgspec.structs.replace(each, objective=name) for _kept, each in group]
    return objectives, tuple(placed)


def _groups(
    made: Sequence[tuple[Kept, Exercise]],
) -> Iterator[tuple[int, list[tuple[Kept, Exercise]]]]:
    for number, group in groupby(enumerate(made), lambda each: each[0] // _TOGETHER):
        yield number + 1, [each for _at, each in group]


def _beginning(block: Block) -> str:
    words = taming.line(block.text).split()
    return clean_line(" ".join(words[:5]) + (" …" if len(words) > 5 else ""), 60)
