"""The OpenMP library for machines that have none, out of a wheel that bundles it."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import msgspec

from hinterland.errors import InputError
from hinterland.kit.wheels import Target, download

NAME = "libgomp.so.1"


class _Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    wheel: str
    """SHA-256 of the wheel."""
    member: str
    sha256: str
    """Of the member."""


class _Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    package: str
    version: str
    python: str
    licence: str
    x86_64: _Where
    aarch64: _Where


def fetch(machine: str, cache: Path) -> dict[str, bytes]:
    """Return the library of a machine and its licence, by file name; raises InputError."""
    content = Path(__file__).with_name("openmp.toml").read_bytes()
    source = msgspec.toml.decode(content, type=_Source)
    where: _Where = getattr(source, machine)
    wanted = f"{source.package}=={source.version} --hash=sha256:{where.wheel}"
    folder = cache / "kit" / f"openmp-{machine}-{where.wheel[:12]}"
    file = download(Target(machine, source.python), wanted, folder)
    with zipfile.ZipFile(file) as wheel:
        library, licence = wheel.read(where.member), wheel.read(source.licence)
    if hashlib.sha256(library).hexdigest() != where.sha256:
        raise InputError(
            f"The library in {file.name} is not the one that is known.", "Please report it."
        )
    return {NAME: _named(library, where.member), "LICENCE-libgomp.txt": licence}


def _named(library: bytes, member: str) -> bytes:
    """Return the library under its usual name: the wheel's builder gave it one of its own, by which
    the loader would not know it for the one that is asked for."""
    given = Path(member).name.encode() + b"\0"
    if library.count(given) != 1:
        raise InputError("The OpenMP library's name cannot be restored.", "Please report it.")
    return library.replace(given, NAME.encode().ljust(len(given), b"\0"))
