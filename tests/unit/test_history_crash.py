"""History when its writers are killed, and when many write at once."""

from __future__ import annotations

import threading

from hinterland.paths import Paths
from tests.history_samples import a_turn, strict
from tests.history_writers import check, kill_writers


def test_killed_writers_lose_no_finished_turn(paths: Paths) -> None:
    check(paths, kill_writers(paths, kills=12, seed=1))


def test_threads_that_write_one_conversation_lose_no_turn(paths: Paths) -> None:
    turns = [a_turn(f"number {number}") for number in range(40)]
    history = strict(paths)

    def write(part: int) -> None:
        for turn in turns[part::4]:
            history.add_turn("together", turn)

    threads = [threading.Thread(target=write, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = {turn.id for turn in history.conversation("together").turns}
    assert kept == {turn.id for turn in turns}
