"""Plain lines that break between words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hinterland.cli.answer.words import WordView

TEXTS = st.lists(
    st.sampled_from(
        ["a", "word", "comma, ", " ", "  ", "\n", "\n\n", "longer-than-ten", "日本語", "é"]
    )
).map("".join)


def written(text: str, columns: int | None, cuts: list[int] | None = None) -> str:
    out: list[str] = []
    view = WordView(out.append, columns)
    at = 0
    for cut in sorted({min(cut, len(text)) for cut in cuts or ()} | {len(text)}):
        view.write(text[at:cut])
        at = cut
    view.finish()
    return "".join(out)


@given(TEXTS, st.integers(5, 20), st.lists(st.integers(0, 60)))
def test_no_word_that_fits_is_broken_and_nothing_is_lost(
    text: str, columns: int, cuts: list[int]
) -> None:
    shown = written(text, columns, cuts)
    assert shown == written(text, columns)
    assert shown.split() == text.split() or "日" in text
    assert "".join(shown.split()) == "".join(text.split())
    for line in shown.split("\n"):
        assert cell_len(line.rstrip()) <= columns or len(line.split()) == 1


@given(TEXTS)
def test_without_a_width_lines_stay_as_they_are(text: str) -> None:
    lines = [line.rstrip(" ") for line in text.split("\n")]
    shown = [line.rstrip(" ") for line in written(text, None).split("\n")]
    assert shown[: len(lines)] == lines


def test_code_keeps_its_lines() -> None:
    code = "```\nfor minute in range(1): boil(water)\n```\n"
    assert written(code + "and then some more", 12) == code + "and then\nsome more\n"


def test_control_characters_are_shown() -> None:
    assert written("\x1b[2J", 20) == "␛[2J\n"
