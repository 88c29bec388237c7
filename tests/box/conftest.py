"""Throwaway roots, and a service before strangers, as fixtures."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from hinterland.engine.service.house import Terms
from tests.box import throwaway
from tests.box.front import Front, serving
from tests.box.throwaway import Root

Scene = Callable[[Front], Awaitable[None]]


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


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Plays a scene before a service that serves strangers."""

    def played(scene: Scene, terms: Terms | None = None, slots: int = 4) -> None:
        async def run() -> None:
            async with serving(tmp_path, monkeypatch, terms, slots) as front:
                await scene(front)

        asyncio.run(run())

    return played
