"""One user of many who means no good: what the others have of the engine with them and without."""

from __future__ import annotations

from collections.abc import Sequence

from tests.box import numbers
from tests.box.boxes import Box
from tests.box.people import Person

ENDLESS = 1e6  # seconds


def tokens_of_others(
    box: Box, kind: str, users: Sequence[str], seconds: float, turns: int
) -> tuple[dict[str, int], dict[str, int]]:
    """Return user → tokens in so many turns of so many seconds, while the first of `users` does that
    (see `hostility`), and while they do nothing. In turn, for machines that are not always as fast."""
    bad, *others = users
    beside, alone = dict.fromkeys(others, 0), dict.fromkeys(others, 0)
    for turn in range(2 * turns):
        hostile = turn % 4 in {0, 3}
        people = [Person(user=user, model=box.model, times=0, seconds=ENDLESS) for user in others]
        if hostile:
            people.append(Person(user=bad, model=box.model, hostile=kind, seconds=ENDLESS))
        asked = numbers.questions(box.run_for(people, seconds))
        begin = max(a.tokens[-1] for a in asked if a.tokens) - seconds
        sums = beside if hostile else alone
        for user, count in numbers.tokens_by_user(asked, others, begin, begin + seconds).items():
            sums[user] += count
    return beside, alone
