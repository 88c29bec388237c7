"""A batch under 20 kills: each row is there once, and few are done twice."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.running import Hint, asked, hint_command, only_worker, wait_until

ROWS, KILLS = 2000, 20
COMMAND = ("-m", "echo:100", "-q")
"""A row is one token: 10 ms."""


def finished(out: Path) -> int:
    """Return how many results there are."""
    return out.read_bytes().count(b"\n") if out.exists() else 0


@pytest.mark.soak
def test_twenty_kills_lose_no_row_and_repeat_few(hint: Hint, tmp_path: Path) -> None:
    chance = random.Random(20)
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(
        "".join(json.dumps({"id": n, "prompt": f"word-{n}"}) + "\n" for n in range(ROWS))
    )
    first = hint("batch", "-", "-o", tmp_path / "warm", *COMMAND, input='{"prompt": "x"}')
    assert first.returncode == 0, first.stderr
    warm, slots = asked(), only_worker().slots

    for moment in sorted(chance.sample(range(ROWS - 100), KILLS)):
        process = subprocess.Popen(hint_command("batch", str(source), "-o", str(out), *COMMAND))
        wait_until(lambda: finished(out) >= moment, f"{moment} rows are done")  # noqa: B023 - called at once
        time.sleep(chance.uniform(0, 0.05))
        assert process.poll() is None
        process.kill()
        process.wait()

    ended = hint("batch", source, "-o", out, *COMMAND)
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(row["id"] for row in found) == list(range(ROWS))
    assert all(row["answer"] == f"word-{row['id']}" for row in found)
    repeated = asked() - warm - ROWS
    print(f"{KILLS} kills, {slots} slots: {repeated} rows asked again")
    assert 0 <= repeated <= slots * KILLS
