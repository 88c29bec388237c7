"""The box a prompt is written in: what it remembers, undoes, completes and hands to an editor."""

from __future__ import annotations

import os
import signal
import unicodedata
from functools import partial
from pathlib import Path

import pytest

from hinterland import config
from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Failed
from hinterland.history import History
from hinterland.opening import open_conversation
from hinterland.paths import Paths
from hinterland.tui.widgets.prompt_input import PromptInput
from hinterland.turns import Turn
from tests.running import Hint
from tests.tui.chatting import Person, PromptedEngine, chat, scene
from tests.tui.terminals import PATIENCE, RealTerminal


def _kept(paths: Paths, conversation_id: str, *prompts: str) -> None:
    for number, prompt in enumerate(prompts):
        turn = Turn(id=f"{conversation_id}{number}", created=number + 1, prompt=prompt, answer="x")
        History(paths).add_turn(conversation_id, turn)


def _sent(paths: Paths) -> str:
    """Return the prompt that was sent in the only conversation, once it is kept."""
    prompts = [History(paths).prompts(each.id) for each in History(paths).list()]
    return "".join(prompt for each in prompts for prompt in each)


def _conversation(paths: Paths, **options: str) -> Conversation:
    return open_conversation(paths, config.Config(), **options)  # type: ignore[arg-type] # by name


def _box_row(terminal: RealTerminal) -> int:
    return terminal._screen.lines - 2


def _holds(box: PromptInput, text: str) -> bool:
    return box.text == text


def _is_cursor(terminal: RealTerminal, drawn: str) -> bool:
    return _cursor(terminal) == drawn


def _cursor(terminal: RealTerminal) -> str:
    """Return the characters that are drawn as the cursor."""
    row = terminal._screen.buffer[_box_row(terminal)]
    drawn = "".join(row[column].data for column in sorted(row) if row[column].reverse)
    return unicodedata.normalize("NFC", drawn)


def test_every_script_is_edited_by_characters(home: Path, paths: Paths) -> None:
    """You should see the cursor on whole characters, and Backspace and Delete take whole ones."""
    family = "👨‍👩‍👧"
    with RealTerminal("chat", "-m", "echo") as terminal:
        terminal.sees("ready", "Ask something")
        terminal.type("x漢e\u0301字\u3000y")
        terminal.sees("y")
        for under in ("y", "\u3000", "字", "é", "漢", "x"):
            terminal.type("\x1b[D")  # Left
            terminal.until(partial(_is_cursor, terminal, under))
        terminal.type("\x1b[C\x1b[C\x1b[C\x7f")  # Right three times, Backspace: the é goes
        terminal.until(lambda: _cursor(terminal) == "字")
        terminal.type("\x1b[3~")  # Delete: 字 goes
        terminal.type(f"\x05 {family}🇫🇷🇳🇱\x7f\x7f")  # the flag of the Netherlands and of France
        terminal.type("👍🏽z\x1b[D\x1b[D\x1b[3~")  # Delete takes the thumb with its colour
        terminal.sees("z")
        terminal.type("\r")
        terminal.until(lambda: _sent(paths))
    assert _sent(paths) == f"x漢\u3000y {family}z"


def test_pastes(home: Path, paths: Paths) -> None:
    """You should see 100 KB come in pieces, and lines without brackets stay one prompt."""
    large = "".join(f"{number}: the quick brown fox, 漢字\n" for number in range(2800)) + "the end"
    drafts = paths.history / "drafts"
    with RealTerminal("chat", "-m", "echo") as terminal:
        terminal.sees("ready", "Ask something")
        terminal.type("one\rtwo and more\rthree\r")
        terminal.sees("three")
        assert "> one" not in terminal.screen
        terminal.type("\x15\x7f\x15\x7f\x15\x7f\x15")
        terminal.sees("Ask something")
        data = f"\x1b[200~{large}\x1b[201~".encode()
        for at in range(0, len(data), 4096):
            terminal.process.send(data[at : at + 4096])
        terminal.sees("the end")
        terminal.type("ing")
        terminal.sees("the ending")
        terminal.type("\x1a")  # Ctrl+Z takes back what was typed, and then the paste
        terminal.until(lambda: "the ending" not in terminal.screen)
        terminal.type("\x1a")
        terminal.sees("Ask something")
        terminal.type("\x19")
        terminal.sees("the end")
        terminal.type("\r")
        terminal.sees("tokens and 4,095 fit")  # it went out, and came back whole
        terminal.until(lambda: [each.read_text() for each in drafts.glob("*.txt")] == [large])


