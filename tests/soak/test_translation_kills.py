"""A translation killed twice: the finished file is that of a run left alone, and little is asked
again."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from hinterland.paths import find
from tests.running import Hint, asked, hint_command, only_worker, stop_engine, wait_until

SEGMENTS, KILLS = 500, 2
FAMILY = """
title = "a model that is asked for anything at all"
models = ["*smollm2*"]
languages = ["*"]
lenient = true
[sampling]
temperature = 0.0
[[prompts]]
plain = "Repeat this sentence and nothing else: {text}"
"""
"""SmolLM2 knows no French, which is no matter: what it says, right or wrong, has to be the same again."""
NAMES = ("Ada", "Ben", "Cleo", "Dina", "Emre", "Fay", "Gil", "Hana", "Ivo", "Jo")
THINGS = ("bread", "water", "rice", "salt", "milk", "fish", "maize", "tea", "oil", "soap")
DEEDS = ("buys", "sells", "finds", "wants", "brings")


def document(path: Path) -> Path:
    """Write a document whose paragraphs are one segment each, and all different."""
    said = [f"{name} {deed} {thing} today." for name in NAMES for deed in DEEDS for thing in THINGS]
    random.Random(7).shuffle(said)
    assert len(set(said)) == SEGMENTS
    path.write_text("".join(f"{sentence}\n\n" for sentence in said))
    return path


def remembered() -> int:
    """Return how many lines the memory has."""
    ledgers = find().translations.glob("*.ledger")
    return sum(ledger.read_bytes().count(b"\n") for ledger in ledgers)


def kill_at(moments: list[int], chance: random.Random, *command: str | Path) -> None:
    """Run a command again and again, and kill it each time when so many lines are remembered."""
    for moment in moments:
        process = subprocess.Popen(hint_command("translate", *map(str, command)))
        wait_until(
            lambda: remembered() >= moment or process.poll() is not None,  # noqa: B023 - called at once
            f"{moment} lines are remembered",
            patience=1800,  # a model takes half a second for a line, and longer on a busy box
        )
        time.sleep(chance.uniform(0, 0.05))
        assert process.poll() is None, "it ended before it could be killed"
        process.kill()
        process.wait()


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(3))
def test_what_was_killed_twice_ends_as_if_it_had_not_been(
    hint: Hint, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    source = document(tmp_path / "market.txt")
    whole, out = tmp_path / "whole.txt", tmp_path / "out.txt"
    languages = ("--from", "en", "--to", "fr", "-q", "-m", "echo:50")
    alone = hint("translate", source, "-o", whole, *languages, "--no-memory", timeout=600)
    assert alone.returncode == 0, alone.stderr
    before, slots = asked(), only_worker().slots

    command = (source, "-o", out, *languages)
    kill_at(sorted(chance.sample(range(SEGMENTS - 50), KILLS)), chance, *command)
    assert not out.exists(), "something half-written is there"
    ended = hint("translate", *command, timeout=600)
    assert ended.returncode == 0, ended.stderr
    assert out.read_bytes() == whole.read_bytes()
    left = {each.name for each in tmp_path.iterdir() if each.is_file()}
    assert left == {"market.txt", "whole.txt", "out.txt"}
    repeated = asked() - before - SEGMENTS
    print(f"{KILLS} kills, {slots} slots: {repeated} segments asked again")
    assert 0 <= repeated <= slots * KILLS

    again = hint("translate", *command, "--overwrite", timeout=600)
    assert again.returncode == 0, again.stderr
    assert asked() - before - SEGMENTS == repeated, "what is known was asked again"


@pytest.mark.soak
@pytest.mark.model
@pytest.mark.timeout(7200)
def test_a_real_model_says_the_same_after_two_kills(
    hint: Hint, small_model: str, tmp_path: Path
) -> None:
    """One segment at a time and without chance; the engine is a new one after each kill."""
    chance = random.Random(11)
    families = find().config / "translation"
    families.mkdir(parents=True)
    (families / "smollm.toml").write_text(FAMILY)
    source = document(tmp_path / "market.txt")
    whole, out = tmp_path / "whole.txt", tmp_path / "out.txt"
    languages = ("--from", "en", "--to", "fr", "-q", "-m", small_model)
    plain = ("--concurrency", "1", "--temperature", "0")
    alone = hint("translate", source, "-o", whole, *languages, *plain, "--no-memory", timeout=3600)
    assert alone.returncode in {0, 7}, alone.stderr
    assert whole.read_bytes() != source.read_bytes()

    command = (source, "-o", out, *languages, *plain)
    for moment in sorted(chance.sample(range(SEGMENTS - 50), KILLS)):
        kill_at([moment], chance, *command)
        stop_engine()
    assert not out.exists(), "something half-written is there"
    ended = hint("translate", *command, timeout=3600)
    assert ended.returncode == alone.returncode, ended.stderr
    assert out.read_bytes() == whole.read_bytes()
