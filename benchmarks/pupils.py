"""How long a pupil of a large school waits for the review, and how much memory it takes.

`python benchmarks/pupils.py [--pupils 1000] [--cards 1000] [--runs 15]` fills a box of its own, 1.2 GB
in the temporary folder, and then, in a fresh process each time, imports the room, opens one pupil for a
lesson and asks what is due; beside it stands a Python that does nothing. What must hold: under 200 ms and
under 100 MB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import figures

from hinterland.plugins.tutoring.pupils import files, names
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.pupils.done import Done, Rating
from hinterland.plugins.tutoring.pupils.pupil import Pupil

REVIEW = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from hinterland.plugins.tutoring.pupils.box import PupilBox
pupil = PupilBox(Path(sys.argv[1]), lambda: datetime.now(UTC)).open(sys.argv[2]).hold()
assert len(pupil.due(pupil.now(), [card.exercise for card in pupil.cards])) == 20
"""
PROGRESS = REVIEW + "pupil.masteries(), pupil.days()\n"
NOTHING = ""
LIST = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from hinterland.plugins.tutoring.pupils.box import PupilBox
PupilBox(Path(sys.argv[1]), lambda: datetime.now(UTC)).list()
"""


def fill(box: PupilBox, pupils: int, cards: int) -> None:
    """Add so many pupils who have each done that many exercises twice, all of them due again.

    The files of one are written by the tutor, and those of the others are the same under other names.
    """
    first = _learnt(box, cards)
    folder = box.folder / names.folder(first.name)
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    for number in range(1, pupils):
        name = f"Pupil {number}"
        copy = box.folder / names.folder(name)
        copy.mkdir(mode=0o700)
        for file, content in contents.items():
            (copy / file).write_bytes(content.replace(first.name.encode(), name.encode()))
    os.sync()  # or the disk is still busy when the first is opened


def _learnt(box: PupilBox, cards: int) -> Pupil:
    ratings = (Rating.GOOD, Rating.GOOD, Rating.HARD, Rating.AGAIN)
    with box.add("Pupil 0", settings=files.Settings(a_day=20)) as pupil:
        for number in range(2 * cards):
            lesson = f"lesson-{number % cards // 10}"
            pupil.record(
                Done(
                    exercise=f"{lesson}/exercise-{number % 10}",
                    objective=f"objective-{number % 3}",
                    lesson=lesson,
                    rating=ratings[number % len(ratings)],
                    attempts=1 + number % 3,
                    hints=number % 4,
                    seed=number,
                )
            )
    return box.look("Pupil 0")


PEAK = """
import resource, sys
try:  # getrusage would count what the process was before it became Python
    peak = int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) / 1024
except FileNotFoundError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(peak)
"""


def run(code: str, box: Path, pupils: int) -> Callable[[], tuple[float, float]]:
    """Return what gives the milliseconds and the peak megabytes of a process that runs `code`."""
    number = -1

    def measured() -> tuple[float, float]:
        nonlocal number
        number = (number + 389) % pupils  # another pupil each time, as far as the box has them
        start = time.perf_counter()
        command = [sys.executable, "-c", code + PEAK, str(box), f"Pupil {number}"]
        peak = subprocess.run(
            command, check=True, capture_output=True, text=True, env=_environment(box.parent)
        ).stdout
        return (time.perf_counter() - start) * 1000, float(peak)

    return measured


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which Python finds its byte code, as after an installation."""
    kept = {name: value for name, value in os.environ.items() if "BYTECODE" not in name}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def pairs(title: str, code: str, box: Path, pupils: int, runs: int) -> list[figures.Pair]:
    """Measure `code` and a Python that does nothing in turn."""
    whole, bare = run(code, box, pupils), run(NOTHING, box, pupils)
    memory: tuple[list[float], list[float]] = ([], [])

    def timed(measured: Callable[[], tuple[float, float]], kept: list[float]) -> float:
        spent, peak = measured()
        kept.append(peak)
        return spent

    spent = figures.interleave(
        f"{title}, time",
        "ms",
        runs,
        lambda: timed(whole, memory[0]),
        lambda: timed(bare, memory[1]),
    )
    return [spent, figures.Pair(f"{title}, peak memory", "MB", memory[0][1:], memory[1][1:])]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pupils", type=int, default=1000)
    options.add_argument("--cards", type=int, default=1000)
    options.add_argument("--runs", type=int, default=15)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        learnt = datetime.now(UTC) - timedelta(days=300)
        box = PupilBox(Path(folder) / "pupils", lambda: learnt)
        fill(box, given.pupils, given.cards)
        measured: list[figures.Pair] = []
        for title, code in (
            ("open and review", REVIEW),
            ("open, review, progress", PROGRESS),
            ("list all pupils", LIST),
        ):
            measured += pairs(title, code, box.folder, given.pupils, given.runs)
        figures.report(measured, ("the tutor", "Python alone"))


if __name__ == "__main__":
    main()
