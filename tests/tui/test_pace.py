"""Events gathered into a few messages a second, and what the status line makes of them."""

from __future__ import annotations

import asyncio

import pytest
from rich.cells import cell_len

from hinterland.engine.protocol import (
    Done,
    Failed,
    FinishReason,
    Loading,
    PromptProgress,
    Queued,
    ReasoningDelta,
    TextDelta,
    Timings,
)
from hinterland.tui.messages import AnswerAdvanced
from hinterland.tui.pace import Pace
from hinterland.tui.status import SHARED, Status, of_end, of_progress


def test_many_tokens_are_few_messages_and_none_is_lost() -> None:
    async def stream() -> list[AnswerAdvanced]:
        posted: list[AnswerAdvanced] = []
        pace = Pace(posted.append, interval=lambda: 60.0)
        pace.put(TextDelta("first "))
        while not posted:
            await asyncio.sleep(0)
        for number in range(1000):
            pace.put(TextDelta(f"{number} "))
            await asyncio.sleep(0)
        assert len(posted) == 1
        pace.flush()
        pace.flush()
        return posted

    posted = asyncio.run(stream())
    assert [news.text for news in posted] == ["first ", "".join(f"{n} " for n in range(1000))]


def test_text_and_reasoning_are_told_apart() -> None:
    async def stream() -> list[AnswerAdvanced]:
        posted: list[AnswerAdvanced] = []
        pace = Pace(posted.append)
        for event in (Queued(1), ReasoningDelta("hm"), TextDelta("so")):
            pace.put(event)
        pace.flush()
        return posted

    (news,) = asyncio.run(stream())
    assert (news.waiting, news.reasoning, news.text) == (None, "hm", "so")


@pytest.mark.parametrize(
    ("news", "state"),
    [
        (AnswerAdvanced(Loading("m")), "loading the model"),
        (AnswerAdvanced(Loading("m", 0.456)), "loading the model 46%"),
        (AnswerAdvanced(Queued(1)), "next in line"),
        (AnswerAdvanced(Queued(3)), "number 3 in line"),
        (AnswerAdvanced(Queued(3, 0.2)), "number 3 in line, about 1 s"),
        (AnswerAdvanced(Queued(3, 41.9)), "number 3 in line, about 40 s"),
        (AnswerAdvanced(Queued(3, 41.9, 50.0)), "number 3 in line, about 40 s"),
        (AnswerAdvanced(Queued(3, 41.9, 110.0)), "number 3 in line, about 40 s to 1 min 45 s"),
        (AnswerAdvanced(Queued(1, 2.0, 5.0)), "next in line, about 2 s"),
        (AnswerAdvanced(Queued(12, 130.0)), "number 12 in line, about 2 min 15 s"),
        (AnswerAdvanced(Queued(12, 3700.0)), "number 12 in line, about 1 h 2 min"),
        (AnswerAdvanced(PromptProgress(5, 90)), "reading prompt 5/90"),
        (AnswerAdvanced(reasoning="hm"), "thinking"),
        (AnswerAdvanced(text="so", tokens_per_second=12.34), "writing 12.3 tokens/s"),
    ],
)
def test_states(news: AnswerAdvanced, state: str) -> None:
    assert of_progress(news) == state


def test_states_after_an_answer() -> None:
    timings = Timings(predicted_per_second=7.0)
    assert of_end(Done(FinishReason.STOP, timings=timings)) == "ready 7.0 tokens/s"
    assert of_end(Done(FinishReason.CANCELLED)) == "stopped"
    assert of_end(Failed("EngineError", "no")) == "failed"


@pytest.mark.parametrize("width", range(0, 100, 7))
@pytest.mark.parametrize(
    "model", ["", "small", "a-model-with-a-very-long-name-indeed", "模型模型模型"]
)
def test_the_status_line_fills_its_width(width: int, model: str) -> None:
    from rich.cells import cell_len

    line = Status("writing 12.3 tokens/s", model).line(width)
    assert cell_len(line) == max(2, width)


def test_words_that_leave_are_said_before_all_else() -> None:
    """You should see that words leave, however narrow the terminal is."""
    status = Status("writing 12.3 tokens/s", "far", "words leave: gpu.lan:8000")
    assert status.line(60) == " writing 12.3 tokens/s       far  words leave: gpu.lan:8000 "
    assert status.line(40) == " writing 12.3 tokens/s      words leave "
    assert status.line(24) == " writing 12 words leave "
    assert all(len(status.line(width)) == max(2, width) for width in range(100))


def test_the_mark_goes_last() -> None:
    assert (
        Status("ready", "a-model-with-a-very-long-name").line(30)
        == " ready  a-model-wit…  offline "
    )
    assert Status("ready", "a-model").line(20) == " ready      offline "


@pytest.mark.parametrize("width", [40, 80])
def test_the_line_of_a_shared_box(width: int) -> None:
    """You should see your place, the time and that nothing leaves; at 80 columns whose engine it is."""
    state = of_progress(AnswerAdvanced(Queued(3, 41.9)))
    line = Status(state, "small-model", SHARED).line(width)
    assert cell_len(line) == width
    assert "number 3 in line, about 40 s" in line
    assert line.rstrip().endswith("offline: shared box" if width == 80 else "offline")
