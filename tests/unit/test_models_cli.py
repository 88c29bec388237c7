"""`hint models`, run as a person or a script runs it."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from hinterland.models.progress import LineProgress, size
from hinterland.models.store import ModelStore
from hinterland.paths import Paths
from tests import model_places
from tests.gguf_files import write_model
from tests.running import Hint, hint_command

HOSTILE = "\x1b]52;c;AAAA\x07 \x1b[2J \x9b2J \u202egnp.exe"
FORBIDDEN = {"\x1b", "\x07", "\x9b", "\u202e"}


@pytest.fixture
def on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """A model that the hub has as test/tiny."""
    content = write_model(tmp_path / "tiny.gguf").read_bytes()
    model_places.offline(monkeypatch)
    with model_places.serving() as hub:
        model_places.add_repository(hub, "test/tiny", "tiny.gguf", content)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield content


def test_an_empty_store_says_what_to_type(hint: Hint) -> None:
    done = hint("models", "list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "hint models pull starter" in done.stderr


def test_list_shows_what_is_installed(hint: Hint, tmp_path: Path, paths: Paths) -> None:
    for name in ("one", "two"):
        ModelStore(paths).add(write_model(tmp_path / "x.gguf"), name)
    (paths.models / "broken").mkdir()
    done = hint("models", "list")
    rows = done.stdout.splitlines()
    assert rows[0].split() == [
        "NAME",
        "SIZE",
        "CONTEXT",
        "TASK",
        "LICENCE",
        "HASH",
        "FROM",
    ]
    assert rows[1].split()[:4] == ["*", "two", "9", "kB"]
    assert rows[2].split()[0] == "one"
    assert "The model broken" in done.stderr
    models = json.loads(hint("models", "list", "--json").stdout)
    assert [(each["id"], each["default"]) for each in models] == [("two", True), ("one", False)]


def test_list_all_is_the_whole_catalogue(hint: Hint) -> None:
    rows = hint("models", "list", "--all").stdout.splitlines()
    assert len(rows) == 63
    entries = json.loads(hint("models", "list", "--all", "--json").stdout)
    assert len(entries) == 62
    assert entries[0]["id"] == "smollm2-135m"


def test_recommend_names_a_model_for_each_task(hint: Hint) -> None:
    done = hint("models", "recommend")
    assert done.returncode == 0
    assert {row.split()[0] for row in done.stdout.splitlines()[1:]} >= {"chat", "translation"}
    told = json.loads(hint("models", "recommend", "--task", "chat", "--json").stdout)
    assert sum(each["best"] for each in told["models"]) <= 1
    assert all(each["task"] == "chat" for each in told["models"])
    done = hint("models", "recommend", "--task", "cooking")
    assert done.returncode == 2
    assert "Tasks are: chat" in done.stderr


def test_add_show_verify_remove(hint: Hint, tmp_path: Path, paths: Paths) -> None:
    file = write_model(tmp_path / "stick.gguf", name="A model")
    assert hint("models", "add", str(file), "--name", "tiny").returncode == 0
    shown = hint("models", "show", "tiny").stdout
    assert "A model" in shown
    assert hashlib.sha256(file.read_bytes()).hexdigest() in shown
    assert "unpinned" in shown
    assert hint("models", "verify").stderr.endswith("tiny is sound.\n")
    path = ModelStore(paths).find("tiny").path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = hint("models", "verify")
    assert done.returncode == 3
    assert "damaged" in done.stderr
    done = hint("models", "remove", "tiny")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert hint("models", "remove", "tiny", "--yes").returncode == 0
    assert ModelStore(paths).installed() == []


def test_add_says_which_model_is_the_default(hint: Hint, tmp_path: Path) -> None:
    def added(name: str) -> str:
        file = write_model(tmp_path / f"{name}.gguf", name=name)
        return hint("models", "add", str(file)).stderr.splitlines()[-1]

    assert added("one") == "one is the default: it is used when no model is named."
    assert added("two") == "two is the default now; `hint config set model one` goes back."
    hint("config", "set", "model", "one")
    assert added("three") == "one stays the default; `hint config set model three` changes that."
    file = write_model(tmp_path / "four.gguf", name="four")
    assert hint("models", "add", str(file), "--quiet").stderr == ""


def test_a_type_that_there_is_not_is_an_option_that_is_wrong(hint: Hint, tmp_path: Path) -> None:
    file = tmp_path / "old.bin"
    file.write_bytes(b"lmgg" + bytes(64))
    for type_, code in (["--type", "nonsense"], 2), ([], 3):
        assert hint("models", "add", str(file), *type_).returncode == code


def test_show_speaks_of_models_that_are_not_here(hint: Hint) -> None:
    shown = hint("models", "show", "qwen3-0.6b").stdout
    assert "Qwen/Qwen3-0.6B-GGUF at 23749fefcc72300e3a2ad315e1317431b06b590a" in shown
    told = json.loads(hint("models", "show", "bge-m3", "--json").stdout)
    assert told["installed"] is None
    assert told["catalogue"]["sha256"] is None


@pytest.mark.parametrize("command", ["show", "remove", "verify", "pull"])
def test_an_unknown_model_is_one_sentence(hint: Hint, command: str) -> None:
    done = hint("models", command, "nothing-like-it")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("content", [b"", b"not a model", b"GGUF\x03\x00\x00\x00" + b"\xff" * 64])
def test_a_bad_file_is_one_sentence(hint: Hint, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.gguf"
    file.write_bytes(content)
    for arguments in (("add", str(file)), ("show", str(file))):
        done = hint("models", *arguments)
        assert done.returncode == 3
        assert "bad.gguf is not a usable model" in done.stderr
        assert len(done.stderr.splitlines()) == 2


def test_nothing_hostile_reaches_the_terminal(hint: Hint, tmp_path: Path, paths: Paths) -> None:
    file = write_model(tmp_path / f"{HOSTILE.replace('/', '')}.gguf", name=HOSTILE)
    note = json.dumps(HOSTILE)
    entry = model_places.entry(b"x", "evil", wheels=False, licence=HOSTILE, note=HOSTILE)
    model_places.write_catalogue(paths, entry)
    assert note in entry
    for arguments in (
        ("add", str(file), "--name", "tiny"),
        ("show", "tiny"),
        ("show", "tiny", "--json"),
        ("list",),
        ("list", "--json"),
        ("show", str(file)),
        ("show", "evil"),
        ("show", "evil", "--json"),
        ("list", "--all"),
        ("pull", "evil"),
        ("pull", HOSTILE),
        ("show", HOSTILE),
    ):
        done = hint("models", *arguments)
        assert done.stdout + done.stderr
        assert not FORBIDDEN & set(done.stdout + done.stderr), arguments


def test_a_pull_tells_on_standard_error_and_quiet_tells_nothing(
    hint: Hint, paths: Paths, on_the_hub: bytes
) -> None:
    entry = model_places.entry(on_the_hub, repo="test/tiny", wheels=False)
    model_places.write_catalogue(paths, entry)
    done = hint("models", "pull", "tiny")
    assert (done.returncode, done.stdout) == (0, "")
    assert "100 %" in done.stderr
    assert "\r" not in done.stderr
    ModelStore(paths).remove("tiny")
    done = hint("models", "pull", "tiny", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 3)])
def test_a_licence_is_asked_for_on_a_terminal(
    paths: Paths, on_the_hub: bytes, answer: str, code: int
) -> None:
    """You should see the licence, a question, and after a yes one line that rewrites itself."""
    entry = model_places.entry(on_the_hub, repo="test/tiny", wheels=False, licence="Gemma")
    model_places.write_catalogue(paths, entry)
    command, *arguments = hint_command("models", "pull", "tiny")
    screen = pexpect.spawn(
        command, arguments, env=dict(os.environ), encoding="utf-8", timeout=60, dimensions=(24, 200)
    )
    screen.expect("licence Gemma")
    screen.expect("accept")
    screen.sendline(answer)
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == code
    assert bool(ModelStore(paths).installed()) == (answer == "y")


def test_progress_on_a_terminal_is_one_line_that_ends() -> None:
    stream = _Terminal()
    with LineProgress(stream) as progress:
        progress.advance("x", 0, 100)
        progress.advance("x", 100, 100)
        progress.note("x is there.")
        progress.advance("y\x1b", 5, None)
    told = stream.getvalue()
    assert told.startswith("\rx: 0 B of 100 B (0 %)\x1b[K\rx: 100 B of 100 B (100 %)\x1b[K\n")
    assert told.endswith("x is there.\n\ry␛: 5 B\x1b[K\n")


def test_progress_elsewhere_is_a_few_lines() -> None:
    stream = io.StringIO()
    with LineProgress(stream) as progress:
        for done in range(1001):
            progress.advance("x", done * 1000, 1_000_000)
    assert stream.getvalue().startswith("x: 0 B of 1 MB (0 %)\n")
    assert stream.getvalue().endswith("x: 1 MB of 1 MB (100 %)\n")
    assert len(stream.getvalue().splitlines()) <= 12


@pytest.mark.parametrize(
    ("count", "told"), [(5, "5 B"), (5000, "5 kB"), (98362432, "98 MB"), (1117320768, "1.1 GB")]
)
def test_sizes_for_people(count: int, told: str) -> None:
    assert size(count) == told


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
