"""What is shown of a shared box and its machine, in numbers, on any width."""

from __future__ import annotations

import os
import pwd
import time
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from hinterland.box import machine, members, top
from hinterland.box.machine import Machine
from hinterland.engine.status import BoxStatus, ServiceStatus, Share, WorkerStatus
from hinterland.errors import ConfigError

COOL = Machine(
    cores=2,
    load=1.52,
    memory_total=8_000_000_000,
    memory_free=3_100_000_000,
    swap_used=0,
    celsius=61.4,
    throttled=False,
    throttled_before=False,
)


def box(*shares: Share, sees_all: bool = True) -> BoxStatus:
    worker = WorkerStatus(
        model="smollm2-135m",
        sha256="",
        pid=1,
        state="ready",
        context=2048,
        slots=8,
        threads=2,
        running=3,
        waiting=5,
        reserved_tokens=0,
        pool_tokens=0,
        resident_bytes=310_000_000,
    )
    service = ServiceStatus(
        protocol=3,
        version="0",
        pid=1,
        started=time.time() - 7800,
        workers=[worker],
        running=8,
        answered=100,
        idle_seconds=0,
        keep_alive=15,
        resident_bytes=92_000_000,
    )
    return BoxStatus(
        service=service,
        you=shares[0],
        everybody=list(shares) if sees_all else None,
        users=len(shares),
        running=3,
        waiting=5,
        written_per_second=84.2,
    )


def many(count: int) -> list[Share]:
    return [
        Share(
            uid=4_000_000 + number,
            running=number % 2,
            waiting=number % 3,
            waited=12.0 * number,
            tokens_per_second=2.5,
            tokens_today=100 * number,
            tokens_a_day=5_000,
            answers_today=number,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(("width", "height"), [(79, 24), (39, 12), (120, 50), (20, 8)])
def test_everything_fits_and_whoever_is_left_out_is_counted(width: int, height: int) -> None:
    shown = top.lines(box(*many(30)), COOL, width, height)
    assert len(shown) <= height
    assert max(map(len, shown)) <= width
    people = [line for line in shown if line.startswith("40000")]
    if len(people) < 30:
        assert shown[-1] == f"… and {30 - len(people)} more"
    else:
        assert len(people) == 30


def test_an_ordinary_terminal_shows_who_runs_first_with_all_that_counts() -> None:
    shown = top.lines(box(*many(4)), COOL, 79, 24)
    assert shown[0].startswith("shared box · up 2 h 10 min · 4 users · 3 running · 5 waiting")
    assert "smollm2-135m: ready · 3 of 8 slots busy · 5 waiting · 310 MB" in shown
    assert "load 1.5 on 2 cores · 3.1 GB of 8.0 GB memory free · 61 °C · not held back" in shown
    table = shown[shown.index("") + 1 :]
    assert table[0].split() == [
        "user",
        "runs",
        "waits",
        "waited",
        "tokens/s",
        "today",
        "of",
        "answers",
    ]
    assert [row.split()[0] for row in table[1:]] == ["4000001", "4000003", "4000002", "4000000"]


def test_the_numbers_of_a_row_are_all_written_alike() -> None:
    you = Share(uid=4_000_000, tokens_today=1120, answers_today=1121, refused_today=12574)
    row = top.lines(box(you), COOL, 120, 24)[-1]
    assert row.split()[-3:] == ["1,120", "1,121", "12,574"]


def test_people_are_told_their_own_place() -> None:
    you = Share(uid=4_000_000, waiting=1, position=3, expected=41.2, waited=5.0)
    shown = top.lines(box(you, sees_all=False), COOL, 79, 24)
    assert shown[-1] == "Your next answer is number 3 in line, about 41 s."
    assert len([line for line in shown if line.startswith("40000")]) == 1


def test_a_narrow_terminal_tells_the_whole_wait_and_the_whole_failure() -> None:
    status = box(*many(2))
    why = "the model was ended by the system, for lack of memory"
    workers = [msgspec.structs.replace(status.service.workers[0], expected=156.0)]
    service = msgspec.structs.replace(status.service, workers=workers, trouble=why)
    shown = top.lines(msgspec.structs.replace(status, service=service), COOL, 39, 24)
    assert max(map(len, shown)) <= 39
    said = " ".join(shown)
    assert "a question asked now would wait about 2 min 36 s" in said
    assert f"last failure: {why}" in said


def test_what_is_wrong_is_told_whole_in_a_script_of_two_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(top, "translated", lambda words: words)
    why = "角色文件无法使用因为第三行没有这个设置请修改"
    shown = top.lines(box(*many(1)), COOL, 20, None, [ConfigError(why)])
    assert why in "".join(shown)
    assert max(map(cell_len, shown)) <= 20


def test_a_login_with_something_in_it_that_nobody_sees_is_seen_to_be_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = pwd.getpwuid(os.getuid())
    for unseen in ("\u200b", "\u2060", "\u00ad", "\u3164", "\ufe0f", "\u202e"):
        monkeypatch.setattr(
            pwd, "getpwuid", lambda uid, unseen=unseen: _renamed(account, f"ama{unseen}")
        )
        top.name_of.cache_clear()
        assert top.name_of(4_000_000) == members.member(4_000_000).login == "ama\ufffd"
    top.name_of.cache_clear()


def _renamed(account: pwd.struct_passwd, name: str) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, *account[1:]))


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


