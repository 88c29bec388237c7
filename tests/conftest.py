"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh account: HINTERLAND_HOME in a temporary folder."""
    folder = tmp_path / "home"
    monkeypatch.setenv("HINTERLAND_HOME", str(folder))
    return folder
