"""Wheels for machines other than this one: what the lock names, fetched with the user's own pip."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hinterland.errors import InputError
from hinterland.models.progress import Progress
from hinterland.paths import private_folder

MACHINES = ("x86_64", "aarch64")
PYTHONS = ("3.11", "3.12", "3.13")
OTHER_NAMES = {"x86-64": "x86_64", "amd64": "x86_64", "arm64": "aarch64", "arm": "aarch64"}

_NEWEST_GLIBC = 34
"""Minor version of the newest C library that a wheel may ask for: that of RHEL 9, older than those
of Debian 12 and Ubuntu 24.04."""
_OLDEST_GLIBC = 5
_LEGACY = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
_HINT = "`python -m pip config list` shows which index is asked."


@dataclass(frozen=True, slots=True)
class Pinned:
    """A requirement of the lock."""

    text: str
    """`name==version` and its hashes, as pip reads them."""
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of machine with one Python."""

    machine: str
    python: str

    def __str__(self) -> str:
        return f"{self.machine} with Python {self.python}"


@dataclass(frozen=True, slots=True)
class Set:
    """The wheels of a target."""

    target: Target
    files: tuple[Path, ...]
    glibc: str


def targets(machines: Sequence[str], pythons: Sequence[str]) -> tuple[Target, ...]:
    """Return the targets that are wanted, all that are known where nothing is; raises InputError."""
    named = [OTHER_NAMES.get(each.lower(), each.lower()) for each in machines]
    if unknown := [each for each in named if each not in MACHINES]:
        raise InputError(
            f"There are no wheels for the platform {unknown[0]}.",
            f"Platforms are {' and '.join(MACHINES)}, both with Linux.",
        )
    for each in pythons:
        if not re.fullmatch(r"3\.(1[1-9]|[2-9]\d)", each):
            raise InputError(
                f"Hinterland does not run on Python {each}.", "It needs 3.11 or later."
            )
    return tuple(
        Target(machine, python)
        for machine in dict.fromkeys(named or MACHINES)
        for python in dict.fromkeys(pythons or PYTHONS)
    )


def lock() -> str:
    """Return the lock file of this release; raises InputError where it did not come along."""
    here = Path(__file__)
    for place in (here.with_name("requirements.lock"), here.parents[3] / "requirements.lock"):
        if place.is_file():
            return place.read_text("utf-8")
    raise InputError(
        "This installation has no list of the packages that Hinterland is tested with.",
        "Make the kit from a release or a checkout.",
    )


def pinned(text: str, target: Target) -> Iterator[Pinned]:
    """Yield the requirements of a lock that hold for a target."""
    from packaging.requirements import Requirement

    environment = {
        "implementation_name": "cpython",
        "implementation_version": f"{target.python}.0",
        "os_name": "posix",
        "platform_machine": target.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{target.python}.0",
        "python_version": target.python,
        "sys_platform": "linux",
        "extra": "",
    }
    for entry in re.split(r"\n(?=\S)", text):
        if not entry.strip() or entry.startswith("#"):
            continue
        line, *hashes = re.split(r"\s*\\\n\s*", entry.strip())
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        version = next(iter(requirement.specifier)).version
        wanted = f"{requirement.name}=={version}"
        yield Pinned(" ".join((wanted, *hashes)), requirement.name, version)


def fetch(target: Target, cache: Path, progress: Progress) -> Set:
    """Return the wheels of a target, out of the cache or from the package index.

    Raises InputError where the index has no wheel that fits.
    """
    text = lock()
    wanted = list(pinned(text, target))
    named = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = private_folder(cache / "kit" / named / f"{target.machine}-{target.python}")
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(f"{each.text}\n" for each in wanted))
    progress.note(f"Fetching {len(wanted)} packages for {target}.")
    _pip(target, folder, requirements)
    files = tuple(_file(each, folder) for each in wanted)
    return Set(target, files, max((_glibc(each) for each in files), key=_number))


def download(target: Target, requirement: str, into: Path) -> Path:
    """Return the one wheel of `name==version --hash=…`; raises InputError."""
    folder = private_folder(into)
    requirements = folder / "requirements.txt"
    requirements.write_text(requirement + "\n")
    _pip(target, folder, requirements)
    name, _, rest = requirement.partition("==")
    return _file(Pinned(requirement, name, rest.split()[0]), folder)


def _pip(target: Target, folder: Path, requirements: Path) -> None:
    # The first platform that a wheel has is taken: an older C library comes first.
    tags = [
        f"{name}_{target.machine}"
        for minor in range(_OLDEST_GLIBC, _NEWEST_GLIBC + 1)
        for name in (f"manylinux_2_{minor}", *(n for n, at in _LEGACY.items() if at == minor))
    ]
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"),
            *("--disable-pip-version-check", "--only-binary=:all:", "--no-deps"),
            *("--require-hashes", "--requirement", str(requirements), "--dest", str(folder)),
            *("--python-version", target.python, "--implementation", "cp"),
            *(word for tag in tags for word in ("--platform", tag)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        check=False,
    )
    if done.returncode == 0:
        return
    said = done.stderr.decode("utf-8", "replace")
    if found := re.search(r"No matching distribution found for ([\w.=-]+)", said):
        raise InputError(f"The package index has no wheel of {found[1]} for {target}.", _HINT)
    errors = re.findall(r"ERROR: (.+)", said)
    raise InputError(f"pip failed: {errors[-1] if errors else 'it did not say why'}.", _HINT)


def _file(wanted: Pinned, folder: Path) -> Path:
    from packaging.utils import canonicalize_name, parse_wheel_filename
    from packaging.version import Version

    for file in sorted(folder.glob("*.whl")):
        name, version, _build, _tags = parse_wheel_filename(file.name)
        if (name, version) == (canonicalize_name(wanted.name), Version(wanted.version)):
            return file
    raise InputError(f"pip fetched no wheel of {wanted.name} {wanted.version}.", _HINT)


def _glibc(file: Path) -> str:
    """Return the oldest C library that a wheel's name says it runs with."""
    platform = file.stem.rpartition("-")[2]
    minors = [int(each) for each in re.findall(r"manylinux_2_(\d+)_", platform)]
    minors += [minor for name, minor in _LEGACY.items() if f"{name}_" in platform]
    return f"2.{min(minors, default=_OLDEST_GLIBC)}"


def _number(glibc: str) -> int:
    return int(glibc.partition(".")[2])
