"""Turns, journals and disks for the tests of store and history."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hinterland.engine.journal import Header, JournalWriter
from hinterland.engine.protocol import FinishReason
from hinterland.errors import HinterlandError
from hinterland.history import History
from hinterland.paths import Paths
from hinterland.turns import Turn, new_id

HOSTILE = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x9b2J \u202egnp.exe\u2066 \x7f end"
"""Clipboard write, clear screen, C1 sequence introducer, bidi override and isolate, DEL."""
CONTROLS = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\x7f")


def a_turn(prompt: str = "Why?", answer: str = "Because.", **fields: Any) -> Turn:
    """Return a complete turn, or what `fields` make of it."""
    settings: dict[str, Any] = {
        "id": new_id(),
        "created": 1_700_000_000.0,
        "finish_reason": FinishReason.STOP,
        "model": "echo",
    }
    return Turn(prompt=prompt, answer=answer, **(settings | fields))


def strict(paths: Paths) -> History:
    """Return a history that fails the test instead of warning."""

    def fail(error: HinterlandError) -> None:
        raise AssertionError(error.message)

    return History(paths, warn=fail)


def files_of(history_folder: Path) -> bytes:
    """Return the bytes of every file below a folder, one after the other."""
    return b"".join(path.read_bytes() for path in history_folder.rglob("*") if path.is_file())


def journal_writer(paths: Paths, conversation_id: str, turn: Turn) -> JournalWriter:
    """Return the journal of a turn, begun as the service begins it."""
    paths.journal.mkdir(parents=True, exist_ok=True)
    header = Header(
        conversation_id=conversation_id,
        turn_id=turn.id,
        created=turn.created,
        prompt=turn.prompt,
        model=turn.model,
    )
    return JournalWriter(paths.journal, header)


@contextmanager
def tiny_disk(folder: Path, size: str = "256k") -> Iterator[Path]:
    """Mount a disk of that size at `folder`; skips the test where that needs more rights."""
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)  # what ends may hold a file yet


def fill(disk: Path) -> Path:
    """Write to `disk` until it is full; return the file that fills it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return filler
