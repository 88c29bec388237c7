"""Does work as another user: no hand of root's is ever in a folder that somebody else can change.

The child is a fork that executes nothing, so that the kernel keeps it undumpable and the user, whose
process it then is, can end it but neither read nor change it.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from hinterland.box.members import Member

_MEMORY = 2 << 30
"""Bytes of address space: files of that user are read."""
_FILES = 256
_LARGEST = 64 << 20
"""Bytes that the work may return."""
_PIECE = 1 << 16


class AsUserError(Exception):
    """Why the work was not done, in words that follow "it"."""


def as_user(member: Member, work: Callable[[], bytes], seconds: float) -> bytes:
    """Return what `work` returns, done as that user within so many seconds; raises AsUserError.

    Whatever `work` needs has to be imported before: the user need not be able to read our files. The
    caller has one thread and is root, or that user.
    """
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        _be(member, work, told, seconds)
    os.close(told)
    try:
        said = _hear(heard, time.monotonic() + seconds)
    finally:
        os.close(heard)
        with suppress(ProcessLookupError):  # not reaped yet, so that its number is its own
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if said is None:
        raise AsUserError(f"took longer than {seconds:.0f} seconds")
    if not said.endswith(b"."):
        raise AsUserError("was ended in the middle")
    return said[:-1]


def _hear(pipe: int, deadline: float) -> bytes | None:
    """Return what comes until the other end is closed; None where that takes too long."""
    said = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return None
        piece = os.read(pipe, _PIECE)
        if not piece:
            return bytes(said)
        said += piece
        if len(said) > _LARGEST:
            raise AsUserError("returned more than can be believed")


def _be(member: Member, work: Callable[[], bytes], told: int, seconds: float) -> NoReturn:
    try:
        _become(member, told, seconds)
        left = memoryview(work() + b".")
        while left:
            left = left[os.write(told, left) :]
    # The end of a fork: whatever went wrong, the parent's code must not run on in it.
    except BaseException:  # noqa: BLE001 - a child ends here
        os._exit(1)
    os._exit(0)


def _become(member: Member, told: int, seconds: float) -> None:
    """Be that user and nobody else, for good."""
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.closerange(3, told)
    os.closerange(told + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_NOFILE, max(_FILES, told + 1)),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # a lower limit is in force
            resource.setrlimit(what, (most, most))
    if os.getuid() != member.uid:
        if member.uid <= 0 or member.gid <= 0:
            raise PermissionError
        os.initgroups(member.login, member.gid)
        os.setresgid(member.gid, member.gid, member.gid)
        os.setresuid(member.uid, member.uid, member.uid)
    if os.getresuid() != (member.uid,) * 3 or member.uid == 0:
        raise PermissionError
    for name in [each for each in os.environ if each.startswith(("XDG_", "HINTERLAND_"))]:
        del os.environ[name]
    os.environ["HOME"] = member.home
