"""A model that is slow or gone, and what a pupil gets meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Event, Request, TextDelta
from hinterland.plugins.tutoring.hints import Hint, ModelGuide
from tests.tutor_guiding import HINTS, JUG, LEFT, WRONG, Broken, given, model


class Stuck:
    """An engine that begins to answer and never ends."""

    def __init__(self) -> None:
        self.left = 0
        self.began = asyncio.Event()

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        try:
            self.began.set()
            yield TextDelta("Well")
            await asyncio.Event().wait()
        finally:
            self.left += 1


def unusual(engine: Any, **more: Any) -> ModelGuide:
    return ModelGuide(engine, **more)


def test_who_waits_too_long_gets_the_lessons_own_hint() -> None:
    async def hints() -> None:
        engine = Stuck()
        guide = unusual(engine, deadline=0.01, patience=0.05)
        assert await guide.hint(JUG, WRONG, LEFT) == Hint(2, HINTS[2])
        assert not guide.trouble, "it may be loading"
        while not guide.trouble:
            assert await guide.hint(JUG, WRONG, LEFT) == Hint(2, HINTS[2])
            await asyncio.sleep(0)
        assert guide.trouble.startswith("The model takes too long")
        engine.began.clear()
        await guide.hint(JUG, WRONG, LEFT)
        assert not engine.began.is_set(), "it is not asked again"

    asyncio.run(hints())


def test_a_model_that_was_late_because_it_was_loaded_is_asked_again() -> None:
    async def hints() -> None:
        ready = asyncio.Event()

        class Loading:
            async def stream(self, request: Request) -> AsyncIterator[Event]:
                await ready.wait()
                async for event in model('{"hint": 1}', "").stream(request):
                    yield event

        guide = unusual(Loading(), deadline=0.3)
        assert await guide.hint(JUG, WRONG, LEFT) == Hint(2, HINTS[2])
        ready.set()
        while (await guide.hint(JUG, WRONG, LEFT)).index == 2:
            await asyncio.sleep(0)
        assert not guide.trouble

    asyncio.run(hints())


def test_a_model_that_is_always_late_is_given_up() -> None:
    class Slow(Stuck):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            own: Any = EchoEngine() if request.sampling.max_tokens == 1 else super()
            async for event in own.stream(request):
                yield event

    async def hints() -> None:
        guide = unusual(Slow(), deadline=0.01)
        while not guide.trouble:
            await guide.hint(JUG, WRONG, LEFT)
            await asyncio.sleep(0)
        assert guide.counts["late"] >= 3

    asyncio.run(hints())


def test_a_choice_that_came_in_time_holds_although_the_words_did_not() -> None:
    class Half(Stuck):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            own: Any = model('{"hint": 1}', "") if request.schema else Stuck()
            async for event in own.stream(request):
                yield event

    given(ModelGuide(model('{"hint": 1}', "")))  # the prompts have been read
    assert given(unusual(Half(), deadline=1)) == (0, HINTS[0])


def test_an_engine_that_is_gone_is_told_once_and_not_asked_again() -> None:
    guide = unusual(Broken())
    assert given(guide) == (2, HINTS[2])
    assert guide.trouble == "The engine ended. Start it."
    assert given(guide) == (2, HINTS[2])


def test_a_pupil_who_leaves_ends_the_request() -> None:
    async def leave() -> Stuck:
        engine = Stuck()
        asked = asyncio.create_task(unusual(engine).hint(JUG, WRONG, LEFT))
        await engine.began.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        return engine

    assert asyncio.run(leave()).left == 1
