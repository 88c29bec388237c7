"""Reads PDF and Word files in a child process with limits on memory and time.

Their parsers meet files from anywhere: one can loop for ever, fill the memory or crash, and must
not take the answer, the terminal or the box with it.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

MOST_MEMORY = 1 << 30
"""Bytes of address space for the parser."""
MOST_SECONDS = 60
"""Seconds of processor time for the parser; on the clock it may take twice that."""
MOST_CHARACTERS = 8_000_000
"""The longest text: twice what the largest context windows of today hold."""

_PARSERS = {"pdf": "hinterland.documents.pdf", "word": "hinterland.documents.word"}


class Extracted(msgspec.Struct, frozen=True):
    text: str
    note: str = ""
    """What the text lacks, in words that follow the file's name; empty when it lacks nothing."""


class UnreadableError(Exception):
    """Why a document cannot be read, in words that follow its name, and what to do about it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class _Reply(msgspec.Struct, frozen=True):
    extracted: Extracted | None = None
    reason: str = ""
    hint: str = ""


def extract(kind: str, data: bytes) -> Extracted:
    """Return the text of a document of that kind ("pdf", "word"); raises UnreadableError."""
    folder = str(Path(__file__).parent.parent)
    paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    order = (kind, str(MOST_MEMORY), str(MOST_SECONDS))
    try:
        child = subprocess.run(
            # -P: a docx.py in the user's folder is not the library.
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()", *order],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=2 * MOST_SECONDS,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_slow() from error
    if child.returncode == -signal.SIGXCPU:
        raise _too_slow()
    try:
        reply = msgspec.json.decode(child.stdout, type=_Reply)
    except msgspec.DecodeError as error:
        raise _broken("its reader crashed") from error
    if reply.extracted is None:
        raise UnreadableError(reply.reason, reply.hint)
    return reply.extracted


def serve() -> None:
    """Be the child: read a document from standard input and write a `_Reply` to standard output."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not part of the answer
    kind, memory, seconds = sys.argv[1:]
    _limit(int(memory), int(seconds))
    data = sys.stdin.buffer.read()
    try:
        reply = _Reply(importlib.import_module(_PARSERS[kind]).extract(data))
    except UnreadableError as unreadable:
        reply = _Reply(None, unreadable.reason, unreadable.hint)
    except MemoryError:
        reason = f"needs more than {int(memory) >> 20} MB of memory to be read"
        reply = _Reply(None, reason, _ANOTHER_WAY)
    except Exception as error:  # noqa: BLE001 - a broken file makes its parser raise anything
        reply = _Reply(None, str(_broken(type(error).__name__)), _ANOTHER_WAY)
    answer.write(msgspec.json.encode(reply))
    answer.close()


def bounded(text: str) -> str:
    """Return `text` fit for JSON; raises UnreadableError when it is longer than MOST_CHARACTERS."""
    if len(text) > MOST_CHARACTERS:
        raise UnreadableError(
            f"holds more than {MOST_CHARACTERS:,} characters of text",
            "Attach the part of it that matters.",
        )
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _limit(memory: int, seconds: int) -> None:
    import resource

    # At the soft limit of seconds comes SIGXCPU, which the parent tells from a crash.
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, seconds, seconds + 5),
    ):
        try:
            resource.setrlimit(what, (soft, hard))
        except (OSError, ValueError):  # a lower limit is in force, or macOS refuses: others remain
            continue


_ANOTHER_WAY = "Convert it to plain text with another program and attach that."


def _too_slow() -> UnreadableError:
    return UnreadableError(f"takes longer than {MOST_SECONDS} s to be read", _ANOTHER_WAY)


def _broken(detail: str) -> UnreadableError:
    return UnreadableError(f"is broken and cannot be read ({detail})", _ANOTHER_WAY)
