"""Journals hold an answer as it came, say whether it is being written, and survive being cut."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine import journal
from hinterland.engine.events import encode
from hinterland.engine.protocol import Done, FinishReason, Queued

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
