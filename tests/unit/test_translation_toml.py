"""TOML: the values that are texts change, in all four kinds of strings, and nothing else does."""

from __future__ import annotations

import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.string_values import is_text
from hinterland.plugins.translation.units import text_of
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

_WORDS = st.sampled_from(
    ["Save it", "a_b", 'It\'s "here"', "C:\\new", "One\nTwo words\n", ""]
) | st.text(
    st.characters(codec="utf-8", exclude_characters="\r") | st.sampled_from(" \\\"'\n\tab"),
    max_size=25,
)
_KEYS = st.sampled_from(["a", "b-c", "d e", 'q"', "ü.x"])


@st.composite
def _string(draw: st.DrawFn) -> tomlkit.items.String:
    words = draw(_WORDS)
    literal, multiline = draw(st.booleans()), draw(st.booleans())
    try:
        return tomlkit.string(words, literal=literal, multiline=multiline)
    except (ValueError, tomlkit.exceptions.InvalidStringError):
        return tomlkit.string(words)


_PLAIN = _string() | st.integers(-9, 9) | st.booleans() | st.dates()
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(_KEYS, _VALUES, max_size=4), st.sampled_from(["", "# c 'x\n", "\ufeff"]))
def test_any_document_changes_in_its_texts_alone(value: dict[str, object], start: str) -> None:
    text = start + tomlkit.dumps(value)
    data = text.encode()
    identity(data, "toml")
    for change in (accented, nasty):
        new = written(data, "toml", lambda unit: change(unit.parts))  # noqa: B023 - called at once
        _same(tomllib.loads(text.lstrip("\ufeff")), tomllib.loads(new.decode("utf-8-sig")))


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
        assert old == new


@pytest.mark.parametrize("file", real_files("toml"), ids=str)
def test_real_documents_come_back(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "toml", file.wishes)
    marked(data, "toml", file.wishes)
    marked(data, "toml", file.wishes, mark=nasty)


def test_each_kind_of_string_stays_what_it_is_where_it_can() -> None:
    text = (
        'a = "One \\u00e9"  # b\nb = \'C:\\new one\'\nc = """\nOne "word" \\\n   more\n  Two"""\n'
        "d = '''One\n\n'Two' '''\r\n[e.\"f.g\"]\nh = [ 'One', {i = \"Two\"}, ] # [x]\n[[j]]\nk.l = 'One'\n"
    )
    new = written(text.encode(), "toml", lambda unit: (text_of(unit.parts) + "!",)).decode()
    assert new == (
        'a = "One é!"  # b\nb = \'C:\\new one!\'\nc = """\nOne "word" more!\n  Two!"""\n'
        "d = '''One!\n\n'Two'! '''\r\n[e.\"f.g\"]\nh = [ 'One!', {i = \"Two!\"}, ] # [x]\n"
        "[[j]]\nk.l = 'One!'\n"
    )
    quoted = written(text.encode(), "toml", lambda _unit: ("l'a\"\"\"'''\x01\\",))
    assert b'b = "l\'a\\"\\"\\"\'\'\'\\u0001\\\\"' in quoted
    assert tomllib.loads(quoted.decode())["a"] == "l'a\"\"\"'''\x01\\"
    assert tomllib.loads(quoted.decode())["c"] == "l'a\"\"\"'''\x01\\\n  l'a\"\"\"'''\x01\\"


def test_a_wrapped_paragraph_is_one_text_and_is_wrapped_again() -> None:
    text = (
        'a = """\nThis is a paragraph that somebody wrapped at about sixty\n'
        'characters, as people do.\n\nA last line."""\n'
    )
    units = read(text.encode(), "toml")
    assert [text_of(unit.parts) for unit in units] == [
        "This is a paragraph that somebody wrapped at about sixty characters, as people do.",
        "A last line.",
    ]
    new = written(text.encode(), "toml", lambda unit: (text_of(unit.parts).replace("a", "aaa"),))
    assert new.decode() == (
        'a = """\nThis is aaa paaaraaagraaaph thaaat somebody wraaapped\n'
        'aaat aaabout sixty chaaaraaacters, aaas people do.\n\nA laaast line."""\n'
    )


def test_keys_choose_what_is_translated() -> None:
    text = b'[menu]\nopen = "Open"\n[[menu.item]]\nlabel = "One"\n[[menu.item]]\nlabel = "Two"\n'
    found = read(text, "toml", Wishes(keys=("menu.item.1.*",)))
    assert [(unit.note, text_of(unit.parts)) for unit in found] == [("menu.item.1.label", "Two")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'a = "b"\nc = \n', "broken: .*line 2"),
        (b'a = "b"\na = "c"\n', "broken: .*line 2"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "broken: Nested .*line 1"),
        (b'\na = "\xff"\n', "Line 2 is not UTF-8"),
    ],
)
def test_a_broken_document_is_said_with_its_line(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_document(data, "toml", Wishes())
