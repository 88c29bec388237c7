"""What the box keeps of a class, and what becomes of folders that are emptied."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import threading
import time
import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from starlette.requests import Request

from hinterland.box import class_results
from hinterland.box.class_routes import ClassRoutes, Mine
from hinterland.box.classes import Classes
from hinterland.box.emptying import _is_ours, empty
from hinterland.box.records import MOST_A_DAY, Handed, Marked, Records, Result, Said
from hinterland.box.roles import parse
from hinterland.engine.service.house import Caller, Terms
from hinterland.errors import InputError, StorageError
from hinterland.site import Site

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
HANDED = Handed(
    7, 0, 60, (Marked("halves-1/half", right=True), Marked("halves-1/double", right=False))
)


def result(uid: int, when: datetime = NOW) -> Result:
    return Result(uid=uid, when=when, topic="halves", handed=HANDED)


def test_a_result_holds_no_words() -> None:
    kept = json.loads(msgspec.json.encode(HANDED))
    for name in ("answer", "words"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(kept | {name: "I hate this"}, Handed)
    kept["questions"][0]["exercise"] = "I hate this"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(kept, Handed)


def test_a_line_that_a_power_cut_tore_costs_only_itself(tmp_path: Path) -> None:
    records = Records(tmp_path / "5a")
    records.hand_in(result(1))
    file = tmp_path / "5a" / "results" / "1.jsonl"
    file.write_bytes(file.read_bytes() + b'{"uid":1,"whe')
    records.hand_in(result(1, NOW + timedelta(minutes=1)))
    assert [each.when for each in records.results()] == [NOW, NOW + timedelta(minutes=1)]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_takes_a_part_of_a_line_has_none_of_it(tmp_path: Path) -> None:
    records = Records(tmp_path / "5a")
    records.write(Said(uid=1, when=NOW, turn="a", prompt="Hi", answer="Hello", whole=True))
    file = tmp_path / "5a" / "transcripts" / "1.jsonl"
    before = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(StorageError):
            records.write(Said(uid=1, when=NOW, turn="b", prompt="Why?", answer="", whole=True))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == before


def test_nobody_can_fill_the_disk_with_results(tmp_path: Path) -> None:
    records = Records(tmp_path / "5a")
    for _ in range(MOST_A_DAY):
        records.hand_in(result(1))
    with pytest.raises(InputError):
        records.hand_in(result(1))
    records.hand_in(result(2))
    records.hand_in(result(1, NOW + timedelta(days=1)))


def test_a_spreadsheet_has_the_time_that_the_table_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        summer = datetime(2026, 7, 1, 20, 30, 5, 999, tzinfo=UTC)
        role = parse(b'group = "nobody-is-in-this"', "5a", Path("5a.toml"))
        found = class_results.table([result(1, summer)], role, Site(), None)
        assert ",2026-07-02T02:15:05+05:45," in class_results.as_csv(found)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_answer_that_was_read_in_pieces_is_one_transcript(tmp_path: Path) -> None:
    records = Records(tmp_path / "5a")
    records.write(Said(uid=1, when=NOW, turn="t", prompt="Why?", answer="Bec", whole=False))
    later = NOW + timedelta(minutes=1)
    records.write(Said(uid=1, when=later, turn="t", prompt="", answer="Because.", whole=True))
    records.write(Said(uid=2, when=later, turn="t", prompt="Another", answer="pupil", whole=True))
    first, second = records.transcripts(None, by=9, now=later)
    assert (first.prompt, first.answer, first.whole, first.when) == ("Why?", "Because.", True, NOW)
    assert second.uid == 2
    assert [each.by for each in records.reads_of(1)] == [9]


def test_a_question_that_was_left_in_line_is_no_transcript_until_it_is_answered(
    tmp_path: Path,
) -> None:
    records = Records(tmp_path / "5a")
    for turn in ("a", "b", ""):
        records.write(Said(uid=1, when=NOW, turn=turn, prompt="Why?", answer="", whole=False))
    assert (records.transcripts(None, by=9, now=NOW), records.kept_of(1)) == ([], 0)
    records.write(Said(uid=2, when=NOW, prompt="", answer="", whole=False, failed=True))
    assert records.kept_of(2) == len(records.transcripts(2, by=9, now=NOW)) == 1
    thought = Said(uid=1, when=NOW, turn="b", prompt="", model="small", answer="", whole=True)
    records.write(thought)
    (said,) = records.transcripts(1, by=9, now=NOW)
    assert (said.prompt, said.model, said.whole, records.kept_of(1)) == ("Why?", "small", True, 1)


def test_transcripts_are_counted_without_their_words_in_memory(tmp_path: Path) -> None:
    """Every pupil may have that counted, as often as they like."""
    records = Records(tmp_path / "5a")
    for number in range(30):
        turn = "t" if number < 2 else ""
        records.write(
            Said(uid=1, when=NOW, turn=turn, prompt="w " * 100_000, answer="No.", whole=False)
        )
    tracemalloc.start()
    try:
        assert records.kept_of(1) == 29
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_one_pupil_has_one_thread_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = ClassRoutes(Classes(Site()), lambda role: Records(tmp_path / role.name))
    now: Counter[int] = Counter()
    most: Counter[int] = Counter()
    both = threading.Barrier(2, timeout=60)

    def told(uid: int) -> Mine:
        now[uid] += 1
        most[uid] = max(most[uid], now[uid])
        both.wait()  # that of the other pupil
        now[uid] -= 1
        return Mine()

    def asked(uid: int) -> Request:
        return Request({"type": "http", "hint.caller": Caller(uid, Terms())})

    async def scene() -> None:
        await asyncio.gather(*(routes._mine(asked(uid)) for uid in (1, 1, 1, 2, 2, 2)))

    monkeypatch.setattr(routes, "_tell", told)
    asyncio.run(scene())
    assert most == {1: 1, 2: 1}


def test_the_name_of_an_exercise_is_one_line() -> None:
    kept = json.loads(msgspec.json.encode(HANDED))
    kept["questions"][0]["exercise"] = "halves-1/half\n"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(kept, Handed)


def test_a_look_at_one_pupil_is_none_of_the_others_business(tmp_path: Path) -> None:
    records = Records(tmp_path / "5a")
    records.transcripts(1, by=9, now=NOW)
    assert records.reads_of(1)
    assert not records.reads_of(2)


def test_what_is_removed_of_the_box_is_told_by_its_hash(tmp_path: Path) -> None:
    records = Records(tmp_path / "5a")
    for uid in (1, 2):
        records.hand_in(result(uid))
    content = (tmp_path / "5a" / "results" / "1.jsonl").read_bytes()
    (removed,) = records.remove(["results", "transcripts"], [1, 3])
    assert removed.sha256 == hashlib.sha256(content).hexdigest()
    assert records.kept() == {"results": [2], "transcripts": []}
    assert [each.name for each in records.remove(["results"], None)] == ["2.jsonl"]
    assert records.kept() == {"results": [], "transcripts": []}


def test_folders_are_emptied_and_nothing_beyond_a_link_is_touched(tmp_path: Path) -> None:
    folder, precious = tmp_path / "history", tmp_path / "precious"
    (folder / "conversations").mkdir(parents=True)
    precious.mkdir()
    (precious / "essay.txt").write_text("mine")
    conversation = b'{"turns": {"1": {}, "2": {}}}'
    name = "01a20582bd04c2c2d7a10695.json"
    (folder / "conversations" / name).write_bytes(conversation)
    (folder / "my secret thoughts.json").write_text("{}")
    (folder / "conversations" / "link").symlink_to(precious)
    (folder / "link").symlink_to(precious / "essay.txt")
    os.mkfifo(folder / "pipe")
    (folder / "locked").mkdir()
    (folder / "locked" / "a").write_text("b")
    (folder / "locked").chmod(0o500)

    report = empty({"history": folder, "journal": tmp_path / "none"}, remove=True)

    assert not folder.exists()
    assert (report.left, report.trouble) == (0, ())
    assert (precious / "essay.txt").read_text() == "mine"
    known = next(each for each in report.files if each.name == name)
    assert (known.turns, known.sha256) == (2, hashlib.sha256(conversation).hexdigest())
    assert b"secret" not in msgspec.json.encode(report)
    assert len(report.files) == 6


def test_a_folder_that_is_a_link_is_left_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a").write_text("b")
    (tmp_path / "history").symlink_to(tmp_path / "elsewhere")
    report = empty({"history": tmp_path / "history"}, remove=True)
    assert report.trouble
    assert report.left
    assert (tmp_path / "elsewhere" / "a").exists()


def test_a_look_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "index.json").write_text("{}")
    report = empty({"history": tmp_path / "history"}, remove=False)
    assert [each.name for each in report.files] == ["index.json"]
    assert (tmp_path / "history" / "index.json").exists()


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("/usr/local/bin/hint chat", True),
        ("/usr/bin/python3.12 /usr/local/bin/hint chat -m small", True),
        ("python3 -P -m hinterland.serve 7", True),
        ("python3 -m hinterland ask", True),
        ("vim hint", False),
        ("python3 -m http.server", False),
        ("python3 homework.py hint", False),
        ("", False),
    ],
)
def test_only_hinterlands_own_programs_are_told_to_end(line: str, ours: bool) -> None:
    assert _is_ours(line.encode().split()) is ours
