"""Subtitles: what is a unit, and that times, numbers, settings and styles stay."""

from __future__ import annotations

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.units import Code, Parts
from tests.translation_documents import RealFile, identity, marked, plain, read, real_files, written

_ACCENTS = str.maketrans("aeiouy", "àéîõûý")
_NASTY = "<i> </b> <d> {\\an8} {i} \\N 1 --> 2 00:00:01,000 --> & &lt; "
_SHARED = [
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "word ",
    "Long words that go on ",
    "- ",
    "♪ ",
    "汉字",
    "1999\n",
]
_SRT = [*_SHARED, "1\n", "00:00:01,000 --> 00:00:02,000\n", "<i>", "</i>", "{\\an8}", "<b>", "\\N"]
_VTT = [*_SHARED, "00:01.000 --> 00:02.000\n", "<i>", "</i>", "<v Bob>", "<c.x>", "</c>", "&nbsp;"]
_VTT += ["<00:01.500>", "NOTE x\n", "STYLE\n", "&amp;"]


def accents(parts: Parts) -> Parts:
    return tuple(part if isinstance(part, Code) else part.translate(_ACCENTS) for part in parts)


def texts(data: str, form: str = "srt") -> list[str]:
    return [
        "".join(part if isinstance(part, str) else f"⟨{part.source}⟩" for part in unit.parts)
        for unit in read(data.encode(), form)
    ]


@pytest.mark.parametrize("file", [*real_files("srt"), *real_files("vtt")], ids=str)
def test_real_subtitles_keep_everything_but_their_words(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, file.form)
    marked(data, file.form)
    marked(data, file.form, mark=accents)


@pytest.mark.parametrize("file", [*real_files("srt"), *real_files("vtt")], ids=str)
def test_a_library_of_subtitles_finds_the_same_cues_after_a_translation(file: RealFile) -> None:
    data = file.path.read_bytes()
    out = written(data, file.form, lambda unit: (*accents(unit.parts), _NASTY))
    before, after = (
        pysubs2.SSAFile.from_string(some.decode("utf-8-sig"), format_=file.form)
        for some in (data, out)
    )
    times = [(cue.start, cue.end) for cue in before]
    assert len(times) > 1
    assert [(cue.start, cue.end) for cue in after] == times


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.tuples(st.just("srt"), st.lists(st.sampled_from(_SRT), max_size=16)),
        st.tuples(st.just("vtt"), st.lists(st.sampled_from(_VTT), max_size=16)),
    )
)
def test_any_subtitles_keep_everything_but_their_words(drawn: tuple[str, list[str]]) -> None:
    form, pieces = drawn
    head = "WEBVTT\n\n" if form == "vtt" else "1\n00:00:01,000 --> 00:00:02,000\n"
    data = (head + "".join(pieces)).encode()
    try:
        read(data, form)
    except InputError:
        return
    identity(data, form)
    marked(data, form, mark=accents)


def test_each_speaker_is_a_unit_and_what_stands_around_the_words_is_none() -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\n"
    assert texts(cue + "<i>- Is it <b>safe</b>?</i>\n- Yes,\nit is.") == [
        "Is it ⟨<b>⟩safe⟨</b>⟩?",
        "Yes, it is.",
    ]
    assert texts(cue + "{\\an8}<i>♪ One line</i>\n<i>and two ♪</i>") == ["One line and two"]
    assert texts(cue + "1997\n...\n♪♪") == []
    assert texts(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Bob>A &amp; B&nbsp;<00:01.500>C", "vtt"
    ) == ["A & B⟨&nbsp;⟩⟨<00:01.500>⟩C"]


@pytest.mark.parametrize(
    ("target", "text", "lines"),
    [
        ("fr", "Short enough.", ["Short enough."]),
        (
            "fr",
            "You said that yesterday, too, and the goats were still there.",
            ["You said that yesterday, too,", "and the goats were still there."],
        ),
        (
            "zh",
            "在海拔两千米以上的地方，水要煮三分钟。",
            ["在海拔两千米以上的地方，", "水要煮三分钟。"],
        ),
        (
            "zh-Hant",
            "在海拔两千米以上水要煮三分钟才可以安全飲用不生病",
            ["在海拔两千米以上水要煮三", "分钟才可以安全飲用不生病"],
        ),
    ],
)
def test_lines_are_few_and_short_and_break_where_speech_pauses(
    target: str, text: str, lines: list[str]
) -> None:
    data = b"1\r\n00:00:01,000 --> 00:00:02,000\r\nSome words\r\n"
    out = written(data, "srt", lambda unit: (text,), Wishes(target=target)).decode()
    assert out.split("\r\n")[2:-1] == lines


@settings(max_examples=60, deadline=None)
@given(st.text("ab ,汉", min_size=1, max_size=90))
def test_a_cue_keeps_its_words_and_never_ends_early(text: str) -> None:
    words = f"x{text}x"
    data = (
        b"1\n00:00:01,000 --> 00:00:02,000\nSome words\n\n2\n00:00:03,000 --> 00:00:04,000\nMore\n"
    )
    for target, width in (("fr", 42), ("ja", 20)):
        out = written(data, "srt", lambda unit: (words,), Wishes(target=target))
        assert [plain(unit.parts) for unit in read(out, "srt")] == [plain((words,))] * 2
        lines = out.decode().split("\n\n")[0].splitlines()[2:]
        longest = max(len(word) for word in words.replace("汉", " ").replace(",", " ").split())
        assert all(len(line) <= max(width, longest + 4) * 2 for line in lines)


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("srt", "Only words\n", "Line 1 is text that belongs to no cue"),
        ("srt", "\n\n", "No cue has times"),
        ("srt", "1\n00:00:01,000 -> 00:00:02,000\nA\n", "Line 3 is text that belongs to no cue"),
        ("srt", "1\n00:00:0I,000 --> 00:00:02,000\nA\n", "Line 2 has times that cannot be read"),
        (
            "srt",
            "1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\nB\n\n3\n00:00:03,000 --> 00:00:04,000\nC\n",
            "Line 5: cue 2 has no times",
        ),
        ("vtt", "1\n00:00:01,000 --> 00:00:02,000\nA\n", "Line 1 is not WEBVTT"),
        ("vtt", "WEBVTT\n\n00:01.000 --> soon\nA\n", "Line 3 has times that cannot be read"),
    ],
)
def test_broken_subtitles_are_refused_with_their_line(form: str, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(text.encode(), form)
