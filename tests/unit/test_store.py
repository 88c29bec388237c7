"""A file of documents is whole before, during and after every write."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import tinydb

from hinterland import durable
from hinterland.durable import locked, sweep
from hinterland.errors import StorageError
from hinterland.store import DocumentFile, Schema
from tests.history_samples import fill, tiny_disk


class Word(msgspec.Struct):
    text: str
    note: str = ""


class Words(msgspec.Struct):
    schema: dict[str, Schema]
    words: dict[str, Word]


def words_file(folder: Path, version: int = 1) -> DocumentFile[Words]:
    return DocumentFile(folder / "words.json", Words, version)


def add(file: DocumentFile[Words], text: str) -> None:
    with file.edit() as edit:
        edit.insert("words", Word(text))


def texts(file: DocumentFile[Words]) -> list[str]:
    content = file.read()
    return [word.text for word in content.words.values()] if content else []


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_file_that_was_never_written_reads_as_none(tmp_path: Path) -> None:
    assert words_file(tmp_path).read() is None
    assert list(tmp_path.iterdir()) == []


def test_what_was_inserted_is_read_back_in_order(tmp_path: Path) -> None:
    for text in ("water", "水", "ماء"):
        add(words_file(tmp_path), text)
    assert texts(words_file(tmp_path)) == ["water", "水", "ماء"]


def test_the_file_is_private_and_leaves_no_lock_and_no_temporary_file(tmp_path: Path) -> None:
    add(words_file(tmp_path), "water")
    assert stat.S_IMODE((tmp_path / "words.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["words.json"]


def test_the_file_is_a_tinydb_file(tmp_path: Path) -> None:
    add(words_file(tmp_path), "water")
    with tinydb.TinyDB(tmp_path / "words.json", access_mode="r", encoding="utf-8") as database:
        assert database.table("words").all() == [{"text": "water", "note": ""}]
        assert database.table("schema").all() == [{"version": 1}]


def test_replacing_a_document_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    with file.edit() as edit:
        number = edit.insert("words", Word("water", note="old"))
        edit.insert("words", Word("fire"))
    with file.edit() as edit:
        edit.replace("words", number, Word("ice"))
    content = file.read()
    assert content is not None
    assert content.words == {"1": Word("ice"), "2": Word("fire")}


def test_rewriting_a_table_leaves_only_the_new_documents(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    add(file, "old")
    with file.edit(anew=True) as edit:
        edit.rewrite("words", [Word("a"), Word("b")])
    assert texts(file) == ["a", "b"]


def test_an_edit_that_fails_writes_nothing(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    add(file, "kept")
    with suppress(KeyError), file.edit() as edit:
        edit.insert("words", Word("lost"))
        raise KeyError
    assert texts(file) == ["kept"]
    assert leftovers(tmp_path) == []


def test_an_edit_that_changes_nothing_does_not_touch_the_file(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    with file.edit():
        pass
    assert not file.path.exists()
    add(file, "kept")
    before = file.path.stat()
    with file.edit():
        pass
    after = file.path.stat()  # reading may change when it was last read
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_lone_surrogate_is_kept_as_a_replacement_character(tmp_path: Path) -> None:
    add(words_file(tmp_path), "a\udc80b\U0001f4a7")
    assert texts(words_file(tmp_path)) == ["a\ufffdb\U0001f4a7"]


DAMAGED = {
    "empty": b"",
    "truncated": b'{"schema": {"1": {"version": 1}}, "words": {"1": {"te',
    "binary": bytes(range(256)),
    "not UTF-8": b'{"schema": {"1": {"version": 1}}, "words": {"1": {"text": "\xff"}}}',
    "another shape": b'{"schema": {"1": {"version": 1}}, "words": [1, 2]}',
    "no schema": b'{"words": {}}',
    "a bottomless list": b"[" * 200_000,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    file = words_file(tmp_path)
    file.path.write_bytes(DAMAGED[damage])
    with pytest.raises(StorageError, match=r"words\.json is damaged") as reading:
        file.read()
    assert reading.value.hint
    with pytest.raises(StorageError, match=r"words\.json is damaged"):
        add(file, "more")
    assert file.path.read_bytes() == DAMAGED[damage]
    assert leftovers(tmp_path) == []


def test_a_newer_schema_is_refused_and_says_so(tmp_path: Path) -> None:
    add(words_file(tmp_path, version=3), "from the future")
    with pytest.raises(StorageError, match=r"newer Hinterland \(schema 3, this one knows 2\)"):
        words_file(tmp_path, version=2).read()
    with pytest.raises(StorageError, match="newer Hinterland"):
        add(words_file(tmp_path, version=2), "from the past")
    assert texts(words_file(tmp_path, version=3)) == ["from the future"]


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    add(file, "before")
    with file.edit() as edit:
        edit.insert("words", Word("after"))
        assert texts(words_file(tmp_path)) == ["before"]
    assert texts(file) == ["before", "after"]


def test_writers_take_turns(tmp_path: Path) -> None:
    entered, waiting = threading.Event(), threading.Event()
    order: list[str] = []

    def second() -> None:
        entered.wait()
        waiting.set()
        with words_file(tmp_path).edit() as edit:
            order.append("second")
            assert edit.content is not None
            edit.insert("words", Word("second"))

    thread = threading.Thread(target=second)
    thread.start()
    with words_file(tmp_path).edit() as edit:
        entered.set()
        waiting.wait()
        edit.insert("words", Word("first"))
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert texts(words_file(tmp_path)) == ["first", "second"]


def test_a_lock_that_is_never_let_go_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "PATIENCE", 0.05)
    file = words_file(tmp_path)
    with locked(file.path), pytest.raises(StorageError, match="Another process"):
        add(file, "never")


def test_a_lock_whose_file_another_writer_has_removed_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".words.json.lock"
    flock = fcntl.flock

    def too_late(file: int, operation: int) -> None:
        lock.unlink()
        lock.touch()
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", too_late)
    assert durable._try_lock(lock) is None


def test_what_a_killed_writer_left_is_swept_and_does_not_stop_the_next(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    add(file, "kept")
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_WHILE_WRITING, str(file.path)], check=False
    )
    assert killed.returncode == -9
    assert sorted(leftovers(tmp_path)) == [".words.json.lock", ".words.json.tmp"]
    assert texts(file) == ["kept"]
    for name in leftovers(tmp_path):
        assert sweep(tmp_path, name)
    assert leftovers(tmp_path) == []
    add(file, "more")
    assert texts(file) == ["kept", "more"]


_KILLED_WHILE_WRITING = """
import os, pathlib, signal, sys
from hinterland import durable
path = pathlib.Path(sys.argv[1])
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with durable.locked(path):
    durable.replace_file(path, b"half")
