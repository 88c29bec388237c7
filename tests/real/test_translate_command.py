"""`hint translate` as a user runs it: what it writes and says, what it refuses, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import polib
import pytest

from tests.history_samples import fill, tiny_disk
from tests.running import Hint, hint_command, wait_until
from tests.translating import SOURCE, said, translating

PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

#, c-format
msgid "Error opening file %s: %d"
msgstr ""

msgid "Wait {count} minutes at <b>gate 7</b>"
msgstr ""
"""
MARKS = re.compile(r"%[sd]|\{\w+\}|</?b>|\d+")


def test_a_file_gets_its_translation_beside_it_and_a_pipe_on_its_way(
    hint: Hint, tmp_path: Path
) -> None:
    source, beside = tmp_path / "guide.txt", tmp_path / "guide.fr.txt"
    source.write_text(SOURCE)
    command = ("translate", source, "--from", "en", "--to", "French", "-m", "echo")
    ended = hint(*command)
    assert ended.returncode == 0, ended.stderr
    assert "3 segments" in said(ended)
    assert (ended.stdout, beside.read_text()) == ("", SOURCE)
    ended = hint(*command, "--overwrite")
    assert "3 known before" in said(ended), "the memory did not know them"
    assert {each.name for each in tmp_path.iterdir()} == {"home", "guide.txt", "guide.fr.txt"}

    ended = hint("translate", "--from", "en", "--to", "ar", "-q", "-m", "echo", input="A well.\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "A well.\n", "")


def test_one_very_long_line_is_a_document_too(hint: Hint, tmp_path: Path) -> None:
    source, out = tmp_path / "long.txt", tmp_path / "out.txt"
    source.write_text("The river is wide, and no bridge is near it; " * 23_302 + "so it is.\n")
    assert source.stat().st_size > 1 << 20
    ended = hint("translate", source, "-o", out, "--from", "en", "--to", "fr", "-q", "-m", "echo")
    assert ended.returncode == 0, ended.stderr
    assert out.read_bytes() == source.read_bytes()


def test_what_cannot_be_used_is_refused_in_a_sentence_and_leaves_nothing(
    hint: Hint, tmp_path: Path
) -> None:
    good = tmp_path / "good.txt"
    good.write_text(SOURCE)
    broken = {
        "broken.po": b'msgid "a"\nmsgstr "b\n',
        "broken.srt": b"1\n00:00:01,000 -> when it begins\nHello\n",
        "broken.docx": b"PK\x03\x04 this is no archive",
        "nothing.txt": b"",
        "picture.png": b"\x89PNG",
        "taken.txt": b"The well.\n",
        "taken.fr.txt": b"Le puits.\n",
        "terms.csv": b"en\nwell\n",
    }
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
    before = {each.name for each in tmp_path.iterdir()} | {"home"}
    into = ("--from", "en", "--to", "fr")
    wrong: list[tuple[str, tuple[str | Path, ...]]] = [
        ("Klingon", (good, "--from", "en", "--to", "Klingon")),
        ("English is both", (good, "--from", "en", "--to", "English")),
        ("Nobody said what language", (good,)),
        *(
            (name, (tmp_path / name, *into))
            for name in broken
            if name not in {"taken.txt", "taken.fr.txt", "terms.csv"}
        ),
        ("taken.fr.txt is there already", (tmp_path / "taken.txt", *into)),
        ("nowhere.txt", (tmp_path / "nowhere.txt", *into)),
        (
            "there are 2 documents",
            (good, tmp_path / "taken.txt", *into, "-o", tmp_path / "one.txt"),
        ),
        ("terms.csv", (good, *into, "--terms", tmp_path / "terms.csv")),
        ("good.txt", (good, *into, "--review", good)),
    ]
    for words, arguments in wrong:
        ended = hint("translate", *arguments, "-m", "echo")
        assert ended.returncode == 2, (arguments, ended.stderr)
        told = said(ended)
        assert told.count("hint: ") == 1, told
        assert words in told
        assert {each.name for each in tmp_path.iterdir()} <= before, arguments
    assert (tmp_path / "taken.fr.txt").read_bytes() == broken["taken.fr.txt"]
    assert hint("translate", good, *into, "-m", "no-such-model").returncode == 3


def test_the_language_of_a_document_is_told_and_shown(hint: Hint, tmp_path: Path) -> None:
    source = tmp_path / "letter.txt"
    english = "The nurse comes to the village every Monday and looks after the children. " * 5
    source.write_text(english)
    ended = hint("translate", source, "--to", "fr", "-m", "echo")
    assert ended.returncode == 0, ended.stderr
    assert "English" in said(ended)
    ended = hint("translate", source, "--to", "en", "-m", "echo")
    assert ended.returncode == 2
    assert "English already" in said(ended)
    french = "L'infirmière vient au village tous les lundis et s'occupe des enfants. " * 5
    source.write_text(f"{english}\n\n{french}\n")
    ended = hint("translate", source, "--to", "es", "-m", "echo", "-o", tmp_path / "out.txt")
    assert ended.returncode == 0, ended.stderr
    assert re.search("English.*French|French.*English", said(ended), re.DOTALL)


def test_a_translation_is_compared_with_a_reference_and_with_its_way_back(
    hint: Hint, tmp_path: Path
) -> None:
    source, reference = tmp_path / "in.txt", tmp_path / "ref.txt"
    source.write_text("The well is deep.\n\nThe barn is full.\n")
    reference.write_text("The well is dry.\n\nThe barn is full.\n")
    command = ("translate", source, "--from", "en", "-m", "echo")
    ended = hint(*command, "--to", "ja", "--back-translate", "--score", reference)
    assert ended.returncode == 0, ended.stderr
    told = said(ended)
    assert re.search(r"chrF [5-9]\d\.\d · BLEU \d\d\.\d · 2 parts", told)
    assert "tok:char" in told
    assert "counts the characters" in told
    assert "mean chrF 100.0 of 2 segments" in told

    reference.write_text("The well is dry.\n")
    out = tmp_path / "out.txt"
    ended = hint(*command, "--to", "fr", "--score", reference, "-o", out)
    assert ended.returncode == 2, ended.stderr
    assert "not a translation of the same document" in said(ended)
    assert not out.exists()


def test_ctrl_c_leaves_no_half_document_and_the_same_command_goes_on(
    hint: Hint, tmp_path: Path
) -> None:
    from hinterland.paths import find

    source, out = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("".join(f"Village {number} has a deep well.\n\n" for number in range(40)))
    command = (source, "-o", out, "--from", "en", "--to", "fr", "-m", "echo:60")

    def done() -> int:
        return sum(each.read_bytes().count(b"\n") for each in find().translations.glob("*.ledger"))

    with translating(*command) as process:
        wait_until(lambda: done() > 8 or process.poll() is not None, "some are remembered")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "The same command goes on from here." in errors
    assert not out.exists()
    ended = hint("translate", *command)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"\d+ known before", said(ended))
    assert out.read_bytes() == source.read_bytes()


