"""A kit installed by root, with a small program and a real user who looks at what is there."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from hinterland.kit import copying
from hinterland.models.progress import Silent
from hinterland.paths import Paths
from tests.box.throwaway import Root
from tests.kits import installable

PYTHON = "/usr/bin/python3"
INSTALL = f"PYTHON={PYTHON} sh /media/stick/hinterland-kit/install.sh"
UNIT = "/etc/systemd/system/hinterland.service"


@pytest.fixture
def machine(bare_root: Root, paths: Paths, python: str) -> Root:
    """A throwaway root with a stick, where nothing is installed."""
    bare_root.must("rm", "-f", "/usr/local/bin/hint")
    bare_root.must("mkdir", "-p", "/media/stick")
    copying.copy(installable(paths, python=python), bare_root.path("/media/stick"), Silent())
    bare_root.must("chmod", "-R", "a+rX", "/media/stick")
    return bare_root


@pytest.fixture
def python() -> str:
    """The version of the system's Python."""
    if not shutil.which(PYTHON):
        pytest.skip(f"the system has no {PYTHON}")
    asked = "import sys; print('{}.{}'.format(*sys.version_info[:2]))"
    return subprocess.check_output([PYTHON, "-c", asked], text=True).strip()


@pytest.mark.parametrize("umask", ["000", "077"])
def test_everybody_may_read_and_nobody_else_may_write(umask: str, machine: Root) -> None:
    machine.add_user("ama")
    machine.must("sh", "-c", f"umask {umask} && {INSTALL}")
    folders = ["/usr/local/share/hinterland", *_releases(machine)]
    writable = machine.must("find", *folders, "!", "-type", "l", "-perm", "/022").split()
    assert writable == []
    unreadable = machine.must("find", *folders, "!", "-perm", "-044", user="ama").split()
    assert unreadable == []
    assert machine.must("hint", user="ama") == "hint, version 1.0\n"


def test_what_a_shared_box_runs_from_is_not_undone(machine: Root) -> None:
    machine.must("sh", "-c", INSTALL)
    [release] = _releases(machine)
    machine.path(UNIT).parent.mkdir(parents=True, exist_ok=True)
    machine.path(UNIT).write_text(f"[Service]\nExecStart={release}/bin/python -m hinterland\n")
    done = machine.run("sh", "-c", f"{INSTALL} --undo")
    assert done.returncode == 2
    assert "The shared box of this machine runs from what the kit installed." in done.stderr
    assert machine.must("hint") == "hint, version 1.0\n"
    machine.path(UNIT).unlink()
    machine.must("sh", "-c", f"{INSTALL} --undo")
    assert _releases(machine) == []


def test_an_account_without_a_home_is_told(machine: Root) -> None:
    nobody = "setpriv --reuid=54321 --regid=54321 --clear-groups env -u HOME"
    done = machine.run("sh", "-c", f"exec {nobody} sh -c '{INSTALL}'")
    assert done.returncode == 2, done.stderr
    assert "This account has no home to install in." in done.stderr


def _releases(machine: Root) -> list[str]:
    return machine.must("find", "/opt/hinterland", "-maxdepth", "1", "-name", "1.0-*").split()
