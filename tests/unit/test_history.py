"""Conversations are kept turn by turn, listed, named and deleted without a trace."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hinterland.engine.protocol import FinishReason
from hinterland.errors import HinterlandError, InputError, StorageError
from hinterland.history import History
from hinterland.history.files import SCHEMA_VERSION
from hinterland.paths import Paths
from tests.history_samples import HOSTILE, a_turn, files_of, fill, strict, tiny_disk

ONE, TWO = "01aaaaaaaaaa000000000001", "01aaaaaaaabb000000000002"


@pytest.fixture
def history(paths: Paths) -> History:
    return strict(paths)


def conversation_file(paths: Paths, conversation_id: str) -> Path:
    return paths.history / "conversations" / f"{conversation_id}.json"


def test_looking_at_an_empty_history_leaves_nothing_on_the_disk(
    paths: Paths, history: History
) -> None:
    assert history.list() == []
    assert history.latest() is None
    assert history.search("water") == []
    assert history.running() == []
    assert not paths.data.exists()


def test_turns_come_back_as_they_were_oldest_first(history: History) -> None:
    later = a_turn("second", created=1_700_000_100.0)
    earlier = a_turn("first\nline two", created=1_700_000_000.0, system="Be brief.")
    history.add_turn(ONE, later)
    history.add_turn(ONE, earlier)
    record = history.conversation(ONE)
    assert record.turns == [earlier, later]
    assert record.updated == later.created


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(prompt=st.text(), answer=st.text())
def test_any_text_comes_back_to_the_last_character(
    history: History, prompt: str, answer: str
) -> None:
    turn = a_turn(prompt, answer)
    conversation_id = f"any-{turn.id}"
    history.add_turn(conversation_id, turn)
    assert history.conversation(conversation_id).turns == [turn]


def test_everything_kept_is_private(paths: Paths, history: History) -> None:
    umask = os.umask(0)
    try:
        for number in range(20):
            history.add_turn(f"c{number}", a_turn())
        history.list()
        history.search("why")
    finally:
        os.umask(umask)
    files = [path for path in paths.history.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"c0.json", "index.json", "search.sqlite"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    folders = [paths.history, paths.history / "conversations"]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_turn_added_twice_is_kept_once(history: History) -> None:
    turn = a_turn()
    history.add_turn(ONE, turn)
    history.add_turn(ONE, turn)
    assert history.conversation(ONE).turns == [turn]


def test_a_complete_turn_replaces_an_interrupted_one_and_never_the_other_way(
    history: History,
) -> None:
    complete = a_turn(answer="Because it rains.")
    cut = a_turn(
        answer="Because it is what it is",
        id=complete.id,
        finish_reason=FinishReason.INTERRUPTED,
        error="The engine stopped.",
    )
    history.add_turn(ONE, cut)
    history.add_turn(ONE, complete)
    assert history.conversation(ONE).turns == [complete]
    history.add_turn(ONE, cut)
    assert history.conversation(ONE).turns == [complete]


def test_of_two_interrupted_turns_the_one_that_says_more_is_kept(history: History) -> None:
    short = a_turn(answer="Bec", finish_reason=FinishReason.INTERRUPTED)
    long = a_turn(answer="Because", finish_reason=FinishReason.INTERRUPTED, id=short.id)
    for turn in (short, long, short):
        history.add_turn(ONE, turn)
    assert history.conversation(ONE).turns == [long]


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Why do we boil water?", "Why do we boil water?"),
        ("\n  \n  Why   so?\nmore", "Why so?"),
        ("x" * 100, "x" * 59 + "…"),
        (" \n ", "Untitled"),
        ("\x1b]52;c;x\x07 hi", "␛]52;c;x␇ hi"),
    ],
)
def test_the_title_is_the_first_line_of_the_first_prompt(
    history: History, prompt: str, title: str
) -> None:
    history.add_turn(ONE, a_turn(prompt))
    history.add_turn(ONE, a_turn("another"))
    assert history.conversation(ONE).title == title


def test_the_list_is_newest_first_and_says_what_each_conversation_is(history: History) -> None:
    history.add_turn(ONE, a_turn("first", created=300.0))
    history.add_turn(TWO, a_turn("second", created=100.0))
    history.add_turn(TWO, a_turn(created=400.0, model="m2", finish_reason=FinishReason.CANCELLED))
    newest, oldest = history.list()
    assert (newest.id, newest.title, newest.turns, newest.model) == (TWO, "second", 2, "m2")
    assert (newest.created, newest.updated, newest.incomplete) == (100.0, 400.0, True)
    assert (oldest.id, oldest.incomplete, oldest.running) == (ONE, False, False)
    assert history.latest() == TWO
    assert [summary.id for summary in history.list(1)] == [TWO]


def test_a_conversation_is_found_by_the_beginning_of_its_id(history: History) -> None:
    history.add_turn(ONE, a_turn())
    history.add_turn(TWO, a_turn())
    assert history.conversation(ONE[:11]).id == ONE
    with pytest.raises(InputError, match="2 conversations") as ambiguous:
        history.conversation("01aa")
    assert ambiguous.value.hint


@pytest.mark.parametrize("name", ["ffff", "", "../../etc/passwd", "a/b", "\x00", "*"])
def test_an_unknown_conversation_is_an_input_error(history: History, name: str) -> None:
    history.add_turn(ONE, a_turn())
    for call in (history.conversation, history.delete, history.resume):
        with pytest.raises(InputError, match="no conversation"):
            call(name)


@pytest.mark.parametrize("name", ["../outside", "a/b", "", "x" * 65, "a\nb"])
def test_an_id_that_is_no_file_name_is_refused(paths: Paths, history: History, name: str) -> None:
    with pytest.raises(StorageError, match="cannot be the id"):
        history.add_turn(name, a_turn())
    assert not paths.data.exists()


def test_going_on_needs_a_conversation(history: History) -> None:
    with pytest.raises(InputError, match="no conversation to go on with"):
        history.resume()
    history.add_turn(ONE, a_turn("old", created=1.0))
    history.add_turn(TWO, a_turn("new", created=2.0))
    record, running = history.resume()
    assert (record.id, running) == (TWO, None)
    assert history.resume(ONE)[0].id == ONE


def test_a_conversation_can_be_renamed(history: History) -> None:
    history.add_turn(ONE, a_turn("Why?"))
    history.rename(ONE[:12], "Boiling\nwater\x1b[2J")
    assert history.conversation(ONE).title == "Boiling water␛[2J"
    assert history.list()[0].title == "Boiling water␛[2J"
    assert len(history.conversation(ONE).turns) == 1
    with pytest.raises(InputError):
        history.rename(ONE, "  ")


def test_a_deleted_conversation_leaves_no_byte_behind(paths: Paths, history: History) -> None:
    for number in range(20):
        history.add_turn(f"other{number}", a_turn(f"common words {number}"))
    history.add_turn(ONE, a_turn("zanzibarquery common", "quokkaanswer"))
    history.rename(ONE, "wombattitle")
    assert history.search("zanzibarquery")
    assert history.list()[0].turns == 1
    kept = files_of(paths.data).lower()
    for word in (b"zanzibarquery", b"quokkaanswer", b"wombattitle", ONE.encode()):
        assert word in kept
    history.delete(ONE)
    kept = files_of(paths.data).lower()
    for word in (b"zanzibarquery", b"quokkaanswer", b"wombattitle", ONE.encode()):
        assert word not in kept
    assert len(history.search("common")) == 20
    assert len(history.list()) == 20


def test_the_last_conversation_can_be_deleted(paths: Paths, history: History) -> None:
    history.add_turn(ONE, a_turn("zanzibarquery"))
    history.search("zanzibarquery")
    history.delete(ONE)
    assert b"zanzibarquery" not in files_of(paths.data)
    assert history.list() == []
    assert history.search("zanzibarquery") == []


@pytest.mark.parametrize("index", [None, b"", b"{broken", b'{"schema": {"1": {"version": 99}}}'])
def test_a_lost_or_broken_index_is_made_again(
    paths: Paths, history: History, index: bytes | None
) -> None:
    for number in range(20):
        history.add_turn(f"c{number}", a_turn(f"title {number}"))
    before = history.list()
    path = paths.history / "index.json"
    good = path.read_bytes()
    path.unlink()
    if index is not None:
        path.write_bytes(index)
    assert history.list() == before
    assert path.read_bytes() == good


def test_the_index_is_never_believed_over_the_files(paths: Paths, history: History) -> None:
    for number in range(20):
        history.add_turn(f"c{number}", a_turn("before"))
    history.list()
    history.add_turn("c7", a_turn("after", created=1_900_000_000.0))
    conversation_file(paths, "c8").unlink()
    conversation_file(paths, "c9").rename(conversation_file(paths, "moved"))
    listed = {summary.id: summary for summary in history.list()}
    assert listed["c7"].turns == 2
    assert history.latest() == "c7"
    assert "moved" in listed
    assert listed.keys() & {"c8", "c9"} == set()


@pytest.mark.parametrize("damage", [b"", b"{", b'{"schema": {"1": {"version": 99}}}'])
def test_a_damaged_conversation_is_warned_of_by_name_and_left_alone(
    paths: Paths, damage: bytes
) -> None:
    strict(paths).add_turn(ONE, a_turn("readable water"))
    bad = conversation_file(paths, TWO)
    bad.write_bytes(damage)
    warnings: list[HinterlandError] = []
    history = History(paths, warn=warnings.append)
    assert [summary.id for summary in history.list()] == [ONE]
    assert [hit.conversation_id for hit in history.search("water")] == [ONE]
    assert [str(bad) in warning.message for warning in warnings] == [True]
    for attempt in (lambda: history.conversation(TWO), lambda: history.add_turn(TWO, a_turn())):
        with pytest.raises(StorageError, match=TWO):
            attempt()
    assert bad.read_bytes() == damage
    history.delete(TWO)
    assert not bad.exists()


def test_a_conversation_of_a_newer_release_says_so(paths: Paths, history: History) -> None:
    history.add_turn(ONE, a_turn())
    path = conversation_file(paths, ONE)
    newer = path.read_bytes().replace(b'"version":1', b'"version":%d' % (SCHEMA_VERSION + 1))
    path.write_bytes(newer)
    with pytest.raises(StorageError, match="newer Hinterland"):
        history.conversation(ONE)
    assert path.read_bytes() == newer


def test_warnings_go_to_standard_error_by_default(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    strict(paths).add_turn(ONE, a_turn())
    conversation_file(paths, ONE).write_bytes(b"?")
    assert History(paths).list() == []
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"hint: The file {conversation_file(paths, ONE)} is damaged")
    assert err.count("\n") == 2


def test_a_full_disk_refuses_the_turn_and_can_still_be_read_and_freed(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        paths = Paths(disk / "c", disk / "d", disk / "s", disk / "k")
        history = strict(paths)
        for number in range(20):
            history.add_turn(f"c{number}", a_turn(f"water {number}"))
        filler = fill(disk)
        with pytest.raises(StorageError, match="The disk is full") as full:
            history.add_turn("c1", a_turn("x" * 50_000))
        assert full.value.hint
        assert len(history.list()) == 20
        assert len(history.search("water")) == 20
        assert len(history.conversation("c1").turns) == 1
        history.delete("c1")
        assert len(history.list()) == 19
        filler.unlink()
        history.add_turn("c2", a_turn())
        assert len(history.conversation("c2").turns) == 2


def test_a_read_only_disk_can_be_listed_searched_and_shown(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        paths = Paths(disk / "c", disk / "d", disk / "s", disk / "k")
        history = strict(paths)
        for number in range(20):
            history.add_turn(f"c{number}", a_turn(f"water {number}"))
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert len(history.list()) == 20
        assert len(history.search("water 7")) == 1
        assert history.conversation("c7").turns[0].prompt == "water 7"
        with pytest.raises(StorageError, match="Read-only"):
            history.add_turn("c7", a_turn())
        with pytest.raises(StorageError, match="Read-only"):
            history.delete("c7")


def test_a_home_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    home = tmp_path / "home"
    history = strict(Paths(home / "c", home / "d", home / "s", home / "k"))
    with pytest.raises(StorageError, match="cannot be made"):
        history.add_turn(ONE, a_turn())


def test_hostile_text_is_kept_as_it_is(history: History) -> None:
    turn = a_turn(HOSTILE, HOSTILE)
    history.add_turn(ONE, turn)
    assert history.conversation(ONE).turns == [turn]
