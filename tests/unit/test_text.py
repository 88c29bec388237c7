"""Foreign text cannot touch the terminal."""

from __future__ import annotations

import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.text import clean, clean_line, escape_json

BIDI = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}

# Every character may occur, and those that do harm often do.
HARMFUL = st.sampled_from(sorted({*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *BIDI}))
TEXT = st.lists(st.one_of(HARMFUL, st.characters())).map("".join)


def _harmful(text: str, allowed: str) -> set[str]:
    """Return what a terminal would obey, or read backwards, or cannot be sent to it at all."""
    controls = {c for c in text if unicodedata.category(c) in ("Cc", "Cs") or c in BIDI}
    return controls - set(allowed)


@given(TEXT)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not _harmful(clean(text), allowed="\n\t")


@given(TEXT)
def test_a_line_is_one_line_of_at_most_that_length(text: str) -> None:
    line = clean_line(text, 40)
    assert not _harmful(line, allowed="")
    assert not {"\u2028", "\u2029"} & set(line)
    assert len(line) <= 40


@given(TEXT, st.data())
def test_a_stream_cleaned_in_pieces_is_the_whole_cleaned(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=4).map(sorted))
    edges = [0, *cuts, len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    assert "".join(map(clean, pieces)) == clean(text)


@given(TEXT)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "Boil the water.\n\tOne minute.",
        "水要煮开。",
        "اغلِ الماء\u200f.",
        "👩🏽‍⚕️ é",
        "\u2028".join("ab"),
    ],
)
def test_harmless_text_keeps_its_words(text: str) -> None:
    assert clean(text) == text.replace("\u2028", "\n")


def test_an_escape_sequence_stays_visible_and_swallows_nothing() -> None:
    assert clean("a\x1b]52;c;ZXZpbA==\x07b\x9b2Jc") == "a␛]52;c;ZXZpbA==␇b\ufffd2Jc"


@given(TEXT)
def test_json_means_the_same_and_holds_nothing_harmful(text: str) -> None:
    encoded = escape_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(encoded) == text
    assert not _harmful(encoded, allowed="") - {chr(code) for code in range(0xD800, 0xE000)}
