"""Every exercise that ships, posed with a thousand draws of its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.plugins.tutoring import proofing
from hinterland.plugins.tutoring.lessons.reading import read
from hinterland.plugins.tutoring.lessons.shelf import STARTER

pytestmark = pytest.mark.soak
SEEDS, SHOWN = 1000, 40


@pytest.mark.parametrize("file", sorted(STARTER.rglob("*.md")), ids=lambda file: file.stem)
def test_a_lesson_has_no_fault_in_a_thousand_draws(file: Path) -> None:
    assert list(map(str, proofing.problems(read(file), SEEDS, SHOWN))) == []
