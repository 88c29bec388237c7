"""Becomes the box's service, without a network and without rights: what the unit's sandbox does, for
a machine that systemd does not run. `python -m hinterland.box.confined SETTINGS`.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

import msgspec

_LIBC = ctypes.CDLL(None, use_errno=True)

# <linux/sched.h>, <sys/mount.h>, <linux/prctl.h>, <linux/mount.h>
_NEWNS, _NEWIPC, _NEWNET = 0x20000, 0x8000000, 0x40000000
_PRIVATE, _RECURSIVE, _BIND = 1 << 18, 1 << 14, 1 << 12
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT = 1, 2, 4, 8, 32
_PDEATHSIG, _NO_NEW_PRIVS, _CAPBSET_DROP = 1, 38, 24
_MOUNT_SETATTR = 442  # the same on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_EINVAL, _ENOSYS = 22, 38

_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - they are made private
_HIDDEN = ("/home", "/root", "/run/user")
_OPEN_FILES = 16_384

CANNOT = 78
"""The exit code when the machine does not let a process be confined (EX_CONFIG)."""


class Settings(msgspec.Struct, frozen=True):
    uid: int
    gid: int
    writable: tuple[str, ...]
    """Folders that are there, and that the service may write in."""


class _Attributes(ctypes.Structure):
    """struct mount_attr of mount_setattr(2)."""

    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def main() -> None:
    """Confine this process and go on as the service."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # who started it waits for signals, blocked
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    try:
        confine(settings)
    except OSError as error:
        print(f"{error.filename or error}: {error.strerror}", file=sys.stderr)  # noqa: T201 - no log yet
        sys.exit(CANNOT)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": settings.writable[0],
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NOTIFY_SOCKET": os.environ.get("NOTIFY_SOCKET", ""),
    }
    service = [sys.executable, "-P", "-m", "hinterland.box.serve"]
    os.execve(sys.executable, service, environment)  # noqa: S606 - it goes on as another program


def confine(settings: Settings) -> None:
    """Give this process, which is root's, no network, no files to write but its own, and no rights.

    Raises OSError when the kernel refuses; nothing is left out silently.
    """
    _check(_LIBC.unshare(_NEWNS | _NEWIPC | _NEWNET), "unshare")
    _mounts(settings.writable)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold prompts
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    for capability in range(64):
        if _LIBC.prctl(_CAPBSET_DROP, capability, 0, 0, 0) and ctypes.get_errno() == _EINVAL:
            break  # that was the last one this kernel knows
    os.setgroups([settings.gid])
    os.setresgid(settings.gid, settings.gid, settings.gid)
    os.setresuid(settings.uid, settings.uid, settings.uid)
    _check(_LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    # After the change of user, which would clear it.
    _check(_LIBC.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "pdeathsig")
    os.umask(0o077)
    os.chdir("/")
    os.setsid()  # Ctrl-C is for whoever started this, who tells the service to end


def _mounts(writable: tuple[str, ...]) -> None:
    """Make everything read-only but `writable`, the temporary folders the service's own, and homes
    empty."""
    _mount(None, "/", None, _PRIVATE | _RECURSIVE)
    for folder in writable:
        _mount(folder, folder, None, _BIND)
    if not _set_attributes("/", _AT_RECURSIVE, on=_RDONLY | _NOSUID):
        # Before Linux 5.12 one mount at a time: elsewhere the permissions of files have to do.
        _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID)
    for folder in writable:
        _set_attributes(folder, 0, off=_RDONLY, on=_NOSUID | _NODEV | _NOEXEC)
    for folder in _TEMPORARY:
        if Path(folder).is_dir():
            _mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV | _NOEXEC, "mode=1777,size=10%")
    for folder in _HIDDEN:
        if Path(folder).is_dir():
            _mount("tmpfs", folder, "tmpfs", _RDONLY | _NOSUID | _NODEV, "mode=0,size=4k")


def _set_attributes(folder: str, flags: int, *, on: int = 0, off: int = 0) -> bool:
    attributes = _Attributes(set=on, clear=off)
    failed = _LIBC.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        folder.encode(),
        ctypes.c_uint(flags),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    if failed and ctypes.get_errno() == _ENOSYS:
        return False
    _check(failed, folder)
    return True


def _mount(
    source: str | None, folder: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    words = [None if word is None else word.encode() for word in (source, folder, kind, options)]
    _check(
        _LIBC.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]),
        f"mount {folder}",
    )


def _check(failed: int, what: str) -> None:
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


if __name__ == "__main__":
    main()