"""


def test_files_in_use_and_files_of_others_are_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".words.json.tmp").write_bytes(b"being written")
    (tmp_path / ".profile").write_bytes(b"not ours")
    with locked(tmp_path / "words.json"):
        for name in leftovers(tmp_path):
            sweep(tmp_path, name)
        assert sorted(leftovers(tmp_path)) == [".profile", ".words.json.lock", ".words.json.tmp"]
    assert not sweep(tmp_path, "words.json")


def test_a_full_disk_is_an_error_and_the_old_file_stays(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        file = words_file(disk)
        add(file, "kept")
        before = file.path.read_bytes()
        filler = fill(disk)
        with pytest.raises(StorageError, match="The disk is full") as full:
            add(file, "x" * 100_000)
        assert full.value.exit_code == 5
        assert file.path.read_bytes() == before
        assert leftovers(disk) == []
        filler.unlink()
        add(file, "more")
        assert texts(file) == ["kept", "more"]


def test_a_write_over_a_quota_is_an_error_and_the_old_file_stays(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    add(file, "kept")
    before = file.path.read_bytes()
    limited = subprocess.run(
        [sys.executable, "-c", _OVER_THE_LIMIT, str(file.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.stdout == "StorageError: File too large\n", limited.stderr
    assert file.path.read_bytes() == before
    assert leftovers(tmp_path) == []


_OVER_THE_LIMIT = """
import pathlib, resource, sys
from hinterland import durable
from hinterland.errors import StorageError
path = pathlib.Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with durable.locked(path):
        durable.replace_file(path, bytes(100_000))
except StorageError as error:
    print("StorageError:", error.__cause__.strerror)
"""


def test_a_read_only_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        file = words_file(disk)
        add(file, "kept")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(StorageError, match=r"words\.json cannot be written: Read-only"):
            add(file, "lost")
        assert texts(file) == ["kept"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StorageError, match=r"cannot be written: Permission denied"):
        add(words_file(folder), "lost")


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    file = words_file(tmp_path)
    file.path.mkdir()
    with pytest.raises(StorageError, match="cannot be read: Is a directory"):
        file.read()


def test_the_file_is_json_in_utf_8(tmp_path: Path) -> None:
    add(words_file(tmp_path), "水")
    data = (tmp_path / "words.json").read_bytes()
    assert "水".encode() in data
    assert json.loads(data)["words"] == {"1": {"text": "水", "note": ""}}
