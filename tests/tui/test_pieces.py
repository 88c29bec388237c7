"""Answers cut into pieces: nothing lost, nothing that depends on how the text arrived."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.tui.pieces import LONGEST, MOST_CODE_LINES, Piece, Splitter, split

LINES = st.sampled_from(
    [
        "",
        "",
        "A paragraph of text.",
        "# Heading",
        "- item",
        "  - nested item",
        "1. first",
        "2) second",
        "   continued",
        "```python",
        "```",
        "~~~",
        "  ```",
        "| a | b |",
        "|---|---|",
        "> quoted",
        "    indented code",
        "x" * 50,
        "`inline` and ``` more",
    ]
)
TEXTS = st.lists(LINES, max_size=30).map("\n".join)


def fed(text: str, cuts: list[int]) -> list[Piece]:
    splitter = Splitter()
    pieces, start = [], 0
    for cut in (*sorted(cut for cut in cuts if cut < len(text)), len(text)):
        pieces += splitter.feed(text[start:cut])
        start = cut
    return [*pieces, *splitter.close()]


@given(TEXTS, st.lists(st.integers(0, 600), max_size=8))
def test_the_cuts_do_not_depend_on_how_text_arrives(text: str, cuts: list[int]) -> None:
    assert fed(text, cuts) == split(text)


@given(TEXTS)
def test_no_word_is_lost(text: str) -> None:
    shown = "\n".join(piece.text for piece in split(text)).split()
    fences = {"```", "~~~", "```python"}
    assert [word for word in shown if word not in fences] == [
        word for word in text.split() if word not in fences
    ]


@given(TEXTS, st.integers(0, 600))
def test_the_open_piece_holds_what_the_done_ones_do_not(text: str, cut: int) -> None:
    splitter = Splitter()
    done = splitter.feed(text[:cut])
    piece = splitter.open()
    seen = "".join(p.text for p in [*done, *([piece] if piece else [])])
    *lines, partial = text[:cut].split("\n")
    # Half of a mark is not shown, and a row of a table only when it is known to be one.
    assert bare(text[:cut]).startswith(bare(seen))
    missing = bare(text[:cut]).removeprefix(bare(seen))
    assert missing in ("", bare(partial), bare("".join(lines[-1:]) + partial))


def bare(text: str) -> str:
    """Return `text` without what fences and white space are made of."""
    return re.sub(r"[`~\s]", "", text.replace("python", ""))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("one\n\ntwo", [Piece("one"), Piece("two")]),
        (
            "- a\n\n- b\n\n  more of b\n\nafter",
            [Piece("- a\n\n- b\n\n  more of b"), Piece("after")],
        ),
        ("- a\n\n1. b", [Piece("- a"), Piece("1. b")]),
        ("see:\n```py\nx\n\ny\n```\nso", [Piece("see:"), Piece("x\n\ny", "py"), Piece("so")]),
        ("```\nnever closed\n\nat all", [Piece("never closed\n\nat all", "")]),
        ("````\n```\n````", [Piece("```", "")]),
        ("- a\n\n  ```\n  x\n\n  y\n  ```\n- b", [Piece("- a\n\n  ```\n  x\n\n  y\n  ```\n- b")]),
        ("\n\n \n", []),
        ("```py", []),
        (
            "- a\n  ```py\ndef f():\n    x\n  ```\n- b",
            [Piece("- a\n  ```py\n  def f():\n      x\n  ```\n- b")],
        ),
        ("$$\nx\n\n- y\n$$", [Piece("$$\nx\n\n- y\n$$")]),
    ],
)
def test_where_the_cuts_fall(text: str, pieces: list[Piece]) -> None:
    assert split(text) == pieces


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "word " * 20_000,
        "- item\n" * 10_000,
        "- item\n\n" * 10_000,
        "| a | b |\n" * 10_000,
        "```\n" + "code\n" * 10_000,
        "  ```\n" + "code\n\n" * 10_000,
        "\N{CJK UNIFIED IDEOGRAPH-6F22}" * 50_000,
    ],
)
def test_every_piece_is_bounded(text: str) -> None:
    for piece in split(text):
        assert len(piece.text) <= 2 * LONGEST
        assert piece.language is None or piece.text.count("\n") < MOST_CODE_LINES


def test_a_cut_in_mid_block_is_marked() -> None:
    first, second = split("```\n" + "code\n" * (MOST_CODE_LINES + 1) + "```")
    assert not first.continued
    assert second.continued


def test_a_long_fence_in_a_list_stays_code() -> None:
    first, *others = split("- a\n  ```py\n" + "  code\n" * 1000 + "  ```\n- b")
    assert first.language is None
    assert {piece.language for piece in others[:-1]} == {"py"}
    assert others[-1] == Piece("- b")


@pytest.mark.parametrize("cluster", ["👩\u200d🚀", "🇳🇱", "e\u0301", "👍🏽"])
def test_no_character_is_cut_in_two(cluster: str) -> None:
    for before in ("", "x"):
        for piece in split(before + cluster * 5000):
            assert piece.text.removeprefix("x").replace(cluster, "") == ""
