"""What is left when a process is killed: the answer, the history and the next question."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from hinterland.paths import Paths
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

pytestmark = pytest.mark.model

STORY = "Tell me a very long story about a river, a mill and the people beside it."


def latest(hint: Hint) -> dict[str, object]:
    shown = hint("history", "show", "--json")
    assert shown.returncode == 0, shown.stderr
    turns: list[dict[str, object]] = json.loads(shown.stdout)["turns"]
    return turns[-1]


@pytest.mark.parametrize("victim", ["worker", "service"])
def test_a_killed_engine_ends_the_answer_with_one_sentence(
    victim: str, hint: Hint, small_model: str
) -> None:
    with asking("-m", small_model, "--seed", "1", STORY) as process:
        kill(only_worker().pid if victim == "worker" else running_status().pid)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "Traceback" not in errors
    assert errors.count("hint: ") == 1
    turn = latest(hint)
    assert turn["finish_reason"] == "interrupted"
    assert str(turn["answer"]).endswith(rest.strip()[-20:])

    again = hint("ask", "-m", small_model, "--max-tokens", "4", "Say hello.")
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip()


def test_a_killed_ask_leaves_its_answer_to_the_service(hint: Hint, small_model: str) -> None:
    with asking("-m", small_model, "--seed", "1", "--max-tokens", "120", STORY) as process:
        kill(process.pid)
        process.communicate()
    wait_until(lambda: running_status().running == 0, "the answer is finished")
    turn = latest(hint)
    assert turn["finish_reason"] in ("stop", "length")
    assert turn["prompt"] == STORY
    assert len(str(turn["answer"]).split()) > 40


def test_ctrl_c_stops_at_once_and_keeps_the_engine_warm(hint: Hint, small_model: str) -> None:
    with asking("-m", small_model, "--seed", "1", STORY) as process:
        worker = only_worker().pid
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert latest(hint)["finish_reason"] == "cancelled"
    wait_until(lambda: running_status().running == 0, "the engine is idle")
    assert only_worker().pid == worker


def ask_at_once(model: str, prompts: list[str]) -> list[str]:
    """Ask every prompt in a command of its own, all at once, and return what each printed."""
    asks = [
        subprocess.Popen(
            hint_command("ask", "-m", model, "--max-tokens", "8", prompt),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for prompt in prompts
    ]
    ended = [(process.communicate(timeout=120), process.returncode) for process in asks]
    assert [code for _, code in ended] == [0] * len(prompts), ended
    return [output for (output, _), _ in ended]


def test_five_asks_on_a_cold_box_share_one_engine(small_model: str, home: Path) -> None:
    answers = ask_at_once(small_model, [f"What is {n} plus {n}?" for n in range(5)])
    assert all(answer.strip() for answer in answers)
    found = running_status()
    assert found.answered == 5
    assert len(found.workers) == 1


def test_five_asks_on_a_cold_box_get_each_its_own_answer(home: Path) -> None:
    prompts = [f"question number {n}" for n in range(5)]
    assert ask_at_once("echo", prompts) == [f"{prompt}\n" for prompt in prompts]
    found = running_status()
    assert (found.answered, len(found.workers)) == (5, 1)


def test_a_caller_that_leaves_without_history_stops_the_engine_writing(home: Path) -> None:
    # At two words a second this answer would outlast every patience of this test.
    with asking("-m", "echo:2", "--no-history", "word " * 1000) as process:
        kill(process.pid)
        process.communicate()
    wait_until(lambda: only_worker().running == 0, "the slot is free")
    assert running_status().running == 0


def test_the_engine_ends_when_its_socket_is_gone(
    hint: Hint, small_model: str, paths: Paths
) -> None:
    assert hint("ask", "-m", small_model, "--max-tokens", "2", "Hi").returncode == 0
    service, worker = running_status().pid, only_worker().pid
    paths.socket.unlink()
    wait_until(lambda: not alive(service) and not alive(worker), "service and worker end")
    assert status() is None


def test_an_idle_engine_leaves_memory(hint: Hint, small_model: str) -> None:
    assert hint("config", "set", "engine.keep_alive", "0.02").returncode == 0
    assert hint("ask", "-m", small_model, "--max-tokens", "2", "Hi").returncode == 0
    wait_until(lambda: status() is None, "the engine ends by itself")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
