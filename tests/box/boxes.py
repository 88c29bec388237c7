"""A shared box in a throwaway root: set up, run, looked at, killed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.box.people import Person, Seen
from tests.box.throwaway import PYTHON, Root

SOCKET = "/run/hinterland/box.sock"
_PATIENCE = 600.0  # seconds: thirty prompts are read before the last of all is answered


@dataclass
class Box:
    """A box that runs in the foreground of a throwaway root."""

    root: Root
    users: tuple[str, ...]
    model: str
    process: subprocess.Popen[bytes] | None = None

    def run(self, people: Sequence[Person], timeout: float = 600) -> list[Seen]:
        """Have those people do what they do, to the end, and return what they saw, in order."""
        with self.begun(people) as seen:
            pass
        return seen

    def run_for(self, people: Sequence[Person], seconds: float) -> list[Seen]:
        """Have those people do what they do until all who ask are being answered and for so long
        after that, and send them away in the middle of it."""
        asking = {person.user for person in people if not person.hostile}
        with self.begun(people, wait=False) as seen:
            wait(lambda: asking <= {each.user for each in seen if each.what == "text"}, "all write")
            time.sleep(seconds)
        return seen

    @contextmanager
    def begun(self, people: Sequence[Person], *, wait: bool = True) -> Iterator[list[Seen]]:
        """Have those people begin; what they see is added to the list. At the end they are waited
        for, or sent away."""
        process = self.root.start(
            PYTHON,
            "-m",
            "tests.box.people",
            env={"PYTHONPATH": str(self.root.tree), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(list(people)))
        process.stdin.close()
        seen: list[Seen] = []
        reader = threading.Thread(target=_read, args=(process, seen), daemon=True)
        reader.start()
        try:
            yield seen
            if wait:
                reader.join()
        finally:
            process.kill()
            process.wait()
            reader.join()
            assert process.stdout is not None
            process.stdout.close()
        seen.sort(key=lambda each: each.at)

    def processes(self) -> dict[str, int]:
        """Return the pids, as the machine counts, of the box's service and its workers, by name."""
        found = {}
        for pid in _below(self.root.pid):
            words = _words(pid)
            if "hinterland.box.serve" in words:
                found["service"] = pid
            elif any(word.startswith("hinterland.engine.workers") for word in words):
                found[f"worker {pid}"] = pid
        return found

    def resident(self) -> int:
        """Return the bytes that service and workers hold: each page once."""
        return sum(proportional(pid) for pid in self.processes().values())

    def resident_of_own_engine(self) -> int:
        """Return what service and worker of an account of its own hold, for the same model."""
        home = {"HINTERLAND_HOME": "/srv/own"}
        before = set(_below(self.root.pid))
        self.root.must("hint", "ask", "-m", self.model, "--max-tokens", "8", "Hi.", env=home)
        held = sum(proportional(pid) for pid in set(_below(self.root.pid)) - before)
        self.root.must("hint", "engine", "stop", env=home)
        return held


def proportional(pid: int) -> int:
    """Return the proportional set size of a process in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no Pss of {pid}")


def wait(happened: object, what: str) -> None:
    """Return when calling `happened` gives something true."""
    assert callable(happened)
    end = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


@contextmanager
def running(root: Root, model: str, users: int = 2, teachers: int = 0) -> Iterator[Box]:
    """Set a box up in `root` with so many people, the last of them teachers; run it, and end it."""
    names = tuple(f"u{number:02}" for number in range(users))
    options = [f"--user={name}" for name in names]
    options += [f"--teacher={name}" for name in names[users - teachers :]]
    for name in names:
        root.add_user(name)
    root.must("hint", "box", "setup", *options)
    box = Box(root, names, model)
    start(box)
    try:
        yield box
    finally:
        if box.process is not None:
            box.process.kill()
            box.process.wait()


def start(box: Box) -> None:
    """Run the box in the foreground of its root and return when it answers."""
    box.process = box.root.start("hint", "box", "run")
    wait(lambda: box.processes() and box.root.path(SOCKET).exists(), "the box listens")


def story(
    box: Box,
    user: str,
    *,
    prompt: str = "Tell a long story about a village.",
    tokens: int = 64,
    times: int = 1,
    turn_id: str | None = None,
) -> Person:
    """Return somebody who asks that, word for word, and names the answer so."""
    return Person(
        user=user,
        model=box.model,
        prompts=(prompt,),
        tokens=tokens,
        times=times,
        exact=True,
        turn_id=turn_id,
    )


def _read(process: subprocess.Popen[bytes], seen: list[Seen]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        with contextlib.suppress(msgspec.DecodeError):
            seen.append(msgspec.json.decode(line, type=Seen))


def _below(pid: int) -> list[int]:
    """Return every process of the root whose first one `pid` is."""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/pid") == space:
                found.append(int(entry))
    return found


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []
