"""A long prompt is read once: what was read of it survives the engine, and only where it may."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from hinterland.config import Config
from hinterland.engine import requests
from hinterland.engine.client import EngineClient
from hinterland.engine.prefix_store import PrefixStore, State, of_prompt
from hinterland.engine.protocol import Done, Message, Request, Sampling
from hinterland.engine.service.prefixes import Prefixes, Reading
from hinterland.engine.service.workers import Workers
from hinterland.paths import Paths, find, private_folder
from hinterland.worker_specs import resolver
from tests.answers import collect, last
from tests.history_samples import tiny_disk
from tests.running import (
    asking,
    hint_command,
    kill,
    only_worker,
    running_status,
    stop_engine,
    wait_until,
)

pytestmark = pytest.mark.model

RULES = "\n".join(
    f"Rule {n}: the keeper of the {place} pays {7 * n} coins when it rains."
    for n, place in enumerate(("mill", "bridge", "well", "oven", "gate", "barn", "ferry", "inn"))
)
FIRST, SECOND = "Write out rule 0 again, word by word.", "Write it out once more."


@dataclass
class Said:
    answer: str
    prompt_tokens: int
    cached_tokens: int


def hint(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        hint_command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ask(*arguments: str) -> Said:
    ended = hint("ask", "--json", "--temperature", "0", "--max-tokens", "12", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    found = json.loads(ended.stdout)
    usage = found["usage"]
    return Said(found["answer"], usage["prompt_tokens"], usage["cached_tokens"])


def states(paths: Paths) -> list[State]:
    return [
        msgspec.json.decode(path.read_bytes(), type=State) for path in paths.prefixes.glob("*.json")
    ]


def wait_until_saved(paths: Paths, count: int = 1) -> None:
    wait_until(lambda: len(states(paths)) == count, "the prefix is saved")


def log_of(paths: Paths) -> str:
    return (paths.logs / "engine.log").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory, model_shelf: Path) -> tuple[Path, Said]:
    """The home of an account with one conversation about the rules, whose engine has ended; and
    what an engine without its saved prefix answers to the second question."""
    folder = tmp_path_factory.mktemp("spoken")
    document = folder / "rules.txt"
    document.write_text(RULES, encoding="utf-8")
    home, anew = folder / "home", folder / "anew"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_DATA_DIRS", str(model_shelf))
        environment.setenv("HINTERLAND_HOME", str(home))
        try:
            ask("--file", str(document), FIRST)
            wait_until_saved(find())
        finally:
            stop_engine()
        shutil.copytree(home, anew)
        environment.setenv("HINTERLAND_HOME", str(anew))
        shutil.rmtree(find().prefixes)
        try:
            without = ask("--continue", SECOND)
        finally:
            stop_engine()
    assert without.cached_tokens == 0
    return home, without


@pytest.fixture
def resumed(spoken: tuple[Path, Said], small_model: str, home: Path) -> Said:
    """A fresh account with that conversation; what the second question should be answered."""
    shutil.copytree(spoken[0], home)
    return spoken[1]


def test_a_restarted_engine_goes_on_where_it_was(resumed: Said, paths: Paths) -> None:
    again = ask("--continue", SECOND)
    assert again.answer == resumed.answer
    assert again.cached_tokens > 0.85 * again.prompt_tokens
    (before,) = states(paths)
    stop_engine()  # what the answer added is too little to be saved at once
    (after,) = states(paths)
    assert after.tokens.startswith(before.tokens)
    assert after.length > again.prompt_tokens
    for path in [paths.prefixes, *paths.prefixes.iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_document_is_read_once_for_all_conversations(
    resumed: Said, paths: Paths, tmp_path: Path
) -> None:
    document = tmp_path / "rules.txt"
    document.write_text(RULES, encoding="utf-8")
    other = ask("--no-history", "--file", str(document), "Who pays 14 coins?")
    assert other.cached_tokens > 0.75 * other.prompt_tokens
    assert len(states(paths)) == 1


def truncate(paths: Paths) -> None:
    (state,) = paths.prefixes.glob("*.state")
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])


def flip_bits(paths: Paths) -> None:
    """Change what only a digest notices: llama.cpp takes it and answers wrongly."""
    (state,) = paths.prefixes.glob("*.state")
    content = bytearray(state.read_bytes())
    for at in range(100_000, len(content), 4_097):
        content[at] ^= 0x40
    state.write_bytes(content)


def come_from_another_model(paths: Paths) -> None:
    change(paths, key=states(paths)[0].key[:-1] + "x")


def hold_other_tokens(paths: Paths) -> None:
    """Stale facts: they say what the state held at another time."""
    change(paths, sha256="0" * 64, tokens=states(paths)[0].tokens + bytes(400))


def change(paths: Paths, **facts: object) -> None:
    (state,) = states(paths)
    changed = msgspec.structs.replace(state, **facts)
    (paths.prefixes / f"{state.name}.json").write_bytes(msgspec.json.encode(changed))


@pytest.mark.parametrize("harm", [truncate, flip_bits, come_from_another_model, hold_other_tokens])
def test_a_state_that_is_not_the_right_one_is_ignored(
    harm: Callable[[Paths], None], resumed: Said, paths: Paths
) -> None:
    harm(paths)
    again = ask("--continue", SECOND)
    assert again.answer == resumed.answer
    assert again.cached_tokens == 0


def test_a_killed_service_loses_nothing_that_was_read(small_model: str, paths: Paths) -> None:
    ask(RULES + "\n" + FIRST)
    wait_until_saved(paths)
    worker = only_worker().pid
    kill(running_status().pid)
    wait_until(lambda: not Path(f"/proc/{worker}").exists(), "the worker ends with it")
    again = ask("--continue", SECOND)
    assert again.cached_tokens > 0.85 * again.prompt_tokens


def test_a_deleted_conversation_leaves_no_state(resumed: Said, paths: Paths) -> None:
    conversation = json.loads(hint("history", "show", "--json").stdout)["id"]
    # Long enough that it would be saved; the service goes on when the one who asked is gone.
    long = ("--continue", "--max-tokens", "90", "Tell a very long story about the mill.")
    with asking(*long) as process:
        kill(process.pid)
        process.communicate()
        assert hint("history", "delete", conversation, "--yes").returncode == 0
        assert list(paths.prefixes.iterdir()) == []
        assert running_status().running == 1
    wait_until(lambda: running_status().running == 0, "the answer is written")
    stop_engine()
    assert list(paths.prefixes.iterdir()) == []


def test_what_is_not_kept_leaves_no_state(small_model: str, paths: Paths) -> None:
    first = ask("--no-history", RULES + "\n" + FIRST)
    assert first.prompt_tokens > 150
    assert hint("config", "set", "history", "false").returncode == 0
    ask(RULES + "\n" + SECOND)
    stop_engine()
    assert list(paths.prefixes.iterdir()) == []


def test_no_slot_is_saved_while_a_request_may_be_taking_it(small_model: str, paths: Paths) -> None:
    """The state would be that of the other request, which may be one that leaves no trace."""
    spec = resolver(paths, Config())(small_model)
    message = Message("user", RULES + FIRST)
    asked = Request((message,), small_model, Sampling(4), conversation_id="c", turn_id="t")
    order = requests.decode(requests.encode(asked))

    async def run() -> None:
        workers = Workers(private_folder(paths.state), lambda: 1 << 40)
        prefixes = Prefixes(PrefixStore(paths.prefixes, 1 << 30), workers, lambda *_: True)
        async with workers.worker(spec, lambda _: None) as worker:
            reading = await prefixes.read(worker, order)
            body = order.body | {"max_tokens": 4} | await prefixes.prepare(worker, reading)
            async for piece in worker.chat(msgspec.json.encode(body)):
                reading.heard(piece)
            other = Reading(1)
            await prefixes.prepare(worker, other)
            prefixes.keep(worker, reading)
            await prefixes.settle()
            assert list(paths.prefixes.iterdir()) == []
            prefixes.keep(worker, other)
        await workers.stop()
        assert len(states(paths)) == 1

    asyncio.run(asyncio.wait_for(run(), 120))


def test_a_tools_prompt_is_kept_without_what_was_said_to_it(small_model: str, paths: Paths) -> None:
    def asked(question: str) -> Done:
        messages = (Message("system", RULES), Message("user", question))
        request = Request(messages, small_model, Sampling(4, 0.0), prefix="rules")
        done = last(asyncio.run(collect(EngineClient(paths).stream(request))))
        assert isinstance(done, Done), done
        return done

    first = asked("My neighbour keeps the mill, and it rains. What does he pay?")
    wait_until_saved(paths)
    (state,) = states(paths)
    assert state.owner == of_prompt("rules")
    assert 0.7 * first.usage.prompt_tokens < state.length < first.usage.prompt_tokens - 10
    stop_engine()
    second = asked("What does the keeper of the inn pay?")
    assert second.usage.cached_tokens == state.length
    stop_engine()
    assert states(paths) == [state]


def test_a_full_disk_costs_the_state_and_not_the_answer(
    small_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tiny_disk(tmp_path / "disk", "2m") as disk:  # a third of what the state takes
        monkeypatch.setenv("HINTERLAND_HOME", str(disk / "home"))
        try:
            assert ask(RULES + "\n" + FIRST).prompt_tokens > 150
        finally:
            stop_engine()
        paths = find()
        assert list(paths.prefixes.iterdir()) == []
        assert "not saved" in log_of(paths)
        assert hint("history", "show").returncode == 0
