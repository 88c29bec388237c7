"""Every family loads in the real worker, gets its own prompt, and is heard rightly.

The models are tiny and speak a script (scripted.py); docs/families.md has the table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hinterland.engine import requests
from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import (
    Done,
    Event,
    FinishReason,
    Message,
    Note,
    ReasoningDelta,
    Request,
    Sampling,
    Think,
)
from hinterland.engine.service import thinking
from hinterland.engine.wire import Connection
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.models import header
from hinterland.paths import find
from tests.answers import collect, last, said
from tests.families.rendering import render
from tests.families.scripted import write
from tests.families.table import ANSWERED, FAMILIES, THOUGHT, Family
from tests.running import stop_engine

MESSAGES = (
    Message("system", "Be brief, 请简短."),
    Message("user", "Is cold water safe?"),
    Message("assistant", "Not always."),
    Message("user", "And warm water 🌡?"),
)


@dataclass
class Loaded:
    """A family's model, and the engine that it is loaded in."""

    family: Family
    path: Path
    client: EngineClient

    def ask(self, think: Think | None = None, most: int = 80) -> list[Event]:
        """Return the events of an answer."""
        sampling = Sampling(max_tokens=most, temperature=0.0)
        request = Request(MESSAGES, str(self.path), sampling, think=think)
        return asyncio.run(collect(self.client.stream(request)))

    def rendered(self, think: Think | None = None) -> str:
        """Return the prompt that the worker makes when it is asked to think that much."""
        return str(self._worker("/apply-template", self._body(think))["prompt"])

    def count(self, text: str) -> int:
        """Return how many tokens a prompt has."""
        body = {"content": text, "add_special": True, "parse_special": True}
        return len(self._worker("/tokenize", body)["tokens"])

    def _body(self, think: Think | None) -> dict[str, Any]:
        order = requests.decode(requests.encode(Request(MESSAGES, think=think)))
        found = header.read(self.path).thinking or ()
        spec = WorkerSpec(model="", kind="llamacpp", thinking=found)
        return thinking.steer(order, spec)[0].body

    def _worker(self, target: str, body: dict[str, Any]) -> dict[str, Any]:
        async def post() -> bytes:
            status = await self.client.status()
            assert status is not None
            (worker,) = (each for each in status.workers if each.model == self.path.stem)
            connection = await Connection.open(Path(worker.socket))
            await connection.send("POST", target, msgspec.json.encode(body))
            answer = await connection.body()
            connection.close()
            return answer

        return msgspec.json.decode(asyncio.run(post()), type=dict[str, Any])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    """One engine for all families."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("families")
        patch.setenv("HINTERLAND_HOME", str(home))
        patch.setenv("XDG_DATA_DIRS", str(home / "share"))
        yield EngineClient(find())
        stop_engine()


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.name)
def loaded(
    request: pytest.FixtureRequest, engine: EngineClient, tmp_path_factory: pytest.TempPathFactory
) -> Loaded:
    """Each family's model in turn."""
    family: Family = request.param
    path = tmp_path_factory.getbasetemp() / f"{family.name}.gguf"
    if not path.exists():
        write(path, family.architecture, family.vocabulary, family.template, family.script)
    return Loaded(family, path, engine)


def thought(events: list[Event]) -> str:
    """Return the reasoning in events, without the white space around it."""
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta)).strip()


def expected(family: Family, **variables: Any) -> str:
    """Return the prompt by the template's own rendering, without what the tokenizer adds before it."""
    messages = [{"role": each.role, "content": each.content} for each in MESSAGES]
    begin = family.vocabulary.begin.decode()
    return render(family.template, messages, begin, **variables).removeprefix(begin)


def test_it_answers_stops_and_has_the_templates_own_prompt(loaded: Loaded) -> None:
    events = loaded.ask()
    done = last(events)
    assert isinstance(done, Done), done
    assert done.finish_reason is FinishReason.STOP
    assert said(events).lstrip("\n") == ANSWERED
    assert thought(events) == (THOUGHT if loaded.family.thinks else "")
    assert not any(isinstance(event, Note) for event in events)
    # llama.cpp tells every template that thinking is on unless it is told otherwise.
    prompt = expected(loaded.family, enable_thinking=True)
    assert loaded.rendered() == prompt
    assert done.usage.prompt_tokens == loaded.count(prompt)


@pytest.mark.parametrize("think", Think)
def test_think_does_what_the_family_can(loaded: Loaded, think: Think) -> None:
    family = loaded.family
    events = loaded.ask(think)
    assert isinstance(last(events), Done)
    assert said(events).lstrip("\n") == ANSWERED
    notes = [event.text for event in events if isinstance(event, Note)]
    if not family.thinks:
        assert thought(events) == ""
        assert bool(notes) == (think is not Think.OFF)
        assert loaded.rendered(think) == loaded.rendered()
        return
    assert loaded.rendered(think) == expected(family, **family.says(think))
    assert thought(events) == ("" if think is Think.OFF and family.can_be_off else THOUGHT)
    assert bool(notes) == (think is Think.OFF and not family.can_be_off)


@pytest.mark.parametrize(
    "loaded",
    [each for each in FAMILIES if each.thinks and each.steered_by != "reasoning_effort"],
    ids=lambda family: family.name,
    indirect=True,
)
def test_low_ends_reasoning_early_where_only_a_budget_can(loaded: Loaded) -> None:
    events = loaded.ask(Think.LOW, most=10)  # half of them may be reasoning, the tags not counted
    done = last(events)
    assert isinstance(done, Done)
    assert done.finish_reason is FinishReason.LENGTH
    assert THOUGHT.startswith(thought(events))
    assert thought(events) != THOUGHT
    assert ANSWERED.startswith(said(events).strip())
    assert said(events).strip()
