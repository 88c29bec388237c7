"""What thirty people get out of one box at once: fairness, waiting, speed, memory, and who spoils it.

`python benchmarks/box.py [--only fair|speed|waiting|batches|hostile|kill] [--users 30] [--seconds 130]`
needs root: it makes a root to throw away (the machine is not touched), sets a box up in it, and has
that many system users speak to it, each from a process of its own.

speed     tokens a second of all users together against those of one, and the memory of service and
          workers with all against that with one;
fair      Jain's fairness index of tokens over users in every whole minute of `--seconds`;
waiting   the waiting time that was told first against the real one, while everybody goes on asking
          several questions at a time: on a box that has learned nothing, and after a kill;
batches   the first token of somebody who asks while four users run endless batches, against idle;
hostile   the speed of the others while one user sends garbage, floods, half-open connections, bodies
          of 100 MB and reads slowly, against the same time without; in turn;
kill      everybody waits or is answered when service and worker are killed: what each was told, what
          was kept of what was shown, and how long until the box answers again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.box import boxes, killing, numbers, spoiling, throwaway
from tests.box.boxes import Box
from tests.box.people import Person

MODEL = "smollm2-135m"
ENDLESS = 1e6  # seconds
RAMP = 10.0  # seconds until all rows are being written
BATCHES, ROWS_AT_ONCE, INTERACTIVE = 4, 8, 10
HOSTILE_TURNS = SPEED_TURNS = 3
WAITING = 240.0  # seconds: who asks for the longest answers waits for a third of them
STORY = ("Tell a long story about the people of a village by the river.",)

Figure = tuple[str, float, str, str]
"""What, how much, of which unit, and its bar."""


def crowd(box: Box, count: int, **does: object) -> list[Person]:
    settings: dict[str, object] = {"model": box.model, "prompts": STORY} | does
    return [Person(user=user, **settings) for user in box.users[:count]]  # type: ignore[arg-type] # by name


@contextmanager
def memory(box: Box) -> Iterator[list[int]]:
    """Give a list of the resident bytes of service and workers, twice a second while it lasts."""
    over, found = threading.Event(), [box.resident()]

    def look() -> None:
        while not over.wait(0.5):
            found.append(box.resident())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def together(box: Box, count: int, seconds: float, tokens: int = 128) -> tuple[float, float, float]:
    """Return tokens a second of so many users, a token's time, and the bytes held at most."""
    with memory(box) as held:
        people = crowd(box, count, times=0, seconds=ENDLESS, tokens=tokens)
        asked = numbers.questions(box.run_for(people, seconds))
    end = max(a.tokens[-1] for a in asked if a.tokens)
    return numbers.rate(asked, end - seconds, end), numbers.step(asked), max(held)


def measure_speed(box: Box, chosen: argparse.Namespace) -> list[Figure]:
    users, seconds = chosen.users, min(20.0, chosen.seconds)
    own = box.resident_of_own_engine()
    of_one, of_every = [], []
    for _ in range(SPEED_TURNS):  # in turn: other machines take some of this one's time
        of_one.append(together(box, 1, seconds))
        of_every.append(together(box, users, seconds))
    one, one_step, one_held = (statistics.median(each) for each in zip(*of_one, strict=True))
    every, every_step, every_held = (
        statistics.median(each) for each in zip(*of_every, strict=True)
    )
    return [
        ("one user", one, "tokens/s", ""),
        (f"{users} users", every, "tokens/s", ""),
        (f"{users} users / one", every / one, "", "≥ 2.5"),
        ("a token of one user", one_step * 1000, "ms", ""),
        (f"a token of each of {users}", every_step * 1000, "ms", ""),
        ("resident, one user", one_held / 1e6, "MB", ""),
        (f"resident, {users} users", every_held / 1e6, "MB", ""),
        (f"resident, {users} users / one", every_held / one_held, "", "≤ 1.5"),
        ("resident, an engine of one's own", own / 1e6, "MB", ""),
        (f"resident, {users} users / an engine of one's own", every_held / own, "", ""),
    ]


