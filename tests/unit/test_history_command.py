"""`hint history`, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from hinterland.engine.protocol import FinishReason
from hinterland.history.export import from_json
from hinterland.paths import Paths
from tests.history_samples import CONTROLS, HOSTILE, a_turn, journal_writer, strict
from tests.running import Hint, hint_command

ONE, TWO = "01aaaaaaaaaa000000000001", "01aaaaaaaabb000000000002"


@pytest.fixture
def kept(paths: Paths) -> Paths:
    """Two conversations, one of them hostile and cut off."""
    history = strict(paths)
    history.add_turn(ONE, a_turn("Why do we boil water?", "It kills germs. 水", created=1e9))
    hostile = a_turn(HOSTILE, HOSTILE, created=1.1e9, model=HOSTILE, error=HOSTILE)
    hostile.finish_reason = FinishReason.INTERRUPTED
    history.add_turn(TWO, hostile)
    return paths


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (["list"], ""),
        (["show"], ""),
        (["search", "water"], ""),
        (["list", "--json"], '{\n  "version": 1,\n  "conversations": []\n}\n'),
        (["search", "water", "--json"], '{\n  "version": 1,\n  "hits": []\n}\n'),
    ],
)
def test_an_empty_history_is_no_error(hint: Hint, arguments: list[str], out: str) -> None:
    ran = hint("history", *arguments)
    assert (ran.returncode, ran.stdout) == (0, out)
    assert len(ran.stderr.splitlines()) == (0 if out else 1)


def test_list_shows_the_shortest_ids_that_work(kept: Paths, hint: Hint) -> None:
    ran = hint("history", "list")
    newest, oldest = ran.stdout.splitlines()
    assert newest.startswith("01aaaaaaaab  2004-11-")
    assert newest.endswith("[incomplete]")
    assert oldest.startswith("01aaaaaaaaa  2001-09-")
    assert oldest.endswith("1  Why do we boil water?")
    assert "germs" in hint("history", "show", oldest.split()[0]).stdout


def test_list_says_what_it_leaves_out(kept: Paths, hint: Hint) -> None:
    ran = hint("history", "list", "--limit", "1")
    assert len(ran.stdout.splitlines()) == 1
    assert ran.stderr == "1 more: --limit 2\n"


def test_list_as_json(kept: Paths, hint: Hint) -> None:
    document = json.loads(hint("history", "list", "--json").stdout)
    assert [summary["id"] for summary in document["conversations"]] == [TWO, ONE]
    assert document["conversations"][1]["title"] == "Why do we boil water?"


def test_show_is_the_latest_unless_one_is_named(kept: Paths, hint: Hint) -> None:
    assert TWO in hint("history", "show").stdout
    ran = hint("history", "show", ONE[:11])
    assert "Why do we boil water?" in ran.stdout
    assert "It kills germs. 水" in ran.stdout
    assert ran.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["show"],
        ["show", "--json"],
        ["list", "--json"],
        ["search", "end"],
        ["search", "end", "--json"],
        ["export", TWO],
        ["export", TWO, "--format", "json"],
        ["delete", TWO, "--yes"],
        ["show", HOSTILE.replace("\x00", "")],
    ],
)
def test_nothing_touches_the_terminal(kept: Paths, hint: Hint, arguments: list[str]) -> None:
    ran = hint("history", *arguments)
    shown = ran.stdout + ran.stderr
    assert shown
    assert not any(control in shown for control in CONTROLS), ascii(shown)


def test_show_as_json_is_exact(kept: Paths, hint: Hint) -> None:
    export = from_json(hint("history", "show", "--json").stdout.encode())
    assert (export.id, export.turns[0].prompt, export.turns[0].answer) == (TWO, HOSTILE, HOSTILE)


def test_search_shows_where(kept: Paths, hint: Hint) -> None:
    ran = hint("history", "search", "germ", "BOIL")
    first, second = ran.stdout.splitlines()
    assert first.startswith("01aaaaaaaaa  ")
    assert second == "    Why do we boil water?"
    (hit,) = json.loads(hint("history", "search", "水", "--json").stdout)["hits"]
    assert (hit["conversation_id"], hit["match"]) == (ONE, "水")
    nothing = hint("history", "search", "zebra")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "Nothing found.\n")


def test_a_running_answer_is_shown_as_such(kept: Paths, hint: Hint) -> None:
    writer = journal_writer(kept, ONE, a_turn("And milk?", created=1.2e9))
    writer.write(b'data: {"choices": [{"delta": {"content": "The sa"}}]}\n\n')
    assert hint("history", "list").stdout.splitlines()[0].endswith("[still being written]")
    assert hint("history", "show").stdout.endswith("The sa\n[still being written]\n")
    export = from_json(hint("history", "show", "--json").stdout.encode())
    assert [turn.answer for turn in export.writing] == ["The sa"]
    writer.close()
    assert hint("history", "show").stdout.endswith("The sa\n[interrupted]\n")


def test_export_to_a_file(kept: Paths, hint: Hint, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    export = ("history", "export", ONE, "--format", "json", "-o", str(out))
    assert (hint(*export).stdout, hint(*export).returncode) == ("", 2)
    assert from_json(out.read_bytes()).id == ONE
    out.write_bytes(b"old")
    assert hint(*export, "--force").returncode == 0
    assert from_json(out.read_bytes()).id == ONE
    assert hint("history", "export", ONE).stdout.startswith("# Why do we boil water?\n")
    to_stdout = hint("history", "export", ONE, "-o", "-")
    assert to_stdout.stdout == hint("history", "export", ONE).stdout


def test_delete_asks_nobody_without_a_terminal(kept: Paths, hint: Hint) -> None:
    refused = hint("history", "delete", ONE)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert len(strict(kept).list()) == 2
    assert hint("history", "delete", ONE[:11], "--yes").returncode == 0
    assert [summary.id for summary in strict(kept).list()] == [TWO]


@pytest.mark.parametrize(("answer", "left", "code"), [("y", 1, 0), ("n", 2, 130)])
def test_delete_asks_on_a_terminal(kept: Paths, answer: str, left: int, code: int) -> None:
    program, *arguments = hint_command("history", "delete", ONE)
    terminal = pexpect.spawn(program, arguments, encoding="utf-8", timeout=60)
    terminal.expect("Delete “Why do we boil water\\?” for good\\? \\[y/N\\]")
    terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == code
    assert len(strict(kept).list()) == left


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["show", "ffff"], 2, "no conversation"),
        (["show", "01a"], 2, "2 conversations"),
        (["export", "ffff"], 2, "no conversation"),
        (["delete", "ffff", "--yes"], 2, "no conversation"),
        (["search", "?!"], 2, "no word"),
        (["search"], 2, "Missing argument"),
        (["list", "--limit", "0"], 2, "not in the range"),
        (["export", ONE, "-o", "/no/such/folder/x"], 2, "does not exist"),
        (["export", ONE, "--format", "pdf"], 2, "pdf"),
    ],
)
def test_wrong_use_is_one_sentence(
    kept: Paths, hint: Hint, arguments: list[str], code: int, says: str
) -> None:
    ran = hint("history", *arguments)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_damaged_conversation_ends_show_with_5_and_only_warns_in_list(
    kept: Paths, hint: Hint
) -> None:
    bad = kept.history / "conversations" / f"{TWO}.json"
    bad.write_bytes(b"{")
    shown = hint("history", "show", TWO)
    assert (shown.returncode, shown.stdout) == (5, "")
    assert str(bad) in shown.stderr
    listed = hint("history", "list")
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, 1)
    assert str(bad) in listed.stderr
    assert hint("history", "delete", TWO, "--yes").returncode == 0
    assert hint("history", "list").stderr == ""


def test_history_needs_no_screen_and_reading_it_no_engine(kept: Paths) -> None:
    code = (
        "import sys; from hinterland.cli import main\n"
        "try: main(['history', 'list'])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ran.stderr.split()}
    assert "hinterland" in loaded
    assert loaded & {"textual", "rich", "asyncio", "sqlite3", "xllamacpp", "h11"} == set()


def test_all_is_exported_imported_and_checked(
    kept: Paths, hint: Hint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "all.zip"
    assert hint("history", "export", "--all").returncode == 2
    assert hint("history", "export", "--all", ONE, "-o", str(out)).returncode == 2
    ran = hint("history", "export", "--all", "-o", str(out))
    assert (ran.returncode, ran.stderr) == (0, f"hint: 2 conversations in {out}.\n")
    monkeypatch.setenv("HINTERLAND_HOME", str(tmp_path / "elsewhere"))
    assert "2 conversations with 2 new messages" in hint("history", "import", str(out)).stderr
    assert "2 conversations were here already." in hint("history", "import", str(out)).stderr
    assert "germs" in hint("history", "show", ONE).stdout
    assert hint("history", "check").returncode == 0
    (file,) = (tmp_path / "elsewhere").rglob(f"{ONE}.json")
    file.write_bytes(file.read_bytes()[:-1])
    ran = hint("history", "check")
    assert (ran.returncode, "--repair" in ran.stdout) == (5, True)
    assert hint("history", "check", "--repair").returncode == 0
    assert "germs" in hint("history", "show", ONE).stdout
    refused = hint("history", "import", str(file))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 2)


def test_old_conversations_go_when_that_is_asked_for(kept: Paths, hint: Hint) -> None:
    assert hint("history", "prune").returncode == 2
    assert ONE in hint("history", "prune", "--days", "300", "--dry-run").stdout
    hint("history", "pin", TWO)
    assert hint("history", "prune", "--days", "300").returncode == 2  # nobody can be asked
    assert hint("history", "prune", "--days", "300", "--yes").returncode == 0
    assert [line.split()[0] for line in hint("history", "list").stdout.splitlines()] == [TWO[:8]]
