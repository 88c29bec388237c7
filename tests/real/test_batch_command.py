"""`hint batch` as a user runs it: what it says, what it leaves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_shelf import Shelf
from tests.running import Hint, hint_command, kill, status, wait_until

SCHEMA = {
    "type": "object",
    "properties": {"river": {"type": "string", "maxLength": 12}},
    "required": ["river"],
    "additionalProperties": False,
}


def write(path: Path, count: int, words: str = "row") -> Path:
    path.write_text(
        "".join(json.dumps({"id": n, "prompt": f"{words} {n}"}) + "\n" for n in range(count))
    )
    return path


def results(out: Path) -> dict[Any, dict[str, Any]]:
    """Return the results by id, each of which is there once."""
    found = [json.loads(line) for line in out.read_text().splitlines()]
    by_id = {row["id"]: row for row in found}
    assert len(by_id) == len(found)
    return by_id


def said(ended: subprocess.CompletedProcess[str]) -> str:
    """Return what people were told: plain lines without a control character or a traceback."""
    for stream in (ended.stdout, ended.stderr):
        assert "Traceback" not in stream
        assert not any(character < " " and character != "\n" for character in stream)
    return ended.stderr


@contextmanager
def batch(*arguments: str | Path, out: Path, rows: int, **options: Any) -> Iterator[Any]:
    """Run `hint batch` and hand it over once so many rows are in `out`."""
    process = subprocess.Popen(
        hint_command("batch", *map(str, arguments), "-o", str(out)),
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        wait_until(
            lambda: (
                process.poll() is not None
                or (out.exists() and out.read_bytes().count(b"\n") >= rows)
            ),
            f"{rows} rows are done",
        )
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_file_is_answered_and_gone_on_with(hint: Hint, tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.jsonl", 60), tmp_path / "out.jsonl"
    ended = hint("batch", source, "-o", out, "-m", "echo")
    assert ended.returncode == 0, ended.stderr
    assert "60 of 60 rows answered" in said(ended)
    assert ended.stdout == ""
    assert {row["answer"] for row in results(out).values()} == {f"row {n}" for n in range(60)}
    summary = json.loads((tmp_path / "out.jsonl.summary.json").read_text())
    assert (summary["complete"], summary["answered"], summary["models"]) == (True, 60, {"echo": 60})
    assert oct(out.stat().st_mode & 0o777) == "0o600"

    write(source, 61)
    ended = hint("batch", source, "-o", out, "-m", "echo", "--json-progress", "--ordered")
    assert ended.returncode == 0, ended.stderr
    *notes, end = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (end["event"], end["answered"], end["finished_before"]) == ("end", 61, 60)
    assert all(note["event"] in ("note", "progress") for note in notes)
    assert list(results(out)) == list(range(61))


def test_bad_rows_end_with_7_and_are_done_again_on_request(hint: Hint, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"prompt": "good"}\n{"prompt": "bro\n{"id": 3}\n')
    ended = hint("batch", source, "-o", out, "-m", "echo")
    assert ended.returncode == 7
    assert said(ended).splitlines()[:3] == [
        "hint: 1 of 3 rows answered · 2 failed",
        "      line-2: Line 2 is not JSON: it ends too early.",
        "      3: The row has no prompt.",
    ]
    assert "2 rows failed" in said(ended)
    source.write_text('{"prompt": "good"}\n{"prompt": "mended"}\n{"id": 3, "prompt": "c"}\n')
    assert hint("batch", source, "-o", out, "-m", "echo").returncode == 7
    ended = hint("batch", source, "-o", out, "-m", "echo", "--retry-failed")
    assert (ended.returncode, len(results(out))) == (0, 3), ended.stderr
    assert hint("batch", source, "-o", out, "-m", "echo", "-q").stderr == ""
    source.write_bytes(b"")
    ended = hint("batch", source, "-o", tmp_path / "none", "-m", "echo")
    assert (ended.returncode, said(ended)) == (0, "hint: There is no row in the input.\n")


def test_what_cannot_be_used_is_refused_before_anything_runs(hint: Hint, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", 1)
    before = source.read_bytes()
    (tmp_path / "t.csv").write_text("id,text\n1,x\n")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.json").write_text('[\n{"prompt": "x"}\n]\n')
    (tmp_path / "no-user.md").write_text("---\ndescription: x\n---\n# system\nYou write.\n")
    (tmp_path / "bad.md").write_text("---\ndescription: x\n---\n# user\nA {{ town }\n")
    wrong: list[list[str | Path]] = [
        [source, "-o", source],
        [source, "-o", tmp_path / "missing" / "out"],
        [source, "-o", tmp_path],
        [tmp_path / "gone", "-o", tmp_path / "out"],
        [tmp_path, "-o", tmp_path / "out"],
        [tmp_path / "t.csv", "-o", tmp_path / "out"],
        [tmp_path / "t.csv", "-o", tmp_path / "out", "--prompt-column", "words"],
        [tmp_path / "list.json", "-o", tmp_path / "out"],
        [source, "-o", tmp_path / "out", "--schema", tmp_path / "bad.json"],
        [source, "-o", tmp_path / "out", "--template", tmp_path / "gone.md"],
        [source, "-o", tmp_path / "out", "--template", tmp_path / "no-user.md"],
        [source, "-o", tmp_path / "out", "--template", tmp_path / "bad.md"],
        [source, "-o", tmp_path / "out", "--tool", "nobody"],
        [source, "-o", tmp_path / "out", "--concurrency", "0"],
        [source, "-o", tmp_path / "out", "--engine", "echo"],
        ["-", "-o", tmp_path / "out", "--ordered"],
        ["/dev/stdin", "-o", tmp_path / "out", "--redo-changed"],
    ]
    for arguments in wrong:
        with subprocess.Popen(["sleep", "0"], stdout=subprocess.PIPE) as pipe:
            ended = hint("batch", *map(str, arguments), "-m", "echo", stdin=pipe.stdout)
        assert ended.returncode == 2, (arguments, ended.stderr)
        assert "hint: " in said(ended) or "Error" in said(ended)
    assert source.read_bytes() == before
    assert not (tmp_path / "out").exists()
    assert hint("batch", source, "-o", tmp_path / "out", "-m", "no-such-model").returncode == 3


def test_a_pipe_is_read_once_and_to_its_end(hint: Hint, tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.jsonl", 200, "x" * 4000), tmp_path / "out.jsonl"
    reader = tmp_path / "pipe"
    os.mkfifo(reader)
    with subprocess.Popen(["sh", "-c", f"cat {source} > {reader}"]):
        ended = hint("batch", reader, "-o", out, "-m", "echo")
    assert ended.returncode == 0, ended.stderr
    assert len(results(out)) == 200


def test_ctrl_c_stops_and_the_same_command_goes_on(hint: Hint, tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.jsonl", 60, "some more words in"), tmp_path / "out.jsonl"
    with batch(source, "-m", "echo:40", out=out, rows=8) as process:
        second = hint("batch", source, "-o", out, "-m", "echo:40")
        assert second.returncode == 5
        assert "Another run is writing" in said(second)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. The same command goes on from here." in errors
    assert "Traceback" not in errors
    kept = out.read_bytes()
    done = len(results(out))
    assert 8 <= done < 60
    assert json.loads((tmp_path / "out.jsonl.summary.json").read_text())["complete"] is False
    ended = hint("batch", source, "-o", out, "-m", "echo:40", "--concurrency", "16")
    assert ended.returncode == 0, ended.stderr
    assert f"{done} rows are finished already." in said(ended)
    assert out.read_bytes().startswith(kept)
    assert len(results(out)) == 60


def test_ctrl_c_stops_while_a_pipe_says_nothing(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with batch("-", "-m", "echo", out=out, rows=0, stdin=subprocess.PIPE) as process:
        wait_until(lambda: bool(_workers()), "the engine runs")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


def _workers() -> object:
    found = status()
    return found and found.workers


def test_a_worker_that_is_killed_again_and_again_costs_no_row(hint: Hint, tmp_path: Path) -> None:
    """In the midst, while it is loaded anew, and when the last rows are under way and most of those
    who ask have nothing to do."""
    source, out = write(tmp_path / "in.jsonl", 40, "some more words in"), tmp_path / "out.jsonl"
    killed: list[int] = []

    def kill_another() -> bool:
        found = status()
        pids = [worker.pid for worker in found.workers] if found else []
        for pid in pids:
            if pid > 1 and pid not in killed:
                killed.append(pid)
                with suppress(ProcessLookupError):
                    kill(pid)
                return True
        return False

    with batch(source, "-m", "echo:40", out=out, rows=5) as process:
        for rows in (5, 5, 38):
            wait_until(lambda: out.read_bytes().count(b"\n") >= rows, f"{rows} rows")  # noqa: B023 - called at once
            wait_until(kill_another, "a worker is killed")
        _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert "tried again" in errors
    assert {row["answer"] for row in results(out).values()} == {
        f"some more words in {n}" for n in range(40)
    }
    summary = json.loads((tmp_path / "out.jsonl.summary.json").read_text())
    assert (summary["failed"], summary["answered"]) == (0, 40)
    assert summary["tries_repeated"] >= 1


def test_an_engine_that_is_not_there_ends_with_4_and_no_error_rows(
    hint: Hint, home: Path, tmp_path: Path
) -> None:
    home.mkdir(parents=True, exist_ok=True)
    config = hint("config", "path").stdout.strip()
    Path(config).parent.mkdir(parents=True, exist_ok=True)
    Path(config).write_text('[engines.gone]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n')
    source, out = write(tmp_path / "in.jsonl", 20), tmp_path / "out.jsonl"
    ended = hint("batch", source, "-o", out, "-m", "gone", "--retries", "0")
    assert ended.returncode == 4, ended.stderr
    assert said(ended)
    assert results(out) == {}


def test_whoever_stops_reading_the_progress_stops_nothing(hint: Hint, tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.jsonl", 30), tmp_path / "out.jsonl"
    with batch(source, "-m", "echo:30", "--json-progress", out=out, rows=1) as process:
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=100)
    assert (process.returncode, errors) == (0, "")
    assert len(results(out)) == 30


@pytest.mark.model
def test_a_real_model_answers_the_same_for_the_same_seed_one_at_a_time(
    hint: Hint, small_model: str, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.jsonl", 6, "Tell me about the number")
    found = []
    for name in ("first", "second"):
        out = tmp_path / name
        ended = hint(
            *("batch", source, "-o", out, "-m", small_model, "--max-tokens", "8"),
            *("--seed", "5", "--temperature", "1", "--concurrency", "1"),
        )
        assert ended.returncode == 0, ended.stderr
        found.append({row["id"]: row["answer"] for row in results(out).values()})
        assert all(row["usage"]["completion_tokens"] <= 8 for row in results(out).values())
    assert len(found[0]) == 6
    assert found[0] == found[1]
    assert len(set(found[0].values())) > 1


@pytest.mark.model
def test_a_real_model_follows_a_schema_or_the_row_says_that_it_was_cut(
    hint: Hint, small_model: str, tmp_path: Path
) -> None:
    source, out = write(tmp_path / "in.jsonl", 6, "Name a river for number"), tmp_path / "out"
    with source.open("a") as file:
        file.write(json.dumps({"id": "cut", "prompt": "Name a river", "max_tokens": 3}) + "\n")
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    ended = hint(
        *("batch", source, "-o", out, "-m", small_model, "--max-tokens", "40"),
        *("--schema", tmp_path / "schema.json", "--seed", "1"),
    )
    rows = results(out)
    assert ended.returncode == 7, ended.stderr
    assert "cut off" in rows.pop("cut")["error"]["message"]
    assert len(rows) == 6
    answered = [row for row in rows.values() if "error" not in row]
    assert len(answered) >= 5
    assert all(set(row["data"]) == {"river"} for row in answered)


def test_a_plugins_tool_does_the_rows_and_needs_no_model(
    hint: Hint, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.add("water-plugin", cans="water_cans")
    shelf.module("water_cans", CANS)
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = ["140", "many", "60", "stop", ""]
    source.write_text("".join(json.dumps({"id": n, "prompt": n}) + "\n" for n in rows))
    command = ("batch", source, "-o", out, "--tool", "cans")

    ended = hint(*command)
    assert ended.returncode == 2
    assert "There is no tool 'cans'." in said(ended)
    assert "There are: translate." in said(ended)
    assert hint("plugins", "enable", "cans").returncode == 0
    ended = hint(*command[:-1], "tins")
    assert ended.returncode == 2
    assert "There are: cans, translate." in said(ended)
    assert not out.exists()

    ended = hint(*command)
    assert ended.returncode == 7, ended.stderr
    assert "2 of 5 rows answered · 3 failed" in said(ended)
    found = results(out)
    assert (found["140"]["answer"], found["60"]["answer"]) == ("7 jerrycans.", "3 jerrycans.")
    errors = {name: row["error"] for name, row in found.items() if "error" in row}
    assert {name: error["kind"] for name, error in errors.items()} == {
        "many": "PluginError",
        "stop": "InputError",
        "": "InputError",
    }
    assert "The tool cans failed (ValueError: " in errors["many"]["message"]
    assert errors["stop"]["message"] == "That is no number of litres."


CANS = """
from hinterland.errors import InputError
from hinterland.hookspecs import ChatTool, hookimpl


async def cans(text):
    if text == "stop":
        raise InputError("That is no number of litres.", "Write 140.")
    yield str(-(-int(text) // 20))
    yield " jerrycans."


@hookimpl
def register_tools(register):
    register(ChatTool("cans", "Jerrycans for so many litres.", cans))
"""
