"""Packages with plugins in them, installed for one test."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest


class Shelf:
    """A folder on the path of this process and of those it starts, with packages in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.folder.mkdir()
        path = [str(folder), os.environ.get("PYTHONPATH", "")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        monkeypatch.syspath_prepend(str(folder))

    def add(
        self, distribution: str, version: str = "1.0", summary: str = "", **points: str
    ) -> None:
        """Install a package that has these entry points: name=module."""
        about = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
            + (f"Summary: {summary}\n" if summary else ""),
            encoding="utf-8",
        )
        lines = [f"{name} = {module}\n" for name, module in points.items()]
        (about / "entry_points.txt").write_text("[hinterland.plugins]\n" + "".join(lines))

    def module(self, name: str, code: str) -> None:
        """Write a module that leaves a mark beside it when it is imported."""
        mark = "import pathlib; pathlib.Path(__file__ + '.ran').touch()\n"
        (self.folder / f"{name}.py").write_text(mark + dedent(code))

    def imported(self, name: str) -> bool:
        return (self.folder / f"{name}.py.ran").exists()
