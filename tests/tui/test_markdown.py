"""Markdown as strips."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from hinterland.tui.markdown import render
from hinterland.tui.pieces import split
from tests.tui.test_pieces import TEXTS

CONSOLE = Console(force_terminal=True, color_system="truecolor", _environ={})


def rendered(text: str, width: int = 40) -> list[str]:
    return [strip.text for piece in split(text) for strip in render(piece, width, CONSOLE)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("## Boil *it*", ["## Boil it"]),
        ("one\ntwo", ["one", "two"]),
        ("- a\n  - b", [" • a", "    • b"]),
        ("3. c\n4. d", [" 3. c", " 4. d"]),
        ("> said", ["▌ said"]),
        ("a <b>c</b> &amp; d", ["a <b>c</b> & d"]),
        ("```js\nlet a = 1\n\n  b()\n```", ["  let a = 1", "", "    b()"]),
        ("```nosuchlanguage\n{x}\n```", ["  {x}"]),
        ("[a](javascript:alert)", ["[a](javascript:alert)"]),
        ("~~no~~ **yes** `code`", ["no yes code"]),
    ],
)
def test_what_is_shown(text: str, rows: list[str]) -> None:
    assert rendered(text) == rows


def test_a_wide_word_in_a_table_is_not_cut() -> None:
    shown = rendered("| a | b |\n|---|---|\n| supercalifragilistic | expialidocious |", 20)
    joined = "".join("".join(row[:10] for row in shown).split())
    assert "…" not in "".join(shown)
    assert "supercali" in joined


def test_a_table_that_does_not_fit_is_shown_row_by_row() -> None:
    header = "|" + "|".join(f"h{n}" for n in range(10)) + "|"
    shown = rendered(f"{header}\n{'|-' * 10}|\n{header.replace('h', 'v')}", 30)
    assert "h3: v3" in shown


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (r"| $P(A|B)$ | b |", ["P(A|B)", "b"]),
        (r"| \(|a| + |b|\) | sum |", ["|a| + |b|", "sum"]),
        ("| a | `x|y` |", ["a", "x|y"]),
        ("| $5 | $6 |", ["$5", "$6"]),
        ("| a | b | c |", ["a", "b | c"]),
        (r"| a \| b | c |", ["a | b", "c"]),
    ],
)
def test_cells_are_whole(row: str, cells: list[str]) -> None:
    (*_, shown) = rendered(f"| one | two |\n|---|---|\n{row}")
    assert re.split(r" {2,}", shown.strip()) == cells
    (_, heading, *_) = ["", *rendered(f"{row}\n|---|---|\n| 1 | 2 |")]
    if len(row.split("|")) == 4:
        assert re.split(r" {2,}", heading.strip()) == cells


@pytest.mark.parametrize("width", [38, 78])
def test_words_in_tables_stay_whole(width: int) -> None:
    words = ["Drinking-water", "infiltration", "Noord-Holland", "Population"]
    table = (
        "| Region | People in millions | Remarks about water | Source |\n|---|---|---|---|\n"
        f"| {words[2]} | 2,9 | {words[0]} from dunes, {words[1]} | {words[3]} Register 2020 |\n"
    )
    shown = "\n".join(rendered(table, width))
    assert all(word in shown for word in words)
    assert ("Region: " in shown) is (width < 50)


@settings(max_examples=60)
@given(TEXTS, st.integers(1, 60))
def test_strips_fit(text: str, width: int) -> None:
    for piece in split(text):
        for strip in render(piece, width, CONSOLE):
            assert strip.cell_length <= max(width, 2)
            assert not set(strip.text) & {"\n", "\t", "\r"}


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(["word", "漢字", "<x>", "a_b", "1.", "|", "&", "*", "["]), max_size=40)
)
def test_prose_keeps_its_letters(words: list[str]) -> None:
    text = " ".join(words)
    kept = [c for c in text if c.isalnum()]
    assert [c for c in "".join(rendered(f"So: {text}")) if c.isalnum()] == ["S", "o", *kept]
