"""A conversation that outgrows the window, as people and scripts meet it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from hinterland.paths import Paths
from tests.running import Hint, hint_command, kill, running_status, wait_until
from tests.tui.terminals import RealTerminal

TALK = [f"question {number} " + "word " * 28 for number in range(4)]  # 60 tokens each, with echo
NEXT = ("and now " + "word " * 20).strip()


def whole(hint: Hint) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = json.loads(hint("history", "show", "--json").stdout)["turns"]
    return turns


def crowd(hint: Hint, model: str = "echo") -> None:
    """Have a conversation that leaves no room in a window of 256."""
    hint("config", "set", "engine.context", "256")
    hint("chat", "--plain", "-m", "echo", input="\n".join(TALK))
    if model != "echo":
        assert hint("config", "set", "model", model).returncode == 0


def test_nothing_goes_unless_it_was_asked_for(hint: Hint) -> None:
    crowd(hint)
    ended = hint("ask", "--continue", NEXT)
    assert (ended.returncode, ended.stdout) == (2, "")
    for part in ("262 tokens", "256", "question 0", "--compact", "--drop-oldest", "context 512"):
        assert part in ended.stderr
    assert len(whole(hint)) == 4
    envelope = json.loads(hint("ask", "--continue", "--json", NEXT).stdout)
    assert envelope["error"]["kind"] == "ContextError"
    assert hint("ask", "--compact", "hello").returncode == 2
    assert hint("ask", "--continue", "--compact", "--drop-oldest", NEXT).returncode == 2
    piped = hint("chat", "--plain", "--continue", input=f"{NEXT}\n")
    assert (piped.returncode, piped.stdout) == (2, "")
    assert len(whole(hint)) == 4


def test_dropping(hint: Hint) -> None:
    crowd(hint)
    ended = hint("ask", "--continue", "--drop-oldest", "--json", NEXT)
    assert ended.returncode == 0
    assert "question 0" in ended.stderr
    assert json.loads(ended.stdout)["usage"]["prompt_tokens"] <= 128
    again = hint("ask", "--continue", "short")  # another process knows what is not sent any more
    assert again.returncode == 0
    shown = hint("history", "show").stdout
    assert "earlier turns are not sent any more" in shown
    assert all(prompt.strip() in shown for prompt in TALK)


def test_commands_in_a_pipe(hint: Hint) -> None:
    crowd(hint)
    spoken = f"/drop 2\n/context\n{NEXT}\n//slash\n"
    ended = hint("chat", "--plain", "--continue", input=spoken)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"{NEXT}\n/slash\n"


def test_the_choice_in_lines(hint: Hint, paths: Paths) -> None:
    """You should see what no longer fits, get your prompt back, drop, and raise the window."""
    crowd(hint)
    with RealTerminal("chat", "--plain", "--continue", columns=250, rows=40) as terminal:
        terminal.sees("question 3", "> ")
        terminal.type(f"{NEXT}\r")
        terminal.sees(
            "no longer be seen", "c      send a summary", "r      raise the window to 512"
        )
        terminal.type("x\r")
        terminal.sees("Type one of c, d, r, or Enter.")
        terminal.type("\r")
        terminal.sees("Nothing was sent.", f"\n> {NEXT}")
        terminal.type(" please\r")
        terminal.until(lambda: terminal.screen.count("d      leave them out") == 2)
        terminal.type("d\r")
        terminal.sees("are not sent any more; the history keeps them.")
        terminal.until(lambda: terminal.screen.count("word please") == 2)
        terminal.type("/context 1024\r")
        terminal.sees("The window has 1,024 tokens now")
        terminal.type("/context\r")
        terminal.sees("of the window's 1,024 tokens are taken")
        terminal.type("/nonsense\r")
        terminal.sees("There is no /nonsense")
        terminal.type("/quit\r")
        assert terminal.ended() == 0
    assert [turn["prompt"] for turn in whole(hint)][-1].endswith("please")


def test_a_kill_in_the_middle_of_a_summary_loses_nothing(hint: Hint) -> None:
    crowd(hint, "echo:2")
    before = whole(hint)
    command = hint_command("ask", "--continue", "-m", "echo:2", "--compact", NEXT)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as asking:
        wait_until(
            lambda: any(worker.reserved_tokens for worker in running_status().workers),
            "the summary is being written",
        )
        kill(asking.pid)
        asking.communicate()
    wait_until(lambda: running_status().running == 0, "the service ends what nobody reads")
    assert whole(hint) == before
    assert hint("ask", "--continue", "-m", "echo", "--drop-oldest", NEXT).returncode == 0


@pytest.mark.model
def test_a_real_conversation_goes_on_after_its_summary(hint: Hint, small_model: str) -> None:
    hint("config", "set", "engine.context", "256")
    story = "There was a mill beside a river, and people who lived beside the mill. " * 4
    told = ("--max-tokens", "8", "--seed", "1")
    assert hint("ask", "-m", small_model, *told, f"My name is Amina. {story}").returncode == 0
    assert hint("ask", "--continue", *told, f"Listen. {story}").returncode == 0
    refused = hint("ask", "--continue", *told, f"And then? {story}")
    assert refused.returncode == 2, "it did not outgrow the window"
    assert "no longer be seen" in refused.stderr
    before = whole(hint)
    made = hint("ask", "--continue", "--compact", *told, f"And then? {story}")
    assert made.returncode == 0, made.stderr
    assert made.stdout.strip()
    after = whole(hint)
    assert after[: len(before)] == before
    summary, answered = after[len(before) :]
    assert summary["answer"].strip() and summary["replaces"][0] == before[0]["id"]
    assert answered["usage"]["prompt_tokens"] <= 224
    assert f"Summary of {len(summary['replaces'])} earlier" in hint("history", "show").stdout
    went_on = hint("ask", "--continue", "--json", "--max-tokens", "4", "Thank you.")
    counted = json.loads(went_on.stdout)["usage"]["prompt_tokens"]
    assert answered["usage"]["prompt_tokens"] < counted < 256
