"""Engines in trouble, here and elsewhere, and what `hint doctor` says of them."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hinterland import __version__, measured
from hinterland.doctor import processor
from hinterland.doctor.findings import Level
from hinterland.engine.smoke import Verdict
from hinterland.paths import Paths
from tests.doctoring import found_by, kinds, linux, look, one, problems
from tests.running import Hint


def test_a_socket_that_a_killed_engine_left(paths: Paths) -> None:
    paths.state.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.socket))
    report = look()
    assert {"engine-idle", "socket-left-over"} <= kinds(report)
    assert problems(report) == {"no-model"}


def test_a_folder_where_the_socket_should_be(paths: Paths) -> None:
    paths.socket.mkdir(parents=True)
    assert one(look(), "socket-is-folder").remedy == f"`rmdir {paths.socket}`"


@linux
def test_an_engine_that_does_not_answer(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    with (
        (paths.state / "engine.lock").open("w") as lock,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        listener.bind(str(paths.socket))
        paths.socket.chmod(0o777)
        listener.listen()
        report = look()
    assert f"kill -9 {os.getpid()}" in one(report, "engine-does-not-answer").remedy
    assert one(report, "socket-open-to-others").remedy == f"`chmod 600 {paths.socket}`"


def test_an_engine_that_speaks_otherwise(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    server = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print(flush=True)\n"
        "c = s.accept()[0]; c.recv(9999)\n"
        "c.sendall(b'HTTP/1.1 426 Upgrade Required\\r\\nContent-Length: 0\\r\\n\\r\\n')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", server, str(paths.socket)], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        report = look()
        other.kill()
    assert "another release" in one(report, "engine-refuses").sentence


def test_what_the_engine_complained_of(paths: Paths) -> None:
    paths.logs.mkdir(parents=True)
    (paths.logs / "engine.log").write_text(
        "2026-11-22 03:31:01,099 hinterland.engine service 1 listens\n"
        "2026-11-22 03:31:02,000 hinterland.worker error: an old one\n"
        "2026-11-22 04:31:01,099 hinterland.engine service 2 listens\n"
        "2026-11-22 04:31:08,576 hinterland.worker 0.00.9 E srv init: out \x1b[31m of memory\n"
        "2026-11-22 04:31:09,000 hinterland.engine idle for 900 s\n"
    )
    finding = one(look(), "engine-complained")
    assert "2026-11-22 04:31: srv init: out ␛[31m of memory" in finding.sentence
    (paths.logs / "engine.log").write_text(
        "2026-11-22 04:31:01,1 hinterland.engine service 2 listens\n"
    )
    assert "engine-complained" not in kinds(look())


def test_a_running_engine(hint: Hint, home: Path) -> None:
    assert hint("ask", "-m", "echo", "Hello").returncode == 0
    report = look()
    assert one(report, "engine-runs").facts["version"] == __version__
    assert "echo is ready" in one(report, "engine-model").sentence
    assert not problems(report) - {"no-model"}


# Engines elsewhere

ELSEWHERE = """
[engines.site]
url = "http://gpu.example.org:8000"
api_key_env = "NO_SUCH_KEY_HERE"
[engines.here]
url = "http://127.0.0.1:9"
"""


def test_where_words_go(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.config_file.write_text('model = "site"\n' + ELSEWHERE)
    report = look()
    assert not problems(report), "a site that asks elsewhere needs no model of its own"
    leave = one(report, "words-leave")
    assert leave.sentence == (
        "Words typed to the engine site leave this machine and go to gpu.example.org:8000, "
        "unencrypted."
    )
    assert one(report, "remote-key-missing").facts["variable"] == "NO_SUCH_KEY_HERE"
    assert one(report, "remote-here").facts["engine"] == "here"


def test_offline_forbids_engines_elsewhere(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.config_file.write_text('model = "site"\noffline = true\n' + ELSEWHERE)
    report = look()
    assert problems(report) == {"remote-default-forbidden"}
    assert "words-leave" not in kinds(report)


# Native servers


def _program(folder: Path) -> Path:
    program = folder / "llama-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    return program


def test_a_server_that_is_not_there(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.config_file.write_text('[engine]\nserver = "/no/such/llama-server"\n')
    assert "engine.server auto" in one(look(), "server-missing").remedy


@pytest.mark.parametrize("setting", ["auto", "named"])
def test_a_server_that_failed_its_test(setting: str, paths: Paths, tmp_path: Path) -> None:
    program = str(_program(tmp_path))
    paths.config.mkdir(parents=True)
    if setting == "named":
        paths.config_file.write_text(f"[engine]\nserver = {json.dumps(program)}\n")
    measured.keep_fastest(paths, 2, program)
    verdict = Verdict(program=program, model="tiny", passed=False, reason="it crashed")
    (paths.state / "smoke.json").write_bytes(msgspec.json.encode({"key": verdict}))
    report = look()
    assert one(report, "server-used").facts["server"] == program
    finding = one(report, "server-not-trusted")
    assert "is not used with tiny: it crashed." in finding.sentence
    assert finding.level is (Level.PROBLEM if setting == "named" else Level.NOTE)


def test_a_server_makes_up_for_an_engine_that_does_not_load(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "xllamacpp.py").write_text("raise ImportError('libgomp.so.1')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "library"))
    measured.keep_fastest(paths, 2, str(_program(tmp_path)))
    told = found_by(processor.features)
    assert set(told) == {"engine-replaced"}
    assert "libgomp.so.1" in told["engine-replaced"].sentence
