"""`hint translate` asked for the same thing twice, through the whole command."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.running import Hint, wait_until
from tests.translating import SOURCE, said, translating


def test_the_same_pattern_a_second_time_leaves_its_own_translations_out(
    hint: Hint, tmp_path: Path
) -> None:
    for name in ("pump.txt", "well.txt"):
        (tmp_path / name).write_text(SOURCE)
    into = ("--from", "en", "--to", "fr", "-m", "echo")

    def pattern() -> list[Path]:
        return sorted(tmp_path.glob("*.txt"))

    assert hint("translate", *pattern(), *into).returncode == 0
    assert len(pattern()) == 4
    for more in ((), ("--overwrite",)):
        ended = hint("translate", *pattern(), *into, *more)
        assert ended.returncode == 0, ended.stderr
        assert said(ended).count(" is left out: ") == 2
        assert said(ended).count("3 known before") == 2
        assert len(pattern()) == 4


def test_the_same_command_after_a_stop_goes_on_with_what_is_missing(
    hint: Hint, tmp_path: Path
) -> None:
    """A translation that nobody changed is written anew from the memory; its flags are told again."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(SOURCE)
    (tmp_path / "c.txt").write_text(" ".join(f"Well number {n} is deep." for n in range(300)))
    command: list[str | Path] = [*sorted(tmp_path.glob("*.txt")), "--from", "en", "--to", "fr"]
    french = [tmp_path / f"{name}.fr.txt" for name in "abc"]
    with translating(*command, "-m", "echo:20") as process:
        wait_until(french[1].exists, "the second is done")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
    assert [each.exists() for each in french] == [True, True, False]
    before = french[0].read_bytes()

    ended = hint("translate", *command, "-m", "echo:20", timeout=600)
    assert ended.returncode == 0, ended.stderr
    assert "2 translations of an earlier run, unchanged since, are written anew." in said(ended)
    assert said(ended).count("3 known before") == 2
    assert french[2].exists()
    assert french[0].read_bytes() == before


@pytest.mark.parametrize(
    "other",
    [
        "changed",
        "source",
        "model",
        "terms",
        "columns",
        "language",
        "no memory",
        "forgotten",
        "link",
    ],
)
def test_what_another_command_or_somebody_wrote_is_never_replaced(
    hint: Hint, tmp_path: Path, other: str
) -> None:
    source, out, terms = (tmp_path / name for name in ("a.txt", "a.fr.txt", "terms.csv"))
    source.write_text(SOURCE)
    terms.write_text("en,fr\ncard,carte\n")
    command = ["translate", source, "--from", "en", "--to", "fr", "-o", out, "-m", "echo", "-q"]
    assert hint(*command).returncode == 0
    assert hint(*command).returncode == 0
    match other:
        case "changed":
            out.write_text(out.read_text() + "By hand.\n")
        case "source":
            source.write_text(SOURCE * 2)
        case "model":
            command[-2] = "echo:50"
        case "terms":
            command += ["--terms", terms]
        case "columns":
            command += ["--columns", "1"]
        case "language":
            command[5] = "es"
        case "no memory":
            command += ["--no-memory"]
        case "forgotten":
            assert hint("translate", "--forget", "models").returncode == 0
        case "link":  # what it leads to is another file with the same words
            twin = tmp_path / "twin.txt"
            out.rename(twin)
            out.symlink_to(twin)
    there = out.read_bytes()
    refused = hint(*command)
    assert refused.returncode == 2, refused.stderr
    assert f"{out.name} is there already" in said(refused)
    assert out.read_bytes() == there


def test_what_somebody_changes_meanwhile_stays(hint: Hint, tmp_path: Path) -> None:
    source, out = tmp_path / "a.txt", tmp_path / "a.fr.txt"
    source.write_text(" ".join(f"Well number {n} is deep." for n in range(60)))
    command = (source, "--from", "en", "--to", "fr", "-m", "echo:50", "--retry-flagged")
    with translating(*command) as process:
        wait_until((tmp_path / ".a.fr.txt.tmp").exists, "it is being written")
        out.write_text("By hand.\n")
        assert process.wait(120) == 2
        assert process.stderr is not None
        assert "is there already" in process.stderr.read()
    assert out.read_text() == "By hand.\n"
