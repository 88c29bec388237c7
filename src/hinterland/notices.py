"""What a class has its pupils told of all that they ask, as this process knows it now.

It begins with what the role file said when the command started, and is from then on what the shared
box said last: with every answer, whoever asked for it. What is open follows it.
"""

from __future__ import annotations

from collections.abc import Callable

from hinterland.language import N_

OVER = N_("What you ask from now on is not kept for your teacher.")
"""What those are told who have seen a notice that holds no more."""

Follower = Callable[[str], object]
"""Takes a notice when it has changed, "" when there is none any more; in any thread."""

_now = ""
_changes = 0
_followers: list[Follower] = []


def now() -> str:
    """Return what has to be told of all that is asked, as a sentence in English; mostly ""."""
    return _now


def changes() -> int:
    """Return how often it has become something else."""
    return _changes


def hear(sentence: str) -> None:
    """Take what holds now; followers hear of it where that is something else than before."""
    global _now, _changes  # noqa: PLW0603 - one process has one user, and that user one class
    if sentence == _now:
        return
    _now = sentence
    _changes += 1
    for each in tuple(_followers):
        each(sentence)


def follow(follower: Follower) -> None:
    """Have somebody hear of changes; a second time changes nothing."""
    if follower not in _followers:
        _followers.append(follower)


def leave(follower: Follower) -> None:
    """Have somebody hear of changes no more."""
    if follower in _followers:
        _followers.remove(follower)
