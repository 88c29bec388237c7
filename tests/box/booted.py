"""A throwaway root that systemd runs, as it runs a machine: for what only a real systemd can show."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.box import boxes
from tests.box.throwaway import Root, inner

_SYSTEMD = Path("/usr/lib/systemd/systemd")
# In a cgroup of its own, so that it never meets that of the machine's own systemd.
_BOOT = f"""
set -e
mount -t cgroup2 cgroup /mnt
mkdir "/mnt/$0"
echo 0 > "/mnt/$0/cgroup.procs"
umount /mnt
exec unshare --cgroup sh -c '
    mount -t proc proc /proc
    mount -t cgroup2 cgroup /sys/fs/cgroup
    exec env -i container=throwaway PATH="$PATH" {_SYSTEMD} --unit=basic.target --log-target=null
'
"""
_SWEEP = """
mount -t cgroup2 cgroup /mnt
find "/mnt/$0" -depth -type d -delete
left=$?
umount /mnt
exit $left
"""


def why_not() -> str | None:
    """Return why systemd cannot run a root here; None when it can."""
    if shutil.which("systemctl") is None or not _SYSTEMD.exists():
        return "systemd is not installed here"
    if "\tcgroup2\n" not in Path("/proc/filesystems").read_text():
        return "this kernel has no cgroup2"
    return None


@contextmanager
def booted(root: Root) -> Iterator[Root]:
    """Give that root as it is seen where systemd is the first process. Everything that systemd
    started has ended afterwards."""
    name = f"throwaway-{root.pid}"
    unshared = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
    process = root.start(*unshared, "sh", "-c", _BOOT, name, stdout=subprocess.DEVNULL)
    try:
        boxes.wait(lambda: _first_of(process) is not None, "systemd is started")
        machine = replace(root, pid=_first_of(process) or 0)
        begun = ("systemctl", "is-active", "--quiet", "basic.target")
        boxes.wait(lambda: machine.run(*begun).returncode == 0, "systemd has begun")
        yield machine
    finally:
        process.kill()
        process.wait()
        boxes.wait(lambda: root.run("sh", "-c", _SWEEP, name).returncode == 0, "all have ended")


def _first_of(process: subprocess.Popen[bytes]) -> int | None:
    """Return the pid of systemd, as the machine counts; None while it is not started."""
    unsharing = inner(process)
    for pid in Path(f"/proc/{unsharing}/task/{unsharing}/children").read_text().split():
        if Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
            return int(pid)
    return None
