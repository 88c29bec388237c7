"""Remote engines as a person meets them: what is said of where words go, and what is kept."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from hinterland import address
from hinterland.cli.engine import _callers as callers_line
from hinterland.cli.engine import _remote as status_line
from hinterland.config import parse
from hinterland.engine.status import WorkerStatus
from hinterland.errors import ConfigError
from tests.hostile import DONE, Call, Hostile, chunk, error, start, stream
from tests.running import Hint, asking, running_status, stop_engine, wait_until

KEY = "sk-zanzibar-quetzalcoatl-7731"


@pytest.fixture
def box(hint: Hint, remote: Hostile, monkeypatch: pytest.MonkeyPatch) -> Hostile:
    """A remote engine called box, in the settings of a fresh account."""
    monkeypatch.setenv("BOX_KEY", KEY)
    assert hint("config", "set", "engines.box.url", remote.url).returncode == 0
    assert hint("config", "set", "engines.box.api_key_env", "BOX_KEY").returncode == 0
    return remote


def test_ask_tells_once_where_the_words_go(hint: Hint, box: Hostile) -> None:
    told = f"hint: the words go to box at 127.0.0.1:{box.port}, on this machine\n"
    asked = hint("ask", "-m", "box", "How are you?")
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "All is well.\n", told)
    again = hint("ask", "--json", "--continue", "And now?")
    assert again.stderr == told
    envelope = json.loads(again.stdout)
    assert (envelope["answer"], envelope["model"]) == ("All is well.", "box")
    assert [m["content"] for m in box.chats[1].json["messages"]] == [
        "How are you?",
        "All is well.",
        "And now?",
    ]
    status = hint("engine", "status").stdout
    assert f"box: ready, remote at 127.0.0.1:{box.port} (this machine)" in status
    chat = hint("chat", "--plain", "-m", "box", input="Well?\nStill?\n")
    assert (chat.stdout, chat.stderr) == ("All is well.\nAll is well.\n", told)


def test_the_key_is_never_on_the_disk_or_shown(hint: Hint, box: Hostile, home: Path) -> None:
    told = f"Authorization: Bearer {KEY}"
    broken = b'data: {"error":{"message":"' + told.encode() + b'"}}\n\n'
    box.chat = [
        error(401, told),
        stream(chunk("Half "), broken),
        stream(chunk(f"It is {KEY}.", "stop"), DONE),
    ]
    shown = ""
    for code in (2, 4, 0):
        asked = hint("ask", "-m", "box", "What is the key?")
        assert asked.returncode == code, asked.stderr
        shown += asked.stdout + asked.stderr
    assert [call.headers["authorization"] for call in box.chats] == [f"Bearer {KEY}"] * 3
    for command in ("engine status --json", "engine logs", "config show", "history list --json"):
        shown += hint(*command.split()).stdout
    stop_engine()
    assert "[key]" in shown
    assert KEY not in shown
    files = [file for file in home.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert KEY.encode() not in file.read_bytes(), file


def test_an_answer_from_elsewhere_outlives_its_reader(hint: Hint, box: Hostile) -> None:
    read_on = threading.Event()

    def slow(call: Call) -> None:
        start(call)
        call.send(chunk("Once "))
        assert read_on.wait(60)
        call.send(chunk("upon a time.", "stop") + DONE)

    box.chat = [slow]
    with asking("-m", "box", "Tell a story.") as process:
        process.kill()
    read_on.set()
    wait_until(lambda: running_status().running == 0, "the answer ends")
    assert "Once upon a time." in hint("history", "show").stdout


def test_offline_fetches_nothing(hint: Hint, box: Hostile) -> None:
    assert hint("config", "set", "offline", "true").returncode == 0
    for command in ("ask -m box Hello", "models pull starter", "models pull smollm2-135m"):
        done = hint(*command.split())
        assert (done.returncode, done.stdout) == (2, "")
        assert "offline" in done.stderr
        assert done.stderr.count("\n") == 2
    assert box.connections == 0
    assert "forbidden: offline" in hint("models", "list").stdout


def test_models_list_has_a_section_of_its_own(hint: Hint, box: Hostile) -> None:
    assert hint("config", "set", "model", "box").returncode == 0
    listed = hint("models", "list").stdout
    assert "REMOTE ENGINE" in listed
    assert f"*  box            127.0.0.1:{box.port}" in listed
    assert json.loads(hint("models", "list", "--json").stdout) == [
        {
            "id": "box",
            "remote": f"127.0.0.1:{box.port}",
            "model": "",
            "leaves": False,
            "encrypted": False,
            "default": True,
        }
    ]
    assert box.connections == 0


def test_setting_a_url_tells_what_it_means(hint: Hint) -> None:
    done = hint("config", "set", "engines.far.url", "http://gpu.example.org:8000")
    assert "leaves this machine, for gpu.example.org:8000" in done.stderr
    assert "not encrypted" in done.stderr
    assert hint("config", "get", "engines.far.url").stdout == "http://gpu.example.org:8000\n"
    assert "[engines.far]" in hint("config", "show").stdout
    pasted = hint("config", "set", "engines.far.api_key_env", KEY)
    assert pasted.returncode == 2
    assert KEY not in pasted.stderr


@pytest.mark.parametrize(
    ("url", "base", "root", "place", "note"),
    [
        ("http://h:8000", "http://h:8000/v1", "http://h:8000", "h:8000", "at h:8000, unencrypted"),
        ("https://H/v1/", "https://h/v1", "https://h", "h", "at h"),
        ("https://h:443/api/v1", "https://h/api/v1", "https://h/api", "h", "at h"),
        ("http://[::1]:81/x", "http://[::1]:81/x", "http://[::1]:81/x", "[::1]:81", ""),
        ("http://127.9.9.9", "http://127.9.9.9/v1", "http://127.9.9.9", "127.9.9.9", ""),
        ("http://localhost/v1", "http://localhost/v1", "http://localhost", "localhost", ""),
    ],
)
def test_a_url_says_where_words_go(url: str, base: str, root: str, place: str, note: str) -> None:
    read = address.parse(url)
    assert (read.base, read.root, read.place) == (base, root, place)
    assert read.note == (note or f"at {place}, on this machine")
    assert read.here == (not note)


@pytest.mark.parametrize(
    "url",
    [
        "gpu.lan",
        "ftp://h",
        "http://",
        "http://user:hunter2@h",
        "https://h/v1?key=hunter2",
        "https://h/#hunter2",
        "http://h:99999",
        "http://h\n.org",
        "http://h öst",
        "http://[::1",
    ],
)
def test_a_url_that_cannot_be_is_refused_without_repeating_it(url: str) -> None:
    text = f"[engines.box]\nurl = {json.dumps(url)}\n".encode()
    with pytest.raises(ConfigError, match=r"engines\.box\.url") as caught:
        parse(text, Path("config.toml"))
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[engines.box]\nmodel = 'm'\n", "engines.box has no url"),
        (b"[engines.echo]\nurl = 'http://h'\n", "'echo'"),
        (b"[engines.'a.b']\nurl = 'http://h'\n", "'a.b'"),
        (b"[engines.box]\nurl = 'http://h'\nkey = 'x'\n", "engines.box.key, which is no setting"),
        (b"[engines.box]\nurl = 'http://h'\ntimeout = 0\n", "engines.box.timeout"),
        (b"engines = 1\n", "engines: expected a section"),
    ],
)
def test_settings_of_a_remote_engine_that_cannot_be(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, Path("config.toml"))
    assert said in caught.value.message


def test_the_status_says_that_words_leave() -> None:
    worker = WorkerStatus(
        model="far", sha256="", pid=0, state="ready", context=0, slots=8, threads=0, running=1,
        waiting=0, reserved_tokens=0, pool_tokens=0, url="http://gpu.lan:1/v1", server="vLLM",
    )  # fmt: skip
    line = status_line(worker)
    assert "remote at gpu.lan:1 (the words leave this machine, unencrypted), vLLM" in line
    assert callers_line(worker) == "1 of 8 slots busy, 0 waiting, context unknown"
