"""Accounts for one measurement each, with an engine of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HINT = [sys.executable, "-m", "hinterland"]


@contextmanager
def home(slots: int) -> Iterator[Path]:
    """Give an account of its own whose engine has so many slots; end that engine at the end."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HINTERLAND_HOME"] = folder
        from hinterland.paths import find

        settings = find().config_file
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(f"[engine]\nslots = {slots}\n")
        try:
            yield Path(folder)
        finally:
            subprocess.run([*HINT, "engine", "stop"], check=False, capture_output=True)
