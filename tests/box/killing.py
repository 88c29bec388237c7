"""The service and its workers killed while everybody asks: what each was told, and what was kept."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hinterland.engine import journal
from hinterland.engine.protocol import ReasoningDelta, TextDelta
from tests.box import boxes, numbers
from tests.box.boxes import Box
from tests.box.people import Person

STATE = ".local/state/hinterland"
_READ_ON = 0.4  # seconds in which words of the dead are still read; nothing starts again so soon


class Killed(msgspec.Struct, frozen=True, kw_only=True):
    """How thirty people fared. A question is told, answered, or neither: forgotten."""

    shown: int
    """How many had seen words of their answer when it was killed."""
    answered: int
    """How many got it whole in the end."""
    told: int
    """How many were told in a sentence that it did not come, and had what came of it."""
    forgotten: int
    lost: int
    """How many were shown words that are in no journal of theirs."""
    back: float
    """Seconds from the kill until somebody got a token again."""
    newcomer: float
    """Seconds from the kill until somebody who had asked nothing yet got their first token."""
    messages: tuple[str, ...]


def kill_amid(box: Box, users: Sequence[str], newcomer: str, tokens: int) -> Killed:
    """Have `users` ask at once, kill service and workers amid that, and return how they fared."""
    people = [
        Person(user=user, model=box.model, tokens=tokens, outlives=True, after=1.0)
        for user in users
    ]
    with box.begun(people) as seen:
        boxes.wait(lambda: any(each.what == "text" for each in seen), "somebody is shown words")
        boxes.wait(lambda: sum(each.what == "asked" for each in seen) == len(users), "all ask")
        time.sleep(2)
        killed = time.monotonic()
        for pid in box.processes().values():
            os.kill(pid, signal.SIGKILL)
        shown = {each.user for each in seen if each.what == "text"}
        asked_anew = Person(user=newcomer, model=box.model, tokens=1, prompts=("Are you back?",))
        again = numbers.questions(box.run([asked_anew]))
    asked = numbers.questions(seen)
    anew = [t for a in (*asked, *again) for t in a.tokens if t > killed + _READ_ON]
    lost = [a for a in asked if a.text and a.end != "done" and a.text not in _kept(box, a.user)]
    return Killed(
        shown=len(shown),
        answered=sum(a.end == "done" for a in asked),
        told=sum(a.end == "failed" and bool(a.message) for a in asked),
        forgotten=sum(not a.end for a in asked),
        lost=len(lost),
        back=min(anew, default=float("inf")) - killed,
        newcomer=min((a.tokens[0] for a in again if a.tokens), default=float("inf")) - killed,
        messages=tuple(sorted({a.message for a in asked if a.message})),
    )


def _kept(box: Box, user: str) -> str:
    """Return the text of that user's journals."""
    home = box.root.must("sh", "-c", "echo $HOME", user=user).strip()
    folder = box.root.path(home) / STATE / "journal"
    text = []
    for path in journal.paths(Path(folder)):
        found = journal.read(path)
        events = found.events if found is not None else []
        text += [event.text for event in events if isinstance(event, TextDelta | ReasoningDelta)]
        text.append("\0")
    return "".join(text)
