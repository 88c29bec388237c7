"""`hint box setup`, its undo and `hint box run`, on a machine of their own with real users."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hinterland.box import confined
from tests.box.boxes import wait
from tests.box.throwaway import Root, Snapshot, tell
from tests.gguf_files import write_model

SOCKET = "/run/hinterland/box.sock"
# `useradd` and its like keep the file they last replaced.
BACKUPS = {f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")}
_KNOCK = "import socket; socket.socket(socket.AF_UNIX).connect('/run/hinterland/box.sock')"


def changed(root: Root, since: Snapshot) -> dict[str, str]:
    """Return what differs on the machine, but for what the system's own programs leave behind."""
    return {path: kind for path, kind in root.changed(since).items() if path not in BACKUPS}


def mode(root: Root, path: str) -> str:
    """Return mode, owner and group of a file."""
    return root.must("stat", "-c", "%a %U %G", path).strip()


@pytest.fixture
def machine(bare_root: Root) -> Root:
    """A machine with two people, one of whom is to use the box, and a model on a stick."""
    bare_root.add_user("ama")
    bare_root.add_user("eve")
    bare_root.must("mkdir", "/srv/stick")
    write_model(bare_root.path("/srv/stick/tiny.gguf"))
    return bare_root


def test_setup_and_its_undo_leave_the_machine_as_it_was_and_twice_is_once(machine: Root) -> None:
    wished = ("--model", "/srv/stick/tiny.gguf", "--user", "ama")
    before = machine.snapshot()
    dry = machine.hint("box", "setup", "--dry-run", *wished)
    assert dry.returncode == 0, dry.stderr
    assert machine.changed(before) == {}

    once = machine.hint("box", "setup", *wished)
    assert once.returncode == 0, once.stderr
    assert once.stdout.count("made: ") == dry.stdout.count("would make: ") > 10
    after = machine.snapshot()
    shelf = "/usr/local/share/hinterland/models/tiny"
    assert mode(machine, shelf) == "755 root root"
    assert mode(machine, f"{shelf}/tiny.gguf") == "644 root root"
    assert mode(machine, "/var/lib/hinterland") == "700 hinterland hinterland"
    assert mode(machine, "/etc/hinterland/setup.json") == "600 root root"
    assert "\nanswer = 2000\n" in machine.path("/etc/hinterland/box.toml").read_text()
    assert "hinterland" in machine.must("id", "-Gn", "ama").split()

    twice = machine.hint("box", "setup", *wished)
    assert twice.returncode == 0, twice.stderr
    assert machine.changed(after) == {}
    assert "made: " not in twice.stdout

    undone = machine.hint("box", "setup", "--undo")
    assert undone.returncode == 0, undone.stderr
    assert changed(machine, before) == {}
    assert undone.stdout.count("removed: ") == once.stdout.count("made: ")
    assert "Nothing was set up" in machine.must("hint", "box", "setup", "--undo")


@pytest.mark.soak
def test_a_setup_that_was_killed_can_be_undone_and_gone_on_with(machine: Root) -> None:
    before = machine.snapshot()
    for last in ("group hinterland", "/etc/hinterland/config.toml"):
        with _started(machine, "box", "setup") as process:
            assert process.stdout is not None
            while last.encode() not in (line := process.stdout.readline()):
                assert line, f"{last} was not made"
            process.kill()
        undone = machine.hint("box", "setup", "--undo")
        assert undone.returncode == 0, undone.stderr
        assert changed(machine, before) == {}, last
    with _started(machine, "box", "setup") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    machine.must("hint", "box", "setup")
    machine.must("hint", "box", "setup", "--undo")
    assert changed(machine, before) == {}


