"""Mistakes in the settings of a box that runs: it goes on, and who looks after it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hinterland import site
from hinterland.errors import ConfigError
from tests.boxes import Box
from tests.running import Hint, wait_until

WRONG = {"box.toml": "own_engin = true\n", "config.toml": "threads = 'two'\n"}
"""What is added to the end of a file."""


@pytest.fixture(autouse=True)
def mended(box: Box) -> Iterator[None]:
    """Whoever looks for an engine afterwards can read the settings."""
    yield
    box.decide()


def _log(box: Box) -> str:
    return "".join(path.read_text() for path in (box.state / "logs").glob("*.log"))


@pytest.mark.parametrize("name", list(WRONG))
def test_a_running_box_answers_on_and_says_its_mistake(box: Box, hint: Hint, name: str) -> None:
    box.start()
    file = box.site / name
    right = file.read_text()
    file.write_text(right + WRONG[name])

    asked = hint("ask", "one", "two")
    assert (asked.returncode, asked.stdout) == (0, "one two\n"), asked.stderr
    wait_until(lambda: f"{name} cannot be used" in _log(box), "the log tells")
    if os.geteuid() == 0:  # who may mend it
        assert f"{file} cannot be used" in hint("engine", "status").stdout
        top = json.loads(hint("box", "top", "--json").stdout)
        assert [each for each in top["mistakes"] if str(file) in each]
        assert f"{file}" in " ".join(hint("box", "top").stdout.split())
        looked = json.loads(hint("doctor", "--json").stdout)["findings"]
        assert [each for each in looked if each["kind"] == "shared-box-settings"]

    file.write_text(right)
    wait_until(lambda: "mended:" in _log(box), "the log tells that it is mended")
    assert "cannot be used" not in hint("engine", "status").stdout


def test_a_file_that_is_no_toml_stops_nobody_either(box: Box, hint: Hint) -> None:
    box.start()
    (box.site / "box.toml").write_text(f'socket = "{box.socket}"\nmodels = ["echo"\n')
    assert hint("ask", "one").stdout == "one\n"


@pytest.mark.parametrize("name", list(WRONG))
def test_a_box_does_not_start_with_a_mistake(box: Box, name: str) -> None:
    with (box.site / name).open("a") as file:
        file.write(WRONG[name])
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "hinterland.box.serve"],
        env=os.environ | {"STATE_DIRECTORY": str(box.state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert name in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_a_killed_box_left_is_in_force_no_more(box: Box, hint: Hint) -> None:
    box.start()
    (box.site / "box.toml").write_text(f'socket = "{box.socket}"\n' + WRONG["box.toml"])
    assert site.find() is not None
    box.end()
    with pytest.raises(ConfigError):
        site.find()
    asked = hint("ask", "one")
    assert asked.returncode == 2
    assert "own_engin is no setting. Did you mean own_engine?" in " ".join(asked.stderr.split())


def test_settings_that_another_user_left_are_not_taken(box: Box, tmp_path: Path) -> None:
    box.start()
    (box.site / "box.toml").write_text(f'socket = "{box.socket}"\n' + WRONG["box.toml"])
    kept = box.run / site.IN_FORCE
    elsewhere = tmp_path / "box.json"
    kept.rename(elsewhere)
    kept.symlink_to(elsewhere)
    with pytest.raises(ConfigError):
        site.find()
