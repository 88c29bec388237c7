"""What must come back as it was is masked, and any change of it is caught."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hinterland.plugins.languages import find
from hinterland.plugins.translation.segments import (
    Mark,
    Masked,
    Segment,
    Style,
    Trouble,
    Unfit,
    cut,
    mask,
    read_answer,
)
from hinterland.plugins.translation.units import Code, Kind, Parts, Unit

ENGLISH, FRENCH, CHINESE = find("en"), find("fr"), find("zh")

PROTECTED = (
    "%s", "%(name)s", "%1$s", "%-5.2f", "%lu", "%%", "%d", "{name}", "{0}", "{}", "${HOME}", "{{ user }}",
    "%{count}", "#{x}", "{n, plural, one {# file} other {# files}}", "<b>", "</a>", "<br/>", "&amp;",
    "&#39;", "`code here`", "https://example.org/a_(b)?q=1&r=2", "www.example.org", "a.b@example.org",
    "/etc/hosts", "~/.bashrc", "src/main.py", "report.pdf", "C:\\Users\\me", "--help", "--level=3",
    "foo_bar", "FOO_BAR", "os.path.join()", "std::string", "500 mg", "5-10 mg/kg", "250mL", "38.5 °C",
    "90%", "1,000 km²", "$5.99", "20 €", "2024-05-01", "12:30", "1.2.3", "0x1F", "3 x 4 cm", "٥ mg",
    "5 mg", "[[1]]", "<x1/>", "<g2>",
)  # fmt: skip
WORDS = (
    "water",
    "Please",
    "wait",
    "for",
    "help",
    "été",
    "voilà",
    "(or",
    "less)",
    "and/or",
    "don't",
)
NUMBERS = ("7", "12", "1984", "3.5", "1,000,000", "0.25", "20 000", "٣٤")
PIECES = st.one_of(st.sampled_from(WORDS), st.sampled_from(PROTECTED), st.sampled_from(NUMBERS))


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    """A sentence with placeholders, numbers and codes between its words."""
    parts = ["Take"]
    parts += draw(st.lists(PIECES, min_size=1, max_size=8))
    codes: list[Code] = []
    for pair in range(1, draw(st.integers(1, 3))):
        codes += [Code(f"<{pair}>", Kind.OPEN, pair), Code(f"</{pair}>", Kind.CLOSE, pair)]
    if draw(st.booleans()):
        codes.append(Code("[image]"))
    result: list[str | Code] = []
    for at, word in enumerate(parts):
        result.append(word + (" " if at < len(parts) - 1 else "."))
        if draw(st.booleans()) and codes:
            result.append(codes.pop(0))
    return Segment(merged([*result, *codes]))


def merged(parts: list[str | Code]) -> Parts:
    texts: list[str | Code] = []
    for part in parts:
        if isinstance(part, str) and texts and isinstance(texts[-1], str):
            texts[-1] += part
        else:
            texts.append(part)
    return tuple(texts)


def read(masked: Masked, answer: str) -> Parts:
    return read_answer(masked, answer, ENGLISH, ENGLISH, was_cut=False, lenient=True)


def shown(parts: Parts) -> str:
    return "".join(part if isinstance(part, str) else part.source for part in parts)


@pytest.mark.parametrize("kept", PROTECTED)
@pytest.mark.parametrize("style", list(Style))
def test_what_must_be_kept_is_one_mark(kept: str, style: Style) -> None:
    masked = mask(Segment((f"See {kept} please.",)), style)
    assert [mark.kept for mark in masked.marks] == [kept]
    if style is not Style.KNOWN:
        assert not re.search(r"[%{\\@_]|http|mg|:\d", masked.text)
    assert read(masked, masked.text.replace("See", "Voir")) == (f"Voir {kept} please.",)


@pytest.mark.parametrize(
    "text",
    [
        "Give 50 % of it and/or 3 tablets, e.g. at home: Qu_it, 5 a day, well-known.",
        "It's a 5-fold rise; 100 men said: no!",
        "Is a < b and c > d? Yes & no.",
        "The price rose by half a million. He said 'I will'.",
    ],
)
def test_plain_words_are_not_masked(text: str) -> None:
    masked = mask(Segment((text,)), Style.TAGS)
    assert [mark.kept for mark in masked.marks if mark.kept != "50 %"] == []


@pytest.mark.parametrize("kept", [each for each in PROTECTED if each[0] not in "`{"])
def test_what_must_be_kept_ends_where_chinese_goes_on(kept: str) -> None:
    masked = mask(Segment((f"请先看{kept}然后再等。",)), Style.TAGS)
    assert [mark.kept for mark in masked.marks] == [kept]


@given(segments(), st.sampled_from(Style))
@settings(max_examples=80, deadline=None)
def test_the_masked_text_itself_gives_the_parts_back(segment: Segment, style: Style) -> None:
    masked = mask(segment, style)
    assert read(masked, masked.text) == segment.parts
    reworded = masked.text.replace(
        "Take", "Prenez", 1
    )  # not the short way of an answer that is equal
    assert shown(read(masked, reworded)) == shown(segment.parts).replace("Take", "Prenez", 1)


@given(segments(), st.sampled_from(Style), st.data())
@settings(max_examples=80, deadline=None)
def test_a_mark_that_is_lost_doubled_or_changed_is_caught(
    segment: Segment, style: Style, data: st.DataObject
) -> None:
    masked = mask(segment, style)
    assume(masked.marks)
    spans = places(masked)
    start, end = data.draw(st.sampled_from(spans))
    token = masked.text[start:end]
    changed = data.draw(st.sampled_from(["lost", "doubled", "moved out", "other number"]))
    new = {
        "lost": "",
        "doubled": f"{token} {token}",
        "moved out": "x",
        "other number": re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 10), token),
    }[changed]
    assume(new != token)
    with pytest.raises(Unfit) as caught:
        read(masked, masked.text[:start] + new + masked.text[end:])
    assert caught.value.kind in (Trouble.MARK, Trouble.NUMBER)
    assert caught.value.sentence.endswith(".")


@given(segments(), st.sampled_from(Style), st.data())
@settings(max_examples=80, deadline=None)
def test_a_number_that_is_lost_doubled_or_changed_is_caught(
    segment: Segment, style: Style, data: st.DataObject
) -> None:
    masked = mask(segment, style)
    inside = places(masked)
    free = [
        found.span()
        for found in re.finditer(r"\d+(?:[.,]\d+)*", masked.text)
        if not any(start < found.end() and found.start() < end for start, end in inside)
    ]
    assume(free)
    start, end = data.draw(st.sampled_from(free))
    number = masked.text[start:end]
    new = data.draw(
        st.sampled_from(["", f"{number} and {number}", number + "7", "9" + number, number[::-1]])
    )
    assume(new.strip("0") != number.strip("0"))
    with pytest.raises(Unfit) as caught:
        read(masked, masked.text[:start] + new + masked.text[end:])
    assert caught.value.kind in (Trouble.NUMBER, Trouble.MARK)


@given(segments(), st.text(max_size=80), st.sampled_from(Style))
@settings(max_examples=40, deadline=None)
def test_whatever_a_model_answers_is_read_or_refused(
    segment: Segment, answer: str, style: Style
) -> None:
    masked = mask(segment, style)
    try:
        parts = read_answer(masked, answer, ENGLISH, FRENCH, was_cut=False)
    except Unfit:
        return
    kept = [part for part in segment.parts if isinstance(part, Code)]
    assert sorted(part.source for part in parts if isinstance(part, Code)) == sorted(
        code.source for code in kept
    )


def places(masked: Masked) -> list[tuple[int, int]]:
    """Where the marks are in a masked text."""
    found = []
    at = 0
    for mark in masked.marks:
        start = masked.text.index(mark.token, at)
        at = start + len(mark.token)
        found.append((start, at))
    return found


def only(text: str | Parts, style: Style = Style.TAGS) -> Masked:
    """One sentence, masked."""
    (segment,) = cut(Unit(parts=(text,) if isinstance(text, str) else text), ENGLISH)
    return mask(segment, style)


def test_a_mark_may_be_written_a_little_differently() -> None:
    masked = only("Keep %s in mind.")
    for said in ("<x1>", "< x1 / >", "<X1/>", "＜x1/＞", "%s"):
        assert read(masked, f"Gardez {said} en tête.") == ("Gardez %s en tête.",)
    masked = only("Keep %s in mind.", Style.BRACKETS)
    for said in ("[[ 1 ]]", "［［1］］", "%s"):
        assert read(masked, f"Gardez {said} en tête.") == ("Gardez %s en tête.",)


def test_ticks_around_a_placeholder_go() -> None:
    masked = only("Edit /etc/hosts at any time.", Style.KNOWN)
    assert read(masked, "Éditez `/etc/hosts` quand vous voulez.") == (
        "Éditez /etc/hosts quand vous voulez.",
    )


def test_a_dose_may_be_written_in_the_other_script_and_stays_as_it_was() -> None:
    masked = only("Give 500 mg every 6 h.", Style.KNOWN)
    parts = read_answer(masked, "每6小时服用500毫克。", ENGLISH, CHINESE, was_cut=False)
    assert parts == ("每6 h服用500 mg。",)
    with pytest.raises(Unfit, match="500 mg"):
        read_answer(masked, "每6小时服用5000毫克。", ENGLISH, CHINESE, was_cut=False)
    with pytest.raises(Unfit, match="500 mg"):
        read_answer(masked, "每6小时服用500微克。", ENGLISH, CHINESE, was_cut=False)


def test_markup_may_change_places_as_long_as_it_nests() -> None:
    b, b_, i, i_ = (
        Code(source, kind, pair)
        for pair, name in ((1, "b"), (2, "i"))
        for source, kind in ((f"<{name}>", Kind.OPEN), (f"</{name}>", Kind.CLOSE))
    )
    masked = only(("A ", b, "red", b_, " and ", i, "blue", i_, " car."))
    assert masked.text == "A <g1>red</g1> and <g3>blue</g3> car."
    moved = read(masked, "Une voiture <g3>bleue</g3> et <g1>rouge</g1>.")
    assert moved == ("Une voiture ", i, "bleue", i_, " et ", b, "rouge", b_, ".")
    for wrong in ("A <g1>red <g3>and</g1> blue</g3>.", "A </g1>red<g1> and <g3>blue</g3> car."):
        with pytest.raises(Unfit, match="nest"):
            read(masked, wrong)


def test_markup_of_several_sentences_keeps_its_order() -> None:
    (first, second) = cut(
        Unit(
            parts=(
                "One ", Code("<b>", Kind.OPEN, 1), "and ", Code("<i>", Kind.OPEN, 2), "two. Three",
                Code("</i>", Kind.CLOSE, 2), " and", Code("</b>", Kind.CLOSE, 1), " four.",
            )
        ),
        ENGLISH,
    )  # fmt: skip
    masked = mask(second, Style.BRACKETS)
    assert masked.text == "Three[[1]] and[[2]] four."
    with pytest.raises(Unfit, match="nest"):
        read(masked, "Trois[[2]] et[[1]] quatre.")
    assert len(mask(first, Style.BRACKETS).marks) == 2


def test_placeholders_without_numbers_keep_their_order() -> None:
    masked = only("Copied %s of %s files.")
    with pytest.raises(Unfit, match="order"):
        read(masked, "Sur <x2/> fichiers, <x1/> copiés.")
    masked = only("Copied %1$s of %2$s files.")
    assert read(masked, "Sur <x2/> fichiers, <x1/> copiés.") == ("Sur %2$s fichiers, %1$s copiés.",)


def test_known_tags_avoid_those_of_the_text() -> None:
    masked = only(
        ("Use <b> to ", Code("*", Kind.OPEN, 1), "stress", Code("*", Kind.CLOSE, 1), " it."),
        Style.KNOWN,
    )
    assert masked.text == "Use <b> to <i>stress</i> it."
    assert masked.marks[0] == Mark("<b>", "<b>")


@pytest.mark.parametrize(
    "new", ["https://evil.example/x", "<script>", "%s", "{name}", "<x9/>", "[[3]]"]
)
def test_nothing_new_may_appear(new: str) -> None:
    for style in Style:
        with pytest.raises(Unfit) as caught:
            read(only("Read the file twice.", style), f"Lisez {new} le fichier.")
        assert caught.value.kind is Trouble.MARK
