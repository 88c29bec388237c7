"""Runs the program in a question and compares what it prints with the key.

Only tests of lessons that ship call this: a lesson from elsewhere is text, and is never run.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile

from hinterland.plugins.tutoring.checking import accepts
from hinterland.plugins.tutoring.lessons import Posed

_FENCED = re.compile(r"^([`~]{3,})[ ]*python[ ]*\n(.*?)^\1[ ]*$", re.DOTALL | re.MULTILINE)
_SECONDS = 10


def program_in(prompt: str) -> str:
    """Return the Python program in a question; "" where there is none."""
    found = _FENCED.search(prompt)
    return found[2] if found else ""


def misprinted(posed: Posed) -> str:
    """Return how what the program prints differs from the key, as a sentence; "" where it does not."""
    program = program_in(posed.prompt)
    if not program:
        return "it is to be run, and has no program between ```python and ```"
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", program],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=_SECONDS,
                cwd=folder,
                env={"PYTHONUTF8": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"its program takes longer than {_SECONDS} s"
    printed = done.stdout.strip()
    if accepts(posed, printed):
        return ""
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        if any(answer in last for answer in posed.answers):
            return ""
        return f"its program fails: {last}"
    return f"its program prints {printed!r} and its answer is {posed.answers[0]!r}"
