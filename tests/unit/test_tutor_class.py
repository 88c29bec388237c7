"""A class: the newest file of every pupil, who still needs help, and which exercises were hard."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from hinterland.errors import InputError
from hinterland.plugins.tutoring.classroom import results, table
from hinterland.plugins.tutoring.pupils.done import Result
from hinterland.plugins.tutoring.pupils.drawing import Subject
from hinterland.plugins.tutoring.pupils.exports.results import (
    ExerciseResult,
    ObjectiveResult,
    Results,
    encoded,
)
from hinterland.plugins.tutoring.pupils.mastery import Level

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
KNOWN = {("add", "sum"): Subject("sums", "Add numbers"), ("add", "far"): Subject("sums", "=Far")}


def of(name: str, sums: Level, *, shown: bool = False, made: datetime = NOW) -> Results:
    return Results(
        pupil=name,
        made=made,
        days=3,
        objectives=(
            ObjectiveResult(
                lesson="add", objective="sum", level=sums, points=5,
                done=4, alone=2, helped=1, shown=1,
            ),
        ),
        exercises=(
            ExerciseResult(
                exercise="add/one", lesson="add", objective="sum",
                result=Result.SHOWN if shown else Result.ALONE,
                attempts=2, hints=1, seed=1, when=NOW, times=1,
            ),
        ),
    )  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = []
    for number, one in enumerate(
        (
            of("Amina", Level.HELD),
            of("amina ", Level.LEARNING, shown=True, made=NOW - timedelta(days=1)),
            of("Tomás", Level.LEARNING, shown=True),
            of("小明", Level.FADING),
        )
    ):
        found.append(tmp_path / f"{number}.json")
        found[-1].write_bytes(encoded(one))
    return found


def test_the_newest_file_of_a_pupil_counts(files: list[Path]) -> None:
    for order in (files, files[::-1]):
        found = results.gather(order)
        assert [one.pupil for one in found.pupils] == ["Amina", "Tomás", "小明"]
        assert found.older == (files[1],)
        assert found.of(("add", "sum"))["Amina"].level is Level.HELD


@pytest.mark.parametrize("width", [40, 80])
def test_the_table_names_who_needs_help_and_fits(files: list[Path], width: int) -> None:
    lines = table.table(results.gather(files), KNOWN, width)
    assert max(map(cell_len, lines)) <= width
    text = "\n".join(lines)
    assert "1 of 3 know it" in text
    assert "learning: Tomás" in text
    assert "fading: 小明" in text
    assert "add/one" in text.partition("Hard exercises")[2]


def test_the_sheet_has_a_row_for_each_pupil_and_no_formula(files: list[Path]) -> None:
    rows = list(csv.reader(io.StringIO(results.as_csv(results.gather(files), KNOWN))))
    assert rows[0] == ["\ufeffpupil", "Add numbers"]
    assert rows[1] == ["Amina", "held"]
    far = {("add", "sum"): KNOWN["add", "far"]}
    assert "'=Far" in results.as_csv(results.gather(files), far)


def test_json_has_every_level(files: list[Path]) -> None:
    told = results.as_json(results.gather(files), KNOWN)
    assert told["objectives"][0]["levels"] == {
        "Amina": "held",
        "Tomás": "learning",
        "小明": "fading",
    }
    assert told["hardest"] == [{"exercise": "add/one", "shown": 1, "pupils": 3}]


def test_what_holds_no_results_is_refused(tmp_path: Path, files: list[Path]) -> None:
    other = tmp_path / "other.json"
    for content in (b"", b"{}", b"\xff\x00", b"[" * 100_000, files[0].read_bytes()[:-9]):
        other.write_bytes(content)
        with pytest.raises(InputError, match="holds no results"):
            results.gather([*files, other])
    with pytest.raises(InputError, match="cannot be read"):
        results.gather([tmp_path / "none.json"])
    with pytest.raises(InputError, match="no results"):
        results.gather([])
