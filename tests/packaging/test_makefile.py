"""`make ask`: what is typed arrives as it was typed, and standard output is the answer alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Stands in for the installed command: what is under test is what make hands it.
HINT = """#!/bin/sh
case "$1 $2" in
"models list") cat models.list ;;
"models pull") echo "pulling $3"; echo "a model" >models.list ;;
*) printf '%s\\036' "$@" ;;
esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with the Makefile, and an environment that is set up already."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml", "models.list"):
        (tmp_path / name).touch()
    for room in ("engine", "models", "plugins", "prompts", "tui"):
        folder = tmp_path / "src" / "hinterland" / room
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, script in (("hint", HINT), ("python", "#!/bin/sh\n")):
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    (tmp_path / ".venv" / ".place").write_text(f"{tmp_path}\n")
    (tmp_path / ".venv" / ".run").touch()
    return tmp_path


def _make(tree: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments],
        cwd=tree,
        env=inherited | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


QUESTIONS = [
    "Why do we boil drinking water?",
    "It's \"quoted\" and 'quoted' again",
    "costs $5, $$, $(touch ran) and ${HOME}",
    "$(shell touch ran)",
    "`touch ran`; touch ran & touch ran | cat # not a comment \\",
    "two\nlines\n\nand a tab\t.",
    "--help",
    "*",
    "水为什么要煮开? 👩🏽‍⚕️",
]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_question_arrives_as_it_was_typed(tree: Path, question: str, way: str) -> None:
    (tree / "models.list").write_text("a model\n")
    by_argument = way == "argument"
    done = _make(tree, "ask", f"Q={question}") if by_argument else _make(tree, "ask", Q=question)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"ask\x1e--\x1e{question}\x1e"
    assert not (tree / "ran").exists()


def test_without_a_model_the_starter_is_fetched_first(tree: Path) -> None:
    done = _make(tree, "ask", "Q=x")
    assert (done.stdout, done.stderr) == ("ask\x1e--\x1ex\x1e", "pulling starter\n")
    assert _make(tree, "ask", "Q=x").stderr == ""


def test_without_a_question_it_says_how_to_ask(tree: Path) -> None:
    done = _make(tree, "ask")
    assert done.returncode == 2
    assert done.stdout == ""
    assert 'make ask Q="' in done.stderr


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            'test "$1" != -c || exit 1; echo Python 3.9.2',
            "needs Python 3.11 or later; this is Python 3.9.2",
        ),
        ('test "$1" = -c', "installed with pip, which"),
        (None, "needs python3, 3.11 or later; there is none here"),
    ],
)
def test_a_python_that_will_not_do_is_one_sentence(
    tree: Path, script: str | None, said: str
) -> None:
    other = tree / "other-python"
    if script is not None:
        other.write_text(f"#!/bin/sh\n{script}\n")
        other.chmod(0o755)
    (tree / ".venv" / ".run").unlink()
    done = _make(tree, "ask", "Q=x", f"PYTHON={other}")
    assert done.returncode != 0
    assert done.stdout == ""
    assert said in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) == 2  # the second is make's own


def test_a_tree_without_links_says_how_to_repair_them(tree: Path) -> None:
    shutil.rmtree(tree / "src" / "hinterland" / "tui")
    (tree / "src" / "hinterland" / "tui").write_text("../../tui")
    (tree / ".venv" / ".run").unlink()
    done = _make(tree, "ask", "Q=x")
    assert done.returncode != 0
    assert "git config core.symlinks true" in done.stderr


def test_a_tree_that_was_moved_is_set_up_anew(tree: Path) -> None:
    (tree / ".venv" / ".place").write_text("/somewhere/else\n")
    done = _make(tree, "ask", "Q=x", f"PYTHON={tree / 'none'}")
    assert "there is none here" in done.stderr
