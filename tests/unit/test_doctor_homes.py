"""Broken homes, and what `hint doctor` says of them."""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hinterland import __version__, measured
from hinterland.doctor import disk, plugins, processor
from hinterland.doctor.findings import Level, Report
from hinterland.doctor.report import lines
from hinterland.engine.smoke import Verdict
from hinterland.models.formats import Backend
from hinterland.models.store import ModelStore, write_record
from hinterland.paths import Paths
from tests.doctoring import (
    WITHOUT_PRIVILEGES,
    add_model,
    checked,
    found_by,
    kinds,
    linux,
    look,
    one,
    problems,
)
from tests.running import Hint, hint_command


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b'[engine]\ncontext = "large"\n', "engine.context"),
        (b'modle = "x"\n', "Did you mean model?"),
        (b"model = \n", "line 1"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_settings_that_cannot_be_used(text: bytes, named: str, paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.config_file.write_bytes(text)
    finding = one(look(), "settings-unusable")
    assert named in finding.sentence + finding.remedy
    assert str(paths.config_file) in finding.remedy


def test_a_folder_where_the_settings_should_be(paths: Paths) -> None:
    paths.config_file.mkdir(parents=True)
    assert "Is a directory" in one(look(), "settings-unusable").sentence


def test_settings_that_ask_for_what_is_not_there(paths: Paths, tmp_path: Path) -> None:
    add_model(paths, tmp_path)
    paths.config.mkdir(parents=True)
    paths.config_file.write_text(
        'model = "nosuch"\nplugins = ["water"]\n[engine]\nthreads = 1000\ngpu_layers = 3\n'
    )
    report = look()
    assert problems(report) == {"default-missing"}
    assert "'nosuch'" in one(report, "default-missing").sentence
    assert "too-many-threads" in kinds(report, Level.NOTE)
    missing = found_by(plugins.loading)["plugin-missing"]
    assert "hint plugins disable water" in missing.remedy


def test_a_catalogue_and_prompts_of_ones_own_that_are_broken(paths: Paths) -> None:
    (paths.config / "prompts").mkdir(parents=True)
    (paths.config / "catalog.toml").write_text("schema = 9")
    (paths.config / "prompts" / "default.md").write_text("no header")
    (paths.config / "prompts" / "attach.md").write_text("---\ndescription: x\n---\n# user\nHi.\n")
    report = look()
    assert {"catalogue-unusable", "prompt-unusable"} <= problems(report)
    assert "line 1" in one(report, "prompt-unusable").sentence
    assert one(report, "prompts").facts["prompts"] == ["attach"]


def test_measurements_that_cannot_be_read(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    (paths.state / "measured.json").write_text("{")
    assert "hint engine bench --tune" in one(look(), "measured-unreadable").remedy


def test_a_file_where_the_home_should_be_is_told_once(home: Path) -> None:
    home.write_text("")
    report = look()
    assert problems(report) == {"folder-is-file", "no-model"}
    assert one(report, "folder-is-file").remedy == f"Move it away: `mv {home} {home}.old`"


def test_nobody_is_told_to_move_a_device_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as environment:
        environment.setenv("HINTERLAND_HOME", "/dev/null")
        finding = one(look(), "folder-is-file")
    assert "mv" not in finding.remedy


def test_a_link_to_a_disk_that_is_not_there(paths: Paths, tmp_path: Path) -> None:
    paths.data.parent.mkdir(parents=True)
    paths.data.symlink_to(tmp_path / "stick" / "data")
    assert "mount" in one(look(), "folder-link-broken").remedy


def test_links_in_a_circle(paths: Paths) -> None:
    paths.state.parent.mkdir(parents=True)
    paths.state.symlink_to(paths.state)
    assert "symbolic links" in one(look(), "folder-unreadable").sentence


def test_folders_that_others_may_look_into(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    paths.state.chmod(0o755)
    finding = one(look(), "folder-open-to-others")
    assert finding.remedy == f"`chmod 700 {paths.state}`"


@linux
@pytest.mark.parametrize(
    ("shut", "kind"),
    [
        ("", "folder-shut"),
        ("state", "folder-not-writable"),
        ("data/models", "models-unreadable"),
        ("config/config.toml", "settings-unusable"),
        ("data/history", "history-unreadable"),
    ],
)
def test_what_permissions_forbid(shut: str, kind: str, home: Path, paths: Paths) -> None:
    for folder in (paths.config, paths.state, paths.models, paths.history / "conversations"):
        folder.mkdir(parents=True)
    paths.config_file.touch()
    (home / shut).chmod(0)
    try:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_PRIVILEGES, *hint_command("doctor", "--json")],
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        (home / shut).chmod(0o700)
    assert (done.returncode, done.stderr) == (7, "")
    report = msgspec.json.decode(done.stdout, type=Report)
    assert kind in problems(report)
    assert "defect" not in kinds(report)
    assert str(home / shut) in "".join(
        each.sentence for each in report.findings if each.kind == kind
    )


@linux
@pytest.mark.parametrize(
    ("options", "kind"), [("size=200k", "disk-full"), ("nr_inodes=12", "inodes-short")]
)
def test_a_full_disk(options: str, kind: str, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    fill = "cat /dev/zero > $0/filler 2>/dev/null" if "size" in options else "true"
    script = (
        f"mount -t tmpfs -o {options} none $0 && mkdir -p $0/home/data $0/home/state || exit 99; "
        f'{fill}; HINTERLAND_HOME=$0/home exec "$@"'
    )
    done = subprocess.run(
        [
            *("unshare", "-m", "--map-root-user", "sh", "-c", script, str(place)),
            *hint_command("doctor", "--json"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode not in {0, 7}:
        pytest.skip("this machine does not let us mount a small disk")
    report = checked(done)
    assert kind in problems(report)
    assert "tmpfs" in one(report, "odd-file-system").sentence


def test_the_kind_of_a_file_system(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    odd = str(folder).replace(" ", "\\040")
    mounts = (
        f"27 1 254:0 / / rw - ext4 /dev/vda rw\n30 27 0:9 / {odd} rw shared:1 - nfs4 box:/x rw\n"
    )
    assert disk.file_system(mounts, folder / "data") == "nfs4"
    assert disk.file_system(mounts, tmp_path) == "ext4"
    assert disk.file_system("", tmp_path) == ""


def test_a_home_that_nobody_can_find(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as environment:
        environment.setenv("HINTERLAND_HOME", "~no-such-user-at-all/x")
        report = look()
    assert "HINTERLAND_HOME" in one(report, "no-home").remedy
    assert len(problems(report)) == 1, "it is told once"


def test_an_account_without_a_home(hint: Hint) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": "", "LANG": "C"}
    done = hint("doctor", env=env)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr == ""


def test_a_model_whose_file_changed(paths: Paths, tmp_path: Path) -> None:
    add_model(paths, tmp_path)
    file = ModelStore(paths).find("tiny").path
    file.write_bytes(file.read_bytes() + b"x")
    assert one(look(), "model-changed").remedy.startswith("`hint models verify tiny`")


def test_a_model_that_lost_its_file(paths: Paths, tmp_path: Path) -> None:
    add_model(paths, tmp_path)
    ModelStore(paths).find("tiny").path.unlink()
    assert "its file is gone" in one(look(), "model-unusable").sentence


def test_a_model_whose_library_is_not_installed(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_model(paths, tmp_path)
    model = ModelStore(paths).find("tiny")
    legacy = msgspec.structs.replace(model.record, backend=Backend.CTRANSFORMERS, type="gguf")
    write_record(model.path.parent, legacy)
    with monkeypatch.context() as system:
        system.setattr(sys, "path", [str(tmp_path)])
        system.delitem(sys.modules, "ctransformers", raising=False)
        importlib.invalidate_caches()
        finding = one(look(), "model-without-library")
    assert "pip install" in finding.remedy


def test_what_an_interrupted_pull_left(paths: Paths) -> None:
    work = paths.cache / "pulls" / "qwen3-1.7b"
    work.mkdir(parents=True)
    (work / "model.partial").write_bytes(bytes(5_000_000))
    (paths.models / ".incoming-half").mkdir(parents=True)
    report = look()
    pull = one(report, "pull-interrupted")
    assert "5 MB" in pull.sentence
    assert "`hint models pull qwen3-1.7b`" in pull.remedy
    assert ".incoming-half" in one(report, "install-interrupted").remedy


def test_a_pull_that_runs_is_no_left_over(paths: Paths) -> None:
    work = paths.cache / "pulls" / "tiny"
    work.mkdir(parents=True)
    (work / "model.partial").write_bytes(b"x")
    with (paths.cache / "pulls" / "tiny.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = kinds(look())
    assert "pull-running" in told
    assert "pull-interrupted" not in told


def test_a_name_of_a_model_cannot_touch_the_terminal(paths: Paths) -> None:
    (paths.models / "e\x1b]52;c;eA==\x07vil").mkdir(parents=True)
    report = look()
    assert "vil" in one(report, "model-unusable").sentence
    shown = "\n".join(lines(report, 80)) + msgspec.json.encode(report).decode()
    assert not {"\x1b", "\x07"} & set(shown)
    assert "\\u001b" not in shown


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


def test_a_conversation_that_cannot_be_read(paths: Paths) -> None:
    folder = paths.history / "conversations"
    folder.mkdir(parents=True)
    (folder / "abc.json").write_text("{")
    report = look()
    assert "abc.json" in one(report, "conversation-unreadable").sentence
    assert one(report, "history").facts["unreadable"] == 1
    assert (folder / "abc.json").read_text() == "{"


def _plugin(folder: Path, name: str, code: str) -> None:
    """Install a package with a plugin."""
    info = folder / f"hinterland_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: hinterland-{name}\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(f"[hinterland.plugins]\n{name} = hinterland_{name}\n")
    (folder / f"hinterland_{name}.py").write_text(code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_module", "no_such_module"),
        ("import os; os._exit(3)", "ends what loads it (exit code 3)"),
        ("print('noise')", ""),
    ],
)
def test_plugins_of_others(
    code: str, words: str, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plugin(tmp_path / "packages", "water", code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    monkeypatch.syspath_prepend(tmp_path / "packages")
    paths.config.mkdir(parents=True)
    paths.config_file.write_text('plugins = ["water"]\n')
    told = found_by(plugins.loading)
    if words:
        assert words in told["plugin-broken"].sentence
        assert told["plugin-broken"].remedy == "`hint plugins disable water`"
    else:
        assert "water" in told["plugins"].facts["on"]


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
