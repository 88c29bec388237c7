"""A Ray cluster of two nodes on this machine: the same results as without, also when one is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.running import stop_engine

ROWS = 300

if find_spec("ray") is None:
    pytest.skip(
        "Ray is not installed: pip install 'hinterland[ray]', 260 MB", allow_module_level=True
    )

pytestmark = [pytest.mark.soak, pytest.mark.filterwarnings("default")]  # Ray's own warnings


class Nodes:
    """A cluster on loopback, each of whose nodes has an account of its own."""

    def __init__(self, home: Path) -> None:
        from ray.cluster_utils import Cluster

        self._cluster: Any = Cluster()
        self._home = home
        self._nodes: list[Any] = []

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def add(self) -> None:
        with pytest.MonkeyPatch.context() as its:
            its.setenv("HINTERLAND_HOME", str(self._home / str(len(self._nodes))))
            node = self._cluster.add_node(
                num_cpus=1, include_dashboard=False, object_store_memory=80_000_000
            )
        self._nodes.append(node)

    def kill_last(self) -> None:
        self._cluster.remove_node(self._nodes.pop(), allow_graceful=False)

    def shutdown(self) -> None:
        self._cluster.shutdown()


@pytest.fixture
def cluster(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nodes]:
    """One node; more can be added."""
    # Before Ray is imported, here and in the run.
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    found = Nodes(home)
    found.add()
    try:
        yield found
    finally:
        found.shutdown()


def written(path: Path, count: int, words: str) -> dict[str, str]:
    """Write rows, and return their prompts by id."""
    prompts = {str(n): words.format(n=n) for n in range(count)}
    path.write_text(
        "".join(json.dumps({"id": n, "prompt": text}) + "\n" for n, text in prompts.items())
    )
    return prompts


def run(*arguments: str | Path, at: int = 0, then: Callable[[], None] | None = None) -> list[str]:
    """Run a batch, do something when so many rows are done, and return what it noted."""
    notes = []
    with subprocess.Popen(
        [sys.executable, "-m", "hinterland", "batch", *map(str, arguments), "--json-progress"],
        stdout=subprocess.PIPE,
        env=os.environ,
    ) as batch:
        assert batch.stdout is not None
        for line in batch.stdout:  # nothing but JSON, whatever Ray has to say
            event = json.loads(line)
            notes += [event["text"]] if event["event"] == "note" else []
            if event["event"] == "progress" and event["done"] >= at and then is not None:
                then()
                then = None
    assert batch.returncode == 0, notes
    assert then is None, "the job was over before it came to that"
    return notes


def answers(out: Path) -> dict[str, str]:
    """Return the answers by id, each of which is there once."""
    results = [json.loads(line) for line in out.read_text().splitlines()]
    by_id = {result["id"]: result["answer"] for result in results}
    assert len(by_id) == len(results)
    return by_id


@pytest.mark.parametrize("killed", [False, True], ids=["both live", "one is killed"])
def test_a_cluster_answers_every_row_once(cluster: Nodes, tmp_path: Path, killed: bool) -> None:
    cluster.add()
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    prompts = written(source, ROWS, "Row {n} has a few words in it")
    then = cluster.kill_last if killed else None
    run(source, "-o", out, "-m", "echo:40", "--ray", cluster.address, at=40, then=then)
    assert answers(out) == prompts


def test_a_node_that_joins_late_takes_part(cluster: Nodes, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    prompts = written(source, ROWS, "Row {n} has a few words in it")
    options = ("-m", "echo:20", "--ray", cluster.address)
    notes = run(source, "-o", out, *options, at=10, then=cluster.add)
    assert sum(" is ready: " in note for note in notes) == 2
    assert answers(out) == prompts


@pytest.mark.model
@pytest.mark.parametrize("killed", [False, True], ids=["both live", "one is killed"])
def test_real_engines_of_two_nodes_answer_as_one_does(
    small_model: str, cluster: Nodes, tmp_path: Path, killed: bool
) -> None:
    source, alone, out = tmp_path / "in.jsonl", tmp_path / "alone.jsonl", tmp_path / "out.jsonl"
    written(source, 24, "What is the number {n} good for?")
    # One row at once: the same rows in other company may differ in a token near a tie.
    options = ("-m", small_model, "--max-tokens", "12", "--temperature", "0", "--concurrency", "1")
    run(source, "-o", alone, *options)
    stop_engine()
    then = cluster.kill_last if killed else None
    cluster.add()
    run(source, "-o", out, *options, "--ray", cluster.address, at=4, then=then)
    assert answers(out) == answers(alone)
    assert len(set(answers(out).values())) > 1
