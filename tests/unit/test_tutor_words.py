"""The tutor's words: the same in every language that ships, all of them said, none of them scolding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins import tutoring
from hinterland.plugins.tutoring.dialogue import plain
from hinterland.plugins.tutoring.lessons import AnswerKind
from hinterland.plugins.tutoring.session import Wants
from hinterland.plugins.tutoring.session.showing import literal
from hinterland.plugins.tutoring.words import SHIPPED, Words, load
from hinterland.plugins.tutoring.words.wording import FIELD

ROOM = Path(tutoring.__file__).resolve().parent


def fields(words: Words, key: str) -> set[str]:
    return {name for text in words.all(key) for name in FIELD.findall(text)}


@pytest.mark.parametrize("language", [each for each in SHIPPED if each != "en"])
def test_every_language_has_the_same_keys_and_fields(language: str) -> None:
    import tomllib

    english, other = load("en"), load(language)
    own = tomllib.loads((ROOM / "words" / f"{language}.toml").read_text())["words"]
    assert set(own) == set(english)
    for key in english:
        assert fields(other, key) == fields(english, key), key


def test_every_key_is_said_somewhere() -> None:
    """Keys are said as they stand, or are put together of a part that stands and one that is known."""
    source = "\n".join(each.read_text() for each in ROOM.rglob("*.py"))
    said = set(re.findall(r"[\"']([a-z][a-z0-9-]*)[\"']", source))
    for made in re.findall(r"f[\"']([a-z-]*\{[a-z_.]+\}[a-z-]*)[\"']", source):
        begins, ends = re.split(r"\{[a-z_.]+\}", made)
        said |= {f"{begins}{each}{ends}" for each in said if f"{begins}{ends}".strip("-")}
    said |= {f"wanted-{kind.value}" for kind in AnswerKind}
    said |= {f"line-keys-{wants.value}" for wants in Wants}
    assert sorted(set(load("en")) - said) == []
    assert {f"wanted-{kind.value}" for kind in AnswerKind} <= set(load("en"))


@pytest.mark.parametrize("language", SHIPPED)
def test_words_neither_scold_nor_shout(language: str) -> None:
    words = load(language)
    for key in words:
        for text in words.all(key):
            assert not re.search(r"\b(wrong|incorrect|false|mistake|faux|fausse|erreur)\b", text), (
                key
            )
            assert "!" not in text or key.startswith("line-keys"), key


def test_several_texts_take_turns_and_numbers_choose_theirs() -> None:
    english, french = load("en"), load("fr-CA")
    said = [english.say("right") for _ in range(2 * len(english.all("right")))]
    assert said == list(english.all("right")) * 2
    assert english.say("next-days", count=1) == "Some of it comes back in 1 day."
    assert english.say("next-days", count=0).endswith("0 days.")
    assert french.say("next-days", count=0).endswith("0 jour.")
    english.turns = {"right": 1}
    assert english.say("right") == english.all("right")[1]


def test_own_words_stand_in_for_those_that_ship(tmp_path: Path) -> None:
    folder = tmp_path / "tutor"
    folder.mkdir()
    (folder / "en.toml").write_text('language = "en"\n[words]\nnot-yet = "Hm, not yet."\n')
    (folder / "sw.toml").write_text('language = "sw"\n[words]\nright = ["Ndiyo."]\n')
    words = load("en", tmp_path)
    assert words.say("not-yet") == "Hm, not yet."
    assert words.say("right") == load("en").all("right")[0]
    swahili = load("sw", tmp_path)
    assert (swahili.language, swahili.say("right")) == ("sw", "Ndiyo.")
    assert swahili.say("may-see") == load("en").say("may-see")
    assert load("sw").language == "en"
    assert load("../sw", tmp_path).language == "en"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('language = "en"\n[words]\nright = 3\n', "line 3: right is no text"),
        ('language = "en"\n[words]\n\nrigt = "Yes"\n', "line 4: the tutor has no words named rigt"),
        ('language = "en"\n[words]\nright = "{name}"\n', "line 3: right has no value for {name}"),
        ('language = "en"\n[words]\nright = []\n', "line 3: right needs a text"),
        ('language = "en"\n[words]\nright = "Yes\n', "line 3: this is not TOML"),
        ('[words]\nright = "Yes"\n', "Object missing required field `language`"),
        ('language = "en"\nwords = "no"\n', "Expected `object`"),
        ("\udcff", "line 1: it is not UTF-8 text"),
    ],
)
def test_words_that_cannot_be_used_are_told_with_file_and_line(
    tmp_path: Path, written: str, said: str
) -> None:
    file = tmp_path / "tutor" / "en.toml"
    file.parent.mkdir()
    file.write_bytes(written.encode(errors="surrogateescape"))
    with pytest.raises(InputError) as error:
        load("en", tmp_path)
    assert error.value.message.startswith(f"{file}, line ")
    assert said in error.value.message


def test_markdown_in_lines_keeps_what_is_no_mark() -> None:
    text = (
        "# Terms\nA **sum of `a*b`** is *long*; 2*x + 3*y has no marks, nor has ___ or a_b_c, "
        "and [a page](x.md) is a page.\n- one that goes on beyond the edge\n  1. inner\n"
        "> said\n> by her\n\n| a | b |\n```python\nif x:\n    print('*x*')\n```\nEnd"
    )
    assert plain.lines(text, 40) == [
        "Terms",
        "A sum of a*b is long; 2*x + 3*y has no",
        "marks, nor has ___ or a_b_c, and a page",
        "(x.md) is a page.",
        "- one that goes on beyond the edge",
        "  1. inner",
        "> said by her",
        "",
        "| a | b |",
        "    if x:",
        "        print('*x*')",
        "End",
    ]
    for written in ("3*4*5 * 6", 'print("*a*") <b> 2\\3', "`x` [a](b) _c_ |$#~"):
        assert plain.lines(f"So **{literal(written)}**", 80) == [f"So {written}"]
