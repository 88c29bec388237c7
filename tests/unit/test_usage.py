"""What users of a box were given: counted, kept over a kill, and summed up."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from hinterland.box import report
from hinterland.engine.protocol import Priority
from hinterland.engine.service import ledger
from hinterland.engine.service.house import Served
from hinterland.engine.service.ledger import Ledger, Line
from hinterland.engine.service.meter import Meter
from hinterland.engine.service.usage import Usage
from hinterland.engine.status import ServiceStatus

NOON = dt.datetime(2026, 11, 20, 12).astimezone().timestamp()
AMINA, BILAL = 1001, 1002


PIECE = b'data: {"choices":[{"delta":{"content":"river "}}]}\n\n'


NOTHING = ServiceStatus(
    protocol=0,
    version="",
    pid=1,
    started=0,
    workers=[],
    running=0,
    answered=0,
    idle_seconds=0,
    keep_alive=0,
)


def served(uid: int = AMINA, at: float = NOON, **changed: object) -> Served:
    """Return an answer of half a minute that had 100 tokens."""
    facts = {
        "uid": uid,
        "model": "echo",
        "priority": Priority.INTERACTIVE,
        "arrived": at,
        "waited": 2.0,
        "first": 3.0,
        "took": 30.0,
        "prompt_tokens": 60,
        "completion_tokens": 40,
        "finish": "stop",
    }
    return Served(**(facts | changed))  # type: ignore[arg-type] # by name


def test_a_day_is_remembered_by_the_next_service_and_not_by_the_next_day(tmp_path: Path) -> None:
    now = [NOON]
    usage = Usage(Ledger(tmp_path), lambda: now[0])
    usage.note(served())
    usage.note(served(cached_tokens=50))
    usage.refused(AMINA)
    usage.close()
    again = Usage(Ledger(tmp_path), lambda: now[0])
    assert (again.spent(AMINA), again.spent(BILAL)) == (150, 0)
    share = again.share(AMINA)
    assert (share.answers_today, share.refused_today) == (2, 1)
    now[0] += 24 * 3600
    assert again.spent(AMINA) == 0
    now[0] -= 24 * 3600  # a box without a clock of its own may well go back
    assert again.spent(AMINA) == 150


def test_the_last_answers_of_a_model_are_found_whatever_else_the_files_hold(tmp_path: Path) -> None:
    assert Ledger(tmp_path).lately("echo") == []
    ledger = Ledger(tmp_path)
    for day in range(3):
        at = NOON + day * 24 * 3600
        for uid in range(3):
            answer = served(uid, at, completion_tokens=day + 1)
            ledger.append(Line(uid=uid, at=at, served=answer))
            ledger.append(Line(uid=uid, at=at, served=served(uid, at, model="other")))
            ledger.append(Line(uid=uid, at=at, refused=1))
    ledger.close()
    last = max(tmp_path.iterdir())
    with last.open("ab") as file:
        file.write(b'{"uid":1,"at":17\xff')  # as a power cut leaves it
    found = Ledger(tmp_path).lately("echo")
    assert [(each.uid, each.completion_tokens) for each in found] == [
        (uid, tokens) for tokens in (2, 3) for uid in range(3)
    ]
    last.unlink()
    last.mkdir()
    assert {each.completion_tokens for each in Ledger(tmp_path).lately("echo")} == {2}


def test_a_killed_service_has_forgotten_no_answer_and_at_most_seconds_of_one(
    tmp_path: Path,
) -> None:
    dies = f"""
import os, pathlib, signal
from tests.unit.test_usage import AMINA, BILAL, PIECE, Ledger, Meter, Priority, Usage, served
usage = Usage(Ledger(pathlib.Path({str(tmp_path)!r})))
usage.note(served())
visit = usage.arrives(BILAL, "echo", Priority.INTERACTIVE)
meter = Meter()
visit.starts(500, meter)
meter.heard(PIECE * 70)
usage.checkpoint()
usage.note(served())
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", dies], check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -9
    for _start in range(2):  # what was lost is counted once
        usage = Usage(Ledger(tmp_path))
        assert (usage.spent(AMINA), usage.spent(BILAL)) == (200, 570)
        usage.close()


def test_a_torn_line_costs_that_line(tmp_path: Path) -> None:
    usage = Usage(Ledger(tmp_path), lambda: NOON)
    usage.note(served())
    usage.close()
    path = ledger.file_of(tmp_path, ledger.day_of(NOON))
    with path.open("ab") as file:
        file.write(b'{"uid":1001,"at":17')
    usage = Usage(Ledger(tmp_path), lambda: NOON)
    usage.note(served())
    usage.close()
    assert Usage(Ledger(tmp_path), lambda: NOON).spent(AMINA) == 200
    assert path.stat().st_mode & 0o777 == 0o600


