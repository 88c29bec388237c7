"""JSON: the values that are texts change, and nothing else does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.string_values import is_text
from hinterland.plugins.translation.units import Parts, Unit, text_of
from tests.translation_documents import (
    RealFile,
    accented,
    identity,
    marked,
    nasty,
    read,
    real_files,
    written,
)

_STRINGS = st.sampled_from(
    [
        "Save it",
        "a_b",
        "https://x.org/a b",
        "{name} left",
        "e\u0301 \U0001f642 ok",
        "One\nTwo\n",
        "",
    ]
) | st.text(st.characters(codec="utf-8") | st.sampled_from(' \\"/\n\t\x01ab'), max_size=30)
_VALUES = st.recursive(
    _STRINGS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_STRINGS, inner, max_size=4),
    max_leaves=12,
)


def _units(text: str, **wishes: tuple[str, ...]) -> list[str]:
    return [text_of(unit.parts) for unit in read(text.encode(), "json", Wishes(**wishes))]  # type: ignore[arg-type] # by name


@given(
    _VALUES,
    st.booleans(),
    st.sampled_from([None, 2, "\t"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_any_document_changes_in_its_texts_alone(
    value: object, ascii_only: bool, indent: int | str | None, mark: bytes
) -> None:
    data = mark + json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    identity(data, "json")
    for change in (accented, nasty):
        new = written(data, "json", lambda unit: change(unit.parts))  # noqa: B023 - called at once
        assert new.startswith(mark)
        if ascii_only and b"\\u" in data:
            assert len(mark) or new.isascii() or b"\\u00" in data
        _same(json.loads(data.decode("utf-8-sig")), json.loads(new.decode("utf-8-sig")))


def _same(old: object, new: object) -> None:
    """Fail unless two values differ only in strings that were texts."""
    assert type(old) is type(new)
    if isinstance(old, dict) and isinstance(new, dict):
        assert list(old) == list(new)
        for one, other in zip(old.values(), new.values(), strict=True):
            _same(one, other)
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old, new, strict=True):
            _same(one, other)
    elif not (isinstance(old, str) and is_text(old)):
        assert repr(old) == repr(new)


@pytest.mark.parametrize("file", real_files("json"), ids=str)
def test_real_documents_come_back(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "json", file.wishes)
    marked(data, "json", file.wishes)
    marked(data, "json", file.wishes, mark=nasty)


def test_what_is_no_text_is_no_unit() -> None:
    text = json.dumps(
        {
            "$schema": "A word",
            "@greeting": {"description": "Said at the door"},
            "words": [
                "Open",
                "user_name",
                "https://example.org",
                "/usr/bin/x",
                "a.b@c.org",
                "1.2.0",
            ],
            "type": "button",
            "more": [
                "button",
                "text/html",
                "#ff00aa",
                "fr-CA",
                "{count}",
                "<br>",
                "logo.png",
                "12 %",
            ],
        }
    )
    assert _units(text) == ["Open", "button"]


def test_keys_choose_what_is_translated() -> None:
    text = '{"menu": {"file": {"label": "Open", "id": "Opens"}, "x": {"label": "Quit"}}, "label": "No"}'
    assert _units(text, keys=("menu.*.label",)) == ["Open", "Quit"]
    assert _units('{"menu.file": "Open", "menu.x": "Quit"}', keys=("menu.x",)) == ["Quit"]


def test_both_values_of_a_key_that_is_there_twice_are_translated() -> None:
    new = written(b'{"a": "One", "a": "Two"}', "json", lambda unit: accented(unit.parts))
    assert new.decode() == '{"a": "Õnéŋ", "a": "Twõŋ"}'


def test_strings_are_written_as_their_neighbours_are() -> None:
    def change(_unit: Unit) -> Parts:
        return ('é "/" \U0001f642\n\x02',)

    for text, wanted in (
        (r'["\u00e9 <\/b> a"]', r'["\u00e9 \"\/\" \ud83d\ude42\n\u0002"]'),
        ('["é a"]', '["é \\"/\\" \U0001f642\\n\\u0002"]'),
    ):
        assert written(text.encode(), "json", change).decode() == wanted


def test_deep_nesting_odd_numbers_and_lone_surrogates_are_no_trouble() -> None:
    deep = 20_000
    data = b"[" * deep + rb'"Deep \ud800 down", NaN, -Infinity, 1e999' + b"]" * deep
    (unit,) = identity(data, "json")
    assert text_of(unit.parts) == "Deep  down"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": "b",\n}', "broken at line 2"),
        (b'{"a": "b"', "ends too early at line 1"),
        (b"", "ends too early at line 1"),
        (b'["a"]\n["b"]', "broken at line 2"),
        (b'["a\nb"]', "broken at line 1"),
        (b'// x\n["a"]', "broken at line 1"),
        (b'["\\x41"]', "broken at line 1"),
        (b"[1}", "broken at line 1"),
        (b'\n["\xff"]', "Line 2 is not UTF-8"),
        ('["a"]'.encode("utf-16"), "UTF-16"),
    ],
)
def test_a_broken_document_is_said_with_its_line(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_document(data, "json", Wishes())
