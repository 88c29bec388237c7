"""Votes for models: what strengths they speak for, how sure that is, and that none is lost."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from hinterland.arena import Outcome, Vote, Votes, pair, strengths
from hinterland.errors import StorageError
from hinterland.paths import Paths


def vote(first: str, second: str, outcome: Outcome = Outcome.FIRST) -> Vote:
    return Vote(first=first, second=second, outcome=outcome)


@pytest.fixture
def places(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path / "data", tmp_path, tmp_path)


def test_without_votes_there_is_nothing_to_say() -> None:
    assert strengths([]) == []


def test_many_votes_speak_for_the_chance_that_was_seen() -> None:
    # Of two models that win 3 of 4, the difference is log 3; each lies half of it from the average.
    found = strengths([vote("a", "b")] * 3000 + [vote("b", "a")] * 1000)
    assert [each.model for each in found] == ["a", "b"]
    expected = 1 / (1 + math.exp(-math.log(3) / 2))
    assert found[0].chance == pytest.approx(expected, abs=0.002)
    assert found[0].chance + found[1].chance == pytest.approx(1)
    assert found[0].low < expected < found[0].high
    assert found[0].high - found[0].low < 0.02


def test_the_place_of_an_answer_does_not_matter() -> None:
    votes = [vote("a", "b")] * 5 + [vote("b", "c")] * 4 + [vote("a", "c", Outcome.TIE)] * 2
    other = {Outcome.FIRST: Outcome.SECOND, Outcome.TIE: Outcome.TIE}
    turned = [vote(each.second, each.first, other[each.outcome]) for each in votes]
    for one, two in zip(strengths(votes), strengths(turned), strict=True):
        assert one.model == two.model
        assert one.chance == pytest.approx(two.chance)


def test_few_votes_prove_little_and_more_prove_more() -> None:
    three, thirty, many = (strengths([vote("a", "b")] * count)[0] for count in (3, 30, 10_000))
    assert three.low < 0.5 < three.chance < 1
    assert thirty.low > 0.5
    assert three.high - three.low > thirty.high - thirty.low
    assert many.chance < 1


def test_a_model_is_weighed_through_those_it_never_met() -> None:
    found = strengths([vote("a", "b")] * 20 + [vote("b", "c")] * 20)
    assert [each.model for each in found] == ["a", "b", "c"]
    assert found[1].chance == pytest.approx(0.5)


def test_ties_are_half_a_win_and_neither_counts_for_no_one() -> None:
    votes = [vote("a", "b", Outcome.TIE)] * 9 + [vote("a", "b", Outcome.NEITHER)] * 2
    first, second = strengths(votes)
    assert first.chance == second.chance == pytest.approx(0.5)
    assert (first.votes, first.wins, first.ties, first.useless) == (11, 0, 9, 2)


def test_those_who_met_least_meet_next() -> None:
    met = {("a", "b"): 2, ("a", "c"): 1, ("b", "c"): 2}
    assert pair(["a", "b", "c"], lambda one, other: met[one, other]) == ("a", "c")


def test_votes_are_kept_and_a_torn_one_is_none(places: Paths) -> None:
    votes = Votes(places)
    assert votes.all() == []
    given = [vote("a", "b"), vote("b", "a", Outcome.TIE)]
    for each in given:
        votes.add(each)
    file = places.data / "arena" / "votes.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(file.read_bytes() + b'{"first": "a", "sec')
    assert votes.all() == given
    votes.add(given[0])
    assert votes.all() == [*given, given[0]]
    assert votes.forget() == 3
    assert votes.all() == []
    assert votes.forget() == 0


def test_a_damaged_file_is_told_with_its_line(places: Paths) -> None:
    votes = Votes(places)
    votes.add(vote("a", "b"))
    file = places.data / "arena" / "votes.jsonl"
    file.write_bytes(file.read_bytes() + b"nonsense\n")
    with pytest.raises(StorageError, match="line 2 is no vote"):
        votes.all()
