"""What the other tests of the box rely on: a throwaway root is real, alone, and told apart."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.box.conftest import need_root
from tests.box.throwaway import Root, tell, throwaway

_LEFT_BEHIND = (
    "setsid sleep 1000 >/dev/null 2>&1 & until grep -q sleep /proc/$!/comm; do :; done; echo $!"
)


def test_people_are_real_and_the_machine_does_not_know_them(bare_root: Root) -> None:
    bare_root.add_group("readers")
    uid = bare_root.add_user("ana", "readers")
    assert bare_root.must("id", "-un", user="ana").strip() == "ana"
    assert "readers" in bare_root.must("id", "-Gn", user="ana").split()
    assert bare_root.must("sh", "-c", "echo $HOME", user="ana").strip() == "/home/ana"
    assert "\nana:" not in Path("/etc/passwd").read_text()
    assert not Path("/home/ana").exists()
    assert bare_root.path("/home/ana").stat().st_uid == uid
    refused = bare_root.run("touch", "/etc/anas", user="ana")
    assert refused.returncode == 1, refused


def test_what_changed_is_listed_and_what_is_as_before_is_not(bare_root: Root) -> None:
    assert bare_root.changed() == {}
    bare_root.must("sh", "-c", "echo new >/etc/new; rm /etc/hostname; chmod 600 /etc/issue")
    bare_root.must("sh", "-c", "cp -p /etc/passwd /etc/p; cat /etc/p >/etc/passwd; rm /etc/p")
    assert bare_root.changed() == {
        "/etc/hostname": "gone",
        "/etc/issue": "changed",
        "/etc/new": "new",
    }
    before = bare_root.snapshot()
    bare_root.must("sh", "-c", "rm /etc/new; echo more >>/etc/issue")
    assert bare_root.changed(before) == {"/etc/issue": "changed", "/etc/new": "gone"}


def test_there_is_no_network_but_loopback(bare_root: Root) -> None:
    devices = bare_root.must("cat", "/proc/net/dev").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


def test_anybody_can_run_hint_and_finds_the_model(box_root: Root) -> None:
    box_root.add_user("ana")
    asked = box_root.hint("ask", "-m", "smollm2-135m", "--max-tokens", "4", "Hi.", user="ana")
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()
    assert box_root.hint("models", "list", user="ana").stdout.count("smollm2-135m") == 1


def test_all_processes_end_with_the_root() -> None:
    need_root()
    with throwaway() as root:
        left = root.must("sh", "-c", _LEFT_BEHIND).strip()
        outside = [pid for pid in Path("/proc").iterdir() if _inside(pid) == left]
        assert len(outside) == 1
        process = root.start("sleep", "1000")
        tell(process, signal.SIGTERM)
        assert process.wait(timeout=30) in {-signal.SIGTERM, 128 + signal.SIGTERM}
    assert not os.path.exists(outside[0])
    assert not root.layer.exists()


def _inside(process: Path) -> str:
    """Return the pid that a process has in the innermost namespace; "" for what is none of ours."""
    try:
        if (process / "comm").read_text() != "sleep\n":
            return ""
        status = (process / "status").read_text()
    except OSError:
        return ""
    return next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1]
