"""How `hint` itself behaves: help, unknown words, a closed pipe, errors and --debug."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from hinterland import __version__
from hinterland.cli import COMMANDS
from tests.running import Hint, hint_command


def test_version(hint: Hint) -> None:
    done = hint("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"hint, version {__version__}\n"


def test_help_names_every_command(hint: Hint) -> None:
    done = hint("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert summary in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_table_is_there_and_says_what_the_table_says(name: str) -> None:
    module, summary = COMMANDS[name]
    command = import_module(module).command
    assert isinstance(command, click.Command)
    assert command.help
    assert summary.endswith(".")


@pytest.mark.parametrize("group", ["models", "box class", "tutor", "history"])
def test_a_list_of_commands_has_whole_sentences(group: str, hint: Hint) -> None:
    shown = hint(*group.split(), "--help").stdout
    listed = shown[shown.index("Commands:") :]
    assert len(listed.splitlines()) > 4
    assert "..." not in listed


def test_an_unknown_command_is_a_usage_error(hint: Hint) -> None:
    done = hint("frobnicate")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'frobnicate'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_option_is_a_usage_error(hint: Hint) -> None:
    done = hint("--frobnicate")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such option" in done.stderr


@pytest.mark.parametrize("arguments", ["--help", "config show", "plugins list --json"])
def test_a_closed_pipe_ends_quietly(home: Path, arguments: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            hint_command(*arguments.split()),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 0


def test_an_error_is_a_sentence_and_a_hint(hint: Hint) -> None:
    done = hint("config", "get", "engine.contxt")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "hint: There is no setting engine.contxt.\n      Did you mean engine.context?\n"
    )


def test_an_error_cannot_touch_the_terminal(hint: Hint) -> None:
    done = hint("config", "get", "a\x1b]52;c;eA==\x07\u202eb\x9b2J")
    assert done.returncode == 2
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(done.stderr)


def test_debug_shows_the_traceback(hint: Hint) -> None:
    done = hint("--debug", "config", "get", "nothing")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ConfigError" in done.stderr


def test_the_variable_shows_the_traceback_too(hint: Hint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINTERLAND_DEBUG", "1")
    assert "Traceback" in hint("config", "get", "nothing").stderr


def test_a_key_that_interrupts_ends_with_130(home: Path) -> None:
    code = (
        "import os, signal, sys, hinterland.cli as cli\n"
        "cli._run = lambda arguments: os.kill(os.getpid(), signal.SIGINT)\n"
        "cli.main([])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")


@pytest.mark.parametrize("command", ["history list", "config show", "models list --all"])
def test_a_full_disk_behind_standard_output_is_a_sentence(command: str, home: Path) -> None:
    subprocess.run(
        hint_command("ask", "-m", "echo", "x"),
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    ended = subprocess.run(
        f"{sys.executable} -m hinterland {command} > /dev/full",
        shell=True,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 5, ended.stderr
    assert ended.stderr.count("hint: ") == 1
    assert "Traceback" not in ended.stderr


def test_a_closed_standard_output_is_no_defect(home: Path) -> None:
    ended = subprocess.run(
        f"{sys.executable} -m hinterland ask -m echo hello >&-",
        shell=True,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_pipe_gets_utf_8_whatever_the_locale(home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "hinterland", "ask", "-m", "echo", "你好"],
        check=False,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        stdin=subprocess.DEVNULL,
    )
    assert ended.stdout == "你好\n".encode()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let a process do so")
def test_the_list_of_processes_does_not_show_what_was_asked(home: Path) -> None:
    asked = [*hint_command(), "ask", "-m", "echo:5", "my secret", *["word"] * 40]
    with subprocess.Popen(asked, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.read(1) == b"m"
            seen = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.kill()
    assert b"ask" in seen.split(b"\0")
    assert b"secret" not in seen
    assert b"word" not in seen
