"""The engine at its edges: starting, stopping, crashing and switching while somebody waits."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hinterland.config import Config
from hinterland.conversation import Conversation
from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import PROTOCOL_VERSION, Done, Failed, FinishReason, Loading, Queued
from hinterland.engine.service.workers import Workers
from hinterland.engine.wire import Connection
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import EngineError, ModelError
from hinterland.history import History
from hinterland.opening import open_conversation
from hinterland.paths import LONGEST_SOCKET_PATH, Paths
from tests.answers import collect, last, said
from tests.gguf_files import write_model
from tests.running import (
    Hint,
    asking,
    hint_command,
    kill,
    only_worker,
    running_status,
    status,
    wait_until,
)

GB = 10**9
WORDS = " ".join(f"word{n}" for n in range(60))


def test_an_answer_that_ended_before_it_was_taken_up_is_shown_whole(
    paths: Paths, hint: Hint
) -> None:
    with asking("-m", "echo:40", WORDS) as process:
        kill(process.pid)
        process.communicate()
    record, running = History(paths).resume()
    assert running is not None
    wait_until(lambda: running_status().running == 0, "the answer is finished")
    conversation = Conversation(EngineClient(paths), History(paths), record=record, running=running)
    events = asyncio.run(collect(conversation.follow()))
    assert said(events) == WORDS
    assert isinstance(last(events), Done)
    assert [turn.answer for turn in History(paths).conversation(record.id).turns] == [WORDS]
    assert [turn.answer for turn in conversation.turns] == [WORDS]


def test_a_running_answer_is_taken_up_from_its_start(paths: Paths, home: Path) -> None:
    with asking("-m", "echo:40", WORDS) as process:
        kill(process.pid)
        process.communicate()
    conversation = open_conversation(paths, Config(), latest=True)
    assert conversation.running is not None
    events = asyncio.run(collect(conversation.follow()))
    assert said(events) == WORDS
    assert len(events) > 10, "it came as it was written"
    assert [turn.answer for turn in conversation.turns] == [WORDS]


def test_continue_waits_for_the_answer_before(hint: Hint) -> None:
    with asking("-m", "echo:40", WORDS) as process:
        kill(process.pid)
        process.communicate()
    ended = hint("ask", "--continue", "--json", "and now")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["usage"]["prompt_tokens"] == 60 + 60 + 2
    assert len(json.loads(hint("history", "show", "--json").stdout)["turns"]) == 2


def test_ctrl_c_while_the_engine_starts(paths: Paths, home: Path) -> None:
    process = subprocess.Popen(
        hint_command("ask", "-m", "echo:5", WORDS),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((paths.state / "start.lock").exists, "the engine is being started")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    wait_until(lambda: status() is None or running_status().running == 0, "nothing goes on")


def test_a_crash_costs_one_answer_and_not_those_that_wait(hint: Hint) -> None:
    assert hint("config", "set", "engine.slots", "1").returncode == 0
    with asking("-m", "echo:3", WORDS) as first:
        waiting = [
            subprocess.Popen(
                hint_command("ask", "-m", "echo:3", f"short question {n}"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for n in range(2)
        ]
        wait_until(lambda: only_worker().waiting == 2, "two wait")
        kill(only_worker().pid)
        first.communicate(timeout=60)
    assert first.returncode == 4
    for n, process in enumerate(waiting):
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output) == (0, f"short question {n}\n"), errors


def test_a_terminated_service_ends_in_order(hint: Hint, paths: Paths) -> None:
    with asking("-m", "echo:5", WORDS) as process:
        os.kill(running_status().pid, signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 4
    assert errors.count("hint: ") == 1
    assert "stopped" in errors
    shown = json.loads(hint("history", "show", "--json").stdout)["turns"][0]
    assert shown["finish_reason"] == "interrupted"
    assert WORDS.startswith(shown["answer"].strip())
    assert not list(paths.state.glob("*.sock"))


def test_the_longest_socket_path_serves_workers_too(tmp_path: Path, hint: Hint) -> None:
    short = len(os.fsencode(tmp_path / "x" / "state" / "engine.sock"))
    home = tmp_path / ("x" * (LONGEST_SOCKET_PATH - short + 1))
    if short > LONGEST_SOCKET_PATH:
        pytest.skip("the temporary folder's own name is too long for this")
    environment = os.environ | {"HINTERLAND_HOME": str(home)}
    try:
        ended = hint("ask", "-m", "echo", "Hello", env=environment)
        assert (ended.returncode, ended.stdout) == (0, "Hello\n"), ended.stderr
        assert (home / "state" / "engine.sock").exists()
    finally:
        hint("engine", "stop", env=environment)


@pytest.mark.model
def test_two_files_of_one_name_are_two_models(
    hint: Hint, model_shelf: Path, tmp_path: Path
) -> None:
    good, bad = tmp_path / "a" / "model.gguf", tmp_path / "b" / "model.gguf"
    good.parent.mkdir()
    bad.parent.mkdir()
    shutil.copy(next(model_shelf.rglob("*.gguf")), good)
    write_model(bad)
    with asking("-m", str(good), "Tell a long story.") as process:
        refused = hint("ask", "-m", str(bad), "Hello")
        assert refused.returncode == 3
        assert process.poll() in (None, 0), "the answer from the other file goes on, or is whole"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can play another user")
def test_another_users_socket_is_not_talked_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    for folder in list(tmp_path.parents)[:3]:
        folder.chmod(folder.stat().st_mode | 0o055)
    path = tmp_path / "engine.sock"
    script = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
        "print('listens', flush=True); c = s.accept()[0]; print(c.recv(100), flush=True)"
    )
    stranger = subprocess.Popen(
        ["/usr/bin/python3", "-c", script, str(path)],
        user=65534,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == "listens\n"
        with pytest.raises(EngineError, match="another user"):
            asyncio.run(Connection.open(path))
        assert stranger.stdout.readline() == "b''\n"
    finally:
        stranger.kill()
        stranger.communicate()


class TestOtherClients:
    """Programs that know only OpenAI's protocol, over the same socket."""

    @staticmethod
    async def post(
        paths: Paths,
        body: object,
        target: str = "/v1/chat/completions",
        version: str = str(PROTOCOL_VERSION),
    ) -> tuple[int, bytes]:
        connection = await Connection.open(paths.socket)
        headers = {"X-Hint-Protocol": version}
        status = await connection.send("POST", target, json.dumps(body).encode(), headers)
        answer = await connection.body()
        connection.close()
        return status, answer

    def test_get_chunks_and_nothing_of_ours(self, paths: Paths, hint: Hint) -> None:
        assert hint("engine", "start", "-m", "echo").returncode == 0
        body = {"model": "echo", "stream": True, "messages": [{"role": "user", "content": "a b"}]}
        status, answer = asyncio.run(self.post(paths, body))
        assert status == 200
        assert b"event:" not in answer
        assert answer.rstrip().endswith(b"data: [DONE]")

    def test_get_a_status_that_tells(self, paths: Paths, hint: Hint) -> None:
        assert hint("engine", "start", "-m", "echo").returncode == 0
        long = {"model": "echo", "messages": [{"role": "user", "content": "word " * 5000}]}
        unknown = {"model": "nobody", "messages": [{"role": "user", "content": "a"}]}
        assert asyncio.run(self.post(paths, long))[0] == 400
        status, answer = asyncio.run(self.post(paths, unknown))
        assert (status, json.loads(answer)["error"]["type"]) == (404, "ModelError")
        assert asyncio.run(self.post(paths, {"messages": []}))[0] == 400

    def test_of_another_release_are_refused_but_may_stop_it(self, paths: Paths, hint: Hint) -> None:
        assert hint("engine", "start", "-m", "echo").returncode == 0
        body = {"messages": [{"role": "user", "content": "a"}]}
        assert asyncio.run(self.post(paths, body, version="99"))[0] == 426
        assert asyncio.run(self.post(paths, {}, "/hint/stop", version="99"))[0] == 200
        wait_until(lambda: status() is None, "it ends")

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"hint": {"conversation_id": "c"}},
            {"hint": {"conversation_id": "c", "events": True}},
            {"hint": {"turn_id": "t", "events": True}},
        ],
        ids=["plain", "a conversation", "a conversation, events", "a turn"],
    )
    def test_that_leave_are_not_answered_to_the_end(
        self, paths: Paths, hint: Hint, more: dict[str, object]
    ) -> None:
        """What nobody could stop or take up by its turn ends with its connection."""
        assert hint("engine", "start", "-m", "echo:5").returncode == 0
        long = f"{WORDS} " * 10  # two minutes of an answer
        body = {"model": "echo:5", "messages": [{"role": "user", "content": long}]} | more

        async def leave() -> None:
            connection = await Connection.open(paths.socket)
            sending = asyncio.ensure_future(
                connection.send("POST", "/v1/chat/completions", json.dumps(body).encode())
            )
            while not (await EngineClient(paths).status() or running_status()).workers[0].running:
                await asyncio.sleep(0.01)
            sending.cancel()
            connection.close()

        asyncio.run(leave())
        wait_until(lambda: only_worker().running == 0, "the slot is free")
        assert running_status().running == 0