def test_undo_says_what_it_removed_and_a_dry_run_is_never_in_the_way(machine: Root) -> None:
    before = machine.snapshot()
    failed = machine.hint("box", "setup", "--model", "smollm2-135m", "--accept-licence")
    assert failed.returncode == 3, failed.stdout + failed.stderr  # there is no network
    runs = ("flock", "/var/lib/hinterland/engine.lock")  # as a box in the foreground holds it
    dry = machine.run(*runs, "hint", "box", "setup", "--undo", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "would remove: group hinterland\n" in dry.stdout
    assert "smollm2" not in dry.stdout
    assert "The box runs in the foreground. End that `hint box run` first." in dry.stderr
    refused = machine.run(*runs, "hint", "box", "setup", "--undo")
    assert refused.returncode == 2
    assert "runs in the foreground" in refused.stderr
    assert machine.path("/etc/hinterland/box.toml").exists()

    undone = machine.must("hint", "box", "setup", "--undo")
    assert "was not there: model smollm2-135m" in undone
    assert "removed: model" not in undone
    assert undone.count("removed: ") == dry.stdout.count("would remove: ")
    assert changed(machine, before) == {}


@pytest.mark.soak
def test_undo_leaves_what_others_made(machine: Root) -> None:
    machine.must("groupadd", "--system", "hinterland")  # the school's own
    machine.must("hint", "box", "setup", "--user", "ama")
    machine.must("sh", "-c", "echo '# ours' >> /etc/hinterland/box.toml")
    machine.must("sh", "-c", "echo 'group = \"six\"' > /etc/hinterland/roles/six.toml")
    machine.must("touch", "/var/lib/hinterland/usage")

    again = machine.must("hint", "box", "setup")
    assert "nothing was changed" in again
    assert machine.path("/etc/hinterland/box.toml").read_text().endswith("# ours\n")

    undone = machine.hint("box", "setup", "--undo")
    assert undone.returncode == 0, undone.stderr
    assert "box.toml.undone" in undone.stderr
    assert "six.toml" in undone.stderr
    assert machine.path("/etc/hinterland/roles/six.toml").exists()
    assert not machine.path("/etc/hinterland/box.toml").exists()
    assert not machine.path("/var/lib/hinterland").exists()
    assert machine.must("getent", "group", "hinterland").rstrip().endswith(":")  # ama is out again
    assert machine.run("getent", "passwd", "hinterland").returncode == 2


def test_role_files_that_an_undo_left_are_those_of_the_teachers_of_the_next_box(
    machine: Root,
) -> None:
    roles = "/etc/hinterland/roles"
    machine.must("hint", "box", "setup", "--teacher", "eve")
    machine.must("sh", "-c", f"umask 002; echo 'group = \"ama\"' > {roles}/six.toml", user="eve")
    assert "six.toml" in machine.hint("box", "setup", "--undo").stderr
    assert mode(machine, roles) == "755 root root"
    assert mode(machine, f"{roles}/six.toml") == "664 eve root"

    machine.add_group("first")  # has the number that the pupils' or the teachers' group had
    machine.add_group("second")
    machine.must("hint", "box", "setup", "--teacher", "eve", "--user", "ama")
    assert mode(machine, roles) == "2775 root hinterland-teachers"
    assert "six: can be used" in machine.must("hint", "box", "class", "check", user="eve")
    again = machine.must("hint", "box", "setup")
    assert "nothing was changed" in again
    machine.must("rm", f"{roles}/six.toml")
    machine.must("hint", "box", "setup", "--undo")
    assert not machine.path(roles).exists()


def test_it_refuses_before_anything_is_made(machine: Root) -> None:
    for command in (("setup",), ("setup", "--undo"), ("run",)):
        refused = machine.hint("box", *command, user="ama")
        assert refused.returncode == 2, command
        assert "Only root" in refused.stderr
        assert "sudo" in refused.stderr
    before = machine.snapshot()
    second = machine.run("flock", "/etc", "hint", "box", "setup")
    assert second.returncode == 2
    assert "at work" in second.stderr
    for folder in ("/var/lib/hinterland", "/run/hinterland"):
        machine.must("mkdir", folder)
        strange = machine.hint("box", "setup")
        assert strange.returncode == 2
        assert "not the box's" in strange.stderr
        machine.must("rmdir", folder)
    machine.must("chown", "ama", "/opt/hinterland/env/lib")
    own = machine.hint("box", "setup")
    assert own.returncode == 2
    assert "others than root may change /opt/hinterland/env/lib" in own.stderr
    machine.must("chown", "root", "/opt/hinterland/env/lib")
    machine.must("chmod", "700", "/opt/hinterland/env/lib")
    shut = machine.hint("box", "setup")
    assert shut.returncode == 2
    assert "others may not enter" in shut.stderr
    machine.must("chmod", "755", "/opt/hinterland/env/lib")
    machine.must("cp", "-a", "/opt/hinterland/env", "/home/env")
    home = machine.run("/home/env/bin/python", "/usr/local/bin/hint", "box", "setup")
    assert home.returncode == 2
    assert "/home/env" in home.stderr
    machine.must("rm", "-r", "/home/env")
    assert changed(machine, before) == {}


@pytest.mark.soak
def test_the_box_runs_without_network_and_rights_and_comes_back(bare_root: Root) -> None:
    bare_root.add_user("ama")
    bare_root.add_user("eve")
    assert "not set up" in bare_root.hint("box", "run").stderr
    bare_root.must("hint", "box", "setup", "--user", "ama")
    bare_root.path("/etc/hinterland/config.toml").write_text('model = "echo"\n')
    with _started(bare_root, "box", "run", told=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"listens" in process.stderr.readline()

        answer = bare_root.hint("ask", "-m", "echo", "Hi.", user="ama")
        assert answer.returncode == 0, answer.stderr
        assert "Hi." in answer.stdout
        refused = bare_root.run("python3", "-c", _KNOCK, user="eve")
        assert "PermissionError" in refused.stderr
        assert "runs already" in bare_root.hint("box", "run").stderr
        assert "in the foreground" in bare_root.hint("box", "setup", "--undo").stderr

        service = _service(bare_root)
        about = bare_root.path(f"/proc/{service}")
        status = dict(line.split(":\t", 1) for line in (about / "status").read_text().splitlines())
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[name], 16) == 0, name
        assert status["NoNewPrivs"] == "1"
        assert "0" not in status["Uid"].split()
        assert "0" not in status["Groups"].split()
        interfaces = bare_root.must("nsenter", "-t", service, "-n", "cat", "/proc/net/dev")
        assert [line.split(":")[0].strip() for line in interfaces.splitlines()[2:]] == ["lo"]
        assert bare_root.run("nsenter", "-t", service, "-n", "ip", "route").stdout == ""

        bare_root.must("kill", "-KILL", service)
        assert b"SIGKILL" in process.stderr.readline()
        assert b"listens" in process.stderr.readline()
        bare_root.must("python3", "-c", _KNOCK, user="ama")

        tell(process, signal.SIGINT)
        process.wait(timeout=60)
        assert not bare_root.path(SOCKET).parent.exists()
        assert bare_root.run("pgrep", "-u", "hinterland").returncode == 1
    bare_root.must("hint", "box", "setup", "--undo")


@pytest.mark.parametrize(
    ("socket", "said"),
    [
        ("box.sock", "has to be a whole path"),
        ("~/box.sock", "has to be a whole path"),
        (f"/run/box/{'b' * 99}", "socket is 108 bytes long, and the system takes 107"),
        ("/srv/none/box.sock", "does not lie in a folder of its own in /run"),
        ("/run/my box/box.sock", "cannot be called 'my box'"),
    ],
)
def test_a_socket_that_will_not_do_is_told_whoever_looks(
    machine: Root, socket: str, said: str
) -> None:
    machine.must("hint", "box", "setup")
    settings = machine.path("/etc/hinterland/box.toml")
    settings.write_text(f'socket = "{socket}"\n' + settings.read_text())
    for command in (("box", "run"), ("box", "setup"), ("box", "setup", "--dry-run")):
        refused = machine.hint(*command)
        assert refused.returncode == 2, refused.stdout + refused.stderr
        assert said in " ".join(refused.stderr.split())
    looked = json.loads(machine.hint("doctor", "--json").stdout)
    assert [each for each in looked["findings"] if said in each["sentence"]]
    machine.must("hint", "box", "setup", "--undo")


def test_a_socket_may_have_a_name_of_several_words(machine: Root) -> None:
    machine.must("hint", "box", "setup", "--user", "ama")
    settings = machine.path("/etc/hinterland/box.toml")
    settings.write_text(f'socket = "/run/{"c" * 64}/our box"\n' + settings.read_text())
    with _started(machine, "box", "run", told=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"listens" in process.stderr.readline()
        machine.must("hint", "box", "top", "--once", user="ama")
        tell(process, signal.SIGINT)
        process.wait(timeout=60)


def test_what_is_confined_can_write_in_its_own_folders_alone(bare_root: Root) -> None:
    bare_root.add_user("ama")
    bare_root.must("mkdir", "/srv/own", "/srv/other")
    uid = bare_root.must("id", "-u", "ama").strip()
    bare_root.must("chown", "ama", "/srv/own", "/srv/other")
    bare_root.must("chmod", "777", "/dev/shm")
    settings = confined.Settings(int(uid), int(uid), ("/srv/own",))
    script = (
        "import os, socket, json\n"
        "from hinterland.box import confined\n"
        f"confined.confine(confined.Settings({settings.uid}, {settings.gid}, {settings.writable}))\n"
        "def can(path):\n"
        "    try:\n"
        "        os.close(os.open(path + '/x', os.O_WRONLY | os.O_CREAT))\n"
        "    except OSError:\n"
        "        return False\n"
        "    return True\n"
        "folders = ('/srv/own', '/srv/other', '/tmp', '/home/ama', '/dev/shm', '/var/tmp')\n"
        "print(json.dumps({folder: can(folder) for folder in folders}), len(socket.if_nameindex()))\n"
    )
    said = bare_root.must("/opt/hinterland/env/bin/python", "-c", script)
    could, _, interfaces = said.rpartition(" ")
    assert json.loads(could) == {
        "/srv/own": True,
        "/srv/other": False,
        "/tmp": True,  # its own, which is gone with it
        "/home/ama": False,
        "/dev/shm": False,
        "/var/tmp": True,
    }
    assert int(interfaces) == 1
    assert bare_root.path("/srv/own/x").exists()
    for private in ("/tmp/x", "/var/tmp/x"):
        assert not bare_root.path(private).exists()


@contextmanager
def _started(
    root: Root, *arguments: str, told: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    process = root.start(
        "hint", *arguments, stdout=subprocess.PIPE, stderr=told, env={"PYTHONUNBUFFERED": "1"}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _service(root: Root) -> str:
    found: list[str] = []

    def is_there() -> bool:
        found[:] = root.run("pgrep", "-f", "hinterland.box.serve").stdout.split()
        return bool(found)

    wait(is_there, "the service runs")
    return found[0]
