"""Plain text: what is a unit, and that nothing else changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.wrapping import wrapped
from hinterland.plugins.translation.units import Code, Parts, Unit
from tests.translation_documents import RealFile, identity, marked, read, real_files, written

_ACCENTS = str.maketrans("aeiouy", "àéîõûý")
_PROSE = (
    "The river had risen in the night, and by the morning nobody could say any more where the"
    " well was; so they waited, as they had done in every year that anybody could remember,"
    " until the water went away by itself."
)


def accents(parts: Parts) -> Parts:
    return tuple(part if isinstance(part, Code) else part.translate(_ACCENTS) for part in parts)


def texts(data: bytes) -> list[str]:
    return ["".join(map(str, unit.parts)) for unit in read(data, "text")]


@pytest.mark.parametrize("file", real_files("text"), ids=str)
def test_real_texts_keep_everything_but_their_words(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "text")
    marked(data, "text")
    marked(data, "text", mark=accents)


WORDS = ["water", "Boil", "it,", "bucket", "the", "Haus.", "wie", "水", "5", "mg"]
words = st.lists(st.sampled_from(WORDS), min_size=8)
blocks = st.one_of(
    st.tuples(words, st.sampled_from(["", "  ", "> ", "\t"])).map(
        lambda drawn: "".join(f"{drawn[1]}{line}\n" for line in wrapped(" ".join(drawn[0]), 60))
    ),
    st.tuples(words, st.sampled_from(["- ", "* ", "12. ", "a) "])).map(
        lambda drawn: (
            drawn[1] + f"\n{' ' * len(drawn[1])}".join(wrapped(" ".join(drawn[0]), 55)) + "\n"
        )
    ),
    st.sampled_from(
        ["-----\n", "* * *\n", "Name\tWater\n", "  Day      Open    12\n", "\f", "Title\n"]
    ),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(blocks, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_generated_texts_keep_everything_but_their_words(
    made: list[str], ending: str, mark: str
) -> None:
    prose = "\n".join(wrapped(_PROSE, 60)) + "\n"  # enough to see how wide the lines are
    text = mark + "\n".join([prose, prose, *made, prose]).replace("\n", ending)
    identity(text.encode(), "text")


@settings(max_examples=60, deadline=None)
@given(st.text("aB .-1>#\t\n\r\f\x0b\x1c\x85\u2028\u00ad水\u3000\U0001f6b0\u0301\ufeff"))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    try:
        data = text.encode()
        units = read(data, "text")
    except (UnicodeEncodeError, InputError):
        return
    assert written(data, "text", lambda unit: unit.parts) == data
    for unit in units:
        assert "".join(data[unit.start : unit.end].decode().split()) == "".join(
            "".join(part if isinstance(part, str) else part.source for part in unit.parts).split()
        )


def test_wrapped_lines_are_one_text_and_verse_is_not() -> None:
    text = (
        "\n".join(wrapped(_PROSE, 60))
        + "\n\nBoil it, strain it, or leave it be,\nSo my mother said to me,\nAnd hers to her.\n"
    )
    assert texts(text.encode()) == [
        _PROSE,
        "Boil it, strain it, or leave it be,",
        "So my mother said to me,",
        "And hers to her.",
    ]


def test_a_translation_is_wrapped_as_its_source_was_and_is_no_list_by_accident() -> None:
    lines = wrapped(_PROSE, 60)
    source = "> " + "\r\n> ".join(lines) + "\r\n"

    def longer(unit: Unit) -> Parts:
        return (" - ".join(str(part) for part in unit.parts).replace(" ", " 1. "),)

    out = written(source.encode(), "text", longer).decode()
    assert out.count("\r\n") == out.count("\n") > len(lines)
    for line in out.splitlines():
        assert re.match(r"> (?!-|1\.)", line)
        assert len(line) <= 60 + 2 + len(" 1.")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfea\0", "UTF-16"),
        (b"one\ntwo\0", "Line 2 holds a zero byte"),
        (b"one\ntwo\ncaf\xe9\n", "Line 3 is not UTF-8"),
        (b"a\n" * 600_000 + b"\xc3", "Line 600001 is not UTF-8"),
    ],
)
def test_what_is_no_utf8_is_refused_with_its_line(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(data, "text")


def test_a_line_of_a_megabyte_is_one_unit() -> None:
    data = b"so it goes on, " * 70_000
    (unit,) = read(data, "text")
    assert unit.end == len(data.rstrip())
    assert len(written(data, "text", lambda unit: ("short",))) < 10
