"""History under 200 kills: nothing that was finished may be lost."""

from __future__ import annotations

import pytest

from hinterland.paths import Paths
from tests.history_writers import check, kill_writers


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_two_hundred_kills_lose_no_finished_turn(paths: Paths) -> None:
    check(paths, kill_writers(paths, kills=200, seed=2))
