"""What looks like one character is one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rich.cells import cell_len

from hinterland.tui.clusters import after, before, cluster_at, column_at, cuts

FAMILY = "👨‍👩‍👧‍👦"
WHOLE = ["e\u0301", FAMILY, "🇫🇷", "👍🏽", "❤️", "1️⃣", "क्षि"[:2], "각", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "漢", "q\u0323\u0307"]


@pytest.mark.parametrize("one", WHOLE)
@pytest.mark.parametrize("around", ["", "a", "漢", "🇳🇱", "e\u0301"])
def test_one_character_is_one(one: str, around: str) -> None:
    line = around + one + around
    start, end = len(around), len(around) + len(one)
    for column in range(start, end):
        assert cluster_at(line, column) == (start, end)
        assert before(line, column + 1) == start
        assert after(line, column) == end


def test_far_inside_a_row_of_flags_and_of_plain_text() -> None:
    flags = "🇫🇷" * 100
    assert cluster_at(flags, 101) == (100, 102)
    line = "x" * 5000 + FAMILY
    assert before(line, len(line)) == 5000
    assert cluster_at(line, len(line)) == (len(line), len(line))


@pytest.mark.parametrize(
    "line",
    [
        "words of all lengths, and a verylongonethatdoesnotfit at all  here ",
        "漢字だけの文章には空白がないので" * 3,
        f"see {FAMILY * 20} and 🇫🇷🇳🇱🇩🇪🇪🇸🇮🇹🇵🇹 there",
        "\ttabs\tand " + "e\u0301" * 40,
    ],
)
@pytest.mark.parametrize("width", [2, 9, 10, 38])
def test_a_row_is_never_too_wide_and_never_cuts_a_character(line: str, width: int) -> None:
    bounds = [0, *cuts(line, width), len(line)]
    assert bounds == sorted(set(bounds))
    for start, end in pairwise(bounds):
        assert cluster_at(line, start)[0] == start
        if "\t" not in line:
            assert cell_len(line[start:end]) <= width


def test_words_stay_whole_and_text_without_spaces_fills_its_rows() -> None:
    assert cuts("hello big world", 10) == (10,)
    assert cuts("hello there you", 10) == (6,)
    assert cuts("ab 漢字漢字漢字", 9) == (6,)


def test_the_cell_of_a_character() -> None:
    assert [column_at("a漢b", cells) for cells in range(5)] == [0, 1, 1, 2, 3]
    assert column_at(f"{FAMILY}x", 2) == len(FAMILY)