def measure_fairness(box: Box, chosen: argparse.Namespace) -> list[Figure]:
    """All ask once; then for long: all alike, and then some more than others, with short and long
    answers, and one or four questions at once."""
    once = numbers.questions(box.run(crowd(box, chosen.users, tokens=32)))
    alike = crowd(box, chosen.users, times=0, seconds=ENDLESS, tokens=64)
    unlike = [
        msgspec.structs.replace(
            person, tokens=(32, 64, 128)[number % 3], at_once=4 if number % 5 == 0 else 1
        )
        for number, person in enumerate(alike)
    ]
    return [
        ("asked once, all at the same time", len(once), "", ""),
        ("were answered", sum(a.end == "done" for a in once), "", f"= {len(once)}"),
        *_fairness(box, alike, "all alike", chosen.seconds),
        *_fairness(box, unlike, "some ask for more", chosen.seconds),
    ]


def _fairness(box: Box, people: list[Person], what: str, seconds: float) -> list[Figure]:
    users = [person.user for person in people]
    asked = numbers.questions(box.run_for(people, seconds))
    end = max(a.tokens[-1] for a in asked if a.tokens)
    found = [
        numbers.jain(list(numbers.tokens_by_user(asked, users, *span).values()))
        for span in numbers.minutes(end - seconds, end)
    ]
    failed = sum(a.end == "failed" for a in asked)
    return [
        (f"{what}: asked", len(asked), "", ""),
        (f"{what}: failed", failed, "", "= 0"),
        (f"{what}: Jain's index, worst of {len(found)}", min(found, default=0.0), "", "≥ 0.95"),
        (f"{what}: Jain's index, mean", statistics.fmean(found) if found else 0.0, "", ""),
    ]


def measure_waiting(box: Box, chosen: argparse.Namespace) -> list[Figure]:
    """Everybody goes on asking, on a box that has learned nothing yet, and once more after service and
    worker were killed. What was told in the first half of the time counts."""
    figures = _waits(box, chosen, "a new box")
    for pid in box.processes().values():
        os.kill(pid, signal.SIGKILL)
    box.run([Person(user=box.users[-1], model=box.model, tokens=1)])  # the model is loaded again
    return figures + _waits(box, chosen, "begun anew")


def _waits(box: Box, chosen: argparse.Namespace, what: str) -> list[Figure]:
    everybody = crowd(box, chosen.users, times=0, seconds=ENDLESS, at_once=chosen.at_once)
    people = [
        msgspec.structs.replace(person, tokens=(32, 64, 128, 256)[number % 4], after=number % 7 / 3)
        for number, person in enumerate(everybody)
    ]
    seconds = max(WAITING, chosen.seconds)
    asked = numbers.questions(box.run_for(people, seconds))
    end = max(a.tokens[-1] for a in asked if a.tokens)
    told = numbers.forecasts(asked, before=end - seconds / 2)
    right = [abs(said - real) <= 0.3 * real for said, real in told]
    return [
        (f"{what}: were told how long they would wait", len(told), f"of {len(asked)}", ""),
        (
            f"{what}: median of the real waiting",
            statistics.median(real for _, real in told),
            "s",
            "",
        ),
        (f"{what}: told within 30 %", 100 * sum(right) / len(right), "%", "≥ 80"),
    ]


