"""What was written and not sent: each window has its own, and none is lost with its window."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hinterland.conversation import Conversation
from hinterland.history import History
from hinterland.paths import Paths, find
from hinterland.prompt_memory import PromptMemory
from hinterland.turns import Turn
from tests.tui.chatting import PromptedEngine, scene

_WINDOW = """
import sys
from hinterland.history import History
from hinterland.paths import find
history = History(find())
print(history.draft(sys.argv[1], begun=sys.argv[2] == "begun"), flush=True)
for text in sys.stdin:
    history.keep_draft(sys.argv[1], text.rstrip())
    print("kept", flush=True)
"""


class Window:
    """A process that has a conversation open."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.found = self._line()

    def write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()
        assert self._line() == "kept"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


@contextmanager
def window(conversation_id: str, begun: str = "") -> Iterator[Window]:
    command = [sys.executable, "-c", _WINDOW, conversation_id, begun]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Window(process)
        finally:
            process.kill()


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("HINTERLAND_HOME", str(tmp_path))
    return find()


def _texts(paths: Paths) -> list[str]:
    return sorted(each.read_text() for each in (paths.history / "drafts").glob("*.txt"))


def test_each_new_chat_has_its_own_draft_and_those_of_killed_ones_come_back(paths: Paths) -> None:
    with window("one") as one, window("two") as two:
        one.write("of the first window")
        two.write("of the second")
        with window("three") as three:  # both are open
            assert three.found == ""
        one.kill()
        two.kill()
        assert _texts(paths) == ["of the first window", "of the second"]
    with window("four") as four, window("five") as five, window("six") as six:
        assert [four.found, five.found, six.found] == ["of the second", "of the first window", ""]
        four.write("")
    assert _texts(paths) == ["of the first window"]


def test_what_was_written_during_the_first_answer_stays_with_its_conversation(paths: Paths) -> None:
    with window("asked") as asked:
        asked.write("and then?")
        asked.kill()
    History(paths).add_turn("asked", Turn(id="t", created=1.0, prompt="hello", answer="hi"))
    with window("new") as new:
        assert new.found == ""
    with window("asked", "begun") as again:
        assert again.found == "and then?"
    History(paths).delete("asked")
    assert _texts(paths) == []


def test_two_windows_of_one_conversation_do_not_write_over_each_other(paths: Paths) -> None:
    History(paths).add_turn("talk", Turn(id="t", created=1.0, prompt="hello", answer="hi"))
    with window("talk", "begun") as one, window("talk", "begun") as two:
        one.write("mine")
        two.write("yours")
        two.write("")
        assert _texts(paths) == ["mine"]
        two.write("yours again")
    with window("talk", "begun") as later:
        assert later.found == "yours again"
    assert _texts(paths) == ["mine", "yours again"]


@scene
async def test_a_prompt_is_in_the_draft_until_it_has_arrived(paths: Paths) -> None:
    """Who leaves, or is killed, while the engine is being started finds it in the next chat."""
    engine = PromptedEngine()
    talk = Conversation(engine, History(paths), model="small-model")
    talk.memory = PromptMemory(paths, talk.id)
    answer = talk.ask("Is it lost?")
    asking = asyncio.ensure_future(anext(answer))
    while not engine.requests:
        await asyncio.sleep(0)
    await talk.memory.keep_draft("and then?")  # what is in the box
    assert _texts(paths) == ["Is it lost?\nand then?"]
    engine.answer("No.")
    await asking
    assert _texts(paths) == ["and then?"]
    assert [event async for event in answer]
    talk.memory.sends("Stopped?")
    await talk.memory.keep_draft("Stopped?\nmore")  # given back
    assert _texts(paths) == ["Stopped?\nmore"]


def test_the_draft_of_an_earlier_release_is_found(paths: Paths) -> None:
    folder = paths.history / "drafts"
    folder.mkdir(parents=True)
    (folder / "new.txt").write_text("from before")
    assert History(paths).draft("fresh", begun=False) == "from before"
    assert [each.name for each in folder.iterdir()] == ["fresh.txt"]
