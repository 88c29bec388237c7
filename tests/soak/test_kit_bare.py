"""A kit made of what this tree is, installed by real users on a bare machine without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hinterland.kit import copying
from hinterland.kit.carried.fitting import this_machine
from hinterland.kit.making import Wanted, make
from hinterland.kit.wheels import targets
from hinterland.models.progress import Silent
from hinterland.paths import find
from tests.box.conftest import need_root
from tests.box.throwaway import Root, throwaway

PYTHON = "/usr/bin/python3"
INSTALL = "/media/stick/hinterland-kit/install.sh"
# What a bare Debian lacks: pip, ensurepip, everything that pip installed, libgomp, ssh-keygen.
BARE = """
rm -rf /usr/lib/python3/dist-packages/* /usr/lib/python3.*/ensurepip /usr/local/lib/python3*
rm -rf /usr/local/bin/* /usr/local/share/hinterland /usr/bin/ssh-keygen /usr/bin/pip*
find /usr/lib /usr/local/lib /lib -name 'libgomp*' -delete
ldconfig
"""

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture
def bare(home: Path, model_shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Root]:
    """A throwaway root that is a bare Debian, with a kit on a stick."""
    need_root()
    if not os.path.exists(PYTHON):
        pytest.skip(f"the system has no {PYTHON}")
    monkeypatch.setenv("XDG_DATA_DIRS", str(model_shelf))
    asked = "import sys; print('{}.{}'.format(*sys.version_info[:2]))"
    python = subprocess.check_output([PYTHON, "-c", asked], text=True).strip()
    wanted = Wanted(targets((this_machine()[0],), (python,)), ("smollm2-135m",))
    kit = make(wanted, find(), Silent())
    with throwaway() as root:
        root.must("mkdir", "-p", "/media/stick")
        copying.copy(kit, root.path("/media/stick"), Silent())
        root.must("chmod", "-R", "a+rX", "/media/stick")
        root.must("sh", "-c", BARE)
        yield root


def test_a_fresh_user_installs_and_is_answered(bare: Root) -> None:
    bare.add_user("ama")
    assert "libgomp" not in bare.must("ldconfig", "-p")
    told = "/tmp/network"
    traced = ["strace", "-f", "-qq", "-e", "trace=%network", "-o", told] * bool(
        shutil.which("strace")
    )
    done = bare.run(*traced, "sh", INSTALL, user="ama", timeout=900, env={"PYTHON": PYTHON})
    assert done.returncode == 0, done.stderr
    if traced:
        calls = bare.must("cat", told).splitlines()
        # pip's urllib3 asks whether there is IPv6: it binds a socket to ::1 and closes it.
        harmless = ("socket(", 'inet_pton(AF_INET6, "::1"')
        spoken = [call for call in calls if "AF_INET" in call]
        assert not [call for call in spoken if not any(each in call for each in harmless)], spoken
        assert not [call for call in spoken if "connect(" in call or "send" in call], spoken
    hint = "/home/ama/.local/bin/hint"
    asked = bare.run(
        hint, "ask", "--max-tokens", "8", "Why do we boil water?", user="ama", timeout=300
    )
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()
    bare.must(hint, "engine", "stop", user="ama")
    bare.must("sh", INSTALL, "--undo", user="ama", env={"PYTHON": PYTHON})
    left = bare.must("find", "/home/ama/.local", "-type", "f", user="ama").split()
    assert not [path for path in left if "/state/" not in path and "/history/" not in path], left


def test_root_installs_for_everybody_and_undoing_leaves_the_machine_as_it_was(bare: Root) -> None:
    bare.add_user("ben")
    before = bare.snapshot()
    strict = f"umask 077 && PYTHON={PYTHON} sh {INSTALL}"
    bare.must("sh", "-c", strict, timeout=900)
    asked = bare.run("hint", "ask", "--max-tokens", "8", "Name a colour.", user="ben", timeout=300)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()
    bare.must("hint", "engine", "stop", user="ben")
    verified = bare.run("hint", "kit", "verify", "/media/stick", user="ben", timeout=300)
    assert verified.returncode == 0, verified.stderr
    again = bare.run("hint", "kit", "update", "/media/stick", timeout=300)
    assert again.returncode == 0, again.stderr
    bare.must("hint", "kit", "install", "--undo")
    changed = bare.changed(before)
    assert not [path for path in changed if not path.startswith(("/home/ben", "/tmp"))], changed
