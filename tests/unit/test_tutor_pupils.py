"""A pupil's file: what was recorded stays, whatever is killed, full, damaged or misnamed."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsrs
import msgspec
import pytest

from hinterland.errors import InputError, StorageError
from hinterland.plugins.tutoring.pupils import names
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.pupils.done import Card, Done, Rating
from hinterland.plugins.tutoring.pupils.files import Settings
from hinterland.plugins.tutoring.pupils.log import Finished

START = datetime(2026, 9, 1, 8, tzinfo=UTC)


class Step(msgspec.Struct, frozen=True):
    """A place as a lesson may keep it."""

    finished: int
    attempts: int = 0


class OtherPlace(msgspec.Struct, frozen=True):
    lesson: str


def done(exercise: str, rating: Rating = Rating.GOOD) -> Done:
    lesson = exercise.partition("/")[0]
    return Done(
        exercise=exercise, objective="add", lesson=lesson, rating=rating, attempts=1, hints=0
    )


@pytest.fixture
def box(tmp_path: Path) -> PupilBox:
    return PupilBox(tmp_path / "pupils", lambda: START, UTC)


def only_folder(box: PupilBox) -> Path:
    (folder,) = box.folder.iterdir()
    return folder


def replayed(history: list[Finished]) -> dict[str, fsrs.Card]:
    """The cards that the library makes of a log."""
    scheduler = fsrs.Scheduler(
        learning_steps=[timedelta(minutes=10)],
        relearning_steps=[timedelta(minutes=10)],
        maximum_interval=365,
        enable_fuzzing=False,
    )
    cards: dict[str, fsrs.Card] = {}
    for each in history:
        name, when = each.done.exercise, each.done.when
        before = cards.get(name) or fsrs.Card(card_id=1, due=when)
        cards[name], _ = scheduler.review_card(before, fsrs.Rating(each.done.rating), when)
    return cards


def same(card: Card, theirs: fsrs.Card) -> bool:
    ours = (card.due, card.last, card.stability, card.difficulty, card.state.value, card.step)
    return ours == (
        theirs.due,
        theirs.last_review,
        theirs.stability,
        theirs.difficulty,
        theirs.state.value,
        theirs.step,
    )


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("Mariam", "  mARIAM "),
        ("Anna  Lena", "anna lena"),
        ("Zoë", "Zoe\N{COMBINING DIAERESIS}"),
        ("Straße", "STRASSE"),
        ("张伟", "张 伟"),
        ("مريم", "مريم"),
        ("অনন্যা", "অনন্যা"),
        ("../../etc/passwd", "../../ETC/passwd"),
        ("a/b\\c:d*", "A/B\\C:D*"),
        ("-rf 1", "-RF1"),
        ("x" * 60, "X" * 60),
        ("𐓏" * 60, "𐓷" * 60),
    ],
)
def test_a_name_is_found_however_it_is_typed_and_stays_in_its_folder(
    box: PupilBox, typed: str, again: str
) -> None:
    box.add(typed)
    assert box.open(again).name == " ".join(typed.split())
    assert only_folder(box).parent == box.folder
    with pytest.raises(InputError, match="already"):
        box.add(again)


@pytest.mark.parametrize(
    "name", ["", "  ", "..", "/", "x" * 61, "a\x1b[31mb", "a\u202eb", "\ud800a"]
)
def test_what_is_no_name_is_refused(box: PupilBox, name: str) -> None:
    with pytest.raises(InputError):
        box.add(name)
    assert not box.folder.exists()


def test_two_names_never_share_a_folder() -> None:
    typed = ["a b", "a-b", "a/b", "a.b", "ab", "a_b", "á b"]
    assert len({names.folder(name) for name in typed}) == len({names.key(name) for name in typed})


def test_nobody_else_can_read_it(box: PupilBox) -> None:
    with box.add("Mariam", "1234") as pupil:
        pupil.record(done("a/b"), Step(1))
    files = [box.folder, *box.folder.rglob("*")]
    assert len(files) == 5
    for path in files:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_pin_is_asked_for_until_the_teacher_clears_it(box: PupilBox) -> None:
    box.add("Mariam", "0123")
    for wrong in ("", "123", "0124", "abcd"):
        with pytest.raises(InputError) as told:
            box.open("Mariam", wrong)
        assert told.value.hint.endswith("hint tutor pupils pin Mariam --clear")
        assert "0123" not in str(told.value)
    assert box.open("mariam", "٠١٢٣").name == "Mariam"
    assert "0123" not in (only_folder(box) / "pupil.json").read_text()
    assert box.look("mariam").has_pin  # teachers look without it
    box.set_pin("Mariam", "")
    assert not box.open("Mariam").has_pin
    for bad in ("12", "12345678901234", "1 2 x 4"):
        with pytest.raises(InputError, match="digits"):
            box.set_pin("Mariam", bad)


def test_a_second_window_gets_a_sentence_and_changes_nothing(box: PupilBox) -> None:
    with box.add("Mariam") as pupil:
        pupil.record(done("a/b"))
        with pytest.raises(InputError, match="another window"), box.open("Mariam"):
            pass
        with pytest.raises(InputError, match="another window"):
            box.remove("Mariam")
        assert len(box.look("Mariam").history()) == 1  # looking needs no hold
    with box.open("Mariam") as pupil:
        assert len(pupil.cards) == 1


def test_an_unknown_name_is_answered_with_a_near_one(box: PupilBox) -> None:
    with pytest.raises(InputError) as told:
        box.open("Tomas")
    assert told.value.hint == "Add one: hint tutor pupils add Tomas"
    box.add("Thomas")
    with pytest.raises(InputError) as told:
        box.open("Tomas")
    assert told.value.hint == "Did you mean Thomas?"


_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tests.unit.test_tutor_pupils import Step, done
from hinterland.plugins.tutoring.pupils import pupil as pupils
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.pupils.done import Rating

pupils._SAVED_EVERY = 5
box = PupilBox(Path(sys.argv[1]), lambda: datetime.now(UTC))
with box.open("Mariam") as pupil:
    finished = len(pupil.history())
    print("ready", flush=True)
    while True:
        pupil.keep(Step(finished, 1))
        rating = Rating.GOOD if finished % 3 else Rating.AGAIN
        finished += 1
        pupil.record(done(f"lesson/e{finished % 7}", rating), Step(finished))
        print(finished, flush=True)
"""


