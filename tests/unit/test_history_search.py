"""Search finds words in any script, and says the same with and without its index."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.history import History, fts
from hinterland.history.search import Search
from hinterland.history.words import LONGEST_TOKEN, matches, searchable, snippet, terms
from hinterland.paths import Paths
from tests.history_samples import HOSTILE, a_turn, strict


def found(text: str, query: str) -> bool:
    wanted = terms(query)
    return bool(wanted) and matches(searchable(text), wanted)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Boiling water kills germs.", "water"),
        ("Boiling water kills germs.", "GERMS boil"),
        ("une leçon à l'école", "lecon ecole"),
        ("cafe", "CAFÉ"),
        ("Straße", "strasse"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("İstanbul", "istanbul"),
        ("煮沸水可以杀死细菌", "杀死细菌"),
        ("煮沸水可以杀死细菌", "菌"),
        ("煮沸水可以杀死细菌", "煮沸 细菌"),
        ("がっこうへいく", "こうへ"),
        ("ﾃﾞｰﾀ", "データ"),
        ("학교에서 물을 끓인다", "물을"),
        ("학교에서 물을 끓인다", "교에"),
        ("ต้มน้ำให้เดือด", "น้ำ"),
        ("الماءُ المَغليّ", "المغلي"),
        ("إسلام", "اسلام"),
        ("مــاء", "ماء"),
        ("שָׁלוֹם", "שלום"),
        ("पानी उबालें", "पानी"),
        ("вода́ ёлка", "вода елка"),
        ("nước sôi", "nuoc soi"),
        ("use snake_case here", "case"),
        ("covid病毒 test", "covid 病毒"),
        ("ﬁne ２５", "fine 25"),
        ("drink 💧water👍🏽", "💧 👍"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\x1b]52;c;x\x07 bell", "bell"),
    ],
)
def test_a_text_is_found(text: str, query: str) -> None:
    assert found(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Boiling water", "oil"),
        ("Boiling water", "water fire"),
        ("煮沸水", "水煮"),
        ("煮沸水。可以", "水可"),
        ("पानी", "पाना"),
        ("water", "!?"),
        ("", "water"),
    ],
)
def test_a_text_is_not_found(text: str, query: str) -> None:
    assert not found(text, query)


def test_a_very_long_word_is_found_by_its_beginning(paths: Paths) -> None:
    history = strict(paths)
    history.add_turn("c1", a_turn("x" * 100_000))
    assert history.search("x" * (LONGEST_TOKEN + 1))


SPACED = st.sampled_from(["water", "Éclair", "ماءٌ", "שלום", "вода", "पानी", "a1"])
UNSPACED = st.text("水火木菌死ひカ한글น้ำ💧👍", min_size=1, max_size=6)


@given(before=st.text(), word=SPACED, after=st.text(), length=st.integers(1, 6))
def test_a_word_is_found_by_its_beginning_wherever_it_stands(
    before: str, word: str, after: str, length: int
) -> None:
    assert found(f"{before} {word} {after}", word[:length])


@given(
    before=st.text(), word=UNSPACED, after=st.text(), start=st.integers(0, 5), end=st.integers(1, 6)
)
def test_any_piece_of_text_without_spaces_is_found(
    before: str, word: str, after: str, start: int, end: int
) -> None:
    piece = word[start:end]
    if terms(piece) and "\u0e49" not in piece[:1]:
        assert found(f"{before} {word} {after}", piece)


@given(before=st.text(), word=SPACED | UNSPACED, after=st.text())
def test_the_snippet_holds_the_match(before: str, word: str, after: str) -> None:
    wanted = terms(word)
    place = snippet(f"{before} {word} {after}", wanted)
    assert place is not None
    assert any(f" {term}" in searchable(place.match) for term in wanted)
    assert "\n" not in place.before + place.match + place.after


def test_a_snippet_shows_where_the_match_stands() -> None:
    place = snippet("one two\nthree " * 20 + "we boil WATER daily " + "x " * 100, terms("water"))
    assert place is not None
    assert place.match == "WATER"
    assert place.before.startswith("…")
    assert place.before.endswith("three we boil ")
    assert place.after.startswith(" daily x")
    assert place.after.endswith("…")
    in_chinese = snippet("煮沸水可以杀死细菌", terms("杀死"))
    assert in_chinese is not None
    assert (in_chinese.before, in_chinese.match) == ("煮沸水可以", "杀死")


def places(history: History, query: str, limit: int = 100) -> list[tuple[str, str]]:
    return [(hit.conversation_id, hit.turn_id) for hit in history.search(query, limit)]


@pytest.fixture
def by_scan(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Search as a Python without SQLite has to."""
    monkeypatch.setattr(Search, "_index", lambda _: None)
    return monkeypatch


