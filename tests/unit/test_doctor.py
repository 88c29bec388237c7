"""`hint doctor`, the command: it never fails itself, and every command that it names exists."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
from pathlib import Path
from typing import Any

import click
import pytest

from hinterland import __version__
from hinterland import config as configuration
from hinterland.cli import COMMANDS, PLUGIN_COMMANDS, LazyGroup
from hinterland.doctor.examination import CHECKS, report
from hinterland.doctor.findings import Area, Finding, Level, Report
from hinterland.doctor.report import lines
from hinterland.doctor.visit import Visit
from hinterland.paths import Paths
from tests.doctoring import (
    add_model,
    checked,
    kinds,
    look,
    one,
)
from tests.running import Hint, hint_command

ROOT = Path(__file__).parents[2]


def test_a_fresh_account_lacks_a_model_and_is_told_how_to_get_one(hint: Hint, home: Path) -> None:
    done = hint("doctor")
    assert (done.returncode, done.stderr) == (7, "")
    assert "PROBLEM No model is installed." in done.stdout
    assert "\n  ok " in done.stdout
    assert "`hint models pull starter`" in done.stdout
    assert done.stdout.splitlines()[-2].startswith("1 problem, ")
    assert not home.exists(), "looking makes nothing"


def test_an_account_with_a_model_has_no_problem(paths: Paths, tmp_path: Path) -> None:
    add_model(paths, tmp_path)
    report = look()
    assert report.problems == 0
    model = one(report, "model")
    assert model.sentence.startswith("tiny (used by default) fits: needs ")
    assert model.facts["fit"] == "fits"
    assert model.facts["default"] is True


def test_the_json_has_the_documented_shape(hint: Hint, paths: Paths) -> None:
    raw: dict[str, Any] = json.loads(hint("doctor", "--json").stdout)
    assert list(raw) == ["version", "hinterland", "problems", "notes", "findings"]
    assert (raw["version"], raw["hinterland"]) == (1, __version__)
    for finding in raw["findings"]:
        assert list(finding) == ["area", "kind", "level", "sentence", "remedy", "facts"]
        assert finding["area"] in set(Area)
        assert finding["level"] in set(Level)
        assert re.fullmatch(r"[a-z0-9-]+", finding["kind"])
        assert finding["sentence"].rstrip(".")
        assert finding["remedy"] or finding["level"] != "problem"
    for level in ("problem", "note"):
        told = [each for each in raw["findings"] if each["level"] == level]
        assert raw[f"{level}s"] == len(told)
    areas = [each["area"] for each in raw["findings"]]
    assert areas == sorted(areas, key=list(Area).index)
    assert set(areas) == set(Area), "every area has something to say"


def test_quiet_leaves_out_what_is_in_order(hint: Hint) -> None:
    said = hint("doctor", "--quiet").stdout
    assert "\n  ok " not in said
    assert "PROBLEM No model is installed." in said


@pytest.mark.parametrize(("columns", "rows", "kind"), [(80, 24, "xterm"), (40, 12, "vt100")])
def test_it_fits_the_terminal_and_writes_no_control(
    columns: int, rows: int, kind: str, home: Path
) -> None:
    shown = _in_terminal(columns, rows, {"TERM": kind, "HINTERLAND_HOME": "/dev/null"})
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= columns
    assert f"{columns}x{rows}" in shown
    assert ("`hint chat --plain`" in shown) is (kind == "vt100")


def test_a_terminal_without_a_name_gets_the_report_too(home: Path) -> None:
    shown = _in_terminal(0, 0, {"TERM": None})
    assert "the chat works in lines here" in shown
    assert "stty rows 24 cols 80" in shown


def _in_terminal(columns: int, rows: int, env: dict[str, str | None]) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with_ = {key: value for key, value in (os.environ | env).items() if value is not None}
    for name in ("COLUMNS", "LINES"):
        with_.pop(name, None)
    process = subprocess.Popen(
        hint_command("doctor"), stdin=theirs, stdout=theirs, stderr=theirs, env=with_
    )
    os.close(theirs)
    shown = b""
    try:
        while select.select([ours], [], [], 60)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # EIO: the other side is closed
                break
            if not piece:
                break
            shown += piece
    finally:
        os.close(ours)
        process.wait()
    return shown.decode().replace("\r\n", "\n")


def test_a_command_is_not_broken_where_it_fits_a_line() -> None:
    finding = Finding(
        area=Area.ENGINE,
        kind="x",
        level=Level.PROBLEM,
        sentence="Something is wrong here.",
        remedy="Some words that come before it: `hint config set engine.threads 0`.",
    )
    report = Report(hinterland="0", problems=1, notes=0, findings=[finding])
    shown = list(lines(report, 60))
    assert any("`hint config set engine.threads 0`." in line for line in shown)
    assert max(map(len, shown)) <= 60


def test_no_network_is_needed(home: Path) -> None:
    apart = ["unshare", "-n", "--map-root-user"]
    tried = subprocess.run([*apart, "true"], check=False, capture_output=True)
    if tried.returncode:
        pytest.skip("this machine does not let us leave the network")
    done = subprocess.run(
        [*apart, *hint_command("doctor", "--json")], check=False, capture_output=True, text=True
    )
    assert "no-model" in kinds(checked(done))


def _commands_named() -> set[str]:
    sources = [*(ROOT / "src/hinterland/doctor").glob("*.py"), ROOT / "docs/doctor.md"]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    return set(re.findall(r"`hint ([^`\n]+)`", text))


def test_every_command_that_is_named_exists() -> None:
    root = LazyGroup(name="hint", commands={})
    context = click.Context(root)
    named = _commands_named()
    assert len(named) > 20
    for line in sorted(named):
        at: click.Command = root
        for word in line.split():
            if not isinstance(at, click.Group):
                break
            assert at is not root or word in {*COMMANDS, *PLUGIN_COMMANDS}, line
            inner = at.get_command(context, word)
            assert inner is not None, f"hint {line}: there is no {word}"
            at = inner
        options = {name for each in at.params for name in each.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= options, line


def test_every_setting_that_is_named_exists() -> None:
    settings = configuration.flat(configuration.Config())
    for line in _commands_named():
        if key := re.match(r"config set (\S+)", line):
            assert key[1] in settings, line


def test_every_kind_of_finding_is_documented() -> None:
    page = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z0-9-]+`(?:, `[a-z0-9-]+`)*) \|", page, re.MULTILINE)
    documented = {kind.strip("` ") for row in rows for kind in row.split(",")} - set(Level)
    made: set[str] = set()
    for source in (ROOT / "src/hinterland/doctor").glob("*.py"):
        code = source.read_text(encoding="utf-8")
        made |= set(re.findall(r'(?:say|_say)\.(?:ok|note|problem)\(\s*"([a-z0-9-]+)"', code))
        made |= set(re.findall(r'say\("([a-z-]+)"', code))
        made |= set(re.findall(r'kind = "([a-z0-9-]+)"', code))
        made |= set(re.findall(r'kind = "[a-z-]+" if .* else "([a-z0-9-]+)"', code))
    assert len(made) > 50
    assert made == documented


def test_a_check_that_fails_costs_one_line(home: Path) -> None:
    def broken(visit: Visit) -> Any:
        raise ValueError("a bug")
        yield

    with Visit() as visit:
        told = report(visit, [(Area.PROCESSOR, broken), *CHECKS[:2]])
    assert "a bug" in one(told, "defect").sentence
    assert "folders" in kinds(told)