class TestSwitchingModels:
    """Workers of 60 GB each, they say, where 100 GB are free."""

    @staticmethod
    def spec(model: str, memory: int = 60 * GB) -> WorkerSpec:
        return WorkerSpec(model=model, kind="echo", memory=memory)

    @staticmethod
    @asynccontextmanager
    async def workers(folder: Path) -> AsyncIterator[Workers]:
        found = Workers(folder, lambda: 100 * GB)
        try:
            yield found
        finally:
            await found.stop()

    def test_an_idle_model_makes_room(self, tmp_path: Path) -> None:
        async def scene() -> list[str]:
            async with self.workers(tmp_path) as workers:
                for model in ("echo", "echo:9"):
                    async with workers.worker(self.spec(model), lambda event: None):
                        pass
                return [worker.spec.model for worker in workers.all]

        assert asyncio.run(scene()) == ["echo:9"]

    def test_a_busy_model_is_waited_for_and_that_is_said(self, tmp_path: Path) -> None:
        async def scene() -> tuple[list[object], list[str]]:
            async with self.workers(tmp_path) as workers:
                heard: list[object] = []
                told = asyncio.Event()

                def hear(event: object) -> None:
                    heard.append(event)
                    told.set()

                async def other() -> None:
                    async with workers.worker(self.spec("echo:9"), hear):
                        pass

                async with workers.worker(self.spec("echo"), lambda event: None) as busy:
                    waiting = asyncio.create_task(other())
                    await told.wait()
                    assert not busy.gone
                await waiting
                return heard, [worker.spec.model for worker in workers.all]

        heard, loaded = asyncio.run(scene())
        assert heard[0] == Queued(1)
        assert any(isinstance(event, Loading) for event in heard)
        assert loaded == ["echo:9"]

    def test_what_never_fits_is_refused_and_evicts_nobody(self, tmp_path: Path) -> None:
        async def scene() -> list[str]:
            async with self.workers(tmp_path) as workers:
                async with workers.worker(self.spec("echo"), lambda event: None):
                    pass
                with pytest.raises(ModelError, match="memory"):
                    async with workers.worker(self.spec("echo:9", 10**15), lambda event: None):
                        pass
                return [worker.spec.model for worker in workers.all]

        assert asyncio.run(scene()) == ["echo"]


def test_a_journal_that_cannot_be_begun_leaves_nothing_open(tmp_path: Path) -> None:
    script = (
        "import os, resource, signal, sys; from pathlib import Path\n"
        "from hinterland.engine import journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "header = journal.Header(conversation_id='c', turn_id='t', created=1.0, prompt='p')\n"
        "before = len(os.listdir('/proc/self/fd'))\n"
        "for _ in range(3):\n"
        "    try: journal.JournalWriter(Path(sys.argv[1]), header)\n"
        "    except OSError: pass\n"
        "    else: sys.exit('it was written')\n"
        "assert len(os.listdir('/proc/self/fd')) == before\n"
        "assert not os.listdir(sys.argv[1])\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)


def test_a_cancelled_answer_says_so(paths: Paths, home: Path) -> None:
    async def scene() -> object:
        conversation = open_conversation(paths, Config(), model="echo:5")
        events = []
        async for event in conversation.ask(WORDS):
            events.append(event)
            if said(events):
                await conversation.stop()
        return events[-1]

    ended = asyncio.run(scene())
    assert isinstance(ended, Done)
    assert ended.finish_reason is FinishReason.CANCELLED
    assert not isinstance(ended, Failed)
