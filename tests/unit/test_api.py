"""The Python interface: asking, streaming, and rows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

import hinterland
from hinterland import notices
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Done,
    Event,
    Note,
    Request,
)
from hinterland.errors import InputError
from tests.batching import Row, Shaky, dead

pytestmark = pytest.mark.usefixtures("no_pauses")


def test_the_interface_asks_streams_and_answers_rows() -> None:
    async def scene() -> None:
        engine = EchoEngine()
        async with hinterland.connect("m", engine=engine) as h:
            answer = await h.ask("two words", system="Be brief", seed=3, max_tokens=1)
            assert (answer.text, answer.finish_reason) == ("two ", "length")
            events = [event async for event in h.stream([{"role": "user", "content": "a b"}])]
            assert isinstance(events[-1], Done)
            with pytest.raises(InputError):
                await h.ask("  ")
            with pytest.raises(InputError):
                await h.ask([{"role": "robot", "content": "x"}])
            with pytest.raises(InputError, match="schema"):
                await h.ask("x", schema={"type": "nothing"})
            generated = ({"id": n, "prompt": f"p{n}"} for n in range(3000))
            found = {result.id: result.answer async for result in h.batch(generated)}
            assert found == {n: f"p{n}" for n in range(3000)}
            (bad,) = [result async for result in h.batch([{"promt": "x"}])]
            assert bad.error is not None and "promt" in bad.error.message
        assert engine.requests[0].model == "m"

    asyncio.run(scene())


TRANSCRIPTS = "Your teacher can read what you ask and what is answered here (6b)."


class Telling(EchoEngine):
    """An engine that has something to tell with every answer."""

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        yield Note(TRANSCRIPTS)
        async for event in super().stream(request):
            yield event


def test_what_has_to_be_told_of_an_answer_is_in_it_and_cannot_be_missed() -> None:
    async def ask(**how: Any) -> hinterland.Answer:
        async with hinterland.connect("m", engine=Telling(), **how) as h:
            await h.ask("first")
            return await h.ask("a word")

    with pytest.warns(hinterland.NoteWarning, match="Your teacher can read") as warned:
        assert asyncio.run(ask()).notes == (TRANSCRIPTS,)
    assert len(warned) == 1, "it is said once"

    async def rows() -> list[str | None]:
        async with hinterland.connect(engine=Telling()) as h:
            return [each.answer async for each in h.batch([{"prompt": "a"}, {"prompt": "b"}])]

    with pytest.warns(hinterland.NoteWarning, match="Your teacher can read") as warned:
        assert sorted(map(str, asyncio.run(rows()))) == ["a", "b"]
    assert len(warned) == 1

    heard: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(ask(told=heard.append))
    assert heard == [TRANSCRIPTS]


def test_what_held_no_more_is_told_again_when_it_holds_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """You should hear of a teacher who reads again, and not believe what you heard before that."""
    monkeypatch.setattr(notices, "_now", "")
    heard: list[str] = []

    async def lessons() -> None:
        async with hinterland.connect("m", engine=Telling(), told=heard.append) as h:
            for said in (TRANSCRIPTS, "", TRANSCRIPTS):
                notices.hear(said)
                if said:
                    await h.ask("a word")
                    await h.ask("another")

    asyncio.run(lessons())
    assert heard == [TRANSCRIPTS, TRANSCRIPTS]


def test_a_program_writes_it_to_standard_error() -> None:
    script = (
        "import asyncio, hinterland\n"
        "from tests.unit.test_api import Telling\n"
        "async def main():\n"
        "    async with hinterland.connect(engine=Telling()) as h:\n"
        "        print((await h.ask('word')).text)\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "word\n"
    assert TRANSCRIPTS in ended.stderr


def test_the_interface_outlives_more_failures_than_it_reads_ahead() -> None:
    tries: dict[str, int] = {}

    def fails(request: Request) -> Event | None:
        text = request.messages[-1].content
        tries[text] = tries.get(text, 0) + 1
        return dead(request) if tries[text] == 1 and text[-1] in "13579" else None

    async def scene() -> None:
        async with hinterland.connect(engine=Shaky(fails)) as h:
            rows = ({"id": n, "prompt": str(n)} for n in range(700))
            found = [result async for result in h.batch(rows, concurrency=2)]
            assert len(found) == 700
            assert not any(result.error for result in found)

    asyncio.run(asyncio.wait_for(scene(), 100))


def test_leaving_a_batch_early_leaves_nothing_behind() -> None:
    async def scene() -> None:
        async with hinterland.connect(engine=EchoEngine()) as h:
            results = h.batch({"prompt": "x"} for _ in range(100_000))
            async for _first in results:
                break
            await results.aclose()  # type: ignore[attr-defined] # a generator, typed as an iterator
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scene())


def test_rows_that_cannot_be_made_raise_where_they_are_used() -> None:
    def broken() -> Iterable[Row]:
        yield {"prompt": "x"}
        raise ValueError("the table is gone")

    async def scene() -> None:
        async with hinterland.connect(engine=EchoEngine()) as h:
            with pytest.raises(ValueError, match="the table is gone"):
                [result async for result in h.batch(broken())]

    asyncio.run(scene())
