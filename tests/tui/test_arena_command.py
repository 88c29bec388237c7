"""`hint arena` on a real terminal: blind answers, a vote, and then who it was."""

from __future__ import annotations

import json
from pathlib import Path

from tests.running import Hint
from tests.tui.terminals import RealTerminal


def test_votes_need_a_person_and_two_models(hint: Hint) -> None:
    piped = hint("arena", "-m", "echo", "-m", "echo:400", "hello")
    assert piped.returncode == 2
    assert "a person on a terminal" in piped.stderr
    assert hint("arena", "--table").stderr.startswith("There are no votes yet")
    with RealTerminal("arena", "-m", "echo", "hello") as terminal:
        terminal.sees("Two different models are needed")
        assert terminal.ended() == 3


def test_a_vote_is_taken_before_it_is_said_who_it_was(hint: Hint, tmp_path: Path) -> None:
    """You should see both answers side by side, and their names only after the vote."""
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("one two three\n\nfour five six\n")
    with RealTerminal(
        "arena", "-m", "echo", "-m", "echo:400", "--prompts", str(prompts), "--task", "Echo"
    ) as terminal:
        terminal.until(lambda: terminal.screen.count("one two three") >= 3)
        terminal.sees("Better: 1 or 2")
        assert "echo" not in terminal.screen.partition("Better")[0].partition("> one")[2]
        terminal.type("1\r")
        terminal.sees("1 was echo", "2 was echo", "> four five six")
        terminal.until(lambda: terminal.screen.count("Better: 1 or 2") == 2)
        terminal.type("nonsense\r")
        terminal.until(lambda: terminal.screen.count("Better: 1 or 2") == 3)
        terminal.type("q\r")
        assert terminal.ended() == 0
    shown = json.loads(hint("arena", "--table", "--json").stdout)
    (table,) = shown["tables"]
    assert (table["task"], table["votes"]) == ("echo", 1)
    assert sorted(each["wins"] for each in table["models"]) == [0, 1]
    assert "1 vote" in hint("arena", "--table").stdout
    assert "Forgotten: 1 vote." in hint("arena", "--forget").stderr
