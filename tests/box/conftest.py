"""Throwaway roots as fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box import throwaway
from tests.box.throwaway import Root


def need_root() -> None:
    """Skip where there can be no throwaway root; in CI that is a failure, unless it lacks root."""
    reason = throwaway.why_not()
    if reason and os.environ.get("CI") and os.getuid() == 0:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture
def bare_root() -> Iterator[Root]:
    """A throwaway root without a model."""
    need_root()
    with throwaway.throwaway() as root:
        yield root


@pytest.fixture
def box_root(request: pytest.FixtureRequest) -> Iterator[Root]:
    """A throwaway root with the small model in its system data folder."""
    need_root()
    shelf: Path = request.getfixturevalue("model_shelf")
    with throwaway.throwaway(shelf) as root:
        yield root
