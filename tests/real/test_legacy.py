"""Models of the GGML era through the engine service, as a user has them."""

from __future__ import annotations

import asyncio
import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import (
    Done,
    Failed,
    FinishReason,
    Message,
    Queued,
    Request,
    Sampling,
    TextDelta,
)
from hinterland.engine.wire import Connection
from hinterland.models.formats import Wishes
from hinterland.models.store import ModelStore
from hinterland.paths import Paths
from tests import legacy_files
from tests.answers import collect, last, said
from tests.legacy_files import no_ctransformers
from tests.running import Hint, kill, only_worker, running_status, wait_until

pytestmark = no_ctransformers


@pytest.fixture
def old(paths: Paths, tmp_path: Path) -> str:
    """The id of an installed legacy model that goes on from the prompt as it is."""
    file = legacy_files.write_gpt2(tmp_path / "old.bin")
    return ModelStore(paths).add(file, wishes=Wishes("gpt2", template="plain")).id


def request(model: str, prompt: str, **settings: object) -> Request:
    sampling = Sampling(**{"temperature": 0.0, **settings})  # type: ignore[arg-type] # by name
    return Request((Message("user", prompt),), model, sampling)


def reference(prompt: str, count: int) -> str:
    tokens = [legacy_files.VOCABULARY.index(word) for word in _words(prompt)]
    answer = legacy_files.gpt2_says(tokens, count)
    return b"".join(legacy_files.VOCABULARY[token] for token in answer).decode()


def _words(prompt: str) -> list[bytes]:
    return [f" {word}".encode() for word in prompt.split()]


def test_the_whole_way_says_what_the_reference_says(paths: Paths, old: str) -> None:
    events = asyncio.run(
        collect(EngineClient(paths).stream(request(old, " ba di ko ta", max_tokens=8)))
    )
    assert said(events) == reference(" ba di ko ta", 8)
    done = last(events)
    assert isinstance(done, Done)
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (4, 8)
    assert done.finish_reason is FinishReason.LENGTH
    assert done.timings.predicted_per_second > 0


def test_callers_are_answered_in_the_order_they_came(paths: Paths, old: str) -> None:
    async def ask_all() -> tuple[list[int], list[list[object]]]:
        client = EngineClient(paths)
        await collect(client.load(old))
        ended: list[int] = []
        seen: list[list[object]] = [[] for _ in range(4)]
        started = [asyncio.Event() for _ in range(4)]

        async def ask(number: int) -> None:
            tokens = 1500 if number == 0 else 50  # the first lasts until the others are in line
            async for event in client.stream(request(old, " ba di ko", max_tokens=tokens)):
                seen[number].append(event)
                started[number].set()  # it is being written, or has a place in the line
            ended.append(number)

        async with asyncio.TaskGroup() as tasks:
            for number in range(4):
                tasks.create_task(ask(number))
                await started[number].wait()
        return ended, seen

    ended, seen = asyncio.run(ask_all())
    assert ended == [0, 1, 2, 3]
    assert any(isinstance(event, Queued) for event in seen[3])
    texts = ["".join(e.text for e in events if isinstance(e, TextDelta)) for events in seen]
    assert texts[1] == texts[2] == texts[3] == texts[0][: len(texts[1])]


def test_a_caller_who_goes_away_stops_the_computing(paths: Paths, old: str) -> None:
    async def leave() -> None:
        answer = EngineClient(paths).stream(request(old, " ba di ko"))
        async for event in answer:
            if isinstance(event, TextDelta):
                break
        await answer.aclose()  # type: ignore[attr-defined] # a generator, typed as an iterator

    asyncio.run(leave())
    wait_until(lambda: running_status().running == 0, "the answer is dropped")
    events = asyncio.run(collect(EngineClient(paths).stream(request(old, " ne", max_tokens=2))))
    assert isinstance(last(events), Done)


