"""How well free words are triaged: reads stories, compares levels, prints the confusion matrix.

Any JSONL of {"text", "level"} will do. Facts that a story does not mention are read as no, which is
for evaluation only. Without `--extract` no model is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hinterland.errors import HinterlandError, JobError
from hinterland.plugins.diagnosis.reading import lexicon
from hinterland.plugins.diagnosis.reading.free_text import case_from
from hinterland.plugins.diagnosis.reading.proposals import Proposal
from hinterland.plugins.diagnosis.rules import triage, vocabulary
from hinterland.plugins.diagnosis.rules.pack import SHIPPED, Level, Pack, chosen

LAY = ("imci", "redflags")
SITE = {"malaria_risk": False}
LEVELS = (Level.RED, Level.YELLOW, Level.GREEN)
BARS = {
    "emergency recall": 0.95,
    "never below the true level": 0.97,
    "agreement": 0.75,
    "GREEN recall": 0.60,
    "RED precision": 0.70,
}


@dataclass(frozen=True)
class Story:
    text: str
    level: Level
    name: str


@dataclass(frozen=True)
class Read:
    story: Story
    result: triage.Triage
    proposals: tuple[Proposal, ...]


def stories(path: Path) -> list[Story]:
    """Return the stories of a JSONL file; raises SystemExit for a line that is not one."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append(Story(row["text"], Level(row["level"]), str(row.get("id", number))))
        except (ValueError, KeyError, TypeError) as error:
            raise SystemExit(
                f"{path}:{number}: not a story with text and level ({error})."
            ) from error
    return found


def packs_of(names: Sequence[str], words: vocabulary.Vocabulary) -> tuple[Pack, ...]:
    """Return the packs of these names that there are."""
    there = [name for name in names if (SHIPPED / name / "pack.toml").exists()]
    return chosen(tuple(there), words)


def assessed(
    each: Story,
    packs: Sequence[Pack],
    words: vocabulary.Vocabulary,
    language: str,
    more: Sequence[Proposal] = (),
) -> Read:
    """Return the result for one story, with nobody to confirm anything."""
    from hinterland.plugins.diagnosis.reading.proposals import merged

    told = merged(lexicon.read(each.text, words, language), more, vocabulary=words)
    case = case_from(each.text, told, words, unmentioned=False, language=language)
    return Read(each, triage.assess(case, packs, SITE), told)


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def measures(reads: Sequence[Read]) -> dict[str, float]:
    """Return the five measures."""
    pairs = [(each.story.level, each.result.level) for each in reads]
    red = [is_ for was, is_ in pairs if was is Level.RED]
    green = [is_ for was, is_ in pairs if was is Level.GREEN]
    called = [was for was, is_ in pairs if is_ is Level.RED]
    return {
        "emergency recall": share(red.count(Level.RED), len(red)),
        "never below the true level": share(
            sum(is_.rank >= was.rank for was, is_ in pairs), len(pairs)
        ),
        "agreement": share(sum(is_ is was for was, is_ in pairs), len(pairs)),
        "GREEN recall": share(green.count(Level.GREEN), len(green)),
        "RED precision": share(called.count(Level.RED), len(called)),
    }


def matrix(reads: Sequence[Read]) -> dict[str, dict[str, int]]:
    """Return how many stories of each true level (first) got each level."""
    return {
        was.value: {
            is_.value: sum(each.story.level is was and each.result.level is is_ for each in reads)
            for is_ in LEVELS
        }
        for was in LEVELS
    }


def shown(reads: Sequence[Read]) -> str:
    lines = [f"{len(reads)} stories", "", f"{'true':8}" + "".join(f"{each:>8}" for each in LEVELS)]
    for was, row in matrix(reads).items():
        lines.append(f"{was:8}" + "".join(f"{count:8}" for count in row.values()))
    lines.append("")
    for name, value in measures(reads).items():
        verdict = "" if value >= BARS[name] else "   below the bar"
        lines.append(f"{name:28}{value:6.3f}   bar {BARS[name]:.2f}{verdict}")
    return "\n".join(lines)


def missed(reads: Sequence[Read]) -> str:
    lines = []
    for each in reads:
        if each.result.level is each.story.level:
            continue
        lines.append(f"{each.story.name}: {each.story.level} read as {each.result.level}")
        lines.append(f"  {each.story.text}")
        lines.extend(
            f"    {one.fact} = {one.value} ← “{one.words}” ({one.by})" for one in each.proposals
        )
        lines.append("    rules: " + ", ".join(one.id for one in each.result.fired))
        if each.result.open:
            lines.append(
                "    open: "
                + ", ".join(f"{one.id} ({' '.join(one.facts)})" for one in each.result.open[:6])
            )
    return "\n".join(lines)


async def extracted(
    found: Sequence[Story], model: str | None, language: str
) -> list[Sequence[Proposal]]:
    """Return what a model proposes for each story."""
    import hinterland
    from hinterland.plugins.diagnosis.reading.extraction import extract

    words = vocabulary.load()
    results: list[Sequence[Proposal]] = []
    async with hinterland.connect(model) as box:
        for number, each in enumerate(found, 1):
            known = lexicon.read(each.text, words, language)
            try:
                results.append(await extract(each.text, box, words, known, language=language))
            except JobError as error:
                print(f"\n{each.name}: {error}", file=sys.stderr)
                results.append(())
            print(f"\r{number}/{len(found)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stories", type=Path)
    parser.add_argument("--pack", action="append", help="instead of imci and redflags")
    parser.add_argument("--language", default="en")
    parser.add_argument("--extract", action="store_true", help="ask a model too")
    parser.add_argument("-m", "--model", help="which")
    parser.add_argument("--only", type=int, help="so many stories, spread over the file")
    parser.add_argument("--half", choices=("0", "1"), help="one half of the stories, by their hash")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    found = stories(told.stories)
    if told.half:
        found = [each for each in found if half(each) == int(told.half)]
    if told.only:
        found = found[:: max(1, len(found) // told.only)][: told.only]
    words = vocabulary.load()
    packs = packs_of(tuple(told.pack or LAY), words)
    try:
        more: Sequence[Sequence[Proposal]] = [()] * len(found)
        if told.extract:
            more = asyncio.run(extracted(found, told.model, told.language))
        reads = [
            assessed(each, packs, words, told.language, also)
            for each, also in zip(found, more, strict=True)
        ]
    except HinterlandError as error:
        raise SystemExit(f"{error} {error.hint}") from error
    if told.json:
        out: dict[str, Any] = {
            "stories": len(reads),
            "matrix": matrix(reads),
            "measures": measures(reads),
            "bars": BARS,
        }
        print(json.dumps(out, indent=2))
        return
    if told.misses:
        print(missed(reads), end="\n\n")
    print(shown(reads))


def half(each: Story) -> int:
    """Return 0 or 1, by the text alone: to look at one half and measure on the other."""
    import hashlib

    return hashlib.sha256(each.text.encode()).digest()[0] % 2


if __name__ == "__main__":
    main()