def test_ctrl_c_ends_a_wait_for_words(home: Path) -> None:
    with translating("--from", "en", "--to", "fr", "-m", "echo", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write("Bring water. " * 40_000)  # more than a pipe holds: it is being read
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


def test_a_broken_document_takes_nothing_from_what_was_flagged_before_it(
    hint: Hint, tmp_path: Path
) -> None:
    good, broken, review = tmp_path / "a.txt", tmp_path / "b.json", tmp_path / "flagged.po"
    good.write_text("Bring water.\n")
    broken.write_text("{")
    (tmp_path / "terms.csv").write_text("en,fr\nwater,eau\n")
    command = (good, broken, "--from", "en", "--to", "fr", "-m", "echo", "--review", review)
    ended = hint("translate", *map(str, command), "--terms", str(tmp_path / "terms.csv"))
    assert ended.returncode == 2, said(ended)
    assert "Bring water." in review.read_text()
    for arguments, wrong in (
        (("--review", str(tmp_path / "none" / "flagged.po")), "There is no folder"),
        (("--reviewed", str(review), "--no-memory"), "--no-memory keeps nothing"),
    ):
        ended = hint("translate", str(good), "-o", "-", "--to", "fr", "-m", "echo", *arguments)
        assert ended.returncode == 2
        assert wrong in said(ended)


def test_a_stream_comes_as_it_is_translated(home: Path) -> None:
    """What goes to a terminal or a pipe with `--stream` does not wait for the end."""
    text = "".join(f"Village {number} has a deep well.\n\n" for number in range(40))
    options = ("--stream", "--from", "en", "--to", "fr", "-m", "echo:20", "--concurrency", "1")
    with translating(*options, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text)
        process.stdin.close()
        process.stdin = None
        assert process.stdout.readline() == "Village 0 has a deep well.\n"
        assert process.poll() is None, "it had ended before the first words came"


def test_a_disk_that_fills_leaves_the_old_document_and_loses_no_work(
    hint: Hint, tmp_path: Path
) -> None:
    source = tmp_path / "in.txt"
    source.write_text("".join(f"Village {number} has a deep well.\n\n" for number in range(200)))
    command = ("translate", source, "--from", "en", "--to", "fr", "-m", "echo")
    with tiny_disk(tmp_path / "disk", "64k") as disk:
        out = disk / "out.txt"
        out.write_text("what was there")
        fill(disk)
        ended = hint(*command, "-o", out, "--overwrite")
        assert ended.returncode == 5, ended.stderr
        assert "The disk is full" in said(ended)
        assert out.read_text() == "what was there"
        assert {each.name for each in disk.iterdir()} == {"out.txt", "filler"}
    ended = hint(*command)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"\d+ known before", said(ended))


