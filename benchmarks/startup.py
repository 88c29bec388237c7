"""What people wait for before a command does anything, against the least that Python could do.

`hint --help` is measured against a bare Python that imports click and looks entry points up, and
`hint ask`, up to the moment its request is on the engine's socket, against one that imports click,
asyncio and the HTTP client and writes a byte there. Nobody answers that request: the engine's place
is taken by a socket that notes when the first bytes come.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figures import Pair, interleave, report

from hinterland.paths import find

BARE_HELP = "import click, importlib.metadata as m; m.entry_points()"

BARE_REQUEST = (
    "import click, asyncio, h11, socket, time; s = socket.socket(socket.AF_UNIX); "
    "s.connect({path!r}); s.send(b'x'); time.sleep(60)"
)


def milliseconds(*command: str) -> Callable[[], float]:
    """Return a measurement: milliseconds from starting `command` to its end."""
    elsewhere = tempfile.gettempdir()  # a checkout as the current folder would be searched too

    def measure() -> float:
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=elsewhere)
        return 1000 * (time.perf_counter() - started)

    return measure


def hint() -> tuple[str, ...]:
    """Return the installed command of this environment, or its module where there is none."""
    installed = Path(sys.executable).with_name("hint")
    return (str(installed),) if installed.exists() else (sys.executable, "-m", "hinterland")


def help_against_click(runs: int) -> Pair:
    """Measure `hint --help` against what it cannot do without."""
    bare = milliseconds(sys.executable, "-c", BARE_HELP)
    return interleave("hint --help", "ms", runs, milliseconds(*hint(), "--help"), bare)


def request_against_imports(runs: int) -> Pair:
    """Measure `hint ask` up to its request on the socket against what it cannot do without."""
    with tempfile.TemporaryDirectory() as home, socket.socket(socket.AF_UNIX) as engine:
        os.environ["HINTERLAND_HOME"] = home
        path = find().socket
        path.parent.mkdir(parents=True)
        engine.bind(str(path))
        engine.listen()

        def until_heard(*command: str) -> Callable[[], float]:
            def measure() -> float:
                started = time.perf_counter()
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd=tempfile.gettempdir(),
                )
                caller, _ = engine.accept()
                with caller:
                    caller.recv(1)
                    heard = time.perf_counter()
                    process.kill()
                    process.wait()
                return 1000 * (heard - started)

            return measure

        bare = BARE_REQUEST.format(path=str(path))
        return interleave(
            "hint ask, request on the socket",
            "ms",
            runs,
            until_heard(*hint(), "ask", "Say hello."),
            until_heard(sys.executable, "-c", bare),
        )


MEASUREMENTS: list[Callable[[int], Pair]] = [help_against_click, request_against_imports]


def main() -> None:
    """Print each measurement, ours first, bare Python second."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--runs", type=int, default=20, help="Pairs for each row.")
    runs: int = options.parse_args().runs
    report([measure(runs) for measure in MEASUREMENTS], ("hint", "bare Python"))


if __name__ == "__main__":
    main()
