"""The first process of a throwaway root: makes the root, says so, and collects the dead until its
standard input ends. Everything in the root ends with it.

It runs as a script, on the standard library alone: `python root_init.py '{"base": …}'`.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading

_SET_FLAGS, _UP = 0x8914, 0x41  # SIOCSIFFLAGS; IFF_UP | IFF_RUNNING
_DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}  # major number 1
_TERMINAL = os.makedev(5, 0)


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def devices(folder: str) -> None:
    """Fill /dev with what programs cannot do without."""
    mount("-t", "tmpfs", "-o", "mode=755,nosuid", "dev", folder)
    for name, minor in _DEVICES.items():
        os.mknod(f"{folder}/{name}", 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        os.chmod(f"{folder}/{name}", 0o666)
    os.mknod(f"{folder}/tty", 0o666 | stat.S_IFCHR, _TERMINAL)
    os.chmod(f"{folder}/tty", 0o666)
    for name, kind, options in (
        ("pts", "devpts", "newinstance,ptmxmode=0666,mode=0620"),
        ("shm", "tmpfs", "mode=1777"),
    ):
        os.mkdir(f"{folder}/{name}")
        mount("-t", kind, "-o", options, kind, f"{folder}/{name}")
    os.symlink("pts/ptmx", f"{folder}/ptmx")
    for name, target in (("fd", "self/fd"), ("stdin", "self/fd/0"), ("stdout", "self/fd/1")):
        os.symlink(f"/proc/{target}", f"{folder}/{name}")
    os.symlink("/proc/self/fd/2", f"{folder}/stderr")


def show(folder: str, place: str, scratch: str) -> None:
    """Have `folder` at `place`, read-only. What is somebody's own seems to be root's there: a box
    runs no program that others may change."""
    if os.stat(folder).st_uid == 0:
        mount("--bind", folder, place)
        mount("-o", "remount,bind,ro", place)
        return
    for layer in ("upper", "work"):
        os.makedirs(f"{scratch}/{layer}")
    layers = f"lowerdir={folder},upperdir={scratch}/upper,workdir={scratch}/work"
    mount("-t", "overlay", "-o", layers, "overlay", place)
    for at, folders, files in os.walk(place):
        folders[:] = [name for name in folders if name not in {".git", "__pycache__"}]
        programs = [f"{at}/{name}" for name in files if at.endswith("/bin")]
        for path in (at, *programs):
            os.lchown(path, 0, 0)
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode & 0o755)
    mount("-o", "remount,ro", place)


def make(base: str, hidden: list[str], binds: dict[str, str]) -> int:
    """Make the root below `base`, go into it, and return a descriptor of its upper layer."""
    mount("-t", "tmpfs", "-o", "mode=700", "root", base)
    upper, work, root = (f"{base}/{name}" for name in ("upper", "work", "root"))
    for folder in (upper, work, root):
        os.mkdir(folder, 0o755)
    for folder in hidden:  # of the machine's, nothing is seen there
        known = os.stat(folder)
        made = upper + folder
        os.makedirs(made)
        os.chown(made, known.st_uid, known.st_gid)
        os.chmod(made, stat.S_IMODE(known.st_mode))
        os.setxattr(made, "trusted.overlay.opaque", b"y")
    layers = f"lowerdir=/,upperdir={upper},workdir={work}"
    mount("-t", "overlay", "-o", layers, "overlay", root)
    mount("-t", "proc", "proc", f"{root}/proc")
    mount("-t", "sysfs", "-o", "ro", "sysfs", f"{root}/sys")
    devices(f"{root}/dev")
    for number, (folder, place) in enumerate(binds.items()):
        os.makedirs(root + place, 0o755)
        show(folder, root + place, f"{base}/own{number}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", _UP))
    socket.sethostname("throwaway")
    layer = os.open(upper, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.chdir(root)
    os.chroot(".")
    os.chdir("/")
    os.umask(0o022)
    return layer


def end_with_input() -> None:
    """End, and with it the whole root, when whoever asked for it is gone."""
    while os.read(0, 1024):
        pass
    os._exit(0)


def main() -> None:
    layer = make(**json.loads(sys.argv[1]))
    threading.Thread(target=end_with_input, daemon=True).start()
    sys.stdout.write(f"ready {layer}\n")
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        signal.sigwait({signal.SIGCHLD})
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass


if __name__ == "__main__":
    main()
