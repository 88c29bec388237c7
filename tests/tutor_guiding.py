"""An exercise with its hints, a pupil at work on it, and a model that chooses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Event, Failed, Request
from hinterland.plugins.tutoring.hints import LessonGuide, ModelGuide, Work
from hinterland.plugins.tutoring.lessons import AnswerKind, Mistake, Posed

HINTS = (
    "What must be the same before two fractions can be added?",
    "Write 3/4 with 8 as its denominator.",
    "The pieces of both jugs must be of one size first, so cut every quarter into two.",
    "3/4 is 6/8. Now add the numerators.",
)

JUG = Posed(
    id="fractions/jug",
    objective="unlike",
    prompt="Mariam pours 3/4 of a litre of water into a jug and then 1/8 of a litre. How much is in it?",
    kind=AnswerKind.QUANTITY,
    answers=("7/8 L",),
    hints=HINTS,
    mistakes=(
        Mistake(
            "4/12 L", "You added the tops and the bottoms. The pieces must be of one size first."
        ),
    ),
    steps=("3/4 = 6/8", "6/8 + 1/8 = 7/8"),
    check="3/4 + 1/8",
)

WRONG = Work(answers=("4/12 L",), mistake=0)
LEFT = (0, 1, 2, 3)


def model(choice: str, words: str | Callable[[str], str]) -> EchoEngine:
    """An engine that chooses so, and rewords so what it is given."""

    def answer(request: Request) -> str:
        if request.schema is not None:
            return choice
        asked = request.messages[-1].content.partition("Hint: ")[2].partition("\n")[0]
        return words if isinstance(words, str) else words(asked)

    return EchoEngine(answer=answer)


def given(
    guide: LessonGuide | ModelGuide, work: Work = WRONG, left: tuple[int, ...] = LEFT
) -> tuple[int, str]:
    hint = asyncio.run(guide.hint(JUG, work, left))
    return hint.index, hint.text


class Broken:
    async def stream(self, request: Request) -> AsyncIterator[Event]:
        yield Failed("EngineError", "The engine ended.", "Start it.")
