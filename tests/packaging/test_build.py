"""What is built is what is here: sdist, wheel through the sdist, and `hint` from a clean environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from hinterland import __version__

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "models", "plugins", "prompts", "tui")
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", "*.pyc", ".*_cache", ".hypothesis", "dist", "build", "*.gguf"
)


@dataclass(frozen=True)
class Built:
    sdist: Path
    wheel: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An sdist of a copy of this tree, and the wheel that is built from it, without an index."""
    tree = tmp_path_factory.mktemp("copy") / "tree"
    shutil.copytree(ROOT, tree, symlinks=True, ignore=LEFT_OUT)
    output = tree / "dist"
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), str(tree)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [sdist], [wheel] = output.glob("*.tar.gz"), output.glob("*.whl")
    return Built(sdist, wheel)


@pytest.fixture(scope="session")
def python(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a clean environment that has the wheel, and its dependencies from this one."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(built.wheel)], check=True)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # A line of a .pth file adds a folder, but not the .pth files in it: not this tree.
    Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def _run(*command: object, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=home.parent,
        env=environment | {"HINTERLAND_HOME": str(home)},
        stdin=subprocess.DEVNULL,
    )


def _expected() -> set[str]:
    """Return every file of the package, by the name it has to have in the wheel."""
    found = {"hinterland/kit/requirements.lock"}  # from the root
    for folder in (ROOT / "src" / "hinterland", *(ROOT / room for room in ROOMS)):
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".gguf":
                below = path.relative_to(folder)
                if folder.name == "hinterland" and below.parts[0] in ROOMS:
                    continue  # through a link, which some versions of Python follow
                inside = Path() if folder.name == "hinterland" else Path(folder.name)
                found.add(str(Path("hinterland") / inside / below))
    return found


def test_the_wheel_holds_every_file_of_every_room_once(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert len(names) == len(set(names))
    assert set(names) == _expected()


@pytest.mark.parametrize(
    "name",
    [
        "models/catalog.toml",
        "prompts/default.md",
        "tui/app.tcss",
        "py.typed",
        "plugins/__init__.py",
    ],
)
def test_data_files_are_in_the_wheel(built: Built, name: str) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        assert f"hinterland/{name}" in wheel.namelist()


def test_the_sdist_holds_the_rooms_and_no_links(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        members = sdist.getmembers()
    top = f"hinterland-{__version__}"
    names = {member.name for member in members}
    assert not [member.name for member in members if member.issym() or member.islnk()]
    assert {f"{top}/{room}/__init__.py" for room in ROOMS} <= names
    assert {f"{top}/{name}" for name in ("LICENSE", "README.md", "CHANGELOG.md")} <= names
    assert f"{top}/src/hinterland/engine/__init__.py" not in names


def test_nothing_that_is_built_names_a_path_of_this_machine(built: Built) -> None:
    places = {str(ROOT), str(built.wheel.parent.parent), str(Path.home()) + "/"} - {"/"}
    with zipfile.ZipFile(built.wheel) as wheel, tarfile.open(built.sdist) as sdist:
        contents = {name: wheel.read(name) for name in wheel.namelist()}
        for member in sdist.getmembers():
            file = sdist.extractfile(member)
            contents[member.name] = file.read() if file else b""
    for name, content in contents.items():
        assert not [place for place in places if place.encode() in content], name


def test_the_licence_and_the_version_are_in_the_metadata(built: Built) -> None:
    assert built.wheel.name == f"hinterland-{__version__}-py3-none-any.whl"
    about = f"hinterland-{__version__}.dist-info"
    with zipfile.ZipFile(built.wheel) as wheel:
        assert "Apache License" in wheel.read(f"{about}/licenses/LICENSE").decode()
        assert "License-Expression: Apache-2.0" in wheel.read(f"{about}/METADATA").decode()


def test_hint_runs_from_a_clean_environment(python: Path, tmp_path: Path) -> None:
    hint = python.with_name("hint")
    done = _run(hint, "--version", home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (0, f"hint, version {__version__}\n"), done.stderr
    where = _run(
        python, "-c", "import hinterland.engine as e; print(e.__file__)", home=tmp_path / "home"
    )
    assert where.stdout.startswith(str(python.parents[1])), where


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("models list --all --json", "qwen2.5-coder-1.5b"),
        ("plugins list", "diagnosis"),
        ("config show", "[engine]"),
        ("engine status", "not running"),
    ],
)
def test_commands_find_their_data_there(
    python: Path, tmp_path: Path, arguments: str, shown: str
) -> None:
    done = _run(python.with_name("hint"), *arguments.split(), home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