def measure_batches(box: Box, chosen: argparse.Namespace) -> list[Figure]:
    asks = Person(user=box.users[0], model=box.model, times=INTERACTIVE, tokens=16, pause=0.5)
    idle = _firsts(numbers.questions(box.run([asks])))
    batches = {"at_once": ROWS_AT_ONCE, "tokens": 64, "priority": "batch"}
    rows = crowd(box, BATCHES + 1, times=0, seconds=ENDLESS, **batches)[1:]
    with box.begun(rows, wait=False) as seen:
        time.sleep(RAMP)
        begin = time.monotonic()
        busy = numbers.questions(box.run([asks]))
        end = time.monotonic()
    idle += _firsts(numbers.questions(box.run([asks])))
    meanwhile = numbers.rate(numbers.questions(seen), begin, end)
    step, firsts = numbers.step(busy), _firsts(busy)
    bar = 3 * statistics.median(idle) + step
    return [
        ("first token, idle, median", statistics.median(idle) * 1000, "ms", ""),
        (f"first token among {BATCHES} batches, median", statistics.median(firsts) * 1000, "ms",
         f"≤ {bar * 1000:.0f}"),
        (f"first token among {BATCHES} batches, worst", max(firsts) * 1000, "ms", ""),
        ("a decode step then", step * 1000, "ms", ""),
        ("the batches meanwhile", meanwhile, "tokens/s", ""),
    ]  # fmt: skip


def _firsts(asked: list[numbers.Asked]) -> list[float]:
    return [a.first for a in asked if a.first is not None] or [float("inf")]


def measure_hostile(box: Box, chosen: argparse.Namespace) -> list[Figure]:
    figures = []
    for kind in chosen.hostile:
        users, seconds = box.users[: chosen.users], min(30.0, chosen.seconds)
        beside, alone = spoiling.tokens_of_others(box, kind, users, seconds, HOSTILE_TURNS)
        ratios = {user: beside[user] / max(1, alone[user]) for user in beside}
        whole = sum(beside.values()) / max(1, sum(alone.values()))
        figures += [
            (f"{kind}: tokens of the others, with / without", whole, "", "≥ 0.8"),
            (f"{kind}: of the one who lost most", min(ratios.values()), "", "≥ 0.8"),
        ]
    return figures


def measure_kill(box: Box, chosen: argparse.Namespace) -> list[Figure]:
    found = killing.kill_amid(box, box.users[: chosen.users], box.users[chosen.users], tokens=64)
    return [
        ("were shown something at the kill", found.shown, f"of {chosen.users}", ""),
        ("were told, or got the rest", found.told + found.answered, f"of {chosen.users}",
         f"= {chosen.users}"),
        ("got the whole answer", found.answered, "", ""),
        ("lost something that was shown", found.lost, "", "= 0"),
        ("until the box answers again", found.back, "s", "≤ 10"),
        ("until it answers somebody new besides", found.newcomer, "s", ""),
    ]  # fmt: skip


PARTS: dict[str, Callable[[Box, argparse.Namespace], list[Figure]]] = {
    "speed": measure_speed,
    "fair": measure_fairness,
    "waiting": measure_waiting,
    "batches": measure_batches,
    "hostile": measure_hostile,
    "kill": measure_kill,
}


def main() -> None:
    """Print a table for each part and then all as JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--only", action="append", choices=tuple(PARTS), help="May be repeated.")
    options.add_argument("-m", "--model", default=MODEL)
    options.add_argument("--users", type=int, default=30)
    options.add_argument("--seconds", type=float, default=130.0)
    options.add_argument("--at-once", type=int, default=3, help="Questions of each, for waiting.")
    options.add_argument("--hostile", action="append", help="A kind; `all` is all at once.")
    options.add_argument("--shelf", type=Path, help="A data folder that has the model.")
    chosen = options.parse_args()
    chosen.hostile = chosen.hostile or ["all"]
    if reason := throwaway.why_not():
        print(f"Nothing was measured: {reason}.")
        return
    figures: dict[str, list[Figure]] = {}
    shelf = chosen.shelf or throwaway.own_shelf()
    for part in chosen.only or PARTS:
        with (
            throwaway.throwaway(shelf) as root,
            boxes.running(root, chosen.model, chosen.users + 1) as box,
        ):
            print(f"{part}: {chosen.users} users, {chosen.model}", flush=True)
            figures[part] = PARTS[part](box, chosen)
        for what, much, unit, bar in figures[part]:
            print(f"  {what:<48}{much:>10.4g} {unit:<10} {bar}", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
