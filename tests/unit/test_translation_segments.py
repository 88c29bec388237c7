"""Units are cut into sentences, and come together again without a byte lost."""

from __future__ import annotations

import itertools
from typing import Any, cast

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hinterland.plugins.languages import find
from hinterland.plugins.translation.segments import LONGEST, Segment, cut, join
from hinterland.plugins.translation.units import Code, Kind, Parts, Unit, text_of

ENGLISH, CHINESE, THAI = find("en"), find("zh"), find("th")


def opened(pair: int) -> Code:
    return Code(f"<{pair}>", Kind.OPEN, pair)


def closed(pair: int) -> Code:
    return Code(f"</{pair}>", Kind.CLOSE, pair)


BREAK = Code("<br>", is_space=True)
WORDS = st.text(
    st.sampled_from("abc dE é.?! \n,12%s{x}ß你好。！？ไทยмиру ٣ ቃል։\u00a0\u200b<>&*"), max_size=40
)


@st.composite
def units(draw: st.DrawFn) -> Unit:
    """A unit with pairs of codes that nest, and codes that stand alone."""
    parts: list[str | Code] = []
    waiting: list[int] = []
    for pair in range(1, draw(st.integers(1, 8))):
        parts.append(draw(WORDS))
        match draw(st.sampled_from(["open", "close", "alone", "space"])):
            case "open":
                parts.append(opened(pair))
                waiting.append(pair)
            case "close" if waiting:
                parts.append(closed(waiting.pop()))
            case "space":
                parts.append(BREAK)
            case _:
                parts.append(Code(f"[{pair}]"))
    parts.append(draw(WORDS))
    parts += [closed(pair) for pair in reversed(waiting)]
    whole = draw(st.booleans())
    return Unit(parts=merged(parts), whole=whole)


def merged(parts: list[str | Code]) -> Parts:
    """Texts that touch as one: how formats give them."""
    runs = itertools.groupby(parts, key=lambda part: isinstance(part, str))
    texts = (["".join(cast("Any", run))] if is_text else run for is_text, run in runs)
    return tuple(part for run in texts for part in run if part != "")


def flat(segments: list[Segment]) -> Parts:
    """All that segments hold, in their order."""
    return merged([part for each in segments for part in (*each.before, *each.parts, *each.after)])


@given(units(), st.sampled_from(["en", "zh", "ar", "th", "am", "hi", "bo", "tlh"]))
@settings(max_examples=150, deadline=None)
def test_segments_are_their_unit(unit: Unit, code: str) -> None:
    language = find(code) if code != "tlh" else ENGLISH
    segments = cut(unit, language)
    if segments:
        assert flat(segments) == unit.parts
    else:
        assert not unit.whole or "abc" not in text_of(unit.parts)
    assert join(unit, segments, [each.parts for each in segments]) is unit.parts
    assert join(unit, segments, [None] * len(segments)) is unit.parts
    for segment in segments:
        assert text_of(segment.parts).strip()
        assert {part for part in segment.parts if isinstance(part, Code) and part.pair} <= set(
            unit.parts
        )


@given(units())
@settings(max_examples=80, deadline=None)
def test_whatever_stands_between_sentences_stays(unit: Unit) -> None:
    segments = cut(unit, ENGLISH)
    assume(segments)
    new = join(unit, segments, [("Xy.",)] * len(segments))
    codes = [part for each in segments for part in (*each.before, *each.after)]
    assert [part for part in new if isinstance(part, Code)] == [
        part for part in codes if isinstance(part, Code)
    ]
    assert text_of(new).count("Xy.") >= len(segments)


def test_sentences_are_parted_and_their_spaces_kept_aside() -> None:
    unit = Unit(parts=("  Dr. Smith left at 5 p.m. yesterday.  Why? 12. ",))
    first, second = cut(unit, ENGLISH)
    assert (first.before, first.parts) == (("  ",), ("Dr. Smith left at 5 p.m. yesterday.",))
    assert (first.after, second.parts, second.after) == (("  ",), ("Why?",), (" 12. ",))


def test_a_unit_that_is_whole_is_one_segment() -> None:
    assert len(cut(Unit(parts=("One thing. Another thing.",), whole=True), ENGLISH)) == 1


def test_text_without_words_is_no_segment() -> None:
    for text in (
        "",
        "  \n",
        "123 – 45",
        "%s: %d",
        "https://example.org/a",
        "{name} <b></b>",
        "5 mg",
    ):
        assert cut(Unit(parts=(text,)), ENGLISH) == [], text


def test_markup_around_a_sentence_is_kept_aside_and_words_that_are_codes_are_not() -> None:
    code = Code("`ls`")
    note = Code("[^1]")
    parts: Parts = (opened(1), "Hello. ", opened(2), "World", closed(2), " is here.", closed(1))
    first, second = cut(Unit(parts=parts), ENGLISH)
    assert (first.before, first.parts) == ((opened(1),), ("Hello.",))
    assert second.parts == (opened(2), "World", closed(2), " is here.")
    assert second.after == (closed(1),)
    (only,) = cut(Unit(parts=(code, " lists files.", note)), ENGLISH)
    assert (only.parts, only.after) == ((code, " lists files."), (note,))
    (pressed,) = cut(Unit(parts=("Press ", code)), ENGLISH)
    assert pressed.parts == ("Press ", code)


def test_a_code_may_open_in_one_sentence_and_close_in_another() -> None:
    unit = Unit(parts=("This is ", opened(1), "big. Very big", closed(1), " indeed."))
    first, second = cut(unit, ENGLISH)
    assert first.parts == ("This is ", opened(1), "big.")
    assert second.parts == ("Very big", closed(1), " indeed.")


def test_spaces_between_sentences_follow_the_script() -> None:
    chinese = Unit(parts=("今天天气很好。我们去公园吧！",))
    into_english = [("The weather is fine.",), ("Let us go!",)]
    assert join(chinese, cut(chinese, CHINESE), into_english) == (
        "The weather is fine. Let us go!",
    )
    english = Unit(parts=("The weather is fine. Let us go!",))
    pieces = cut(english, ENGLISH)
    assert join(english, pieces, [("今天天气很好。",), ("走吧！",)]) == ("今天天气很好。走吧！",)
    assert join(english, pieces, [("อากาศดี",), ("ไปกันเถอะ",)]) == ("อากาศดี ไปกันเถอะ",)
    assert join(english, pieces, [("今天天气很好。",), None]) == ("今天天气很好。 Let us go!",)


def test_a_very_long_line_is_cut_where_it_hurts_least() -> None:
    for text, language in (
        ("word and more, " * 70_000, ENGLISH),
        ("A sentence is here. " * 50_000, ENGLISH),
        ("语" * 300_000, CHINESE),
        ("ไทย " * 250_000, THAI),
        ("x" * 300_000, ENGLISH),
    ):
        unit = Unit(parts=(text,), whole=True)
        segments = cut(unit, language)
        assert flat(segments) == unit.parts
        assert max(len(text_of(each.parts)) for each in segments) <= LONGEST
    for segment in cut(Unit(parts=("word and more, " * 500,)), ENGLISH):
        assert text_of(segment.parts).endswith("more,")


def test_spaces_that_take_several_bytes_before_a_full_stop_are_no_trouble() -> None:
    """With these sentencex 1.0 fails, in a way that no `except Exception` sees."""
    text = "me]” ？).)? ”n!\n…。\u2003E\u3000\u2003.😀].x"
    unit = Unit(parts=(text,))
    segments = cut(unit, ENGLISH)
    assert len(segments) > 1
    assert join(unit, segments, [each.parts for each in segments]) == unit.parts
