"""A Ray cluster of two nodes on this machine: the same results as without, also when one is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROWS = 300

if find_spec("ray") is None:
    pytest.skip(
        "Ray is not installed: pip install 'hinterland[ray]', 260 MB", allow_module_level=True
    )

pytestmark = [pytest.mark.soak, pytest.mark.filterwarnings("default")]  # Ray's own warnings


@pytest.fixture
def cluster(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two nodes on loopback, each with an account of its own."""
    # Before Ray is imported, here and in the run.
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    found = Cluster()
    nodes = []
    for name in ("one", "two"):
        with pytest.MonkeyPatch.context() as its:
            its.setenv("HINTERLAND_HOME", str(home / name))
            node = found.add_node(
                num_cpus=1, include_dashboard=False, object_store_memory=80_000_000
            )
        nodes.append(node)
    try:
        yield found, nodes
    finally:
        found.shutdown()


@pytest.mark.parametrize("killed", [False, True], ids=["both live", "one is killed"])
def test_a_cluster_answers_every_row_once(cluster: Any, tmp_path: Path, killed: bool) -> None:
    found, nodes = cluster
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    prompts = {str(n): f"Row {n} has a few words in it" for n in range(ROWS)}
    source.write_text(
        "".join(json.dumps({"id": n, "prompt": text}) + "\n" for n, text in prompts.items())
    )
    options = ["-o", str(out), "-m", "echo:40", "--ray", found.address, "--json-progress"]
    with subprocess.Popen(
        [sys.executable, "-m", "hinterland", "batch", str(source), *options],
        stdout=subprocess.PIPE,
        env=os.environ,
    ) as batch:
        assert batch.stdout is not None
        for line in batch.stdout:  # nothing but JSON, whatever Ray has to say
            if json.loads(line).get("done", 0) >= 40 and killed:
                found.remove_node(nodes[1], allow_graceful=False)
                killed = False
    assert batch.returncode == 0
    assert not killed, "the job was over before the node was killed"
    results = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(results) == ROWS
    assert {result["id"]: result["answer"] for result in results} == prompts
