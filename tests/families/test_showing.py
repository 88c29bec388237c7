"""What people see of a model that thinks: in `ask`, in a pipe and on a terminal, and in the chat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.families.scripted import write
from tests.families.table import ANSWERED, FAMILIES, THOUGHT
from tests.running import Hint
from tests.tui.terminals import RealTerminal

QUESTION = "Is warm water safe?"


def model(name: str, folder: Path) -> str:
    """Return the path of a family's tiny model, which is written to `folder`."""
    family = next(each for each in FAMILIES if each.name == name)
    path = folder / f"{name}.gguf"
    write(path, family.architecture, family.vocabulary, family.template, family.script)
    return str(path)


@pytest.fixture
def qwen(home: Path, tmp_path: Path) -> str:
    """A model that thinks and can be told not to."""
    return model("qwen3", tmp_path)


def test_ask_keeps_reasoning_off_standard_output(hint: Hint, qwen: str) -> None:
    quiet = hint("ask", "-m", qwen, QUESTION)
    assert (quiet.stdout, quiet.stderr) == (f"{ANSWERED}\n", "")
    shown = hint("ask", "-m", qwen, "--show-reasoning", QUESTION)
    assert (shown.stdout, shown.stderr) == (f"{ANSWERED}\n", f"{THOUGHT}\n")
    told_not_to = hint("ask", "-m", qwen, "--show-reasoning", "--think", "off", QUESTION)
    assert (told_not_to.stdout, told_not_to.stderr) == (f"{ANSWERED}\n", "")


def test_the_envelope_has_both_and_history_goes_on_without_reasoning(hint: Hint, qwen: str) -> None:
    envelope = json.loads(hint("ask", "-m", qwen, "--json", QUESTION).stdout)
    assert (envelope["answer"], envelope["reasoning"].strip()) == (ANSWERED, THOUGHT)
    after = json.loads(hint("ask", "-m", qwen, "--continue", "--json", "And cold water?").stdout)
    alone = json.loads(hint("ask", "-m", qwen, "--no-history", "--json", "And cold water?").stdout)
    added = after["usage"]["prompt_tokens"] - alone["usage"]["prompt_tokens"]
    # One token a byte, a few for the marks around two messages; the reasoning would be 30 more.
    assert 0 < added - len((QUESTION + ANSWERED).encode()) < 30


def test_a_setting_holds_until_an_option_says_otherwise(hint: Hint, qwen: str) -> None:
    assert hint("config", "set", "think", "off").returncode == 0
    reasoning = [
        json.loads(hint("ask", "-m", qwen, "--json", *options, QUESTION).stdout)["reasoning"]
        for options in ((), ("--think", "high"))
    ]
    assert [each.strip() for each in reasoning] == ["", THOUGHT]
    refused = hint("config", "set", "think", "deeply")
    assert refused.returncode == 2
    assert "off, low, high" in refused.stderr


def test_a_model_that_cannot_do_it_says_so_in_one_line(hint: Hint, tmp_path: Path) -> None:
    always = hint("ask", "-m", model("gpt-oss", tmp_path), "--think", "off", QUESTION)
    assert always.stdout == f"{ANSWERED}\n"
    assert always.stderr == (
        "hint: gpt-oss always thinks; it was asked to think as little as it can.\n"
    )
    never = hint("ask", "-m", model("smollm2", tmp_path), "--think", "high", "--json", QUESTION)
    assert json.loads(never.stdout)["answer"] == ANSWERED
    assert never.stderr == "hint: smollm2 does not think, so `--think high` changes nothing.\n"
    piped = hint("chat", "--plain", "-m", "echo", "--think", "high", input="hello\n")
    assert piped.stdout == "hello\n"
    assert piped.stderr == "hint: echo does not think, so `--think high` changes nothing.\n"


def test_an_answer_cut_off_in_thought_says_so(hint: Hint, qwen: str) -> None:
    ended = hint("ask", "-m", qwen, "--max-tokens", "4", QUESTION)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "still thinking" in ended.stderr


def test_on_a_terminal_reasoning_is_dimmed(qwen: str) -> None:
    """You should see the reasoning dimmed, and under it the answer."""
    with RealTerminal("ask", "-m", qwen, "--show-reasoning", QUESTION) as terminal:
        assert terminal.ended() == 0
    assert b"\x1b[2mWarm\x1b[m" in terminal.written
    before, dimmed, after = terminal.written.decode().rpartition("\x1b[2m")
    assert "Boil" not in before + dimmed
    assert "Boil the 水💧 first." in after


def test_chat_in_lines_shows_reasoning_when_asked(qwen: str) -> None:
    """You should see that it thinks, the answer, and with /reasoning what it thought."""
    with RealTerminal("chat", "--plain", "-m", qwen, columns=60) as terminal:
        terminal.sees("Type a prompt")
        terminal.type(f"{QUESTION}\n")
        terminal.sees("(thinking …)", "Boil the")
        assert "germs" not in terminal.screen
        terminal.type("/reasoning\n")
        terminal.sees(THOUGHT)
        terminal.type("/quit\n")
        assert terminal.ended() == 0


def test_what_is_known_of_a_models_thinking_is_shown(hint: Hint, qwen: str) -> None:
    assert "thinks:       yes; --think off, low or high\n" in hint("models", "show", qwen).stdout