def test_whoever_comes_and_goes_or_is_refused_does_not_fill_the_disk(tmp_path: Path) -> None:
    usage = Usage(Ledger(tmp_path), lambda: NOON)
    for _ in range(1000):
        usage.note(served(prompt_tokens=0, completion_tokens=0, finish="cancelled"))
        usage.refused(AMINA, "form-4")
    usage.checkpoint()
    lines = list(ledger.read(ledger.file_of(tmp_path, ledger.day_of(NOON))))
    assert [(line.left, line.refused, line.role) for line in lines] == [(1000, 1000, "form-4")]


def test_a_disk_that_takes_nothing_costs_nobody_an_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "usage").write_text("no folder")
    usage = Usage(Ledger(tmp_path / "usage"), lambda: NOON)
    usage.note(served())
    usage.note(served())
    assert usage.spent(AMINA) == 200
    assert caplog.text.count("usage is not written") == 1


def test_old_days_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_KEPT", 1000)
    monkeypatch.setattr(ledger, "DAYS_KEPT", 3)
    ledger.file_of(tmp_path, "1970-01-01").write_bytes(b"x" * 1001)
    for day in ("2026-11-17", "2026-11-18", "2026-11-19"):
        ledger.file_of(tmp_path, day).touch()
    usage = Usage(Ledger(tmp_path), lambda: NOON)
    usage.note(served())
    assert ledger.days(tmp_path) == ["2026-11-18", "2026-11-19", "2026-11-20"]


def test_who_runs_and_waits_is_told_in_numbers() -> None:
    usage = Usage()
    usage.limit(AMINA, 5000)
    runs = usage.arrives(AMINA, "echo", Priority.INTERACTIVE, "form-4")
    meter = Meter()
    runs.starts(30, meter)
    waits = usage.arrives(AMINA, "echo", Priority.BATCH, "form-4")
    waits.waits(3, 40.0)
    meter.heard(PIECE * 12)
    assert usage.box(NOTHING, AMINA, sees_all=False).everybody is None
    everybody = usage.box(NOTHING, BILAL, sees_all=True).everybody
    assert everybody is not None
    assert [each.uid for each in everybody] == [AMINA]
    assert usage.box(NOTHING, AMINA, sees_all=False).written_per_second > 0
    share = usage.share(AMINA)
    assert (share.running, share.waiting, share.batch, share.position) == (1, 1, 1, 3)
    assert share.expected is not None
    assert 0 < share.expected <= 40
    assert (share.tokens_today, share.tokens_a_day, share.role) == (42, 5000, "form-4")
    waits.starts(10, Meter())
    usage.note(waits.ends("stop"))
    assert usage.share(AMINA).waiting == 0
    assert usage.share(AMINA).position is None


def lines(*of: Served) -> list[Line]:
    return [Line(uid=each.uid, at=each.arrived + each.took, served=each) for each in of]


def test_a_report_sums_users_and_classes_up() -> None:
    found = report.sum_up(
        [
            *lines(
                served(waited=1.0, expected=1.2),
                served(waited=5.0, expected=9.0, role="form-4"),
                served(BILAL, waited=3.0, priority=Priority.BATCH, role="form-4"),
                served(BILAL, at=NOON - 90_000),
            ),
            Line(uid=BILAL, at=NOON, refused=4, lost=30),
        ],
        NOON - 60,
        NOON + 60,
    )
    first, second = found.users
    assert (first.uid, first.answers, first.tokens, first.waited) == (AMINA, 2, 200, 3.0)
    assert (second.uid, second.batch, second.tokens, second.refused) == (BILAL, 1, 130, 4)
    assert [(each.role, each.answers) for each in found.classes] == [("form-4", 2)]
    assert found.jain == pytest.approx(330**2 / (2 * (200**2 + 130**2)))
    assert (found.told, found.told_right) == (2, 0.5)
    of_class = report.sum_up(lines(served(), served(role="form-4")), 0, NOON * 2, "form-4")
    assert of_class.total.answers == 1


def test_minutes_are_compared_over_those_who_wanted_all_of_them() -> None:
    start = NOON - NOON % 60
    long = {"at": start, "waited": 0.0, "first": 0.0, "took": 120.0, "prompt_tokens": 0}
    brief = served(1003, at=start, took=5.0, completion_tokens=1)
    alike = lines(
        served(AMINA, completion_tokens=200, **long),
        served(BILAL, completion_tokens=200, **long),
        brief,
    )
    found = report.sum_up(alike, start, start + 600)
    assert found.minutes == 2
    assert found.jain_worst == pytest.approx(1.0)
    starved = lines(
        served(AMINA, completion_tokens=200, **long),
        served(BILAL, **(long | {"waited": 120.0, "completion_tokens": 0})),
    )
    assert report.sum_up(starved, start, start + 600).jain_worst == pytest.approx(0.5)
    weighed = lines(
        served(AMINA, completion_tokens=400, **long), served(BILAL, completion_tokens=100, **long)
    )
    found = report.sum_up(weighed, start, start + 600, weight=lambda uid: 4 if uid == AMINA else 1)
    assert found.jain_worst == pytest.approx(1.0)


def test_a_day_is_that_of_the_machine_s_clock() -> None:
    assert ledger.day_of(NOON) == "2026-11-20"
