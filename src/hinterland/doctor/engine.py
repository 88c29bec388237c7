"""The engine: does it run, does it answer, can its socket be used, and what did it last complain of."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland import __version__
from hinterland.doctor.findings import Area, Finding, In, quoted
from hinterland.doctor.visit import Visit
from hinterland.errors import HinterlandError
from hinterland.models.progress import size
from hinterland.paths import LONGEST_SOCKET_PATH

_say = In(Area.ENGINE)

_PATIENCE = 1.5  # seconds for a service to say how it is: it never computes itself
_LOG_END = 64 * 1024  # bytes of the log that are looked through
_SPEAKS_OF_TROUBLE = re.compile(
    r" E |rror:|cannot|could not|failed|killed|crash|Traceback", re.IGNORECASE
)
_STAMP = re.compile(r"^\S+ \S+ hinterland\.\w+ (?:[\d.]+ E )?")
_BEGINS = re.compile(r"hinterland\.engine service \d+ listens")


def service(visit: Visit) -> Iterator[Finding]:
    """Say whether the engine runs and what it says of itself."""
    if visit.shared:
        return
    paths = visit.paths
    if not os.path.exists(paths.state / "engine.lock") and not os.path.lexists(paths.socket):
        yield _say.ok("engine-idle", "The engine is not running; the next question starts it.")
        return
    from hinterland.engine.client import EngineClient
    from hinterland.engine.launcher import is_running

    holds = visit.engine_is_there = is_running(paths)
    answer = None
    try:
        answer = asyncio.run(asyncio.wait_for(EngineClient(paths).status(), _PATIENCE))
    except TimeoutError:
        pass
    except msgspec.MsgspecError:
        yield _say.problem(
            "engine-of-another-release",
            "The running engine is of another release of Hinterland.",
            "`hint engine stop`; the next question starts the right one.",
        )
        return
    except HinterlandError as error:
        yield _say.problem("engine-refuses", error.message, error.hint)
        return
    if answer is not None:
        visit.engine_status = answer
        yield from _running(visit, holds)
    elif holds and os.access(paths.socket, os.W_OK):  # else `place` tells why
        holder = _holder(visit, paths.state / "engine.lock")
        remedy = (
            f"`kill -9 {holder}`" if holder else "Find it with `ps aux | grep hinterland.serve`"
        )
        yield _say.problem(
            "engine-does-not-answer",
            "An engine process is there and does not answer (it may be starting or ending).",
            f"Wait a moment and look again. If it stays so: {remedy}.",
            pid=holder,
        )
    elif not holds:
        yield _say.ok("engine-idle", "The engine is not running; the next question starts it.")
        if os.path.lexists(paths.socket):
            yield from _stale(paths.socket)


def _running(visit: Visit, holds: bool) -> Iterator[Finding]:
    status = visit.engine_status
    assert status is not None
    memory = "" if status.resident_bytes is None else f", {size(status.resident_bytes)}"
    yield _say.ok(
        "engine-runs",
        f"The engine runs (process {status.pid}{memory}); answers being written: {status.running}.",
        pid=status.pid,
        version=status.version,
        memory=status.resident_bytes,
        running=status.running,
    )
    for worker in status.workers:
        held = "" if worker.resident_bytes is None else f" in {size(worker.resident_bytes)}"
        sentence = (
            f"{worker.model} is no longer loaded; the next question loads it."
            if worker.state == "gone"
            else f"{worker.model} is {worker.state}{held}: {worker.running} of {worker.slots} slots "
            f"busy, {worker.waiting} waiting."
        )
        yield _say.ok(
            "engine-model",
            sentence,
            model=worker.model,
            state=worker.state,
            memory=worker.resident_bytes,
            threads=worker.threads,
        )
    if status.version != __version__:
        yield _say.problem(
            "engine-of-another-release",
            f"The running engine is of release {status.version}, and this is {__version__}.",
            "`hint engine stop`; the next question starts the right one.",
            running=status.version,
        )
    if not holds:
        yield _say.note(
            "engine-without-lock",
            "The engine runs but its lock is not seen: this disk does not keep locks for everybody.",
            "Set HINTERLAND_HOME to a folder on this machine's own disk.",
        )
    try:
        changed = visit.paths.config_file.stat().st_mtime
    except OSError:
        return
    if changed > status.started:
        yield _say.note(
            "settings-newer-than-engine",
            "The settings were changed after the engine started; it goes by the old ones of [engine].",
            "If they were those: `hint engine stop`; the next question starts it anew.",
        )


def _stale(socket: Path) -> Iterator[Finding]:
    mode = socket.lstat().st_mode
    if stat.S_ISDIR(mode):
        yield _say.problem(
            "socket-is-folder",
            f"A folder is where the engine's socket has to be: {socket}.",
            f"`rmdir {quoted(socket)}`",
        )
    else:
        yield _say.ok(
            "socket-left-over",
            "An engine that was killed has left its socket; the next start replaces it.",
            socket=socket,
        )


def place(visit: Visit) -> Iterator[Finding]:
    """Say whether the socket can be reached by its owner, and by nobody else."""
    if visit.shared:
        return
    socket = visit.paths.socket
    length = len(os.fsencode(socket))
    if length > LONGEST_SOCKET_PATH:
        yield _say.problem(
            "socket-path-long",
            f"The path of the engine's socket has {length} bytes, and {LONGEST_SOCKET_PATH} are "
            f"possible: {socket}.",
            "Set TMPDIR or HINTERLAND_HOME to a folder with a short path.",
            length=length,
        )
    try:
        folder, mine = socket.parent.stat(), socket.lstat()
    except OSError:
        return  # no socket yet: it is made with the right mode
    if mine.st_uid != os.getuid() or folder.st_uid != os.getuid():
        yield _say.problem(
            "socket-not-ours",
            f"The engine's socket is another user's: {socket}.",
            f"`sudo chown $USER {quoted(socket)}`, or set HINTERLAND_HOME to a folder of your own.",
            owner=mine.st_uid,
        )
        return
    if not visit.engine_is_there:
        return  # what is there was left over, and is replaced
    mode = stat.S_IMODE(mine.st_mode)
    if mode & 0o600 != 0o600:
        yield _say.problem(
            "socket-closed",
            f"You may not write to the engine's socket (mode {mode:04o}): {socket}.",
            f"`chmod 600 {quoted(socket)}`",
            mode=f"{mode:04o}",
        )
    elif mode & 0o077:
        yield _say.note(
            "socket-open-to-others",
            f"Other users may knock at the engine's socket (mode {mode:04o}); it turns them away.",
            f"`chmod 600 {quoted(socket)}`",
            mode=f"{mode:04o}",
        )


def log(visit: Visit) -> Iterator[Finding]:
    """Say what the engine last complained of, since it last started."""
    if visit.shared:  # what is here is of an engine that is no longer used
        return
    lines: list[str] = []
    for line in _end_of(visit.paths.logs / "engine.log"):
        if _BEGINS.search(line):
            lines = []
        elif _SPEAKS_OF_TROUBLE.search(line):
            lines.append(line)
    if lines:
        when = lines[-1][:16]
        complaint = _STAMP.sub("", lines[-1]).strip()
        yield _say.note(
            "engine-complained",
            f"The engine last complained on {when}: {complaint}",
            "`hint engine logs` shows what led to it.",
            line=lines[-1],
        )
    if visit.engine_status is None:
        words = [line for line in _end_of(visit.paths.logs / "service.log") if line.strip()]
        if words:
            yield _say.note(
                "engine-start-complained",
                f"When the engine last started it said: {words[-1].strip()}",
                f"`cat {quoted(visit.paths.logs / 'service.log')}` shows all of it.",
                line=words[-1],
            )


def _end_of(path: Path) -> list[str]:
    """Return the last lines of a log; none when there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LOG_END))
            return file.read().decode("utf-8", "replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _holder(visit: Visit, lock: Path) -> int | None:
    """Return the process that holds a lock, where the system tells."""
    try:
        inode = lock.stat().st_ino
    except OSError:
        return None
    for line in visit.read("proc/locks").splitlines():
        fields = line.split()
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
            return int(fields[4])
    return None