@scene
async def test_undo_reaches_behind_what_came_by_itself() -> None:
    """You should get back what you had written when a prompt came back, or an earlier one did."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        box = person.chat.prompt
        await person.ask("first")
        await person.sees("waiting")
        await person.press(*"mine")
        engine.say(Failed("EngineError", "It broke."))
        await person.until(lambda: box.text == "first\nmine")
        await person.answered()
        await person.press("ctrl+z")
        assert box.text == "mine"
        await person.press("ctrl+y")
        assert box.text == "first\nmine"
        box.put("")
        await person.press("up")
        assert box.text == "first"
        await person.press("ctrl+z")
        assert box.text == ""


def test_prompts_of_other_conversations(home: Path, paths: Paths) -> None:
    """You should see your earlier prompts with Up, the latest conversation's first; a conversation
    that is not kept shows none of them."""
    _kept(paths, "older", "from long ago")
    _kept(paths, "newer", "first of newer", '<document name="a">\nlong\n</document>\n\nand why?')
    _kept(paths, "here", "mine")
    _kept(paths, "newer", "first of newer")

    async def body(person: Person, expected: list[str]) -> None:
        box = person.chat.prompt
        for prompt in expected:
            await person.press("up")
            await person.until(partial(_holds, box, prompt))
        for prompt in [*expected[-2::-1], ""]:
            await person.press("down")
            assert box.text == prompt

    @scene
    async def shown() -> None:
        async with chat(EchoEngine(), _conversation(paths, resume="here")) as person:
            await body(person, ["mine", "and why?", "first of newer", "from long ago"])
        private = open_conversation(paths, config.Config(), keep_history=False)
        async with chat(EchoEngine(), private) as person:
            await person.press("up")
            await person.pilot.pause()
            assert person.chat.prompt.text == ""

    shown()


def test_a_prompt_whose_answer_goes_on_is_no_draft(home: Path, paths: Paths, hint: Hint) -> None:
    """You should find the next new chat empty when you left, or lost, one in mid-answer."""
    drafts = paths.history / "drafts"
    for ends in ("left", "lost"):
        with RealTerminal("chat", "-m", "echo:5", HINTERLAND_HOME=str(home)) as terminal:
            terminal.sees("ready")
            terminal.type("one two " + "three " * 60 + "\r")
            terminal.sees("> one two", "tokens/s")
            if ends == "lost":
                terminal.hang_up().wait(timeout=PATIENCE)
            else:
                terminal.type("\x11")
                assert terminal.ended() == 0
        assert not list(drafts.glob("*.txt"))


def test_drafts(home: Path, paths: Paths, hint: Hint) -> None:
    """You should find what you had written, after leaving, a kill and a lost line, and no trace of
    it when you deleted the conversation or asked for none."""
    drafts = paths.history / "drafts"
    _kept(paths, "talk", "said before")
    with RealTerminal("chat", "-m", "echo", "--resume", "talk") as terminal:
        terminal.sees("ready", "Ask something")
        terminal.type("half a thought")
        terminal.until((drafts / "talk.txt").exists)  # by itself, after a pause
        terminal.until(lambda: (drafts / "talk.txt").read_text() == "half a thought")
        os.kill(terminal.process.pid, signal.SIGKILL)
    assert (drafts / "talk.txt").stat().st_mode & 0o777 == 0o600
    with RealTerminal("chat", "-m", "echo", "--resume", "talk") as terminal:
        terminal.sees("half a thought")
        terminal.type(" more")
        terminal.sees("half a thought more")
        terminal.hang_up().wait(timeout=PATIENCE)
    assert (drafts / "talk.txt").read_text() == "half a thought more"
    with RealTerminal("chat", "-m", "echo") as terminal:
        terminal.sees("ready", "Ask something")
        assert "half a thought" not in terminal.screen
        terminal.type("of a new one")
        terminal.until(lambda: len(list(drafts.glob("*.txt"))) == 2)
        terminal.type("\r")
        terminal.sees("> of a new one", "8/4,096")
        terminal.type("\x11")  # Ctrl+Q
        assert terminal.ended() == 0
    assert [each.name for each in drafts.iterdir()] == ["talk.txt"]
    assert hint("history", "delete", "talk", "--yes").returncode == 0
    assert list(drafts.iterdir()) == []
    with RealTerminal("chat", "-m", "echo", "--no-history") as terminal:
        terminal.sees("ready", "Ask something")
        terminal.type("secret")
        terminal.sees("secret")
        terminal.type("\x11")
        assert terminal.ended() == 0
    assert list(drafts.iterdir()) == []


_SCRIPT = """#!/bin/sh
stat -c %a "$1" "$(dirname "$1")" > {log}
echo "$1" >> {log}
cat "$1" >> {log}
[ -n "$EDITOR_FAILS" ] && exit 3
printf 'written there\\nin two lines\\n' > "$1"
"""


def test_an_editor_of_your_own(home: Path, tmp_path: Path) -> None:
    """You should see your editor's text in the box, the chat drawn again, and one sentence with your
    text kept when it fails or is missing."""
    log, script = tmp_path / "log", tmp_path / "my editor"
    script.write_text(_SCRIPT.format(log=log))
    script.chmod(0o755)
    with RealTerminal("chat", "-m", "echo", EDITOR=f"'{script}'", VISUAL="") as terminal:
        terminal.sees("ready", "Ask something")
        terminal.type("begun\x07")
        terminal.sees("written there", "in two lines", "ready", "^q Quit")
        terminal.type("\x1a")
        terminal.sees("begun")
    modes, path = log.read_text().split("\n")[:2], log.read_text().split("\n")[2]
    assert modes == ["600", "700"]
    assert log.read_text().endswith("begun")
    assert not Path(path).parent.exists()
    for editor, fails, says in (
        (f"'{script}'", "1", "my editor ended with code 3"),
        ("no-such-editor -f", "", "no-such-editor"),
    ):
        arguments = ("chat", "-m", "echo", "--no-history")
        with RealTerminal(*arguments, VISUAL=editor, EDITOR_FAILS=fails) as terminal:
            terminal.sees("ready", "Ask something")
            terminal.type("begun\x07")
            terminal.sees(says, "begun", "ready")


@scene
async def test_completion() -> None:
    """You should see commands with their help above the box, and complete them, at 40×12 too."""
    engine = EchoEngine()
    async with chat(engine, size=(40, 12)) as person:
        box = person.chat.prompt
        await person.press("/")
        await person.sees("/compact [N]", "/context [N]")
        await person.press("t", "h", "i")
        await person.sees("/think off|low|high")
        await person.until(lambda: "/compact" not in person.screen)
        await person.press("tab")
        await person.until(lambda: box.text == "/think ")
        await person.sees("off", "low", "high")
        await person.press("down", "down", "enter")
        await person.until(lambda: box.text == "/think low")
        await person.until(lambda: not box.listing)
        await person.press("enter")
        await person.sees("The model thinks a little")
        await person.press("/")
        await person.sees("/compact [N]")
        await person.press("escape")
        await person.until(lambda: "/compact" not in person.screen)
        assert box.text == "/"
        await person.press("backspace", "up")  # a command that came back is no list to go through
        await person.until(lambda: box.text == "/think low")
        await person.press("up", "down")
        await person.pilot.pause()
        assert not box.listing


@pytest.mark.parametrize("answering", [False, True])
def test_escape_closes_the_list_before_it_stops(answering: bool) -> None:
    """You should see Esc close the list, and the answer go on."""

    @scene
    async def shown() -> None:
        engine = PromptedEngine()
        async with chat(engine) as person:
            if answering:
                await person.ask("Question")
                await person.sees("waiting")
            await person.press("/")
            await person.sees("/compact [N]")
            await person.press("escape")
            await person.until(lambda: "/compact" not in person.screen)
            if answering:
                engine.answer("Whole answer.")
                await person.sees("Whole answer.")
                assert "Stopped" not in person.screen

    shown()
