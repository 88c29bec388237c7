"""What a quick command must not import, read from a real process's sys.modules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "ctransformers",
    "docx",
    "httpx",
    "httpx2",
    "huggingface_hub",
    "numpy",
    "pip",
    "pypdf",
    "rich",
    "starlette",
    "textual",
    "tinydb",
    "uvicorn",
    "xllamacpp",
}
PROBE = """
import json, sys
from hinterland.cli import main
try:
    main(sys.argv[1:])
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
    print(json.dumps(sorted(n for n in sys.modules if n.startswith("hinterland"))), file=sys.stderr)
"""


def _modules(*arguments: str) -> tuple[set[str], set[str]]:
    """Return the top-level packages, and our own modules, that the command had imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True
    )
    packages, ours = done.stderr.splitlines()[-2:]
    return set(json.loads(packages)), set(json.loads(ours))


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "--version",
        "models list",
        "plugins list",
        "config show",
        "config path",
        "tutor --help",
    ],
)
def test_a_quick_command_imports_nothing_heavy(home: Path, arguments: str) -> None:
    packages, _ = _modules(*arguments.split())
    assert not packages & HEAVY


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_imports_no_command_and_no_room(home: Path, argument: str) -> None:
    packages, ours = _modules(argument)
    quick = {"cli", "cli.interface_language", "cli.own_words", "errors", "language", "text"}
    assert ours <= {"hinterland", *(f"hinterland.{name}" for name in quick)}
    assert not packages & {"asyncio", "msgspec", "pluggy", "tomlkit", "tomllib"}


def test_the_probe_can_see_a_heavy_import(home: Path) -> None:
    packages, _ = _modules("--help")
    assert "click" in packages
