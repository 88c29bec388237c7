"""A box after a power cut: what it had learned of its own speed is not lost."""

from __future__ import annotations

import os
import signal

import pytest

from tests.box import numbers
from tests.box.boxes import running
from tests.box.people import Person
from tests.box.throwaway import MODEL, Root


@pytest.mark.model
def test_the_first_in_line_is_told_how_long_before_anything_was_written(box_root: Root) -> None:
    settings = box_root.path("/etc/hinterland/config.toml")
    settings.parent.mkdir()
    settings.write_text("[engine]\nslots = 1\n")
    with running(box_root, MODEL) as box:
        asks = Person(user="u00", model=MODEL, tokens=24, times=3)
        assert all(asked.end == "done" for asked in numbers.questions(box.run([asks])))
        for pid in box.processes().values():
            os.kill(pid, signal.SIGKILL)
        box.run([Person(user="u00", model=MODEL, tokens=1)])  # it begins anew, and loads the model

        two = Person(user="u01", model=MODEL, tokens=24, times=2, at_once=2)
        first, second = sorted(
            numbers.questions(box.run([two])), key=lambda asked: asked.told is not None
        )
        assert (first.end, second.end) == ("done", "done")
        assert second.told is not None
        assert second.expected is not None
        assert second.expected > 0
        assert second.told < first.tokens[0]