def test_a_machine_that_tells_nothing_is_not_guessed_at(tmp_path: Path) -> None:
    found = machine.look(tmp_path)
    assert (found.load, found.celsius, found.throttled, found.throttled_before) == (None,) * 4
    shown = top.lines(box(*many(1)), found, 79, 24)
    assert any("temperature not told" in line for line in shown)
    assert not any("held back" in line for line in shown)


def test_the_hottest_sensor_counts_and_broken_ones_do_not(tmp_path: Path) -> None:
    zone = "sys__class__thermal__thermal_zone"
    files = {
        f"{zone}0__type": "cpu-thermal",
        f"{zone}0__temp": "58000",
        f"{zone}1__type": "gpu",
        f"{zone}1__temp": "-274000",
        "sys__class__hwmon__hwmon0__name": "coretemp",
        "sys__class__hwmon__hwmon0__temp2_label": "Core 1",
        "sys__class__hwmon__hwmon0__temp2_input": "71500",
        "sys__class__hwmon__hwmon0__temp3_input": "what",
        "proc__loadavg": "3.25 1.0 1.0 2/300 77",
        "proc__meminfo": "SwapTotal: 1000 kB\nSwapFree: 400 kB",
    }
    write(tmp_path, **files)
    found = machine.look(tmp_path)
    assert (found.celsius, found.sensor) == (71.5, "coretemp Core 1")
    assert (found.load, found.swap_used) == (3.25, 614_400)


def test_being_held_back_is_told_by_cooling_counters_and_firmware(tmp_path: Path) -> None:
    cooling = "sys__class__thermal__cooling_device0"
    write(tmp_path, **{f"{cooling}__type": "cpufreq-cpu0", f"{cooling}__cur_state": "0"})
    found = machine.look(tmp_path)
    assert (found.throttled, found.throttled_before) == (False, False)
    counter = "sys__devices__system__cpu__cpu0__thermal_throttle__core_throttle_count"
    write(tmp_path, **{counter: "7"})
    found = machine.look(tmp_path)
    assert (found.throttled, found.throttled_before) == (False, True)
    write(tmp_path, **{f"{cooling}__cur_state": "3"})
    found = machine.look(tmp_path)
    assert (found.throttled, found.because) == (True, "heat")
    firmware = "sys__devices__platform__soc__soc:firmware__get_throttled"
    write(tmp_path, **{firmware: "50005"})  # too little power: now and before
    found = machine.look(tmp_path)
    assert (found.throttled, found.throttled_before, found.because) == (True, True, "power")
