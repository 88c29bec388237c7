"""Kits as small as they can be, to be damaged, copied and installed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hinterland.kit import signing
from hinterland.kit.carried.checking import Kit
from hinterland.kit.carried.manifest import Manifest, Wheels, decode, encode
from hinterland.kit.carried.signature import verify
from hinterland.kit.gathered import Content, Gathered
from hinterland.kit.making import installer_files
from hinterland.models.progress import Silent
from hinterland.paths import Paths

MADE = 1_790_000_000
FILES: Mapping[str, bytes] = {
    "install.sh": b"#!/bin/sh\n",
    "docs/kit.md": b"# The kit\n" * 60,
    "models/tiny/tiny.gguf": bytes(range(256)) * 7,
    "lessons/empty.md": b"",
}
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TEXTS: Mapping[str, bytes] = {"lessons/class/one.md": b"one"}


class Told(Silent):
    """Keeps what is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def kit_of(
    contents: Iterable[Content],
    paths: Paths,
    *,
    part: int = 10**9,
    wheels: tuple[Wheels, ...] = (),
    version: str = "1.0",
    made: int = MADE,
) -> Kit:
    """Return a signed kit of these files."""
    media = Gathered()
    media.add(contents, part, Silent())
    manifest = Manifest(version, made, tuple(media.files), tuple(media.joined), wheels)
    media.manifest = encode(manifest)
    media.signature = signing.sign(media.manifest, paths)
    return Kit(media, decode(media.manifest), verify(media.manifest, media.signature))


def installable(
    paths: Paths,
    version: str = "1.0",
    made: int = MADE,
    *,
    model: bytes = b"weights",
    texts: Mapping[str, bytes] = TEXTS,
    name: str = "tiny",
    python: str = PYTHON,
) -> Kit:
    """Return a kit with the real installer and the real pip, and a program that can say its version."""
    wheels = [_pip_wheel(), _program(version)]
    files: list[Content] = [(f"wheels/{name}", content) for name, content in wheels]
    model *= 99_999
    record = {
        "version": 1,
        "id": name,
        "file": f"{name}.gguf",
        "bytes": len(model),
        "sha256": hashlib.sha256(model).hexdigest(),
        "pinned": False,
        "source": "",
        "mtime_ns": 0,
        "facts": {"architecture": "llama"},
        "projector": None,
    }
    files += [
        (f"models/{name}/{name}.gguf", model),
        (f"models/{name}/model.json", json.dumps(record).encode()),
        *texts.items(),
        ("docs/kit.md", b"# The kit\n"),
        *installer_files(),
    ]
    wanted = Wheels(
        platform.machine(), python, "2.5", tuple(f"wheels/{name}" for name, _ in wheels)
    )
    return kit_of(files, paths, part=300_000, wheels=(wanted,), version=version, made=made)


def _pip_wheel() -> tuple[str, bytes]:
    """Return the pip that is installed here as the wheel it came from."""
    pip = importlib.metadata.distribution("pip")
    about = f"pip-{pip.version}.dist-info"
    members = {
        str(file): Path(str(pip.locate_file(file))).read_bytes()
        for file in pip.files or ()
        if str(file).startswith(("pip/", f"{about}/")) and "__pycache__" not in str(file)
    }
    return f"pip-{pip.version}-py3-none-any.whl", _wheel(about, members)


def _program(version: str) -> tuple[str, bytes]:
    about = f"hinterland-{version}.dist-info"
    program = f"def main():\n    print('hint, version {version}')\n"
    members = {
        "hinterland/__init__.py": program.encode(),
        "hinterland/__main__.py": b"from hinterland import main\nmain()\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: hinterland\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": b"[console_scripts]\nhint = hinterland:main\n",
    }
    return f"hinterland-{version}-py3-none-any.whl", _wheel(about, members)


def _wheel(about: str, members: Mapping[str, bytes]) -> bytes:
    import io

    target = io.BytesIO()
    record = "".join(f"{name},,\n" for name in members if name != f"{about}/RECORD")
    with zipfile.ZipFile(target, "w") as wheel:
        for name, content in {**members, f"{about}/RECORD": record.encode()}.items():
            wheel.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()
