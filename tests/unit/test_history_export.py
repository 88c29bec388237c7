"""A conversation leaves as JSON that loses nothing, and as text that can be read."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.protocol import FinishReason, Sampling, Timings, Usage
from hinterland.errors import InputError, StorageError
from hinterland.history.export import as_json, as_markdown, as_text, from_json, marks, save, when
from hinterland.history.files import Record
from hinterland.text import clean
from hinterland.turns import Turn
from tests.history_samples import CONTROLS, HOSTILE, a_turn, fill, tiny_disk


def record(*turns: Turn, title: str = "Why?") -> Record:
    return Record("c1", title, 1_700_000_000.0, 1_700_000_100.0, list(turns))


@given(
    title=st.text(),
    prompt=st.text(),
    answer=st.text(),
    reasoning=st.text(),
    reason=st.sampled_from(FinishReason),
    running=st.booleans(),
)
def test_json_gives_back_every_character_and_holds_nothing_a_terminal_obeys(
    title: str, prompt: str, answer: str, reasoning: str, reason: FinishReason, running: bool
) -> None:
    turn = a_turn(
        prompt,
        answer,
        reasoning=reasoning,
        finish_reason=reason,
        sampling=Sampling(max_tokens=5, stop=("x",)),
        usage=Usage(1, 2, 3),
        timings=Timings(1.5, 2.5),
    )
    writing = [turn] if running else []
    data = as_json(record(turn, title=title), writing)
    export = from_json(data)
    assert (export.id, export.title, export.turns, export.writing) == ("c1", title, [turn], writing)
    assert clean(data.decode()) == data.decode()


def test_json_says_its_version_and_how_every_answer_ended() -> None:
    cut = a_turn(finish_reason=FinishReason.INTERRUPTED)
    document = json.loads(as_json(record(a_turn(), cut)))
    assert (document["format"], document["version"]) == ("hinterland.conversation", 1)
    assert [turn["finish_reason"] for turn in document["turns"]] == ["stop", "interrupted"]


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format": "other"}', b"\xff", b"[" * 100_000])
def test_what_is_not_an_export_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not an exported conversation"):
        from_json(data)


def test_a_newer_export_is_refused() -> None:
    data = as_json(record(a_turn())).replace(b'"version": 1', b'"version": 3')
    with pytest.raises(InputError, match="not an exported conversation"):
        from_json(data)


@pytest.mark.parametrize("render", [as_text, as_markdown])
def test_text_holds_the_conversation_and_nothing_a_terminal_obeys(
    render: Callable[[Record], str],
) -> None:
    hostile = a_turn(HOSTILE, HOSTILE, model=HOSTILE, error=HOSTILE, finish_reason="failed")
    whole = a_turn("Why do we\nboil water?", "It kills **germs**.\n\n- all\n- of them")
    text = render(record(whole, hostile, title=HOSTILE))
    assert "boil water?" in text
    assert "It kills **germs**.\n\n- all\n- of them" in text
    assert not any(control in text for control in CONTROLS)
    assert "\r" not in text


def test_markdown_quotes_the_prompt() -> None:
    text = as_markdown(record(a_turn("# not a heading\n\nmore", "yes", model="m1")))
    assert "\n> # not a heading\n>\n> more\n" in text
    assert text.startswith("# Why?\n")
    assert "\n## m1\n\nyes\n" in text


@pytest.mark.parametrize(
    ("reason", "error", "mark"),
    [
        (FinishReason.STOP, "", ""),
        (FinishReason.LENGTH, "", "[cut at the token limit]"),
        (FinishReason.CANCELLED, "", "[cancelled]"),
        (FinishReason.INTERRUPTED, "", "[interrupted]"),
        (FinishReason.INTERRUPTED, "It crashed.", "[interrupted: It crashed.]"),
        (FinishReason.FAILED, "No model.", "[failed: No model.]"),
    ],
)
def test_answers_that_are_not_whole_are_marked(reason: FinishReason, error: str, mark: str) -> None:
    turn = a_turn(finish_reason=reason, error=error)
    assert marks(turn) == mark
    assert mark in as_text(record(turn))


def test_running_answers_come_last_and_are_marked() -> None:
    text = as_text(record(a_turn()), [a_turn("And?", "So f", finish_reason="interrupted")])
    assert text.endswith("So f\n[still being written]\n")


def test_reasoning_is_not_left_out_without_a_word() -> None:
    assert "3 words of reasoning" in as_text(record(a_turn(reasoning="let me think")))


@pytest.mark.parametrize("seconds", [1e300, -1e300, float("inf"), float("nan")])
def test_an_impossible_time_is_no_crash(seconds: float) -> None:
    assert when(seconds) == "at an unknown time"


def test_a_file_is_written_once_and_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    save(path, b"first", overwrite=False)
    with pytest.raises(InputError, match=r"out\.md exists already"):
        save(path, b"second", overwrite=False)
    assert path.read_bytes() == b"first"
    save(path, b"second", overwrite=True)
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.md"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_bytes(b"old")
    (tmp_path / "link.md").symlink_to("real.md")
    save(tmp_path / "link.md", b"new", overwrite=True)
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_bytes() == b"new"


@pytest.mark.parametrize("name", [".", "/dev/null", "no/such/folder/out.md"])
def test_what_is_no_place_for_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        save(tmp_path / name, b"x", overwrite=True)
    assert not Path("/dev/null").is_file()


def test_a_full_disk_keeps_the_old_export(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "stick") as stick:
        save(stick / "out.md", b"old", overwrite=False)
        fill(stick)
        with pytest.raises(StorageError, match="The disk is full"):
            save(stick / "out.md", b"new" * 10_000, overwrite=True)
        assert (stick / "out.md").read_bytes() == b"old"


def test_a_read_only_disk_is_an_error(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "stick") as stick:
        subprocess.run(["mount", "-o", "remount,ro", stick], check=True)
        with pytest.raises(StorageError, match="cannot be written: Read-only"):
            save(stick / "out.md", b"x", overwrite=False)
