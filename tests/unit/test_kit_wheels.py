"""What a kit holds for machines other than this one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.kit import wheels
from hinterland.kit.carried.fitting import fitting, this_machine
from hinterland.kit.carried.manifest import Manifest, Wheels
from hinterland.kit.making import installer
from hinterland.kit.wheels import Target, pinned, targets


def _names(target: Target) -> dict[str, str]:
    return {each.name: each.version for each in pinned(wheels.lock(), target)}


def test_each_machine_gets_what_the_lock_says_for_it() -> None:
    intel, arm = Target("x86_64", "3.11"), Target("aarch64", "3.13")
    assert _names(intel).keys() - _names(arm).keys() == {"ctransformers", "py-cpuinfo"}
    assert _names(intel)["numpy"] != _names(arm)["numpy"]
    assert {"pip", "xllamacpp"} <= _names(arm).keys()
    assert all(" --hash=sha256:" in each.text for each in pinned(wheels.lock(), arm))


def test_targets_are_named_as_people_name_them() -> None:
    assert targets((), ()) == tuple(
        Target(machine, python)
        for machine in ("x86_64", "aarch64")
        for python in ("3.11", "3.12", "3.13")
    )
    assert targets(("arm64", "aarch64"), ("3.12",)) == (Target("aarch64", "3.12"),)
    with pytest.raises(InputError, match="riscv64"):
        targets(("riscv64",), ())
    with pytest.raises(InputError, match=r"3\.9"):
        targets((), ("3.9",))


def test_a_machine_that_a_kit_is_not_for_is_told_so() -> None:
    machine, python, glibc = this_machine()
    fits = Wheels(machine, python, "2.17", ())
    other = Wheels("sparc", python, "2.17", ())
    assert fitting(Manifest("1", 0, (), (), (other, fits))) is fits
    with pytest.raises(InputError, match=f"{machine} with Python {python}; the kit is for sparc"):
        fitting(Manifest("1", 0, (), (), (other,)))
    newer = Wheels(machine, python, "2.999", ())
    with pytest.raises(InputError, match=rf"glibc 2\.999; this system has {glibc}"):
        fitting(Manifest("1", 0, (), (), (newer,)))


def test_the_installer_needs_python_alone(tmp_path: Path) -> None:
    (tmp_path / "install.pyz").write_bytes(installer())
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", tmp_path / "install.pyz", "--verify"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no manifest.json" in done.stderr
    assert installer() == installer()
