"""`hint box top`: who waits and runs on the shared box, in numbers."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from hinterland.cells import wrapped
from hinterland.errors import EngineError
from hinterland.sentences import sentence

if TYPE_CHECKING:
    from hinterland.site import Site

_EVERY = 2.0  # seconds
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J", "\x1b[?25h\x1b[?1049l"
_ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_COLUMNS = re.compile(r"[1-9][0-9]{1,3}")
_LEAVES = {b"q", b"Q", b"\x1b", b"\x03", b"\x04"}


@click.command(name="top")
@click.option("--once", is_flag=True, help="Show the numbers of now, and end.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.2, max=3600),
    metavar="SECONDS",
    help="How often to show them anew; 2 on a terminal, and once elsewhere.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line each time.")
def command(once: bool, every: float | None, as_json: bool) -> None:
    """Show who waits and runs, in numbers.

    Teachers and root see everybody; everybody else sees totals and their own line. Leave with q.
    """
    from hinterland.box import asking

    box = asking.settings()
    on_screen = (
        sys.stdout.isatty()
        and sys.stdin.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
        and not (once or as_json)
    )
    if on_screen:
        _watch(box, every or _EVERY)
        return
    while True:
        click.echo(_encoded(box) if as_json else "\n".join(_lines(box, _size()[0], None)))
        sys.stdout.flush()
        if once or every is None:
            return
        time.sleep(every)
        if not as_json:
            click.echo()


def _lines(box: Site, width: int, height: int | None) -> list[str]:
    from hinterland.box import asking, machine, mistakes, top

    status = asyncio.run(asking.now(box))
    wrong = [] if status.everybody is None else mistakes.found(box)
    return top.lines(status, machine.look(), width, height, wrong)


def _encoded(box: Site) -> str:
    import msgspec

    from hinterland.box import asking, machine, mistakes, top
    from hinterland.text import escape_json

    status = asyncio.run(asking.now(box))
    wrong = [] if status.everybody is None else mistakes.found(box)
    told = msgspec.to_builtins(status) | {
        "at": round(time.time(), 3),
        "machine": msgspec.to_builtins(machine.look()),
        "mistakes": [each.message for each in wrong],
        "names": {
            share.uid: top.name_of(share.uid) for share in (status.everybody or [status.you])
        },
    }
    return escape_json(msgspec.json.encode(told).decode())


def _size() -> tuple[int, int]:
    """Return the columns and rows of the terminal; some do not know theirs, and a pipe has none: what
    reads it may be a terminal again, which `COLUMNS` tells."""
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        columns = os.environ.get("COLUMNS", "")
        return int(columns) if _COLUMNS.fullmatch(columns) else 80, 24
    return size.columns or 80, size.lines or 24


def _watch(box: Site, every: float) -> None:
    """Show the numbers in place until a key ends it; only lines that have changed are sent."""
    _lines(box, 80, None)  # whatever is wrong is told before the screen is taken
    shown: list[str] = []
    size = (0, 0)
    with _whole_screen():
        while True:
            columns, rows = _size()
            try:
                lines = _lines(box, columns - 1, rows)
            except EngineError as error:  # it may come back: whoever watches wants to see that
                lines = wrapped(sentence(error), columns - 1)[:rows]
            if (columns, rows) != size:
                sys.stdout.write("\x1b[2J")
                shown, size = [], (columns, rows)
            _draw(shown, lines)
            shown = lines
            if _told_to_leave(every):
                return


def _draw(shown: list[str], lines: list[str]) -> None:
    for row in range(max(len(shown), len(lines))):
        line = lines[row] if row < len(lines) else ""
        if row >= len(shown) or line != shown[row]:
            sys.stdout.write(f"\x1b[{row + 1};1H{line}\x1b[K")
    sys.stdout.flush()


def _told_to_leave(patience: float) -> bool:
    """Wait for a key, and return whether it is one that leaves."""
    end = time.monotonic() + patience
    while (left := end - time.monotonic()) > 0:
        if not select.select([sys.stdin], [], [], left)[0]:
            return False
        key = os.read(sys.stdin.fileno(), 64)
        if not key or key in _LEAVES:
            return True
    return False


@contextmanager
def _whole_screen() -> Iterator[None]:
    """Take the screen, and give it and the keyboard back as they were, also when a signal ends this."""
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    heard = {number: signal.signal(number, _end) for number in _ENDS}
    try:
        tty.setcbreak(keyboard, termios.TCSANOW)
        sys.stdout.write(_ENTER)
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_IGN)  # once is enough: nothing may come in between now
        with suppress(OSError, termios.error):  # the terminal may be gone
            sys.stdout.write(_LEAVE)
            sys.stdout.flush()
            termios.tcsetattr(keyboard, termios.TCSANOW, before)
        for number, handler in heard.items():
            signal.signal(number, handler)


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)
