"""Flagged segments go to people as a PO file, and what they write comes back, with every code."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import polib
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError, StorageError
from hinterland.plugins.translation import reviewing
from hinterland.plugins.translation.memory import Keyed, Memory, Remembered, key_of
from hinterland.plugins.translation.reviewing import Item
from hinterland.plugins.translation.units import Code, Kind, Parts

LINK: Parts = (
    "See ",
    Code("<a href='/'>", Kind.OPEN, 5),
    "this",
    Code("</a>", Kind.CLOSE, 5),
    ",",
    Code("<br>", is_space=True),
    "and ",
    Code("<img>"),
    ".",
)


def fill_in(path: Path, *translations: str) -> None:
    """Write the translations into the file's entries, as a program for such files does."""
    catalogue = polib.pofile(str(path), wrapwidth=60)
    for entry, translation in zip(catalogue, translations, strict=False):
        entry.msgstr = translation
    catalogue.save()


def test_what_people_write_is_remembered_for_every_model(tmp_path: Path) -> None:
    path = tmp_path / "review.po"
    items = [
        Item(LINK, "A mark is missing.", "Voyez\nceci", "guide.md, line 3", "Footer"),
        Item(("Take 3 cups.",)),
        Item(LINK, "again"),
        Item(("Nobody looks at this.",)),
    ]
    assert reviewing.write(path, items, "en", "fr") == 3
    text = path.read_text()
    assert "#. Reason: A mark is missing.\n#. Tried: Voyez ceci\n#. Context: Footer\n" in text
    assert 'msgid "See <1>this</1>,<br2/>and <3/>."' in text
    fill_in(path, "<3/> et<br2/>voyez <1>ceci</1>.\n", "Prenez 3 tasses.")
    review = reviewing.read(path)
    assert (review.source, review.target, review.left) == ("en", "fr", 1)

    async def work() -> None:
        with Memory(tmp_path / "kept", Keyed(review.source, review.target, "")) as memory:
            for parts, remembered in review.done:
                memory.add(parts, remembered)
            await memory.close()

    asyncio.run(work())
    with Memory(tmp_path / "kept", Keyed("en", "fr", "any model")) as memory:
        assert memory.find(LINK) == Remembered(
            (3, " et", 2, "voyez ", 0, "ceci", 1, "."), reviewed=True
        )
        assert memory.find(("Take 3 cups.",)) == Remembered(("Prenez 3 tasses.",), reviewed=True)
        assert memory.find(("Nobody looks at this.",)) is None


def test_what_was_tried_has_the_marks_that_people_write(tmp_path: Path) -> None:
    path = tmp_path / "review.po"
    reviewing.write(
        path, [Item(("Give 5 mg. ", *LINK), tried="[[1]]. [[2]]ça[[3]],[[4]]")], "en", "fr"
    )
    assert "#. Tried: 5 mg. <1>ça</1>,<br2/>\n" in path.read_text()


TEXT = st.text(
    st.one_of(st.sampled_from('<1>/br2"\\\n#·'), st.characters(exclude_categories=["Cs", "Cc"]))
)


