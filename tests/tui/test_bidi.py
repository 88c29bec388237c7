"""Right-to-left text in the order it is seen."""

from __future__ import annotations

import unicodedata

import pytest
from bidi import get_display  # type: ignore[import-untyped] # it has no types
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hinterland.engine.echo import EchoEngine
from hinterland.tui import bidi
from hinterland.tui.shaping import Shaping, wanted
from tests.tui.chatting import chat, scene

MIXED = st.text("abc  אבגד  مرحب 123 45 ٣٤ ,.:+-$%()[]!?/", max_size=30)


@given(MIXED, st.booleans())
def test_the_order_is_that_of_the_reference(text: str, rtl: bool) -> None:
    ours = bidi.visual(text, rtl=rtl)
    reference = get_display(text, base_dir="R" if rtl else "L")
    assert unmirrored(unicodedata.normalize("NFKC", ours)) == unmirrored(reference)


def unmirrored(text: str) -> str:
    return text.translate(str.maketrans(")]", "(["))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("שלום 123 (world)", "(world) 123 םולש"),
        ("مرحبا", "ﺎﺒﺣﺮﻣ"),
        ("سلام 12", "12 ﻡﻼﺳ"),
        ("می‌خواهم", "ﻢﻫﺍﻮﺧﯽﻣ"),
        ("Say שלום now", "Say םולש now"),
    ],
)
def test_letters_take_their_forms(text: str, seen: str) -> None:
    assert bidi.visual(text) == seen


def test_characters_keep_their_styles_and_paragraphs_stand_at_the_right() -> None:
    bold = Style(bold=True)
    (strip,) = bidi.shape([Strip([Segment("אב "), Segment("גד", bold)])], 8)
    assert strip.text == "   דג בא"
    assert [segment.text for segment in strip if segment.style == bold] == ["דג"]


def test_columns_and_code_stay_where_they_are() -> None:
    rows = [Strip([Segment("אב   גד")]), Strip([Segment("ab   גד")])]
    assert [strip.text for strip in bidi.shape(rows, 20)] == ["בא   דג", "ab   דג"]
    (code,) = bidi.shape([Strip([Segment('x = "אב"')])], 20, code=True)
    assert code.text == 'x = "בא"'


@pytest.mark.parametrize(
    ("environment", "shaped"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"}, True),
        ({"TERM": "alacritty"}, True),
        ({"TERM": "xterm-kitty"}, False),
        ({"TERM": "tmux-256color", "XTERM_VERSION": "XTerm(390)", "TMUX": "x"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, False),
    ],
)
def test_which_terminals_leave_it_to_us(environment: dict[str, str], shaped: bool) -> None:
    assert wanted(environment) is shaped


@scene
async def test_it_is_only_shown_so_and_kept_as_it_was_said() -> None:
    """You should see Hebrew from right to left in prompt and answer, wrapped as it is read."""
    async with chat(EchoEngine(), size=(40, 12)) as person:
        person.chat.transcript.shaping = Shaping.ON
        said = "שלום עולם זה משפט ארוך מאוד שאינו נכנס בשורה אחת של מסוף"
        await person.ask(said)
        await person.answered()
        await person.sees("םלוע םולש")
        assert person.chat.conversation is not None
        assert person.chat.conversation.turns[-1].answer == said
        first = next(row for row in person.screen.split("\n") if "םולש" in row)
        assert first.startswith(" >")
        person.chat.transcript.shaping = Shaping.OFF
        person.chat.transcript.load(person.chat.conversation.turns)
        await person.sees("שלום עולם")
