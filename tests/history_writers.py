"""Processes that write history until they are killed, and the check that nothing they said was
kept got lost. Run as a module it is one such process."""

from __future__ import annotations

import os
import random
import selectors
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from hinterland.engine import journal
from hinterland.engine.events import encode
from hinterland.engine.protocol import Done, FinishReason
from hinterland.paths import Paths, find
from hinterland.turns import new_id
from tests.history_samples import a_turn, journal_writer, strict

WRITERS = 4
SHARED = ("shared-a", "shared-b")

Kept = dict[str, set[str]]
"""The turns of each conversation that a writer reported as kept."""


def answer_of(turn_id: str) -> str:
    """Return the answer that every writer gives in that turn."""
    return f"{turn_id} 水 " * 40


class Writer:
    """One process that writes; its reports come through a pipe."""

    def __init__(self, name: str, reports_to_live: int) -> None:
        self.name = name
        self.reports_to_live = reports_to_live
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.history_writers", name],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdout is not None
        self.reports = self._process.stdout
        self._unread = b""

    def read(self, kept: Kept) -> int:
        """Take in the reports that have come; return how many."""
        return self._take(os.read(self.reports.fileno(), 65536), kept)

    def kill(self, kept: Kept) -> None:
        """Kill the process and take in what it still reported."""
        self._process.kill()
        self._process.wait()
        self._take(self.reports.read(), kept)
        self.reports.close()

    def _take(self, data: bytes, kept: Kept) -> int:
        assert data or self._process.returncode is not None, f"{self.name} ended by itself"
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            conversation_id, turn_id = line.decode().split()
            kept[conversation_id].add(turn_id)
        return len(lines)


def kill_writers(paths: Paths, kills: int, seed: int) -> Kept:
    """Keep four writers going, kill one at a random moment `kills` times, read meanwhile; return
    what they reported as kept."""
    chance = random.Random(seed)
    kept: Kept = defaultdict(set)
    reader = strict(paths)
    with selectors.DefaultSelector() as selector:

        def start(name: str) -> None:
            writer = Writer(name, reports_to_live=chance.randrange(1, 12))
            selector.register(writer.reports, selectors.EVENT_READ, writer)

        def end(writer: Writer) -> None:
            selector.unregister(writer.reports)
            writer.kill(kept)

        try:
            for number in range(WRITERS):
                start(f"own-{number}")
            while kills:
                for key, _ in selector.select():
                    writer = key.data
                    writer.reports_to_live -= writer.read(kept)
                    if writer.reports_to_live <= 0 and kills:
                        # Somewhere inside the write after its last report.
                        selector.select(timeout=chance.random() * 0.006)
                        end(writer)
                        kills -= 1
                        start(writer.name)
                        reader.conversation(SHARED[0])
        finally:
            for key in list(selector.get_map().values()):
                end(key.data)
    return kept


def check(paths: Paths, kept: Kept) -> None:
    """Fail unless every conversation is readable and holds each reported turn once, unchanged."""
    history = strict(paths)
    listed = {summary.id for summary in history.list()}
    assert listed >= kept.keys()
    for conversation_id in listed:
        record = history.conversation(conversation_id)
        counts = Counter(turn.id for turn in record.turns)
        assert counts.keys() >= kept[conversation_id], "a finished turn was lost"
        assert set(counts.values()) == {1}, "a turn is there twice"
        assert record.current in counts, "a turn and its branch are not kept together"
        for turn in record.turns:
            # A journal whose writer was killed halfway holds the first half.
            assert turn.answer == answer_of(turn.id) or (
                turn.finish_reason is FinishReason.INTERRUPTED and turn.id not in kept[record.id]
            )
    left = [path.name for path in (paths.history / "conversations").iterdir()]
    assert sorted(left) == sorted(f"{conversation_id}.json" for conversation_id in listed)
    # What a writer killed before it had written the header leaves; a day later it is removed.
    assert all(journal.read(path) is None for path in paths.journal.iterdir())
    newest = history.search("水", limit=1)
    assert newest, "the search index did not survive"


def _write_until_killed(name: str) -> None:
    paths = find()
    history = strict(paths)
    number = 0
    while True:
        number += 1
        conversation_id = (name, *SHARED)[number % 3]
        turn = a_turn(f"{name} {number}", id=new_id())
        turn.answer = answer_of(turn.id)
        if number % 4:
            history.add_turn(conversation_id, turn)
        else:
            _journal(paths, conversation_id, turn.id)
        os.write(1, f"{conversation_id} {turn.id}\n".encode())
        if number % 8 == 0:
            history.list()


def _journal(paths: Paths, conversation_id: str, turn_id: str) -> None:
    writer = journal_writer(paths, conversation_id, a_turn("journalled", id=turn_id))
    for half in _halves(answer_of(turn_id)):
        writer.write(b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % half.encode())
    writer.write(encode(Done(FinishReason.STOP)))
    writer.sync()
    writer.close()


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


if __name__ == "__main__":
    _write_until_killed(sys.argv[1])
