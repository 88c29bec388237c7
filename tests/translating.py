"""`hint translate`, run for a test, and what it says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.running import hint_command

SOURCE = (
    "The clinic opens at eight. Bring your card.\n\nTake 2 tablets of 500 mg, no more than %s.\n"
)


def said(ended: subprocess.CompletedProcess[str]) -> str:
    """Return what people were told: plain lines without a control character or a traceback."""
    for stream in (ended.stdout, ended.stderr):
        assert "Traceback" not in stream
        assert not any(character < " " and character != "\n" for character in stream)
    return ended.stderr


@contextmanager
def translating(*arguments: str | Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run `hint translate`, and end it at the block's end if it has not."""
    process = subprocess.Popen(
        hint_command("translate", *map(str, arguments)),
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
