"""Models that cannot be written again for many stop no box."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hinterland.box.for_many import ForMany
from hinterland.models import header
from hinterland.models.formats import Backend
from hinterland.models.store import InstalledModel


def _model(path: Path) -> InstalledModel:
    path.write_bytes(b"GGUF")
    facts = header.Facts(architecture="llama", file_type=3)
    return InstalledModel(
        id="small",
        file="small.gguf",
        path=path,
        sha256="ab" * 32,
        pinned=True,
        source="here",
        installed=1.0,
        bytes=4,
        mtime_ns=path.stat().st_mtime_ns,
        facts=facts,
        backend=Backend.LLAMACPP,
    )


def test_a_folder_that_cannot_be_made_or_emptied_is_told_to_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "full").symlink_to(tmp_path / "gone/full")
    ForMany(tmp_path / "full").prepare([_model(tmp_path / "small.gguf")])
    assert "small could not be written again for many" in caplog.text
    (tmp_path / "cache/somebodys").mkdir(parents=True)
    ForMany(tmp_path / "cache").prepare([])
    assert "cache/somebodys is of no model and stays" in caplog.text


def test_a_file_that_is_not_what_was_installed_is_not_written_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    model = _model(tmp_path / "small.gguf")
    model.path.write_bytes(b"GGUF and more")
    ForMany(tmp_path / "cache").prepare([model])
    model.path.unlink()
    ForMany(tmp_path / "cache").prepare([model])
    assert not caplog.text
    assert not (tmp_path / "cache").exists()
