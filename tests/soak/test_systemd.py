"""The box as systemd runs it, on a machine of its own: started, confined, begun anew and undone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box.booted import booted, why_not
from tests.box.conftest import need_root
from tests.box.throwaway import Root, throwaway

UNIT = "hinterland-box.service"
ASKED = ("ask", "--json", "--max-tokens", "8", "Why do we boil water?")
# Of what systemd writes by itself, `useradd` keeps, and somebody asked nothing is the box's.
OTHERS = re.compile(
    r"/(etc/machine-id|etc/\w+-|var/lib/systemd\b.*|var/log\b.*|var/tmp\b.*|home/ama\b.*)"
)

pytestmark = [pytest.mark.soak, pytest.mark.model, pytest.mark.timeout(600)]


@pytest.fixture
def machine(model_shelf: Path) -> Iterator[Root]:
    """A machine that systemd runs, with somebody who is to use the box."""
    need_root()
    if reason := why_not():
        pytest.skip(reason)
    with throwaway(model_shelf) as root:
        root.add_user("ama")
        with booted(root) as machine:
            yield machine


def answered(machine: Root) -> bool:
    asked = machine.hint(*ASKED, user="ama")
    return asked.returncode == 0 and bool(json.loads(asked.stdout)["answer"])


def shown(machine: Root, what: str) -> str:
    """Return what systemd says of the box."""
    return machine.must("systemctl", "show", "--value", "--property", what, UNIT).strip()


def test_systemd_starts_the_box_keeps_it_in_and_forgets_it(machine: Root) -> None:
    before = machine.snapshot()
    made = machine.must("hint", "box", "setup", "--user", "ama")
    assert "The box runs, and starts with the machine." in made
    assert shown(machine, "ActiveState") == "active"
    assert shown(machine, "UnitFileState") == "enabled"
    assert answered(machine)

    # It and its workers have no network, no rights and no way to get any.
    service = shown(machine, "MainPID")
    everything = machine.must("cat", f"/sys/fs/cgroup/system.slice/{UNIT}/cgroup.procs").split()
    assert service in everything
    assert len(everything) > 1
    for pid in everything:
        links = machine.must("nsenter", "-t", pid, "-n", "ip", "-oneline", "link").splitlines()
        assert [line.split(": ")[1] for line in links] == ["lo"]
        status = machine.must("cat", f"/proc/{pid}/status")
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
        assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
        assert machine.must("readlink", f"/proc/{pid}/ns/net") != machine.must(
            "readlink", "/proc/1/ns/net"
        )

    machine.must("systemctl", "kill", "--signal=KILL", UNIT)
    assert answered(machine), "whoever asks then waits until it is back"
    assert shown(machine, "NRestarts") == "1"

    machine.must("systemctl", "stop", UNIT)
    asked = machine.hint(*ASKED, user="ama")
    assert asked.returncode == 4
    said = json.loads(asked.stdout)["error"]["message"]
    assert said == "The shared box of this machine is stopped."
    machine.must("systemctl", "start", UNIT)
    assert answered(machine)

    machine.must("hint", "box", "setup", "--undo")
    assert shown(machine, "LoadState") == "not-found"
    changed = {path for path in machine.changed(before) if not OTHERS.fullmatch(path)}
    assert changed == set()