def test_a_killed_worker_is_one_sentence_and_the_next_question_works(
    paths: Paths, old: str
) -> None:
    async def ask_and_kill() -> list[object]:
        seen: list[object] = []
        async for event in EngineClient(paths).stream(request(old, " ba di ko")):
            if isinstance(event, TextDelta) and not any(isinstance(e, TextDelta) for e in seen):
                kill(await asyncio.to_thread(lambda: only_worker().pid))
            seen.append(event)
        return seen

    failed = asyncio.run(ask_and_kill())[-1]
    assert isinstance(failed, Failed)
    assert "stopped in the middle of the answer" in failed.message
    again = asyncio.run(collect(EngineClient(paths).stream(request(old, " ba", max_tokens=2))))
    assert isinstance(last(again), Done)


def test_a_plain_client_gets_openais_answer(paths: Paths, old: str) -> None:
    async def post(body: dict[str, object]) -> tuple[int, dict[str, Any]]:
        await collect(EngineClient(paths).load(old))
        connection = await Connection.open(paths.socket)
        status = await connection.send(
            "POST", "/v1/chat/completions", msgspec.json.encode({"model": old, **body})
        )
        answer = msgspec.json.decode(await connection.body(), type=dict[str, Any])
        connection.close()
        return status, answer

    messages = [{"role": "user", "content": " ba di ko ta"}]
    whole = reference(" ba di ko ta", 8)
    asked = {"messages": messages, "max_tokens": 8, "temperature": 0}
    status, answer = asyncio.run(post(asked))
    assert status == 200
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": whole},
            "finish_reason": "length",
        }
    ]
    status, answer = asyncio.run(post({**asked, "stop": [whole[4:8]]}))
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["choices"][0]["message"]["content"] == whole[: whole.index(whole[4:8])]
    cannot: tuple[dict[str, object], ...] = (
        {"response_format": {"type": "json_object"}},
        {"tools": [{}]},
    )
    for unknown in cannot:
        status, answer = asyncio.run(post({**asked, **unknown}))
        assert status == 400
        assert "ctransformers" in str(answer)


def test_a_schema_is_refused_by_an_engine_that_cannot_hold_to_it(
    hint: Hint, old: str, tmp_path: Path
) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object"}')
    done = hint("ask", "-m", old, "--schema", str(schema), " ba")
    assert done.returncode == 2
    assert "cannot hold an answer to a schema" in done.stderr


@pytest.mark.parametrize("missing", ["the package", "its library"])
def test_a_machine_without_the_library_says_so_and_goes_on(
    missing: str, hint: Hint, old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "site" / "ctransformers"
    if missing == "its library":
        spec = find_spec("ctransformers")
        assert spec is not None and spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, fake, ignore=shutil.ignore_patterns("lib"))
        (fake / "lib").mkdir()
    else:
        fake.mkdir(parents=True)
        (fake / "__init__.py").write_text("raise ImportError('No module named ctransformers')")
    monkeypatch.setenv("PYTHONPATH", str(fake.parent), prepend=os.pathsep)
    done = hint("ask", "-m", old, " ba")
    assert done.returncode == 4
    assert "ctransformers, which runs models of the GGML era, cannot be used here" in done.stderr
    assert "Traceback" not in done.stderr
    assert hint("ask", "-m", "echo", "hello").stdout.strip() == "hello"


def test_a_file_that_changes_into_something_else_is_a_sentence(
    hint: Hint, old: str, paths: Paths
) -> None:
    """The native loader gets it all the same: its reason, or its crash, is told."""
    file = paths.models / old / "old.bin"
    broken = bytearray(file.read_bytes())
    broken[broken.index(b"model/h1/ln_1/g") : broken.index(b"model/h1/ln_1/g") + 5] = b"wrong"
    now = file.stat()
    file.write_bytes(broken)
    os.utime(file, ns=(now.st_atime_ns, now.st_mtime_ns))
    done = hint("ask", "-m", old, " ba")
    assert done.returncode in {3, 4}
    assert "wrong/h1/ln_1/g" in done.stderr or "SIG" in done.stderr
    assert "Traceback" not in done.stderr