def test_a_memory_on_a_full_disk_waits_and_goes_on(home: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("".join(f"Village {number} has a deep well.\n\n" for number in range(200)))
    home.mkdir(exist_ok=True)
    with tiny_disk(home / "data", "16k") as disk:
        command = (source, "-o", out, "--from", "en", "--to", "fr", "-m", "echo")
        with translating(*command) as process:
            assert process.stderr is not None
            heard = ""
            while "full" not in heard:
                line = process.stderr.readline()
                assert line, f"it ended: {heard}"
                heard += line
            assert not out.exists()
            subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
            _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, heard + errors
        assert out.read_bytes() == source.read_bytes()


@pytest.mark.model
def test_a_model_that_knows_no_french_is_refused_or_all_is_flagged_and_nothing_is_lost(
    hint: Hint, small_model: str, tmp_path: Path
) -> None:
    source, out = tmp_path / "in.po", tmp_path / "out.po"
    source.write_text(PO)
    command = ("translate", source, "-o", out, "--from", "en", "--to", "fr", "-m", small_model)
    ended = hint(*command)
    assert ended.returncode == 2, ended.stderr
    assert f"{small_model} does not cover French" in said(ended)
    assert "--force" in ended.stderr
    assert not out.exists()

    ended = hint(*command, "--force", "--review", tmp_path / "review.po", timeout=300)
    assert ended.returncode == 7, ended.stderr
    assert "flagged" in said(ended)
    assert (tmp_path / "review.po").exists()
    for entry in polib.pofile(str(out)):
        assert entry.fuzzy or not entry.msgstr
        if entry.msgstr:
            assert sorted(MARKS.findall(entry.msgstr)) == sorted(MARKS.findall(entry.msgid))


def test_whoever_reads_no_further_ends_it_quietly(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("".join(f"Village {n} has {'very ' * 160}old wells.\n\n" for n in range(90)))
    translate = " ".join(
        hint_command("translate", "-q", "--from", "en", "--to", "fr", "-m", "echo", "-o", "-")
    )
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {translate} {source} | head -c 7"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"LANGUAGE": "en"},
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("Village", "", 0)
