"""Journals hold an answer as it came, say whether it is being written, and survive being cut."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine import journal, patient_journal
from hinterland.engine.events import encode
from hinterland.engine.patient_journal import PatientJournal
from hinterland.engine.protocol import Done, FinishReason, Queued
from tests.history_samples import fill, tiny_disk

HEADER = journal.Header(conversation_id="c", turn_id="t", created=1.0, prompt="你好\n", system=None)


def test_a_journal_is_live_until_it_is_closed(tmp_path: Path) -> None:
    writer = journal.JournalWriter(tmp_path, HEADER)
    writer.write(encode(Queued(1)))
    found = journal.read(writer.path)
    assert found is not None
    assert (found.header, found.events, found.live) == (HEADER, [Queued(1)], True)
    writer.write(encode(Done(FinishReason.STOP)))
    writer.sync()
    writer.close()
    found = journal.read(writer.path)
    assert found is not None
    assert not found.live
    assert found.events[-1] == Done(FinishReason.STOP)
    assert writer.path.stat().st_mode & 0o777 == 0o600


def test_the_journal_of_a_killed_process_is_not_live(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from hinterland.engine import journal\n"
        "header = journal.Header(conversation_id='c', turn_id='t', created=1.0, prompt='p')\n"
        "journal.JournalWriter(Path(sys.argv[1]), header)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    found = journal.read(tmp_path / "t.journal")
    assert found is not None
    assert not found.live


def test_a_journal_cut_anywhere_can_be_read(tmp_path: Path) -> None:
    writer = journal.JournalWriter(tmp_path, HEADER)
    writer.write(encode(Queued(3)) + encode(Done(FinishReason.STOP)))
    writer.close()
    whole = writer.path.read_bytes()

    @given(st.integers(0, len(whole)))
    def cut(length: int) -> None:
        writer.path.write_bytes(whole[:length])
        found = journal.read(writer.path)
        assert (found is None) == (length <= whole.index(b"\n"))

    cut()


def test_paths_and_discard(tmp_path: Path) -> None:
    assert list(journal.paths(tmp_path / "none")) == []
    path = tmp_path / "a.journal"
    path.touch()
    (tmp_path / "other").touch()
    assert list(journal.paths(tmp_path)) == [path]
    journal.discard(tmp_path, "a")
    journal.discard(tmp_path, "a")
    assert journal.read(path) is None


def test_what_a_full_disk_does_not_take_leaves_no_part_of_an_event(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        writer = journal.JournalWriter(disk, HEADER)
        writer.write(encode(Queued(1)))
        with pytest.raises(OSError, match="No space"):
            writer.write(encode(Queued(2)) * 50_000)
        writer.write(encode(Queued(3)))
        writer.close()
        found = journal.read(writer.path)
    assert found is not None
    assert found.events == [Queued(1), Queued(3)]


@pytest.mark.parametrize("begun", [True, False], ids=["in the middle", "from the beginning"])
def test_a_full_disk_is_told_once_and_what_waited_is_written(
    begun: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        filler = disk / "filler" if begun else fill(disk)
        kept = PatientJournal(disk / "journal", HEADER)
        if begun:
            assert (kept.news(), kept.saves) == (None, True)
            fill(disk)
        events = [Queued(number) for number in range(400)]
        said = []
        for event in events[:200]:
            kept.write(encode(event))
            said.append(kept.news())
        assert [note.saved for note in said if note] == [False]
        assert not kept.saves
        kept.sync()
        filler.unlink()
        monkeypatch.setattr(patient_journal, "_TRY_AGAIN", 0.0)
        for event in events[200:]:
            kept.write(encode(event))
            said.append(kept.news())
        assert [note.saved for note in said if note] == [False, True]
        kept.close(synced=True)
        found = journal.read(disk / "journal" / "t.journal")
    assert found is not None
    assert (found.events, found.live) == (events, False)


def test_what_waited_at_the_end_is_written_but_no_journal_is_begun_then(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        begun = PatientJournal(disk, HEADER)
        filler = fill(disk)
        late = PatientJournal(disk / "late", HEADER)
        for kept in (begun, late):
            for number in range(2_000):
                kept.write(encode(Queued(number)))
        filler.unlink()
        begun.close()
        late.close()
        found = journal.read(disk / "t.journal")
        assert list(journal.paths(disk / "late")) == []
    assert found is not None
    assert len(found.events) == 2_000


def test_a_folder_that_nobody_may_write_to_is_no_full_disk(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = PatientJournal(tmp_path / "file", HEADER)
    kept.write(encode(Queued(1)))
    assert (kept.news(), kept.saves) == (None, False)
    kept.close()


def test_who_can_write_no_more_in_the_middle_is_told(tmp_path: Path) -> None:
    """A file may grow no further, or the server that holds it has forgotten it: that is no full disk."""
    kept = PatientJournal(tmp_path, HEADER)
    kept.write(encode(Queued(1)))
    assert (kept.news(), kept.saves) == (None, True)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        kept.write(encode(Queued(2)) * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    told = kept.news()
    assert told is not None
    assert (told.saved, kept.saves) == (False, False)
    kept.write(encode(Queued(3)))
    assert (kept.news(), kept.saves) == (None, False)
    kept.close()
    found = journal.read(tmp_path / "t.journal")
    assert found is not None
    assert found.events == [Queued(1)]
