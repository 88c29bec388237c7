"""A batch that goes on: what is finished, changed, failed, torn, or none of its results."""

from __future__ import annotations

import asyncio
import random

import pytest

from hinterland.batch.answering import Answering
from hinterland.batch.formats import OpenAi, Own
from hinterland.batch.rows import Defaults
from hinterland.batch.running import Target
from hinterland.engine.protocol import (
    Failed,
)
from hinterland.errors import InputError
from tests.batching import Place, Shaky, rows

pytestmark = pytest.mark.usefixtures("no_pauses")


def test_a_finished_row_is_never_asked_again(place: Place) -> None:
    place.write(*rows(50))
    place.run()
    before = place.out.read_bytes()
    kept = b"".join(before.splitlines(keepends=True)[:30])
    place.out.write_bytes(kept + before.splitlines()[30][:17])
    summary = place.run()
    assert place.engine.asked == 50 + 20
    assert (summary["finished_before"], summary["answered"]) == (30, 50)
    assert place.out.read_bytes().startswith(kept)
    assert len(place.results()) == 50


def test_changed_rows_are_told_and_redone_only_on_request(place: Place) -> None:
    place.write(*rows(5))
    place.run()
    changed = rows(6)
    changed[3]["prompt"] = "another text"
    place.write(*changed)
    assert place.run()["changed"] == 1
    assert place.results()[3]["answer"] == "row 3"
    assert place.run(redo_changed=True)["changed"] == 0
    assert place.results()[3]["answer"] == "another text"
    assert place.engine.asked == 5 + 1 + 1

    assert place.run(Defaults(system="Another"))["changed"] == 6
    assert place.run(Defaults(identity="another model"))["changed"] == 6
    place.run(Defaults(system="Another"), redo_changed=True)
    assert place.engine.asked == 7 + 6
    assert len(place.results()) == 6


def test_rows_of_the_same_settings_are_told_by_the_beginning_of_their_fingerprints(
    place: Place,
) -> None:
    place.write(*rows(2))
    place.run()
    place.write(*rows(4))
    place.run(Defaults(system="Another"))
    begins = [place.results()[number]["fingerprint"][:8] for number in range(4)]
    assert begins[0] == begins[1] != begins[2] == begins[3]


def test_results_in_another_order_than_the_input_are_known_all_the_same(place: Place) -> None:
    place.write(*rows(6000))
    place.run()
    lines = place.out.read_bytes().splitlines(keepends=True)
    random.Random(3).shuffle(lines)
    place.out.write_bytes(b"".join(lines[100:]))
    summary = place.run()
    assert (summary["finished_before"], summary["changed"]) == (5900, 0)
    assert place.engine.asked == 6000 + 100
    assert len(place.results()) == 6000


def test_a_file_that_a_row_names_is_a_part_of_it(place: Place) -> None:
    (place.folder / "note.txt").write_text("old")
    place.write({"id": 1, "prompt": "Read", "file": "note.txt"})
    defaults = Defaults(folder=place.folder)
    place.run(defaults)
    (place.folder / "note.txt").write_text("quite new")
    assert place.run(defaults)["changed"] == 1
    place.run(defaults, redo_changed=True)
    assert "quite new" in place.results()[1]["answer"]


def test_failed_rows_are_done_again_on_request(place: Place) -> None:
    place.write(*rows(3), b"broken")
    broken = Shaky(lambda request: Failed("ContextError", "Too long.", ""))
    assert place.run(targets=[Target(broken)])["failed"] == 4
    assert place.run()["failed"] == 4
    assert place.engine.asked == 0
    summary = place.run(retry_failed=True)
    assert (summary["answered"], summary["failed"]) == (3, 1)
    assert len(place.results()) == 4


def test_results_are_put_in_the_order_of_the_input(place: Place) -> None:
    place.write(*({"id": n, "prompt": "w " * (20 - n)} for n in range(20)))
    place.run(ordered=True)
    assert list(place.results()) == list(range(20))


def test_a_repeated_id_and_a_broken_line_keep_their_places_in_that_order(place: Place) -> None:
    place.write(
        {"id": "a", "prompt": "1"},
        {"id": "line-3", "prompt": "2"},
        {"id": "a", "prompt": "3"},
        b"{broken",
        {"id": "a", "prompt": "5"},
        {"id": "line-4", "prompt": "6"},
        {"id": "z", "prompt": "7"},
    )
    for _again in range(2):
        place.run(ordered=True)
        assert [*place.results()] == ["a", "line-3", "line-3+", "line-4", "line-5", "line-6", "z"]


def test_lines_that_a_power_cut_has_spoilt_are_done_again(place: Place) -> None:
    place.write(*rows(4))
    place.run()
    lines = place.out.read_bytes().splitlines(keepends=True)
    place.out.write_bytes(lines[0] + b"\0" * 300 + b"\n" + lines[2] + lines[3])
    with place.job() as job:
        assert job.earlier.spoilt == 1
        asyncio.run(job.run([Target(place.engine)], Answering()))
    assert len(place.results()) == 4
    assert place.engine.asked == 5


@pytest.mark.parametrize("end", [b"", b" ", b"\n\n", b"\r\n \n"])
def test_only_what_stands_in_a_line_of_its_own_is_a_result(place: Place, end: bytes) -> None:
    place.write(*rows(6))
    place.run()
    lines = place.out.read_bytes().splitlines()
    together = lines[1] + end + lines[2]
    apart = lines[3].replace(b",", b",\n", 1)
    place.out.write_bytes(b"\n".join([lines[0], together, apart, *lines[4:], b""]))
    place.run()
    assert set(place.results()) == set(range(6))


FOREIGN = [
    b"precious notes, without an end",
    b"precious notes\n",
    b'{"id": "a", "prompt": "rows, not results"}\n',
    b'{"id": "a", "prompt": "one row without an end"}',
    b'{"id":"a","prompt":"one row without an end"}',
    b'{"id":"a","fingerprint":"no hexadecimals!"}\n',
    b'{"id":"a","fingerprint":"0123 567 9abcdef"}\n',
    b"[1, 2]",
    b"\n",
    b"\x89PNG\r\n\x1a\n\0\0",
]


@pytest.mark.parametrize("content", FOREIGN)
def test_a_file_that_is_none_of_results_is_refused_and_untouched(
    place: Place, content: bytes
) -> None:
    place.write(*rows(3))
    place.out.write_bytes(content)
    for form in (Own(), OpenAi(None)):
        with pytest.raises(InputError, match="something else than results"):
            place.run(form=form, retry_failed=True, redo_changed=True)
    assert place.out.read_bytes() == content


def test_results_of_the_other_format_are_refused(place: Place) -> None:
    place.write(*rows(3))
    place.run()
    content = place.out.read_bytes()
    with pytest.raises(InputError):
        place.run(form=OpenAi(None))
    assert place.out.read_bytes() == content


@pytest.mark.parametrize("rest", [b"\0" * 4096, b'{"id":0,"answer":"ro', b'{"i'])
def test_a_first_result_that_was_torn_is_no_foreign_file(place: Place, rest: bytes) -> None:
    place.write(*rows(3))
    place.out.write_bytes(rest)
    place.run()
    assert set(place.results()) == {0, 1, 2}
