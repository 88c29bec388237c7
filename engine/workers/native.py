"""The native worker: any llama-server, on the spec's inner socket.

This process becomes the server (exec), so that its memory, its signals and its end are the server's
own. A guard, forked before, says `ready` when the server answers, and ends it, with all that it
started, when the service goes away.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from hinterland.engine.workers import lifeline
from hinterland.engine.workers.spec import SPINS, WorkerSpec, decode
from hinterland.errors import StorageError
from hinterland.paths import private_folder

CANNOT_START = 126
"""The exit code, as a shell has it, of a program that cannot be run at all."""

_HELP_PATIENCE = 30.0  # seconds; a program with GPU libraries takes a while to say anything
_LOOK_EVERY = 0.05  # seconds, until the server is ready
_LOOK_SELDOM = 1.0  # seconds, where the system has no pidfd


class UnfitProgramError(Exception):
    """The program is no llama-server that can be used; the message says why."""


def main() -> None:
    """Become the server that the spec names."""
    output = lifeline.keep_output()
    lifeline.die_with_parent()
    spec = decode(sys.argv[1])
    environment = clean_environment() | {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", SPINS)}
    try:
        arguments = command(spec, knowing=help_of(spec.program))
    except UnfitProgramError as error:
        _give_up(str(error))
    os.umask(0o177)  # not before: a folder made with it could not be entered
    # A group of its own: a wrapper script's children are found by it.
    os.setpgid(0, 0)
    server = os.getpid()
    if os.fork() == 0:
        _guard(server, Path(spec.socket), output)
    os.close(output)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # the lifeline is the guard's
    try:
        os.execve(spec.program, arguments, environment)  # noqa: S606 - no shell is meant
    except OSError as error:
        _give_up(f"it cannot be started: {error.strerror}")


def _give_up(why: str) -> NoReturn:
    sys.stderr.write(f"error: {why}\n")
    sys.stderr.flush()
    os._exit(CANNOT_START)


def clean_environment() -> dict[str, str]:
    """Return the environment without what llama-server would take settings from: they come from
    the config, not from whoever happened to start the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LLAMA_")}


def help_of(program: str) -> str:
    """Return what `program --help` prints; raises UnfitProgramError."""
    try:
        told = subprocess.run(
            [program, "--help"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=clean_environment(),
            timeout=_HELP_PATIENCE,
            check=False,
            process_group=0,
        )
    except OSError as error:
        raise UnfitProgramError(f"it cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise UnfitProgramError(f"it does not answer --help in {_HELP_PATIENCE:.0f} s") from error
    if told.returncode < 0:
        raise UnfitProgramError(f"--help ended with {signal.Signals(-told.returncode).name}")
    text = (told.stdout + told.stderr).decode("utf-8", "replace")
    if told.returncode > 0:
        last = text.strip().rpartition("\n")[2]
        raise UnfitProgramError(f"--help failed: {last or f'exit code {told.returncode}'}")
    return text


def command(spec: WorkerSpec, *, knowing: str) -> list[str]:
    """Return the server's command line, with the options that its help text knows.

    Raises UnfitProgramError for a program that is no llama-server, or one too old to listen on a
    UNIX socket: a TCP port would be open to every account on the box.
    """
    known = options(knowing)
    if not {"--model", "--host", "--ctx-size"} <= known:
        raise UnfitProgramError("its --help is not that of a llama-server")
    if ".sock" not in knowing:
        raise UnfitProgramError("it is too old: it cannot listen on a UNIX socket")
    threads = str(spec.threads)
    arguments = [
        *(spec.program, "--model", spec.path, "--host", spec.socket),
        *("--ctx-size", str(spec.pool_tokens), "--parallel", str(spec.slots)),
        *("--threads", threads, "--threads-batch", threads),
    ]
    if spec.projector:
        if "--mmproj" not in known:
            raise UnfitProgramError("it cannot look at images, and this model has a projector")
        arguments += ["--mmproj", spec.projector]
        if spec.gpu_layers == 0 and "--no-mmproj-offload" in known:
            arguments.append("--no-mmproj-offload")
    if spec.gpu_layers >= 0:
        arguments += ["--gpu-layers", str(spec.gpu_layers)]
    if "--slot-save-path" in known and _has_folder(spec.prefixes):
        arguments += ["--slot-save-path", f"{spec.prefixes}/"]
    wanted = [
        ("--alias", spec.model),
        # Each slot has its own KV cache: one that all share is scanned whole for every token (ADR 013).
        ("--no-kv-unified",),
        # The service has counted the memory; llama.cpp must not shrink the context behind its back.
        ("--fit", "off"),
        ("--cache-ram", str(spec.prompt_cache)),
        ("--slots",),
        ("--jinja",),
        # What does not fit is refused; nothing is shifted out of a context silently.
        ("--no-context-shift",),
        ("--no-ui",) if "--no-ui" in known else ("--no-webui",),
        ("--offline",),
    ]
    if spec.batch:
        batch = str(max(spec.batch, spec.slots))
        wanted += [("--batch-size", batch), ("--ubatch-size", batch)]
    for option, *value in wanted:
        if option in known:
            arguments += [option, *value]
    # Levels have meant this since they were listed; before, 2 would have written prompts.
    if "2: warning" in knowing:
        arguments += ["--log-verbosity", "2"]
    return arguments


def _has_folder(path: str) -> bool:
    """Make the folder `path` and return whether it is there: without it a server does not start."""
    with contextlib.suppress(StorageError):
        return bool(path) and private_folder(Path(path)).is_dir()
    return False


def options(knowing: str) -> set[str]:
    """Return the option names in a help text, as `--ctx-size`."""
    lines = [line.strip() for line in knowing.splitlines()]
    # Names are aligned behind commas; the description begins after two spaces or more.
    aligned = [re.sub(r",\s+", ", ", line) for line in lines if line.startswith("-")]
    words = " ".join(line.partition("  ")[0] for line in aligned).replace(",", " ").split()
    return {word for word in words if word.startswith("-")}


def _guard(server: int, path: Path, output: int) -> None:
    """Watch over `server` from a process of its own; never returns."""
    os.setpgid(0, 0)
    try:
        _watch(server, path, output)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server, signal.SIGKILL)
        os._exit(0)


def _watch(server: int, path: Path, output: int) -> None:
    """Return when the server has ended or the service has gone."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    seldom: float | None = _LOOK_SELDOM
    if hasattr(os, "pidfd_open"):  # only Linux has it
        poll.register(os.pidfd_open(server), select.POLLIN)
        seldom = None
    ready = False
    while os.getppid() == server:
        if not ready and _answers(path):
            os.write(output, lifeline.READY)
            os.close(output)
            ready = True
        wait = seldom if ready else _LOOK_EVERY
        if poll.poll(None if wait is None else 1000 * wait):
            return


def _answers(path: Path) -> bool:
    """Return whether the server on `path` says that its model is loaded."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(path))
            client.sendall(b"GET /health HTTP/1.0\r\nHost: hinterland\r\n\r\n")
            return client.recv(64).split()[1:2] == [b"200"]
        except OSError:
            return False


if __name__ == "__main__":
    main()