@given(st.lists(st.one_of(TEXT, st.builds(Code, st.just("x"), is_space=st.booleans())), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_segment_comes_back_as_the_one_that_it_was(parts: list[str | Code]) -> None:
    assume(any(isinstance(part, str) and part.strip() for part in parts))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.po"
        reviewing.write(path, [Item(tuple(parts), where="a · b")], "en", "fr")
        (entry,) = polib.pofile(str(path))
        fill_in(path, entry.msgid)
        ((back, remembered),) = reviewing.read(path).done
    assert key_of(back) == key_of(tuple(parts))
    codes = [part for part in remembered.text if isinstance(part, int)]
    assert codes == list(range(sum(isinstance(part, Code) for part in parts)))
    words = "".join(part for part in parts if isinstance(part, str))
    assert "".join(part for part in remembered.text if isinstance(part, str)) == words


@pytest.mark.parametrize(
    ("translation", "sentence"),
    [
        ("Voyez <1>ceci</1>,<br2/>et.", "the mark <3/> is in it 0 times"),
        ("Voyez <1>ceci</1>,<br2/><3/><3/>.", "the mark <3/> is in it 2 times"),
        ("<4/>Voyez <1>ceci</1>,<br2/><3/>.", "the mark <4/> is not in the source"),
        ("Voyez </1>ceci<1>,<br2/><3/>.", "its marks cross each other"),
        ("Voyez <1>ceci</1>,<br2/><3/>.", "the placeholder %s is missing"),
    ],
)
def test_a_translation_without_its_codes_is_refused_with_its_line(
    tmp_path: Path, translation: str, sentence: str
) -> None:
    path = tmp_path / "review.po"
    reviewing.write(path, [Item(("Fine.",)), Item((*LINK, " %s"))], "en", "fr")
    fill_in(path, "Bien.", translation)
    with pytest.raises(InputError) as raised:
        reviewing.read(path)
    lines = path.read_text().splitlines()
    number = next(at for at, line in enumerate(lines, start=1) if "See <1>" in line)
    assert f"line {number - 1}: {sentence}" in raised.value.message


def test_many_wrong_entries_are_counted_and_not_all_told(tmp_path: Path) -> None:
    path = tmp_path / "review.po"
    reviewing.write(path, [Item((f"{n} ", Code("x"), "!")) for n in range(20)], "en", "fr")
    fill_in(path, *["bad"] * 20)
    with pytest.raises(InputError, match="; and 15 more"):
        reviewing.read(path)


def test_a_segment_that_no_file_can_hold_does_not_spoil_the_others(tmp_path: Path) -> None:
    path = tmp_path / "review.po"
    brackets = "<" * 25 + "1" + ">" * 25
    items = [Item(("half \ud83d",), "\ud83d"), Item((brackets,)), Item(("One\x1b\x00\x85\u2028.",))]
    assert reviewing.write(path, items, "en", "fr") == 1
    fill_in(path, "Un.")
    assert reviewing.read(path).done == (
        (("One\x1b\x00\x85\u2028.",), Remembered(("Un.",), reviewed=True)),
    )


def test_an_entry_whose_source_was_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "review.po"
    reviewing.write(path, [Item(("Take 3 cups.",))], "en", "fr")
    path.write_text(path.read_text().replace("3 cups", "30 cups").replace('str ""\n', 'str "x"\n'))
    fill_in(path, "Prenez 30 tasses.")
    with pytest.raises(InputError, match="its msgid or its msgctxt was changed"):
        reviewing.read(path)


def test_fuzzy_entries_wait(tmp_path: Path) -> None:
    path = tmp_path / "review.po"
    reviewing.write(path, [Item(("One.",)), Item(("Two.",))], "en", "zh-Hant")
    path.write_text(path.read_text().replace("msgctxt", "#, fuzzy\nmsgctxt", 1))
    fill_in(path, "一。", "二。")
    review = reviewing.read(path)
    assert review.target == "zh-Hant" and review.left == 1
    assert review.done == ((("Two.",), Remembered(("二。",), reviewed=True)),)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "does not say its languages"),
        (b'msgid ""\nmsgstr "Language: fr\\n"\n\nmsgid "a"\nmsgstr "b"\n', "another program"),
        (b"some words\n", "is not a PO file"),
        (b'msgid "a\nmsgstr "b"\n', "line 1: its quotes or backslashes"),
        (b'msgid "a"\nmsgstr "b"c"\n', "line 2: its quotes or backslashes"),
        (b'msgid "a"\nmsgstr ""\n"b\\"\n', "line 3: its quotes or backslashes"),
        (b"msgid a\n", "line 1: its quotes or backslashes"),
        (b'msgid "\xff\xfe"\nmsgstr "b"\n', "is not a PO file"),
        (bytes(range(256)) * 40, "is not a PO file"),
    ],
)
def test_a_file_that_is_no_review_is_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "review.po"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        reviewing.read(path)
    assert sentence in raised.value.message and str(path) in raised.value.message


def test_nobodys_work_is_overwritten_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "review.po"
    reviewing.write(path, [Item(("One.",))], "en", "fr")
    before = path.read_bytes()
    with pytest.raises(InputError, match="somebody's work"):
        reviewing.write(path, [], "en", "fr")
    assert path.read_bytes() == before
    reviewing.write(path, [Item(("Two.",))], "en", "fr", replace=True)
    assert b"Two." in path.read_bytes()
    with pytest.raises(StorageError, match="cannot be written"):
        reviewing.write(tmp_path / "none" / "review.po", [], "en", "fr")
    with pytest.raises(InputError, match="there is no such file"):
        reviewing.read(tmp_path / "other.po")


@pytest.mark.parametrize(
    ("translation", "wrong"),
    [
        ("Supprimez %d de %s.", "are in another order"),
        ("Supprimez %s de %d, %s.", "is once more in it"),
        ("Supprimez %s de %d {name}.", "is once more in it"),
        ("Supprimez %s.", "is missing"),
    ],
)
def test_people_too_leave_a_program_its_placeholders(
    tmp_path: Path, translation: str, wrong: str
) -> None:
    path = tmp_path / "review.po"
    reviewing.write(path, [Item(("Remove %s from %d.",))], "en", "fr")
    fill_in(path, translation)
    with pytest.raises(InputError) as caught:
        reviewing.read(path)
    assert wrong in caught.value.message
