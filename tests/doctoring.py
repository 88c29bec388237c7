"""Looking over boxes that are broken on purpose."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from hinterland.doctor import gpu, plugins, processor
from hinterland.doctor.examination import CHECKS, Check, report
from hinterland.doctor.findings import Finding, Level, Report
from hinterland.doctor.visit import Visit
from hinterland.models.pull import add
from hinterland.paths import Paths
from tests.gguf_files import write_model

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells")

PATIENCE = 60.0  # seconds: a busy machine is no finding of a test
SLOW = {processor.features, processor.stolen, gpu.devices, plugins.loading}
"""Checks that wait for another process."""

# Root passes every permission; without these rights it is an ordinary user of its own files.
WITHOUT_PRIVILEGES = """
import ctypes, os, sys
for right in (1, 2, 3):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
    ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""


def look() -> Report:
    """Return what the checks that need no other process find for this account."""
    with Visit() as visit:
        found = report(visit, [each for each in CHECKS if each[1] not in SLOW])
    assert "defect" not in kinds(found)
    return found


def found_by(check: Check, root: Path = Path("/")) -> dict[str, Finding]:
    """Return what one check finds on a box whose /proc, /sys and /dev are in `root`."""
    with Visit(root, PATIENCE) as visit:
        return {each.kind: each for each in check(visit)}


def checked(done: subprocess.CompletedProcess[str]) -> Report:
    """Return the report of `hint doctor --json`, which did as it has to."""
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    told = msgspec.json.decode(done.stdout, type=Report)
    assert done.returncode == (7 if told.problems else 0)
    assert "defect" not in kinds(told)
    return told


def kinds(report: Report, *levels: Level) -> set[str]:
    """Return what was found, of these levels or of all."""
    return {each.kind for each in report.findings if not levels or each.level in levels}


def problems(report: Report) -> set[str]:
    """Return what problems were found."""
    return kinds(report, Level.PROBLEM)


def one(report: Report, kind: str) -> Finding:
    """Return the only finding of that kind."""
    found = [each for each in report.findings if each.kind == kind]
    assert len(found) == 1, (kind, sorted(kinds(report)))
    return found[0]


def make_box(root: Path, files: Mapping[str, str]) -> Path:
    """Write what a box tells in /proc, /sys and /dev, and return its root."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def add_model(paths: Paths, folder: Path, name: str = "tiny") -> None:
    """Install a model that has everything but sense."""
    add(write_model(folder / f"{name}.gguf"), paths, name=name)