@settings(max_examples=25)
@given(
    texts=st.lists(st.lists(SPACED | UNSPACED, max_size=5).map(" ".join), max_size=5),
    query=st.lists(SPACED | UNSPACED, min_size=1, max_size=2).map(" ".join),
)
def test_index_and_scan_find_the_same(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], query: str
) -> None:
    home = tmp_path_factory.mktemp("home")
    history = strict(Paths(home / "c", home / "d", home / "s", home / "k"))
    for number, text in enumerate(texts):
        history.add_turn(f"c{number % 2}", a_turn(text, created=float(number)))
    if not terms(query):
        return
    indexed = places(history, query)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Search, "_index", lambda _: None)
        assert places(history, query) == indexed
    assert (home / "d" / "history" / "search.sqlite").exists() == bool(texts)


def test_a_hit_says_where_it_is(paths: Paths) -> None:
    history = strict(paths)
    old = a_turn("Why boil water?", "It kills germs.", created=1.0)
    new = a_turn("And milk?", "The same: boil it.", created=2.0)
    history.add_turn("c1", old)
    history.add_turn("c1", new)
    first, second = history.search("boil")
    assert (first.conversation_id, first.turn_id, first.title) == ("c1", new.id, "Why boil water?")
    assert (first.snippet, first.match, first.created) == ("The same: boil it.", "boil", 2.0)
    assert second.turn_id == old.id
    assert len(history.search("boil", limit=1)) == 1


def test_a_conversation_is_found_by_the_title_it_was_given(paths: Paths) -> None:
    history = strict(paths)
    history.add_turn("c1", a_turn("Why?"))
    history.rename("c1", "Hygiene at home")
    (hit,) = history.search("hygiene")
    assert hit.match == "Hygiene"


def test_the_index_follows_what_is_added_changed_and_deleted(paths: Paths) -> None:
    history = strict(paths)
    first = a_turn("alpha")
    history.add_turn("c1", first)
    assert places(history, "alpha") == [("c1", first.id)]
    second = a_turn("alpha beta")
    history.add_turn("c2", second)
    assert set(places(history, "alpha")) == {("c1", first.id), ("c2", second.id)}
    (paths.history / "conversations" / "c1.json").unlink()
    assert places(history, "alpha") == [("c2", second.id)]


def test_a_query_without_a_word_is_an_input_error(paths: Paths) -> None:
    with pytest.raises(InputError, match="no word"):
        strict(paths).search("?! …")


def test_sqlite_syntax_in_a_query_is_only_words(paths: Paths) -> None:
    history = strict(paths)
    history.add_turn("c1", a_turn("NEAR water OR fire"))
    for query in ('wat" OR "x', "water*", "tokens:water", "-water", "(water", "NEAR(water fire)"):
        assert bool(history.search(query)) == ("x" not in query and "tokens" not in query)
    assert history.search(HOSTILE) == []


@pytest.mark.parametrize("damage", ["empty", "garbage", "cut", "other", "holes"])
def test_a_damaged_index_is_made_again(paths: Paths, damage: str) -> None:
    history = strict(paths)
    for number in range(50):
        history.add_turn(f"c{number}", a_turn(f"water {number} " + "filling " * 200))
    assert len(places(history, "water")) == 50
    path = paths.history / "search.sqlite"
    good = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "garbage": b"garbage" * 1000,
            "cut": good[: len(good) // 2],
            "other": _database_of_another_release(paths.history / "other.sqlite"),
            "holes": good[:8192] + bytes(len(good) - 8192),
        }[damage]
    )
    assert len(places(history, "water")) == 50
    assert len(places(history, "filling 7")) == 1
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def _database_of_another_release(path: Path) -> bytes:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE words (x)")
        database.execute("PRAGMA user_version = 99")
    database.close()
    return path.read_bytes()


def test_an_index_another_process_holds_is_not_waited_for_without_end(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fts, "BUSY_SECONDS", 0.05)
    history = strict(paths)
    history.add_turn("c1", a_turn("alpha"))
    history.search("alpha")
    holder = sqlite3.connect(paths.history / "search.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    history.add_turn("c2", a_turn("alpha"))
    assert len(history.search("alpha")) == 2
    holder.close()
    assert len(history.search("alpha")) == 2


def test_a_python_without_sqlite_searches_and_deletes(
    paths: Paths, by_scan: pytest.MonkeyPatch
) -> None:
    history = strict(paths)
    turn = a_turn("alpha 水")
    history.add_turn("c1", turn)
    assert places(history, "水") == [("c1", turn.id)]
    history.delete("c1")
    assert history.search("水") == []
    assert not (paths.history / "search.sqlite").exists()


def test_deleting_with_a_damaged_index_removes_the_index(paths: Paths) -> None:
    history = strict(paths)
    history.add_turn("c1", a_turn("alpha"))
    history.search("alpha")
    path = paths.history / "search.sqlite"
    path.write_bytes(path.read_bytes()[:5000])
    history.delete("c1")
    assert not path.exists() or b"alpha" not in path.read_bytes()
    assert history.search("alpha") == []
