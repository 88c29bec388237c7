"""What cannot be used is refused in one sentence, with the exit code that says why."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hinterland.paths import Paths
from tests.gguf_files import header, pair, tensor, text, write_model
from tests.history_samples import fill, tiny_disk
from tests.running import Hint, hint_command, running_status, wait_until


def refused(ended: subprocess.CompletedProcess[str], code: int) -> str:
    """Check that a command was refused as a user is owed, and return what it said."""
    assert ended.returncode == code, (ended.returncode, ended.stdout, ended.stderr)
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len([line for line in lines if line.startswith("hint: ")]) == 1, ended.stderr
    return ended.stderr


def test_no_model_at_all_says_what_to_type(hint: Hint) -> None:
    assert "hint models pull starter" in refused(hint("ask", "Hello"), 3)


def test_an_unknown_model(hint: Hint) -> None:
    assert "no-such-model" in refused(hint("ask", "-m", "no-such-model", "Hello"), 3)


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "huge counts", "missing"])
def test_a_file_that_is_no_model(damage: str, hint: Hint, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    match damage:
        case "truncated":
            whole = write_model(path, weights=1 << 20).read_bytes()
            path.write_bytes(whole[: len(whole) // 2])
        case "empty":
            path.touch()
        case "text":
            path.write_text("This is not a model, though its name says so.\n" * 100)
        case "huge counts":
            path.write_bytes(header(keys=2**60, tensors=2**60))
    refused(hint("ask", "-m", str(path), "Hello"), 3)


def test_a_model_that_llama_cpp_cannot_load(hint: Hint, tmp_path: Path) -> None:
    path = write_model(tmp_path / "senseless.gguf")
    said = refused(hint("ask", "-m", str(path), "Hello"), 3)
    assert "cannot be loaded" in said


def test_a_model_larger_than_free_memory(hint: Hint, tmp_path: Path) -> None:
    path = tmp_path / "giant.gguf"
    rows = 1 << 20
    architecture = pair("general.architecture", 8, text("llama"))
    path.write_bytes(header(architecture, tensors=1, rest=tensor("weights", (rows, rows))))
    os.truncate(path, path.stat().st_size + 4 * rows * rows + 4096)  # sparse: takes no disk
    said = refused(hint("ask", "-m", str(path), "Hello"), 3)
    assert "GB of memory" in said
    assert "is free" in said


@pytest.mark.parametrize("prompt", ["", "  \n\t"])
def test_an_empty_prompt(prompt: str, hint: Hint) -> None:
    refused(hint("ask", "-m", "echo", prompt), 2)
    refused(hint("ask", "-m", "echo", input=prompt), 2)


def test_a_prompt_over_the_context_says_both_numbers(hint: Hint) -> None:
    said = refused(hint("ask", "-m", "echo", input="word " * 5000), 2)
    assert "5,000 tokens" in said
    assert "4,095 fit" in said


@pytest.mark.model
def test_a_prompt_over_a_real_context_says_both_numbers(hint: Hint, small_model: str) -> None:
    said = refused(hint("ask", "-m", small_model, input="word " * 5000), 2)
    assert "tokens and 4,095 fit" in said


@pytest.mark.parametrize("content", [b"\x00\x01\x02binary" * 50, b"", b"\xff\xfe\xfa\x80abc" * 9])
def test_a_file_that_is_no_document(content: bytes, hint: Hint, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    refused(hint("ask", "-m", "echo", "--file", str(path), "Summarise this."), 2)
    refused(hint("ask", "-m", "echo", "--file", str(tmp_path / "none.txt"), "Summarise."), 2)


@pytest.mark.parametrize(
    "schema", ["{", "[]", '"x"', '{"type": "objectx"}', '{"properties": 3}', ""]
)
def test_an_invalid_schema(schema: str, hint: Hint, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(schema)
    refused(hint("ask", "-m", "echo", "--schema", str(path), "Hello"), 2)


def test_binary_standard_input(hint: Hint) -> None:
    ended = subprocess.run(
        hint_command("ask", "-m", "echo", "What is this?"),
        input=b"\x7fELF\x00\x00\x01" * 40,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.count(b"hint: ") == 1


def test_arguments_that_are_not_utf_8(home: Path) -> None:
    ended = subprocess.run(
        [*hint_command("ask", "-m", "echo"), b"caf\xe9"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    refused(ended, 2)


def test_a_home_that_cannot_be_written(hint: Hint, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    ended = hint("ask", "-m", "echo", "Hello", env=os.environ | {"HINTERLAND_HOME": str(blocked)})
    refused(ended, 5)


def test_a_broken_config_names_its_line(hint: Hint, paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.config_file.write_text('model = "echo"\n[engine]\ncontext = "large"\n')
    said = refused(hint("ask", "Hello"), 2)
    assert "context" in said


@pytest.mark.parametrize(
    "options", [["--temperature", "hot"], ["--max-tokens", "0"], ["--nonsense"]]
)
def test_options_that_make_no_sense(options: list[str], hint: Hint) -> None:
    ended = hint("ask", *options, "Hello")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_a_full_disk_costs_the_history_and_not_the_answer(hint: Hint, tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk", "300k") as disk:
        home = os.environ | {"HINTERLAND_HOME": str(disk / "home")}
        try:
            assert hint("ask", "-m", "echo", "first", env=home).returncode == 0
            fill(disk)
            ended = hint("ask", "-m", "echo", "the second question", env=home)
            assert ended.stdout == "the second question\n"
            assert ended.returncode == 5, ended.stderr
            assert ended.stderr.count("could not be written") == 1
            assert "Traceback" not in ended.stderr
        finally:
            hint("engine", "stop", env=home)


def test_a_closed_pipe_ends_quietly(home: Path) -> None:
    ask = " ".join(hint_command("ask", "-m", "echo", "'" + "word " * 3000 + "'"))
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {ask} | head -c 3"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.stdout == "wor"
    assert ended.stderr == ""
    assert ended.returncode == 0
    wait_until(lambda: running_status().running == 0, "the service ends what nobody reads")
