"""How long 10,000 conversations take to be listed and searched.

`python benchmarks/finding.py [--conversations 10000] [--json]` fills a history of its own, measures
the history alone in a fresh process, and then the chat's list in a pseudo-terminal: from the key to
what it shows.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from tui import Chat  # noqa: TID251 - benchmarks/tui.py

ROUNDS = 7
WORDS = (  # noqa: SIM905 - read as a sentence
    "water boil well malaria clinic school lesson python code village rain harvest goat fever dose "
    "child teacher map radio solar battery river seed soil letter market bridge doctor nurse story"
).split()


def fill(conversations: int) -> None:
    """Keep so many conversations of two turns in HINTERLAND_HOME, one a quarter of an hour.

    Their files are written as the history writes them, but without its fsyncs.
    """
    from hinterland import paths
    from hinterland.engine.protocol import FinishReason
    from hinterland.history.files import Heading, title_of
    from hinterland.turns import Turn, new_id

    folder = paths.private_folder(paths.find().history.parent)
    for name in ("history", "conversations"):
        folder = paths.private_folder(folder / name)
    chance = random.Random(20)
    now = time.time()
    for number in range(conversations):
        created = now - number * 900
        turns = [
            Turn(
                id=new_id(),
                created=created + place,
                prompt=" ".join(chance.choices(WORDS, k=8)).capitalize() + f" {number}?",
                answer=" ".join(chance.choices(WORDS, k=150)) + ".",
                model="echo",
                finish_reason=FinishReason.STOP,
            )
            for place in range(2)
        ]
        content = {
            "schema": {"1": {"version": 1}},
            "conversation": {"1": Heading(title_of(turns[0].prompt), created)},
            "turns": {str(place): turn for place, turn in enumerate(turns, start=1)},
        }
        (folder / f"{new_id()}.json").write_bytes(msgspec.json.encode(content))


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that `work` takes, the median of several times."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def measure_history() -> dict[str, float]:
    """Return how long the history takes by itself."""
    from hinterland import paths
    from hinterland.history import History, fuzzy

    history = History(paths.find())
    start = time.perf_counter()
    history.list()
    first_list = (time.perf_counter() - start) * 1000
    start = time.perf_counter()
    history.search("malaria")
    first_search = (time.perf_counter() - start) * 1000
    prepared = [fuzzy.prepare(each, each.title, each.tags) for each in history.list()]
    return {
        "first_list_ms": first_list,
        "first_search_ms": first_search,
        "list_ms": timed(history.list),
        "prepare_titles_ms": timed(
            lambda: [fuzzy.prepare(each.item, each.title, each.tags) for each in prepared]
        ),
        "fuzzy_one_letter_ms": timed(lambda: fuzzy.find("m", prepared)),
        "fuzzy_word_ms": timed(lambda: fuzzy.find("malaria", prepared)),
        "fuzzy_scattered_ms": timed(lambda: fuzzy.find("mlra wtr", prepared)),
        "search_rare_ms": timed(lambda: history.search("4711", 50)),
        "search_two_words_ms": timed(lambda: history.search("malaria bridge", 50)),
        "search_common_ms": timed(lambda: history.search("w", 50)),
    }


def measure_screen(conversations: int) -> dict[str, float]:
    """Return how long the chat takes, from the key to what is seen of it."""
    chat = Chat("-m", "echo")
    chat.until(b"ready", seconds=60)
    taken: dict[str, list[float]] = {
        "screen_list_ms": [],
        "screen_title_ms": [],
        "screen_text_ms": [],
    }

    def until_seen(what: str, keys: bytes, mark: bytes) -> None:
        at, start = len(chat.written), time.perf_counter()
        chat.type(keys)
        taken[what].append((chat.until(mark, at) - start) * 1000)

    for _ in range(ROUNDS):
        until_seen("screen_list_ms", b"\x0f", f"{conversations:,}".encode())
        until_seen("screen_title_ms", b"4711", b" 4711?")
        at = len(chat.written)
        chat.type(b"\x1b[13~" if os.environ.get("TERM") == "linux" else b"\x1bOR")  # F3
        chat.until(b"Text:", at)
        until_seen("screen_text_ms", b"\x154712", b" 4712?")
        at = len(chat.written)
        chat.type(b"\x1b")
        chat.until(b"ready", at)
    chat.leave()
    return {name: statistics.median(values) for name, values in taken.items()}


def main() -> None:
    """Print the measurements."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--conversations", type=int, default=10_000)
    options.add_argument("--json", action="store_true")
    options.add_argument("--history-only", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.history_only:
        print(json.dumps(measure_history()))
        return
    with tempfile.TemporaryDirectory() as home:
        os.environ["HINTERLAND_HOME"] = str(Path(home))
        fill(chosen.conversations)
        alone = subprocess.run(
            [sys.executable, __file__, "--history-only"], check=True, capture_output=True
        )
        result = json.loads(alone.stdout) | measure_screen(chosen.conversations)
        subprocess.run([sys.executable, "-m", "hinterland", "engine", "stop"], check=False)
    if chosen.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:24} {value:10.1f}")


if __name__ == "__main__":
    main()
