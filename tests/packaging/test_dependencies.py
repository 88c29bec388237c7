"""Declared, locked and explained: each dependency that is used, and none that is not."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
EXTRAS = [
    Requirement(text)
    for texts in PROJECT["project"]["optional-dependencies"].values()
    for text in texts
]
GROUPS = PROJECT["dependency-groups"]
DEV = [Requirement(text) for text in GROUPS["dev"] if isinstance(text, str)]
BUILD = [Requirement(text) for text in GROUPS["build"]]
NOT_IMPORTED = {"pip"}  # run as a program
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ]+)(.*)$", re.MULTILINE)


def _lock(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _pins(name: str) -> dict[str, list[str]]:
    pins: dict[str, list[str]] = {}
    for package, version, _ in PIN.findall(_lock(name)):
        pins.setdefault(canonicalize_name(package), []).append(version)
    return pins


def _imported(*folders: str) -> set[str]:
    """Return the top-level names that the code below these folders imports."""
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"hinterland"}


def test_what_the_code_imports_is_declared_and_the_other_way_round() -> None:
    owners = importlib.metadata.packages_distributions()
    imported = _imported("src/hinterland", "engine", "models", "plugins", "prompts", "tui")
    # What has no library for this processor is not installed here, and called as its module is.
    used = {canonicalize_name(owners.get(name, [name])[0]) for name in imported}
    declared = {canonicalize_name(requirement.name) for requirement in RUN + EXTRAS}
    assert used == declared - NOT_IMPORTED


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [("requirements.lock", RUN + BUILD), ("requirements-dev.lock", DEV + BUILD)],
)
def test_the_lock_fits_the_ranges(lock: str, requirements: list[Requirement]) -> None:
    pins = _pins(lock)
    for requirement in requirements:
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in {lock}: run `make lock`"
        for version in versions:
            assert requirement.specifier.contains(version), f"{requirement}: run `make lock`"


def test_both_locks_agree() -> None:
    run, dev = _pins("requirements.lock"), _pins("requirements-dev.lock")
    for name in run.keys() & dev.keys():
        assert run[name] == dev[name], f"{name}: run `make lock`"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_has_hashes_and_no_place_is_named(lock: str) -> None:
    text = _lock(lock)
    blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PIN.findall(text))
    for block in blocks:
        assert "--hash=sha256:" in block, block
    assert "://" not in text
    assert not re.search(r"(^|[ =@])/", text, re.MULTILINE)


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([a-z0-9_-]+)` \|", page, re.MULTILINE))
    assert explained == {requirement.name for requirement in RUN + EXTRAS + DEV + BUILD}
