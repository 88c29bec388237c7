"""Roles: those that are shipped, those that take their place, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.errors import ConfigError, InputError
from hinterland.history import History
from hinterland.paths import Paths
from hinterland.prompts import load_role, roles
from tests.plugin_shelf import Shelf
from tests.running import Hint

HEAD = "---\ndescription: mine\n---\n"
SHIPPED = ["administrator", "nurse", "plain", "teacher"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts" / "roles"
    folder.mkdir(parents=True)
    return folder


def test_the_shipped_ones_are_short_and_sound() -> None:
    known, problems = roles(None)
    assert [each.name for each in known] == SHIPPED
    assert not problems
    for role in known:
        assert len(role.description) <= 90
        assert 100 <= len(role.system) <= 600  # it is read before every first answer


def test_your_own_take_their_place_and_are_added(own: Path, tmp_path: Path) -> None:
    (own / "nurse.md").write_text(HEAD + "# system\nBe a midwife.\n")
    (own / "cook.md").write_text(HEAD + "# system\nCook.\n")
    assert load_role("nurse", tmp_path).system == "Be a midwife."
    assert [each.name for each in roles(tmp_path)[0]] == sorted([*SHIPPED, "cook"])


def test_those_of_a_plugin_come_after_your_own(own: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "plugin" / "roles"
    theirs.mkdir(parents=True)
    for folder, text in ((theirs, "theirs"), (own, "mine")):
        (folder / "cook.md").write_text(f"{HEAD}# system\n{text}\n")
    assert load_role("cook", tmp_path, [theirs.parent]).system == "mine"
    assert load_role("cook", None, [theirs.parent]).system == "theirs"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "a role needs text under '# system'"),
        (HEAD + "# system\nx\n# user\n{{ prompt }}\n", "line 7: a role has no '# user'"),
        ("# system\nx\n", "line 1: it has to begin with a line '---'"),
    ],
)
def test_a_file_that_is_no_role(own: Path, tmp_path: Path, text: str, said: str) -> None:
    """It is one sentence that names it where it is wanted, and hides no other where all are listed."""
    (own / "cook.md").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_role("cook", tmp_path)
    assert said in caught.value.message and str(own) in caught.value.message
    known, problems = roles(tmp_path)
    assert [each.name for each in known] == SHIPPED
    assert problems == [caught.value.message]


@pytest.mark.parametrize("name", ["cook", "../default", "Nurse", ""])
def test_a_role_that_there_is_not(name: str) -> None:
    with pytest.raises(InputError) as caught:
        load_role(name, None)
    assert "nurse" in caught.value.hint


def test_a_question_to_a_role(hint: Hint, paths: Paths) -> None:
    answered = hint("ask", "-m", "echo", "--role", "nurse", "hi")
    assert (answered.returncode, answered.stdout) == (0, "hi\n")
    kept = History(paths).resume()[0].turns[0]
    assert kept.system == load_role("nurse", None).system
    both = hint("ask", "-m", "echo", "--role", "nurse", "--system", "x", "hi")
    assert both.returncode == 2 and "--role and --system" in both.stderr
    assert "administrator, nurse" in hint("ask", "-m", "echo", "--role", "cook", "hi").stderr


def test_a_role_of_a_plugin_in_the_chat(
    hint: Hint, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken like any other, as the palette offers it."""
    shelf = Shelf(tmp_path / "shelf", monkeypatch)
    shelf.add("kitchen", kitchen="kitchen")
    shelf.module(
        "kitchen",
        """
        import pathlib
        from hinterland.hookspecs import PromptFolder, hookimpl

        @hookimpl
        def register_prompts(register):
            register(PromptFolder(pathlib.Path(__file__).parent / "prompts"))
        """,
    )
    (shelf.folder / "prompts" / "roles").mkdir(parents=True)
    (shelf.folder / "prompts" / "roles" / "cook.md").write_text(HEAD + "# system\nCook.\n")
    assert hint("plugins", "enable", "kitchen").returncode == 0
    done = hint("chat", "--plain", "-m", "echo", input="/role cook\nhi\n")
    assert (done.returncode, done.stdout) == (0, "hi\n")
    assert History(paths).resume()[0].turns[0].system == "Cook."


def test_the_lines_of_a_pipe(hint: Hint, tmp_path: Path) -> None:
    """What the chat in lines does with the same commands; nothing is overwritten."""
    file = tmp_path / "talk.md"
    typed = f"/role nurse\nhi\n/model echo:500\nho\n/export {file}\n"
    done = hint("chat", "--plain", "-m", "echo", input=typed)
    assert (done.returncode, done.stdout) == (0, "hi\nho\n")
    text = file.read_text(encoding="utf-8")
    assert "> hi" in text and "## echo:500" in text
    again = hint("chat", "--plain", "-m", "echo", input=f"hi\n/export {file}\n")
    assert again.returncode == 2
    assert "exists already" in again.stderr and "talk-2.md" in again.stderr
    assert file.read_text(encoding="utf-8") == text
    refused = hint("chat", "--plain", "-m", "echo", input="/model nobody\n")
    assert refused.returncode == 3 and "nobody" in refused.stderr