def test_killed_at_any_point_nothing_recorded_is_lost(tmp_path: Path) -> None:
    """The log, the cards and the place agree after every `kill -9`."""
    box = PupilBox(tmp_path / "pupils", lambda: datetime.now(UTC))
    box.add("Mariam")
    chance, counted = random.Random(8), 0
    for _ in range(6):
        command = [sys.executable, "-c", _WRITER, str(box.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = [writer.stdout.readline() for _ in range(chance.randrange(1, 9))]
            time.sleep(chance.random() / 50)  # anywhere in what a record does
            writer.send_signal(signal.SIGKILL)
            said += writer.stdout.readlines()
        counted = max([counted, *(int(line) for line in said if line.strip().isdigit())])
        pupil = box.look("Mariam")
        history = pupil.history()
        assert len(history) >= counted
        place = pupil.place(Step)
        assert place is None or place.finished == len(history)
        library = replayed(history)
        assert {card.exercise for card in pupil.cards} == set(library)
        assert all(same(card, library[card.exercise]) for card in pupil.cards)
    assert counted > 10


def test_a_torn_last_line_is_cut_off(box: PupilBox) -> None:
    with box.add("Mariam") as pupil:
        pupil.record(done("a/b"), Step(1))
    log = only_folder(box) / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"line":"done","done":{"exercise":"a/c' + b"\0" * 2000)
    with box.open("Mariam") as pupil:
        assert len(pupil.history()) == 1
        pupil.record(done("a/d"), Step(2))
    lines = log.read_bytes()
    assert lines.startswith(whole)
    assert lines.count(b"\n") == 3
    assert lines.endswith(b"}\n")
    assert [each.done.exercise for each in box.look("Mariam").history()] == ["a/b", "a/d"]


@pytest.mark.parametrize("room", [0, 40])
def test_a_full_disk_leaves_everything_as_it_was(box: PupilBox, room: int) -> None:
    with box.add("Mariam") as pupil:
        for number in range(5):
            pupil.record(done(f"a/b{number}"), Step(number))
        log = only_folder(box) / "log.jsonl"
        before = {path: path.read_bytes() for path in log.parent.glob("*.json*")}
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + room, limits[1]))
        try:
            with pytest.raises(StorageError):
                pupil.record(done("a/c"), Step(5))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert log.read_bytes() == before[log]
        assert pupil.place(Step) == Step(4) == box.look("Mariam").place(Step)
        assert len(pupil.cards) == 5
        # A shorter line without a place must not bring in the place that was never reached.
        pupil.record(done("a/c"))
        pupil.record(done("a/dddddddddddd"))
        assert box.look("Mariam").place(Step) == Step(4)
    assert len(box.look("Mariam").cards) == 7


def test_a_record_holds_when_only_the_cards_find_no_room(
    box: PupilBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hinterland.plugins.tutoring.pupils.pupil._SAVED_EVERY", 20)
    with box.add("Mariam") as pupil:
        for number in range(19):
            pupil.record(done(f"a/b{number}"))
        log = only_folder(box) / "log.jsonl"
        cards = only_folder(box) / ".cards.json.tmp"
        cards.mkdir()  # nothing can be written there
        (cards / "x").touch()
        pupil.record(done("a/b19"))
        assert log.read_bytes().count(b"\n") == 21
    assert len(box.look("Mariam").cards) == 20


def test_cards_are_made_anew_from_the_log(box: PupilBox) -> None:
    with box.add("Mariam") as pupil:
        for number in range(3):
            pupil.record(done(f"a/b{number}"))
    cards, log = only_folder(box) / "cards.json", only_folder(box) / "log.jsonl"
    kept = {card.exercise: card for card in box.look("Mariam").cards}
    for damage in (b"", b"{}", b"\0" * 100, None):
        if damage is None:
            cards.unlink()
        else:
            cards.write_bytes(damage)
        assert {card.exercise: card for card in box.look("Mariam").cards} == kept
    # A log put back from a backup: the cards follow it.
    with box.open("Mariam") as pupil:
        backup = log.read_bytes()
        pupil.record(done("a/b0"))
    log.write_bytes(backup)
    assert {card.exercise: card for card in box.look("Mariam").cards} == kept


def test_a_damaged_line_is_told_and_left(box: PupilBox) -> None:
    with box.add("Mariam") as pupil:
        for number in range(3):
            pupil.record(done(f"a/b{number}"))
    log = only_folder(box) / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + lines[1] + b"{]\n" + lines[3])
    with pytest.raises(StorageError, match=r"log\.jsonl is damaged in line 3"):
        box.look("Mariam").history()
    (only_folder(box) / "log.jsonl").write_bytes(b'{"line":"log","schema":2}\n' + lines[1])
    with pytest.raises(StorageError, match="newer Hinterland"):
        box.look("Mariam").history()


def test_one_damaged_pupil_hides_no_other(box: PupilBox) -> None:
    for name in ("Mariam", "Tomas"):
        box.add(name)
    person = box.folder / names.folder("Tomas") / "pupil.json"
    newer = json.loads(person.read_text())
    newer["schema"]["1"]["version"] = 2
    for content in ("{", json.dumps(newer)):
        person.write_text(content)
        assert [listed.name for listed in box.list()] == ["Mariam"]
        (problem,) = box.problems
        assert str(person) in problem
        with pytest.raises(StorageError):
            box.open("Tomas")
        assert box.open("Mariam").name == "Mariam"


def test_a_place_of_another_release_is_none(box: PupilBox) -> None:
    with box.add("Mariam") as pupil:
        assert pupil.place(Step) is None
        pupil.keep(Step(3, 2))
        assert box.look("Mariam").place(Step) == Step(3, 2)
        assert box.look("Mariam").place(OtherPlace) is None
        pupil.keep(None)
        assert box.look("Mariam").place(Step) is None


def test_settings_are_kept(box: PupilBox) -> None:
    with box.add("Amina", settings=Settings(language="fr")) as pupil:
        assert pupil.settings.language == "fr"
        pupil.set(Settings(language="en", a_day=5))
    assert box.open("amina").settings == Settings(language="en", a_day=5)


def test_renaming_keeps_everything_even_when_it_is_interrupted(box: PupilBox) -> None:
    with box.add("Mariam", "1234") as pupil:
        pupil.record(done("a/b"))
    box.add("Tomas")
    with pytest.raises(InputError, match="already"):
        box.rename("Mariam", "TOMAS")
    box.rename("Mariam", "MARIAM")
    box.rename("mariam", "谢芳")
    with pytest.raises(InputError, match="no pupil"):
        box.look("Mariam")
    assert len(box.open("谢芳", "1234").cards) == 1
    # The name was kept, and the box was switched off before the folder was moved.
    os.rename(box.folder / names.folder("谢芳"), box.folder / names.folder("Mariam"))
    assert sorted(listed.name for listed in box.list()) == ["Tomas", "谢芳"]
    assert len(box.open("谢芳", "1234").cards) == 1
    assert (box.folder / names.folder("谢芳")).is_dir()


def test_a_removed_pupil_does_not_come_back_under_its_name(box: PupilBox) -> None:
    with box.add("Mariam") as pupil:
        pupil.record(done("a/b"))
    folder = only_folder(box)
    copy = box.folder.parent / "copy"
    shutil.copytree(folder, copy)
    box.remove("Mariam")
    assert list(box.folder.iterdir()) == []
    shutil.copytree(copy, box.folder / ".removed-1")  # a removal that was interrupted
    assert box.list() == []
    assert len(box.add("Mariam").cards) == 0
    box.remove("Mariam")
    assert list(box.folder.iterdir()) == []


def test_a_thousand_pupils_are_listed_by_name(box: PupilBox) -> None:
    box.add("Pupil 0")
    template = only_folder(box) / "pupil.json"
    content = template.read_text()
    for number in range(1, 1000):
        folder = box.folder / names.folder(f"Pupil {number}")
        folder.mkdir(mode=0o700)
        (folder / "pupil.json").write_text(content.replace("Pupil 0", f"Pupil {number}"))
    assert len(box.list()) == 1000
    assert box.open("pupil 777").name == "Pupil 777"
