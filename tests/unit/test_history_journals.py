"""Answers outlive their reader: history takes in what the engine's journals hold."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hinterland.engine import journal
from hinterland.engine.events import encode
from hinterland.engine.protocol import Done, Failed, FinishReason, Usage
from hinterland.errors import HinterlandError
from hinterland.history import History
from hinterland.paths import Paths
from hinterland.turns import Turn
from tests.history_samples import a_turn, fill, journal_writer, strict, tiny_disk

DAY = 24 * 3600


def delta(text: str) -> bytes:
    return b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % text.encode()


def journals(paths: Paths) -> list[str]:
    return sorted(os.listdir(paths.journal))


def leave_journal(paths: Paths, conversation_id: str, turn: Turn, *pieces: bytes) -> Path:
    """Write a journal as the service does and stop writing it."""
    writer = journal_writer(paths, conversation_id, turn)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return writer.path


@pytest.mark.parametrize("call", ["list", "latest", "search", "conversation", "resume", "adopt"])
def test_whoever_looks_takes_in_finished_answers(paths: Paths, call: str) -> None:
    turn = a_turn("Why boil water?")
    done = Done(FinishReason.STOP, Usage(5, 7), model="smollm2")
    leave_journal(paths, "c1", turn, delta("Germs "), delta("die."), encode(done))
    history = strict(paths)
    calls: dict[str, Callable[[], object]] = {
        "list": history.list,
        "latest": history.latest,
        "search": lambda: history.search("germs"),
        "conversation": lambda: history.conversation("c1"),
        "resume": history.resume,
        "adopt": history.adopt,
    }
    calls[call]()
    assert journals(paths) == []
    (kept,) = strict(paths).conversation("c1").turns
    assert (kept.id, kept.prompt, kept.answer) == (turn.id, turn.prompt, "Germs die.")
    assert (kept.finish_reason, kept.usage, kept.model) == (
        FinishReason.STOP,
        Usage(5, 7),
        "smollm2",
    )


@pytest.mark.parametrize(
    ("end", "reason", "error"),
    [
        (b"", FinishReason.INTERRUPTED, ""),
        (b'data: {"choices": [{"del', FinishReason.INTERRUPTED, ""),
        (encode(Done(FinishReason.CANCELLED)), FinishReason.CANCELLED, ""),
        (encode(Failed("EngineError", "It crashed.")), FinishReason.INTERRUPTED, "It crashed."),
    ],
)
def test_an_answer_that_was_cut_off_is_kept_and_marked(
    paths: Paths, end: bytes, reason: FinishReason, error: str
) -> None:
    leave_journal(paths, "c1", a_turn(), delta("水 half"), end)
    (kept,) = strict(paths).conversation("c1").turns
    assert (kept.answer, kept.finish_reason, kept.error) == ("水 half", reason, error)
    assert strict(paths).list()[0].incomplete


def test_a_failure_before_the_first_word_keeps_the_prompt(paths: Paths) -> None:
    leave_journal(paths, "c1", a_turn("A long prompt"), encode(Failed("ModelError", "None.")))
    (kept,) = strict(paths).conversation("c1").turns
    assert (kept.prompt, kept.finish_reason) == ("A long prompt", FinishReason.FAILED)


def test_a_journal_of_a_turn_that_is_kept_already_only_goes(paths: Paths) -> None:
    turn = a_turn(answer="the whole answer")
    history = strict(paths)
    history.add_turn("c1", turn)
    leave_journal(paths, "c1", turn, delta("the whole"))
    history.adopt()
    assert journals(paths) == []
    assert history.conversation("c1").turns == [turn]


def test_keeping_a_turn_removes_its_journal_and_no_other(paths: Paths) -> None:
    turn, other = a_turn(), a_turn()
    leave_journal(paths, "c1", turn, delta("Bec"))
    leave_journal(paths, "c1", other, delta("Bec"))
    strict(paths).add_turn("c1", turn)
    assert journals(paths) == [f"{other.id}.journal"]


def test_a_turn_of_which_nothing_is_to_be_kept_is_forgotten(paths: Paths) -> None:
    turn = a_turn()
    leave_journal(paths, "c1", turn)
    history = strict(paths)
    history.forget(turn.id)
    history.forget("never-was")
    assert history.list() == []


def test_a_running_answer_is_shown_and_left_alone_until_its_writer_dies(paths: Paths) -> None:
    turn = a_turn("Why?")
    history = strict(paths)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.journal_holder", "c1", turn.id, "Bec"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        ((conversation_id, running),) = history.running()
        assert (conversation_id, running.id, running.answer) == ("c1", turn.id, "Bec")
        assert history.adopt() == 0
        (listed,) = history.list()
        assert (listed.id, listed.running, listed.turns) == ("c1", True, 0)
        assert history.latest() == "c1"
        assert history.conversation("c1").turns == []
        record, taken_up = history.resume()
        assert record.id == "c1"
        assert taken_up == running
        assert journals(paths) == [f"{turn.id}.journal"]
        writer.kill()
    assert history.running() == []
    (kept,) = history.conversation("c1").turns
    assert (kept.answer, kept.finish_reason) == ("Bec", FinishReason.INTERRUPTED)
    assert journals(paths) == []


def test_a_conversation_with_turns_and_a_running_answer_is_whole(paths: Paths) -> None:
    history = strict(paths)
    first, second = a_turn(created=1.0), a_turn("And then?", created=2.0)
    history.add_turn("c1", first)
    writer = journal_writer(paths, "c1", second)
    writer.write(delta("So"))
    record, writing = history.whole("c1")
    assert record.turns == [first]
    assert [turn.answer for turn in writing] == ["So"]
    assert history.list()[0].updated == 2.0
    writer.close()
    record, writing = history.whole("c1")
    assert [turn.id for turn in record.turns] == [first.id, second.id]
    assert writing == []


def test_deleting_a_conversation_removes_its_journals(paths: Paths) -> None:
    history = strict(paths)
    history.add_turn("c1", a_turn())
    running = journal_writer(paths, "c1", a_turn("still running"))
    leave_journal(paths, "c2", a_turn("another"))
    history.delete("c1")
    running.close()
    assert [summary.id for summary in history.list()] == ["c2"]


def test_a_torn_journal_is_left_for_a_day_and_then_removed(paths: Paths) -> None:
    paths.journal.mkdir(parents=True)
    for name in ("fresh", "old", "locked"):
        (paths.journal / f"{name}.journal").write_bytes(b'{"version": 1, "conv')
    for name in ("old", "locked"):
        os.utime(paths.journal / f"{name}.journal", (time.time() - DAY - 60,) * 2)
    with (paths.journal / "locked.journal").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert strict(paths).list() == []
        assert journals(paths) == ["fresh.journal", "locked.journal"]


@pytest.mark.parametrize("conversation_id", ["../../outside", ""])
def test_a_journal_that_cannot_be_kept_is_warned_of_and_stays(
    paths: Paths, conversation_id: str
) -> None:
    path = leave_journal(paths, conversation_id, a_turn(), delta("x"))
    leave_journal(paths, "c1", a_turn(), delta("x"))
    warnings: list[HinterlandError] = []
    history = History(paths, warn=warnings.append)
    assert [summary.id for summary in history.list()] == ["c1"]
    assert [warning.exit_code for warning in warnings] == [5]
    assert path.exists()


def test_a_journal_of_a_newer_release_is_warned_of_and_stays(paths: Paths) -> None:
    path = leave_journal(paths, "c1", a_turn(), delta("x"))
    path.write_bytes(
        path.read_bytes().replace(b'"version":1', b'"version":%d' % (journal.VERSION + 1))
    )
    warnings: list[HinterlandError] = []
    assert History(paths, warn=warnings.append).list() == []
    assert ["newer" in warning.message for warning in warnings] == [True]
    assert path.exists()


def test_an_answer_that_does_not_fit_on_the_disk_waits_in_its_journal(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        paths = Paths(disk / "c", disk / "d", tmp_path / "state", disk / "k")
        history = strict(paths)
        history.add_turn("c1", a_turn())
        leave_journal(paths, "c1", a_turn(), delta("x" * 60_000), encode(Done(FinishReason.STOP)))
        filler = fill(disk)
        warnings: list[HinterlandError] = []
        assert len(History(paths, warn=warnings.append).list()) == 1
        assert ["disk is full" in warning.message for warning in warnings] == [True]
        assert len(journals(paths)) == 1
        filler.unlink()
        assert len(history.conversation("c1").turns) == 2
        assert journals(paths) == []
