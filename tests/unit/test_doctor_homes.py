"""Broken homes, and what `hint doctor` says of them."""

from __future__ import annotations

import fcntl
import importlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hinterland.doctor import disk, plugins
from hinterland.doctor.findings import Level, Report
from hinterland.doctor.report import lines
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
