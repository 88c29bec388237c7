"""What is said of a `box.toml` that cannot be used."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hinterland import site
from hinterland.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (
            "[limits]\nat_onse = 3",
            "[limits] at_onse is no setting.",
            "Did you mean [limits] at_once?",
        ),
        ("gruop = 'x'", "gruop is no setting.", "Did you mean group?"),
        ("at_once = 3", "at_once is no setting.", "Did you mean [limits] at_once?"),
        ("teachers_weight = 'x'", "teachers_weight: Expected `float`", "Mend it as root"),
        ("group = x", "(at line 1, column 9)", "Mend it as root"),
        ('group = "a\\u0000b"', "group has something in it", "Mend it as root"),
        ("models = ['a', \"b\\n\"]", "models has something in it", "Mend it as root"),
        *(
            (
                f'socket = "{each}"',
                f"a whole path, as {site.Site().socket} is, and '{each}' is",
                "Mend",
            )
            for each in ("", "box.sock", "~/box.sock", "./b", "/run/b/..", "/run/b/s/", "/run//b/s")
        ),
        (f"socket = '/run/box/{'é' * 50}'", "socket is 109 bytes long", "Mend it as root"),
    ],
)
def test_a_misspelt_setting_is_named_and_the_right_one_too(
    tmp_path: Path, text: str, said: str, hint: str
) -> None:
    file = tmp_path / "box.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        site.read(file)
    assert said in caught.value.message
    assert caught.value.hint.startswith(hint)


def test_an_answer_comes_to_an_end_unless_the_administrator_says_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "box.toml"
    for text, most in (("", 2000), ("[limits]\nat_once = 3", 2000), ("[limits]\nanswer = 0", 0)):
        file.write_text(text)
        found = site.read(file)
        assert found is not None
        assert found.limits.answer == most


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a box that runs, while its `box.toml` has a mistake."""
    monkeypatch.setenv("HINTERLAND_SITE", str(tmp_path))
    folder = tmp_path / "run"
    folder.mkdir(mode=0o750)
    place = folder / "box.sock"
    (tmp_path / "box.toml").write_text(f"socket = '{place}'\nown_engin = true")
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(place))
        listening.listen()
        site.keep_in_force(site.Site(socket=str(place)))
        yield folder


def test_a_running_box_keeps_what_it_was_started_with(run: Path) -> None:
    assert site.find() == site.Site(socket=str(run / "box.sock"))


@pytest.mark.parametrize("name", ["", site.IN_FORCE])
def test_what_others_may_write_is_not_in_force(run: Path, name: str) -> None:
    """As for the socket: of a folder that a group may write to only root's is believed."""
    for about in (run, *run.iterdir()):
        os.chown(about, 65_534, -1)
    (run / name).chmod(0o770)
    with pytest.raises(ConfigError):
        site.find()


@pytest.mark.parametrize("kept", [b'{"group": "\xff"}', b"{", b'{"socket": "/elsewhere"}'])
def test_what_cannot_be_used_is_not_in_force(run: Path, kept: bytes) -> None:
    (run / site.IN_FORCE).write_bytes(kept)
    with pytest.raises(ConfigError):
        site.find()


def test_nothing_in_the_folder_of_whoever_asks_is_in_force(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run)
    (run.parent / "box.toml").write_text("socket = 'box.sock'\nown_engin = true")
    (run / site.IN_FORCE).write_text('{"socket": "box.sock"}')
    with pytest.raises(ConfigError):
        site.find()


def test_a_socket_that_cannot_be_named_is_a_mistake_like_others(run: Path) -> None:
    (run.parent / "box.toml").write_bytes(b"socket = '/run/\0/box.sock'")
    with pytest.raises(ConfigError):
        site.find()
