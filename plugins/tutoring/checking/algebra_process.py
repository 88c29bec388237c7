"""The parent's side of the process that does algebra: started when needed, killed when too slow."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import msgspec

from hinterland.errors import PluginError
from hinterland.plugins.tutoring.checking.terms import Node

SECONDS = 1.0
"""For one answer, from the question on; starting does not count."""
SECONDS_TO_START = 60.0
MEMORY = 400 << 20
"""Bytes of address space: SymPy alone takes some 60 MB."""
_LONGEST_LINE = 1 << 16

Equation = tuple[Node, Node]


class _Allowance(msgspec.Struct):
    seconds: float


_ALLOWANCE: ContextVar[_Allowance] = ContextVar("allowance")
"""What is left of it in this task."""


class AlgebraProcess:
    """Answers questions about trees; None where it could not in time.

    It may be used from one event loop after the other, and questions take turns.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._child: _Child | None = None
        self._turn: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    async def start(self) -> None:
        """Return when the process may be asked; raises PluginError if it does not start."""
        async with self._one_at_a_time():
            await self._started()

    @contextmanager
    def allowance(self) -> Iterator[None]:
        """Let all the questions asked inside take no longer than one may, together."""
        token = _ALLOWANCE.set(_Allowance(self._seconds))
        try:
            yield
        finally:
            _ALLOWANCE.reset(token)

    def close(self) -> None:
        """Kill the process, if there is one; the next question would start another."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return None if self._child is None else self._child.pid

    async def are_equal(self, one: Node, other: Node) -> bool | None:
        """Whether two terms are the same wherever both are defined."""
        found = await self._ask("equal", one.json(), other.json())
        return found if isinstance(found, bool) else None

    async def are_proportional(self, one: Equation, other: Equation) -> bool | None:
        """Whether two equations are the same but for a factor or swapped sides."""
        found = await self._ask(
            "proportional", *([each.json() for each in x] for x in (one, other))
        )
        return found if isinstance(found, bool) else None

    async def compare_solutions(
        self, one: Sequence[Equation], other: Sequence[Equation], letter: str
    ) -> tuple[bool, bool] | None:
        """Whether whatever solves any of the first solves any of the second, and the other way."""
        sides = ([[side.json() for side in each] for each in x] for x in (one, other))
        found = await self._ask("solutions", *sides, letter)
        return (bool(found[0]), bool(found[1])) if isinstance(found, list) else None

    async def are_prime(self, factors: Sequence[Node]) -> bool | None:
        """Whether none of the factors can be factored further."""
        found = await self._ask("factored", [each.json() for each in factors])
        return found if isinstance(found, bool) else None

    async def _ask(self, do: str, *of: object) -> object:
        line = json.dumps({"do": do, "of": of}).encode() + b"\n"
        if len(line) > _LONGEST_LINE:
            return None
        allowance = _ALLOWANCE.get(None)
        async with self._one_at_a_time():
            seconds = self._seconds if allowance is None else allowance.seconds
            if seconds <= 0:
                return None
            child = await self._started()
            settled, since = False, time.monotonic()
            try:
                async with asyncio.timeout(seconds):
                    reply = await child.answer_to(line)
                settled = True
                return reply.get("is")
            except (TimeoutError, OSError, ValueError):  # too slow, out of memory, or killed
                self.close()
                self._child = _Child()  # it gets ready while the pupil reads
                settled = True
                return None
            finally:  # also when cancelled: the next question must not get this one's answer
                if allowance is not None:
                    allowance.seconds -= time.monotonic() - since
                if not settled:
                    self.close()

    async def _started(self) -> _Child:
        if self._child is None or not self._child.is_alive():
            self.close()
            self._child = _Child()
        child = self._child
        if not child.is_ready:
            try:
                async with asyncio.timeout(SECONDS_TO_START):
                    await child.answer_to(b"")
                child.is_ready = True
            except (TimeoutError, OSError, ValueError) as error:
                raise PluginError(
                    "The process that checks algebra does not start.",
                    "Reinstall Hinterland, or see with `hint doctor` whether memory is short.",
                ) from error
            finally:
                if not child.is_ready:
                    self.close()
        return child

    def _one_at_a_time(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn[0] is not loop:
            self._turn = loop, asyncio.Lock()
        return self._turn[1]


class _Child:
    """The process and the socket that is its standard input and output."""

    def __init__(self) -> None:
        self.is_ready = False
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            process = subprocess.Popen(
                # -P: a sympy.py in the user's folder is not the library.
                [
                    *(sys.executable, "-P", "-c", f"from {_SOLVER} import serve; serve()"),
                    *(str(MEMORY), str(int(SECONDS) + 1)),
                ],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env=_environment(),
                process_group=0,
            )
        self._process = process
        self._kept = b""
        # A checker that nobody closed takes its process with it.
        self._end = weakref.finalize(self, _end, process, self._socket)

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    async def answer_to(self, line: bytes) -> dict[str, object]:
        """Send a line and return the next one that comes back; raises OSError or ValueError."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._socket, line)
        while b"\n" not in self._kept:
            more = await loop.sock_recv(self._socket, 4096)
            if not more:
                raise ConnectionResetError("the process ended")
            self._kept += more
        reply, _newline, self._kept = self._kept.partition(b"\n")
        found = json.loads(reply)
        return found if isinstance(found, dict) else {}

    def kill(self) -> None:
        self._end()


_SOLVER = f"{__package__}.solver"


def _end(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
    connection.close()


def _environment() -> dict[str, str]:
    """Return our own environment without what SymPy takes settings from."""
    root = str(Path(sys.modules["hinterland"].__file__ or "").parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: each for name, each in os.environ.items() if not name.startswith("SYMPY_")}
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}
