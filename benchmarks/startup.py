"""What people wait for before a command does anything, against the least that Python could do.

`hint --help` is measured against a bare Python that imports click and looks entry points up.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figures import Pair, interleave, report

BARE_HELP = "import click, importlib.metadata as m; m.entry_points()"


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


MEASUREMENTS: list[Callable[[int], Pair]] = [help_against_click]


def main() -> None:
    """Print each measurement, ours first, bare Python second."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--runs", type=int, default=20, help="Pairs for each row.")
    runs: int = options.parse_args().runs
    report([measure(runs) for measure in MEASUREMENTS], ("hint", "bare Python"))


if __name__ == "__main__":
    main()
