"""Runs a reader of foreign bytes in a child process with limits on memory and time.

Parsers of documents and images meet files from anywhere: one can loop for ever, fill the memory or
crash, and must not take the answer, the terminal or the box with it.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec


class Limits(msgspec.Struct, frozen=True):
    memory: int
    """Bytes of address space for the reader."""
    seconds: int
    """Seconds of processor time for the reader; on the clock it may take twice that."""
    another_way: str
    """What to do about a file that cannot be read, as a sentence."""


class UnreadableError(Exception):
    """Why something cannot be read, in words that follow its name, and what to do about it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


_BROKEN = "is broken and cannot be read"


class _Reply(msgspec.Struct, frozen=True):
    content: Any = None
    reason: str = ""
    hint: str = ""


def run(reader: str, data: bytes, limits: Limits) -> Any:
    """Return what the function `reader` ("module:name") makes of `data` in a child process.

    What it returns comes back as msgspec's built-in types. Raises UnreadableError.
    """
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        child = subprocess.run(
            # -P: a docx.py in the user's folder is not the library.
            [
                *(sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"),
                *(reader, msgspec.json.encode(limits).decode()),
            ],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=2 * limits.seconds,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_slow(limits) from error
    if child.returncode == -signal.SIGXCPU:
        raise _too_slow(limits)
    try:
        reply = msgspec.msgpack.decode(child.stdout, type=_Reply)
    except msgspec.DecodeError as error:
        reason = f"{_BROKEN} (its reader crashed)"
        raise UnreadableError(reason, limits.another_way) from error
    if reply.content is None:
        raise UnreadableError(reply.reason, reply.hint)
    return reply.content


def serve() -> None:
    """Be the child: read from standard input and write a `_Reply` to standard output."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not part of the answer
    reader, encoded = sys.argv[1:]
    limits = msgspec.json.decode(encoded, type=Limits)
    _limit(limits)
    data = sys.stdin.buffer.read()
    module, _, name = reader.partition(":")
    try:
        reply = _Reply(getattr(importlib.import_module(module), name)(data))
    except UnreadableError as unreadable:
        reply = _Reply(None, unreadable.reason, unreadable.hint)
    except MemoryError:
        reason = f"needs more than {limits.memory >> 20} MB of memory to be read"
        reply = _Reply(None, reason, limits.another_way)
    except Exception:  # noqa: BLE001 - a broken file makes its parser raise anything
        reply = _Reply(None, _BROKEN, limits.another_way)
    answer.write(msgspec.msgpack.encode(reply))
    answer.close()


def _limit(limits: Limits) -> None:
    import resource

    # At the soft limit of seconds comes SIGXCPU, which the parent tells from a crash.
    for what, soft, hard in (
        (resource.RLIMIT_AS, limits.memory, limits.memory),
        (resource.RLIMIT_CPU, limits.seconds, limits.seconds + 5),
    ):
        try:
            resource.setrlimit(what, (soft, hard))
        except (OSError, ValueError):  # a lower limit is in force, or macOS refuses: others remain
            continue


def _too_slow(limits: Limits) -> UnreadableError:
    return UnreadableError(f"takes longer than {limits.seconds} s to be read", limits.another_way)
