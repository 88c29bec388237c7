"""Every engine keeps the same promises, whatever runs the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack

import msgspec
import pytest

from hinterland.config_change import change
from hinterland.engine.client import EngineClient
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Counted,
    Done,
    Event,
    Failed,
    FinishReason,
    PromptProgress,
    TextDelta,
    Usage,
)
from hinterland.models.formats import Wishes
from hinterland.models.store import ModelStore
from hinterland.paths import find
from tests.answers import collect, last, said
from tests.conftest import SMALL_MODEL
from tests.contract.candidates import KEY, Candidate, Elsewhere, served
from tests.legacy_files import no_ctransformers, write_gpt2
from tests.running import stop_engine


@pytest.fixture(
    scope="module",
    params=[
        "echo",
        "echo worker",
        pytest.param("llama.cpp worker", marks=pytest.mark.model),
        pytest.param("ctransformers worker", marks=no_ctransformers),
        pytest.param("remote endpoint", marks=pytest.mark.model),
        pytest.param("native llama-server", marks=pytest.mark.model),
    ],
)
def candidate(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Candidate]:
    """An engine of an account of its own; it stays warm for all the tests."""
    folder = tmp_path_factory.mktemp("account")
    shelf = request.getfixturevalue("model_shelf") if "echo" not in request.param else folder
    with pytest.MonkeyPatch.context() as environment, ExitStack() as stack:
        environment.setenv("HINTERLAND_HOME", str(folder / "home"))
        environment.setenv("XDG_DATA_DIRS", str(shelf))
        environment.setenv("ELSEWHERE_KEY", KEY)
        stack.callback(stop_engine)
        paths = find()
        client = EngineClient(paths)
        match request.param:
            case "echo":
                yield Candidate(EchoEngine(500), "echo", None, follows_schemas=False)
            case "echo worker":
                yield served(client, "echo:100", follows_schemas=False)
            case "ctransformers worker":
                file = write_gpt2(folder / "tiny.bin")
                model = ModelStore(paths).add(file, wishes=Wishes(type="gpt2"))
                yield served(client, model.id, follows_schemas=False)
            case "remote endpoint":
                there = stack.enter_context(Elsewhere(ModelStore(paths).find(SMALL_MODEL).path))
                change(paths.config_file, "engines.elsewhere.url", f"http://127.0.0.1:{there.port}")
                change(paths.config_file, "engines.elsewhere.api_key_env", "ELSEWHERE_KEY")
                yield Candidate(client, "elsewhere", there.crash)
            case "native llama-server":
                program = request.getfixturevalue("llama_server")
                change(paths.config_file, "engine.server", str(program))
                yield served(client, SMALL_MODEL)
            case _:
                yield served(client, SMALL_MODEL)


LONG = "Tell me a long story about a river, a mill and the people who live beside it. " * 4


def test_an_answer_is_text_and_then_done_with_counts(candidate: Candidate) -> None:
    events = asyncio.run(collect(candidate.engine.stream(candidate.request(LONG, max_tokens=20))))
    done = last(events)
    assert isinstance(done, Done)
    assert done.finish_reason is FinishReason.LENGTH
    assert done.usage.completion_tokens == 20
    assert done.usage.prompt_tokens > 20
    assert said(events)
    read = [event for event in events if isinstance(event, PromptProgress)]
    assert read and read[-1].done == read[-1].total


def test_cancel_ends_the_stream_with_done(candidate: Candidate) -> None:
    async def cancel_after_three() -> list[object]:
        request = candidate.request(LONG)
        seen: list[object] = []
        async for event in candidate.engine.stream(request):
            seen.append(event)
            if len([e for e in seen if isinstance(e, TextDelta)]) == 3:
                await candidate.engine.cancel(request.turn_id or "")
        return seen

    events = asyncio.run(cancel_after_three())
    assert isinstance(events[-1], Done)
    assert events[-1].finish_reason is FinishReason.CANCELLED


def test_a_prompt_over_the_context_is_refused_with_numbers(candidate: Candidate) -> None:
    events = asyncio.run(collect(candidate.engine.stream(candidate.request("word " * 20_000))))
    failed = last(events)
    assert isinstance(failed, Failed)
    assert failed.kind == "ContextError"
    assert "tokens" in failed.message
    assert any(character.isdigit() for character in failed.message)


def test_a_prompt_is_counted_as_an_answer_counts_it(candidate: Candidate) -> None:
    async def counted(prompt: str) -> tuple[Counted, Event]:
        *_, found, end = await collect(candidate.engine.count(candidate.request(prompt)))
        assert isinstance(found, Counted)
        return found, end

    async def answered() -> Usage:
        done = last(await collect(candidate.engine.stream(candidate.request(LONG, max_tokens=4))))
        assert isinstance(done, Done)
        return done.usage

    found, end = asyncio.run(counted(LONG))
    assert isinstance(end, Done) and end.usage.completion_tokens == 0
    assert found.prompt_tokens == asyncio.run(answered()).prompt_tokens
    assert found.context is not None and found.context >= 256
    assert found.largest_context is None or found.largest_context >= found.context
    too_long, _ = asyncio.run(counted("word " * 20_000))
    assert (too_long.prompt_tokens or 0) > found.context


def test_a_conversation_leaves_room_for_its_answer(candidate: Candidate) -> None:
    """You should be told before a prompt is sent that leaves the model no room to answer."""

    async def fill() -> list[Event]:
        base = candidate.request("word " * 8)
        *_, counted, _ = await collect(candidate.engine.count(base))
        assert isinstance(counted, Counted) and counted.context and counted.prompt_tokens
        words = counted.context - counted.prompt_tokens - 20
        request = candidate.request("word " * words, max_tokens=64)
        return await collect(candidate.engine.stream(msgspec.structs.replace(request, room=64)))

    failed = last(asyncio.run(fill()))
    assert isinstance(failed, Failed)
    assert failed.kind == "ContextError"


def test_concurrent_callers_each_get_their_own_answer(candidate: Candidate) -> None:
    async def ask_all() -> list[str]:
        prompts = [f"Repeat after me, please: number {n}." for n in range(6)]
        answers = await asyncio.gather(
            *(collect(candidate.engine.stream(candidate.request(p, max_tokens=8))) for p in prompts)
        )
        assert all(isinstance(last(events), Done) for events in answers)
        return [said(events) for events in answers]

    texts = asyncio.run(ask_all())
    assert all(texts)
    if candidate.model.startswith("echo"):
        assert texts == [f"Repeat after me, please: number {n}." for n in range(6)]


def test_unicode_arrives_whole(candidate: Candidate) -> None:
    prompt = "Repeat: 你好，世界 🇳🇱👩‍👩‍👧 مرحبا بالعالم"
    events = asyncio.run(collect(candidate.engine.stream(candidate.request(prompt, max_tokens=24))))
    assert isinstance(last(events), Done)
    assert said(events)
    assert "\N{REPLACEMENT CHARACTER}" not in said(events)


def test_the_same_seed_gives_the_same_answer(candidate: Candidate) -> None:
    async def asked(seed: int) -> str:
        request = candidate.request("Tell me a story.", max_tokens=12, temperature=1.0, seed=seed)
        return said(await collect(candidate.engine.stream(request)))

    async def answers() -> list[str]:
        return [await asked(seed) for seed in (7, 7, 8)]

    first, second, other = asyncio.run(answers())
    assert first == second
    if not candidate.model.startswith("echo"):
        assert first != other


def test_a_stop_string_ends_the_answer_and_is_no_part_of_it(candidate: Candidate) -> None:
    request = candidate.request(LONG, max_tokens=40, stop=("zzz", "e"))
    events = asyncio.run(collect(candidate.engine.stream(request)))
    done = last(events)
    assert isinstance(done, Done)
    assert done.finish_reason is FinishReason.STOP
    assert said(events)
    assert "e" not in said(events)


def test_a_crash_ends_the_answer_with_one_sentence_and_the_next_one_comes(
    candidate: Candidate,
) -> None:
    crash = candidate.crash
    if crash is None:
        pytest.skip("it runs in this process")

    async def killed_in_the_middle() -> list[Event]:
        seen: list[Event] = []
        async for event in candidate.engine.stream(candidate.request(LONG)):
            if isinstance(event, TextDelta) and not said(seen):
                await crash()
            seen.append(event)
        return seen

    async def then_asked() -> tuple[list[Event], list[Event]]:
        cut = await killed_in_the_middle()
        return cut, await collect(candidate.engine.stream(candidate.request("Hi", max_tokens=4)))

    cut, again = asyncio.run(then_asked())
    failed = last(cut)
    assert isinstance(failed, Failed)
    assert failed.kind == "EngineError" and failed.hint
    assert isinstance(last(again), Done)


def test_a_schema_is_followed_or_refused(candidate: Candidate) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    request = candidate.request("Name a person and an age.", max_tokens=60)
    events = asyncio.run(
        collect(candidate.engine.stream(msgspec.structs.replace(request, schema=schema)))
    )
    end = last(events)
    if not candidate.follows_schemas:
        assert isinstance(end, Failed)
        assert "schema" in end.message.lower()
    else:
        answer = json.loads(said(events))
        assert set(answer) == {"name", "age"}
        assert isinstance(answer["age"], int)
