"""Plain text in a terminal's width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hinterland.tui.wrap import hanging, wrap

PARTS = st.lists(
    st.sampled_from(["a", "long", " ", "  ", "é", "漢字", "👩‍🚀", "🇳🇱", "e\u0301", "مرحبا", "\n"]),
    max_size=60,
).map("".join)


@given(PARTS, st.integers(2, 40))
def test_lines_fit_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("  indented words here", 10, ["  indented", "words here"]),
        ("a\n\nb", 5, ["a", "", "b"]),
        ("a\tb", 10, ["a   b"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("漢字 漢字", 4, ["漢字", "漢字"]),
    ],
)
def test_where_lines_are_cut(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, ["  f6  Change an earlier prompt"]),
        (22, ["  f6  Change an", "      earlier prompt"]),
    ],
)
def test_what_goes_on_stands_below_its_column(width: int, lines: list[str]) -> None:
    assert hanging("  f6  Change an earlier prompt", width) == lines


def test_columns_that_take_too_much_go_together() -> None:
    row = "/pin                       keep this conversation at the top"
    assert hanging(row, 30) == ["/pin  keep this conversation", "    at the top"]


@given(PARTS, st.integers(2, 40))
def test_nothing_is_lost_below_columns(text: str, width: int) -> None:
    lines = hanging(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
