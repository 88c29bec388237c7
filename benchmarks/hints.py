"""What a model makes of hints: leaks, languages, how many are reworded, and how long a pupil waits.

Exercises are taken from all over the shipped lessons, English and French; for each a wrong answer is
given and a hint asked for. Every hint that a pupil would see is looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from itertools import chain, zip_longest

from hinterland.engine.client import EngineClient
from hinterland.paths import find
from hinterland.plugins import languages
from hinterland.plugins.tutoring.hints import Guard, Hint, ModelGuide, Work
from hinterland.plugins.tutoring.hints.model_guide import DEADLINE
from hinterland.plugins.tutoring.lessons import Posed
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.shelf import STARTER, Shelf


@dataclass
class Found:
    """What came of the hints."""

    exercises: int = 0
    hints: int = 0
    leaks: int = 0
    empty: int = 0
    other_language: int = 0
    by_language: Counter[str] = field(default_factory=Counter)
    outcome: Counter[str] = field(default_factory=Counter)
    """`reworded`, or why the lesson's own words stand."""
    not_first: int = 0
    """Hints that are not the smallest that was left: those that were picked."""
    seconds: list[float] = field(default_factory=list)


def spread(many: int, seed: int) -> list[Posed]:
    """Return exercises of each subject and language in turn."""
    groups: dict[str, list[Posed]] = defaultdict(list)
    for lesson in Shelf([STARTER]).lessons():
        for exercise in lesson.exercises:
            posed = pose(lesson, exercise, seed, _spoilt)
            groups[f"{lesson.language} {lesson.subject}"].append(posed)
    for group in groups.values():
        random.Random(seed).shuffle(group)
    rows = zip_longest(*groups.values())
    return [each for each in chain.from_iterable(rows) if each is not None][:many]


def _spoilt(posed: Posed) -> bool:
    guard = Guard(posed)
    return any(map(guard.leaks, posed.hints))


async def measure(model: str, posed: list[Posed], each: int, deadline: float, show: bool) -> Found:
    """Return what came of `each` hints for every exercise."""
    guide = ModelGuide(EngineClient(find()), model, deadline=deadline)
    await guide.warm()
    found = Found(exercises=len(posed))
    for number, exercise in enumerate(posed, 1):
        unused = list(range(len(exercise.hints)))
        mistake = 0 if exercise.mistakes else None
        answers = (exercise.mistakes[0].answer,) if exercise.mistakes else ("?",)
        for _ in range(min(each, len(unused))):
            begun = time.perf_counter()
            hint = await guide.hint(exercise, Work(answers=answers, mistake=mistake), unused)
            found.seconds.append(time.perf_counter() - begun)
            found.not_first += hint.index != min(unused)
            unused.remove(hint.index)
            _look(found, exercise, hint)
            if show and hint.reworded:
                print(f"{exercise.hints[hint.index]}\n  → {hint.text}", file=sys.stderr)
        print(f"\r{number}/{len(posed)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    found.outcome = guide.counts
    if guide.trouble:
        print(guide.trouble, file=sys.stderr)
    return found


def _look(found: Found, posed: Posed, hint: Hint) -> None:
    found.hints += 1
    found.by_language[posed.language] += 1
    found.empty += not hint.text.strip()
    found.leaks += Guard(posed).leaks(hint.text)
    seen = languages.detect(hint.text).language
    wanted = languages.find(posed.language)
    own = languages.detect(posed.hints[hint.index]).language
    if seen is not None and seen != own and not languages.are_alike(seen, wanted):
        found.other_language += seen.base != wanted.base


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("-n", type=int, default=50, help="exercises; 50 is what counts")
    parser.add_argument("--each", type=int, default=1, help="hints for each exercise")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--deadline", type=float, default=60.0, help="seconds; so long none is lost"
    )
    parser.add_argument("--show", action="store_true", help="the hints that were reworded")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    posed = spread(told.n, told.seed)
    found = asyncio.run(measure(told.model, posed, told.each, told.deadline, told.show))
    if told.json:
        print(json.dumps({"model": told.model, **asdict(found)}))
        return
    rows: list[tuple[str, str, str]] = [
        ("exercises", str(found.exercises), ""),
        ("hints", str(found.hints), ", ".join(f"{k} {v}" for k, v in found.by_language.items())),
        ("leaks", str(found.leaks), "bar 0"),
        ("empty", str(found.empty), "bar 0"),
        ("in another language", str(found.other_language), "bar 0"),
        ("not the smallest", str(found.not_first), ""),
        ("seconds, median", f"{statistics.median(found.seconds):.1f}", ""),
        ("seconds, longest", f"{max(found.seconds):.1f}", f"deadline {told.deadline:g}"),
        (
            "later than a pupil waits",
            str(sum(each > DEADLINE for each in found.seconds)),
            f"{DEADLINE:g} s",
        ),
    ]
    rows += [(f"  {name}", str(many), "") for name, many in found.outcome.most_common()]
    for name, value, note in rows:
        print(f"{name:26}{value:>8}  {note}".rstrip())


if __name__ == "__main__":
    main()
