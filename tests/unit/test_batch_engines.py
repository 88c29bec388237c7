"""A batch whose engines fail, die, or are shared."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hinterland.batch.running import Target
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Request,
    TextDelta,
    Usage,
)
from hinterland.errors import EngineError, StorageError
from tests.batching import Place, Shaky, dead, rows

pytestmark = pytest.mark.usefixtures("no_pauses")


def test_only_engine_failures_are_tried_again(place: Place) -> None:
    tries: dict[str, int] = {}

    def fails(request: Request) -> Event | None:
        text = request.messages[-1].content
        tries[text] = tries.get(text, 0) + 1
        if text == "too long":
            return Failed("ContextError", "Too long.", "")
        return Failed("EngineError", "Gone.", "") if text == "row 1" and tries[text] < 3 else None

    place.write({"id": "long", "prompt": "too long"}, *rows(10))
    summary = place.run(targets=[Target(Shaky(fails))])
    assert (tries["too long"], tries["row 1"]) == (1, 3)
    assert (summary["answered"], summary["failed"], summary["tries_repeated"]) == (10, 1, 2)
    assert summary["failures"] == {"ContextError": 1}


@pytest.mark.parametrize("ending", [FinishReason.INTERRUPTED, FinishReason.CANCELLED, None])
def test_half_an_answer_is_no_answer(place: Place, ending: FinishReason | None) -> None:
    class Broken(EchoEngine):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            self.asked += 1
            yield TextDelta("half")
            if self.asked > 1:
                yield Done(FinishReason.STOP, Usage(1, 1), model="echo")
            elif ending is not None:
                yield Done(ending, Usage(1, 1), model="echo")

    place.write({"id": 1, "prompt": "x"})
    summary = place.run(targets=[Target(Broken())])
    assert (summary["tries_repeated"], summary["failed"]) == (1, 0)


def test_an_engine_that_fails_for_good_stops_the_run_without_error_rows(place: Place) -> None:
    place.write(*rows(40))

    def dies(request: Request) -> Event | None:
        return dead(request) if len(engine.requests) >= 15 else None

    engine = Shaky(dies)
    with pytest.raises(EngineError, match="No engine answers any more"):
        place.run(targets=[Target(engine, workers=4)])
    results = place.results()
    assert 10 <= len(results) <= 15
    assert not any("error" in row for row in results.values())
    place.run()
    assert len(place.results()) == 40


def test_a_poison_row_becomes_an_error_row_and_the_others_go_on(place: Place) -> None:
    place.write(*rows(30))
    engine = Shaky(
        lambda request: dead(request) if request.messages[-1].content == "row 7" else None
    )
    summary = place.run(targets=[Target(engine, workers=3)])
    results = place.results()
    assert (summary["answered"], summary["failed"]) == (29, 1)
    assert results[7]["error"] == {
        "kind": "EngineError",
        "message": "The engine is gone.",
        "hint": "",
    }
    assert sum(each.messages[-1].content == "row 7" for each in engine.requests) == 4


@pytest.mark.parametrize("after", [0, 20])
def test_what_an_engine_that_dies_had_is_done_by_the_other_each_once(
    place: Place, after: int
) -> None:
    """The one left is slow: what the dead one fails at meanwhile is not the rows' fault."""
    place.write(*rows(80))

    def dies(request: Request) -> Event | None:
        return dead(request) if len(dying.requests) >= after else None

    dying = Shaky(dies)
    alive = EchoEngine(tokens_per_second=100)
    summary = place.run(
        targets=[Target(dying, "dying", workers=4), Target(alive, "alive", workers=2)], retries=1
    )
    results = place.results()
    assert set(results) == set(range(80))
    assert not any("error" in row for row in results.values())
    assert summary["answered"] == 80
    assert alive.asked >= 80 - after
    assert {each.model for each in alive.requests} == {"alive"}


def test_the_longest_come_first_beside_those_of_the_same_system_prompt(place: Place) -> None:
    place.write(
        *({"id": n, "prompt": "w " * n, "system": "ab"[n % 2]} for n in range(1, 9)),
    )
    place.run(targets=[Target(place.engine, workers=1)])
    asked = [
        (each.messages[0].content, len(each.messages[1].content)) for each in place.engine.requests
    ]
    assert asked == [("a", 2 * n) for n in (8, 6, 4, 2)] + [("b", 2 * n) for n in (7, 5, 3, 1)]


def test_two_runs_on_one_file_are_refused(place: Place) -> None:
    place.write(*rows(2))
    with place.job(), pytest.raises(StorageError, match="Another run"):
        place.run()
