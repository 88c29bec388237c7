"""Bytes that reach the terminal for an answer, per byte of it, in each way to chat.

`python benchmarks/sent.py [--words 500] [--rate 20] [--json]` has `hint chat` answer in
pseudo-terminals of 80×24, all at the same time, over the echo engine, and prints what was written
between the prompt and the answer's end, with the bars of issue 4.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from threading import Thread

import pyte

from tui import SENTENCE, Chat  # noqa: TID251 - the file beside this one

END = "That is all."
BARS = {
    "plain": (["--plain"], 3.0),
    "inline": (["--inline"], 3.0),
    "slow": (["--slow"], 40.0),
    "normal": ([], 200.0),
}
"""Options of `hint chat`, and how many bytes it may write per byte of the answer."""


def answer(words: int) -> str:
    """Return a text of so many words, with Markdown in it, in paragraphs."""
    paragraph = SENTENCE * 4
    found: list[str] = []
    while len(found) < words:
        found += [*paragraph.split(), ""]
    lines = " ".join(found[: words - len(END.split())]).split("  ")
    return "\n\n".join(lines) + f" {END}"


def measure(options: list[str], text: str, rate: int) -> dict[str, float]:
    """Return the bytes written for an answer, those per byte of it, and the frames a second."""
    chat = Chat("-m", f"echo:{rate}", *options, size=(80, 24))
    lines = bool(options) and options[0] in {"--plain", "--inline"}
    chat.until(b"> " if lines else b"Quit")
    chat.settle(2.0)
    if lines:
        chat.type(b'"""' + text.replace("\n", "\r").encode() + b'"""')
    else:
        chat.type(b"\x1b[200~" + text.encode() + b"\x1b[201~")
    chat.settle(2.0)
    before = len(chat.written)
    chat.frames.clear()
    chat.type(b"\r")
    chat.read(20.0)  # the engine may have to be started
    chat.settle(4.0)  # an answer never pauses for so long
    begun, ended = chat.frames[0], chat.frames[-1]
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(bytes(chat.written))
    assert any(END in row for row in screen.display), "the answer was not shown to its end"
    written = len(chat.written) - before
    result = {
        "bytes": float(written),
        "per_byte": written / len(text.encode()),
        "frames_per_second": len(chat.frames) / (ended - begun),
    }
    chat.leave(b"\x04" if lines else b"\x11")
    return result


def main() -> None:
    """Print the measurements."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--words", type=int, default=500)
    options.add_argument("--rate", type=int, default=20)
    options.add_argument("--only", choices=BARS)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    text = answer(chosen.words)
    results: dict[str, dict[str, float]] = {}

    def run(name: str) -> None:
        results[name] = measure(BARS[name][0], text, chosen.rate)

    with tempfile.TemporaryDirectory() as home:
        os.environ["HINTERLAND_HOME"] = home
        runs = [Thread(target=run, args=(name,)) for name in BARS if chosen.only in {None, name}]
        for each in runs:
            each.start()
        for each in runs:
            each.join()
        subprocess.run([sys.executable, "-m", "hinterland", "engine", "stop"], check=False)
    if chosen.json:
        print(json.dumps(results))
        return
    print(f"{'':10}{'bytes':>10}{'per byte':>10}{'bar':>8}{'frames/s':>10}")
    for name in BARS:
        if name in results:
            found = results[name]
            print(
                f"{name:10}{found['bytes']:10,.0f}{found['per_byte']:10.2f}{BARS[name][1]:8.0f}"
                f"{found['frames_per_second']:10.1f}"
            )


if __name__ == "__main__":
    main()
