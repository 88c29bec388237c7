"""The tree of turns: what follows what, in whatever file it was found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from hinterland.branches import BEGINNING, Tree, before, mark
from hinterland.turns import Turn, sendable


def turn(turn_id: str, parent: str | None = None, replaces: tuple[str, ...] = ()) -> Turn:
    return Turn(id=turn_id, created=0, prompt=turn_id, answer="x", parent=parent, replaces=replaces)


def ids(turns: list[Turn]) -> str:
    return "".join(turn.id for turn in turns)


@some.composite
def trees(draw: some.DrawFn) -> list[Turn]:
    """Turns as a file may hold them: with parents that are right, missing, later, their own."""
    names = [f"{number:02}" for number in range(draw(some.integers(0, 12)))]
    parents = some.sampled_from([None, BEGINNING, "gone", *names])
    replaces = some.sampled_from([(), (), (), tuple(names[:1])])
    return [turn(name, draw(parents), draw(replaces)) for name in names]


@given(trees())
def test_no_turn_is_lost_and_nothing_goes_in_circles(turns: list[Turn]) -> None:
    tree = Tree(turns)
    shown = set()
    for tip in tree.branches():
        line = tree.line(tree.tip(tip.id))
        assert tip in line
        assert len({each.id for each in line}) == len(line)
        shown |= {each.id for each in line if not each.replaces}
    assert shown == {each.id for each in turns if not each.replaces}
    for each in turns:
        assert each in tree.line(each.id)
        if not each.replaces:
            assert each in tree.line(tree.tip(each.id))
            number, of = tree.place(each.id)
            assert tree.siblings(each.id)[number - 1] is each
            assert of == len(tree.siblings(each.id))


@given(some.integers(0, 9))
def test_an_old_file_is_one_line(number: int) -> None:
    turns = [turn(f"{each}") for each in range(number)]
    tree = Tree(turns)
    assert tree.line(tree.tip()) == turns
    assert len(tree.branches()) == min(1, number)


def test_alternatives_and_the_branch_spoken_in_last() -> None:
    # a ┬ b ─ c
    #   └ d ┬ e
    #       └ f          and g beside a
    turns = [turn("a"), turn("b"), turn("c"), turn("d", "a"), turn("e"), turn("f", "d")]
    turns.append(turn("g", BEGINNING))
    tree = Tree(turns)
    assert ids(tree.branches()) == "cefg"
    assert [ids(tree.line(tree.tip(each))) for each in "abcdefg"] == [
        "adf", "abc", "abc", "adf", "ade", "adf", "g",
    ]  # fmt: skip
    assert tree.tip() == "g"
    assert [mark(tree.place(each)) for each in "abcdefg"] == [
        "‹1/2›", "‹1/2›", "", "‹2/2›", "‹1/2›", "‹2/2›", "‹2/2›",
    ]  # fmt: skip


def test_a_turn_before_which_old_ones_made_room_is_still_an_alternative() -> None:
    """A summary between two turns is nothing anybody asked for."""
    turns = [turn("a"), turn("b"), turn("S", replaces=("a",)), turn("c"), turn("d", "b")]
    tree = Tree(turns)
    assert ids(tree.siblings("c")) == "cd"
    assert ids(tree.branches()) == "cd"
    assert ids(tree.line(tree.tip("c"))) == "abSc"
    assert tree.tip("S") == "c"


def test_what_made_room_holds_for_the_alternative_too() -> None:
    line = [turn("a"), turn("b"), turn("c"), turn("S", replaces=("a", "b"))]
    kept, (copy,) = before(line, line[2])
    assert (ids(kept), copy.parent, copy.replaces) == ("ab", "b", ("a", "b"))
    new = turn("n", copy.id)
    tree = Tree([*line, copy, new])
    assert ids(sendable(tree.line(tree.tip("n")))) == copy.id + "n"
    assert ids(tree.siblings("n")) == "cn"
    # Nothing came of it: the copy alone is no branch, and hides none.
    tree = Tree([*line, copy])
    assert ids(tree.line(tree.tip())) == ids(tree.line(tree.tip("a"))) == "abcS"
    # What stands for the turn itself does not stand for its alternative.
    assert before(line, line[1]) == ([line[0]], [])
