"""`hint tutor` on the command line: what teachers do, and what is said of what cannot be."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hinterland import cli
from hinterland.plugins.tutoring.pupils.done import Done, Rating
from tests.running import Hint
from tests.tutor_lessons import JUGS, pupils, shelved

Ran = tuple[int, str, str]


@pytest.fixture
def tutor(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs `hint tutor` in this process and returns its exit code and what it wrote."""

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            cli.main(["tutor", *arguments])
        written = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        assert "Traceback" not in written.err
        return code, written.out, written.err

    return run


Tutor = Callable[..., Ran]


def done(name: str, *exercises: str) -> None:
    """Have a pupil do exercises of the lesson on jugs."""
    with pupils().open(name) as pupil:
        for each in exercises:
            pupil.record(
                Done(
                    exercise=f"jugs/{each}",
                    objective="add",
                    lesson="jugs",
                    rating=Rating.GOOD,
                    attempts=1,
                    hints=0,
                )
            )


def test_a_first_word_is_a_topic_or_a_command(tutor: Tutor) -> None:
    """You should see both ways to begin in the help, and be told what is near a word that is
    neither."""
    shelved()
    code, out, _err = tutor("--help")
    assert code == 0
    assert "hint tutor [TOPIC] [OPTIONS]" in out
    assert "--pupil" in out
    assert "lessons" in out
    code, _out, err = tutor("jgs")
    assert code == 2
    assert "There is no lesson on 'jgs'" in err
    assert "jugs" in err
    code, _out, err = tutor("lesons")
    assert code == 2
    assert "`hint tutor lessons`" in err
    code, _out, err = tutor("jugs", "--pupil", "Mariam")
    assert code == 2
    assert "There is no pupil Mariam" in err


def test_a_lesson_in_lines_with_what_a_pipe_brings(hint: Hint) -> None:
    """A pipe gets the lesson in lines, and the next one goes on where the first one ended."""
    shelved()
    pupils("Wei")
    ended = hint("tutor", "jugs", "--no-model", input="\n\n3 L\n?\n.\n")
    assert ended.returncode == 0, ended.stderr
    assert "You took one away from the other" in ended.stdout
    assert "Hint: Which two amounts are there?" in ended.stdout
    assert "5 L" not in ended.stdout
    assert "\x1b" not in ended.stdout
    ended = hint("tutor", "--no-model", input="5\n5 L\n")
    assert "How much are 1 L and 4 L?" in ended.stdout
    assert "How much are 2 L and 6 L?" in ended.stdout
    ended = hint("tutor", "progress", "--json")
    assert json.loads(ended.stdout)["exercises"]["finished"] == 1


def test_several_pupils_have_to_be_told_apart(hint: Hint) -> None:
    """Without a name a pipe is told how to give one; a PIN is typed by a person."""
    shelved()
    pupils("Wei", "أمينة", pin="2468")
    ended = hint("tutor", "jugs")
    assert ended.returncode == 2
    assert "--pupil" in ended.stderr
    assert hint("tutor", "jugs", input="wei\n.\n").returncode == 0
    ended = hint("tutor", "jugs", "--pupil", "أمينة", input="\n")
    assert ended.returncode == 2
    assert "has a PIN" in ended.stderr


def test_pupils_are_added_renamed_and_removed(tutor: Tutor) -> None:
    assert tutor("pupils")[2].startswith("Nobody learns here yet")
    for name in ("Mariam", "王小明", "أمينة"):
        assert tutor("pupils", "add", name)[:2] == (0, f"Added: {name}\n")
    assert tutor("pupils", "add", "mariam")[0] == 2
    assert tutor("pupils", "rename", "mariam", "Mariam B")[:2] == (
        0,
        "mariam is called Mariam B now.\n",
    )
    listed = json.loads(tutor("pupils", "list", "--json")[1])
    assert {each["name"] for each in listed["pupils"]} == {"Mariam B", "王小明", "أمينة"}
    code, _out, err = tutor("pupils", "remove", "王小明")
    assert code == 2
    assert "--yes" in err
    assert tutor("pupils", "remove", "王小明", "--yes")[0] == 0
    assert "王小明" not in tutor("pupils")[1]
    code, _out, err = tutor("pupils", "pin", "Mariam B")
    assert code == 2
    assert "terminal" in err
    assert tutor("pupils", "pin", "Mariam B", "--clear")[0] == 0
    code, _out, err = tutor("pupils", "rename", "Mariam C", "X")
    assert code == 2
    assert "Did you mean Mariam B?" in err


def test_what_was_learnt_is_shown_and_written(tutor: Tutor, tmp_path: Path) -> None:
    """You should see bars, and get a table, a deck for Anki and a file of results that a class is
    made of."""
    shelved()
    code, _out, err = tutor("progress")
    assert code == 2
    assert "Nobody learns here yet" in err
    pupils("Wei", "أمينة")
    code, _out, err = tutor("progress")
    assert code == 2
    assert "--pupil" in err
    code, _out, err = tutor("export", "--pupil", "Wei", "--anki", str(tmp_path / "wei.apkg"))
    assert code == 2
    assert "has not done an exercise yet" in err
    done("Wei", "two", "three")
    code, out, _err = tutor("progress", "--pupil", "Wei")
    assert code == 0
    assert "Add litres" in out
    assert max(map(len, out.split("\n"))) <= 80
    everybody = json.loads(tutor("progress", "--json", "--all")[1])["pupils"]
    assert [each["exercises"]["finished"] for each in everybody] == [2, 0]
    files = {form: tmp_path / f"wei.{form}" for form in ("apkg", "csv", "json")}
    wished = ["--anki", str(files["apkg"]), "--csv", str(files["csv"])]
    wished += ["--results", str(files["json"])]
    assert tutor("export", "--pupil", "Wei", *wished)[0] == 0
    assert "collection.anki2" in zipfile.ZipFile(files["apkg"]).namelist()
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text("utf-8-sig"))))
    assert [row["exercise"] for row in rows] == ["jugs/two", "jugs/three"]
    code, _out, err = tutor("export", "--pupil", "Wei", *wished)
    assert code == 2
    assert "--overwrite" in err
    code, out, _err = tutor("results", str(files["json"]))
    assert code == 0
    assert "Wei" in out
    assert "Add litres" in out
    found = json.loads(tutor("results", str(files["json"]), "--json")[1])
    assert [each["finished"] for each in found["pupils"]] == [2]
    code, _out, err = tutor("results", str(files["csv"]))
    assert code == 2
    assert "wei.csv" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tutor: Tutor, tmp_path: Path) -> None:
    shelved()
    pupils("Wei")
    done("Wei", "two")
    tmp_path.chmod(0o500)
    code, _out, err = tutor("export", "--csv", str(tmp_path / "wei.csv"))
    tmp_path.chmod(0o700)
    assert code == 5
    assert "wei.csv" in err


def test_a_file_that_cannot_be_written_is_an_error_and_no_half_file(
    tutor: Tutor, tmp_path: Path
) -> None:
    shelved()
    pupils("Wei")
    done("Wei", "two")
    code, _out, err = tutor("export", "--csv", str(tmp_path / "nowhere" / "wei.csv"))
    assert code == 2
    assert "There is no folder" in err
    name = tmp_path / ("w" * 300 + ".csv")  # longer than a file system has names
    code, _out, err = tutor("export", "--csv", str(name))
    assert code == 5
    assert "www.csv" in err
    assert list(tmp_path.glob("*.csv")) == []


def test_a_quiz_and_its_key(tutor: Tutor, tmp_path: Path) -> None:
    """The same seed is the same quiz; the key goes beside it; too many questions are refused."""
    shelved()
    sheet = tmp_path / "quiz.md"
    code, _out, err = tutor("quiz", "jugs", "-n", "2", "--seed", "7", "-o", str(sheet))
    assert code == 0
    assert "seed 7" in err
    assert tutor("quiz", "jugs", "-n", "2", "--seed", "7")[1] == sheet.read_text()
    key = tmp_path / "quiz.key.md"
    assert "8 L" in key.read_text()
    assert "8 L" not in sheet.read_text()
    code, _out, err = tutor("quiz", "jugs", "-n", "2", "-o", str(sheet))
    assert code == 2
    assert "--overwrite" in err
    code, _out, err = tutor("quiz", "jugs", "-n", "40")
    assert code == 2
    assert "only 3" in err
    many = tmp_path / "many.md"
    assert tutor("quiz", "jugs", "-n", "3", "--seed", "1", "--sheets", "2", "-o", str(many))[0] == 0
    assert many.read_text().count("page-break-after") == 1


def test_lessons_are_listed_and_checked(tutor: Tutor, tmp_path: Path) -> None:
    """A broken lesson is told with its file and line, in the list and by `check`; the others are
    there all the same."""
    good = shelved()
    broken = shelved(JUGS.replace("- answer: 8 L\n", "").replace("id: jugs", "id: cups"), "cups")
    listed = json.loads(tutor("lessons", "--json", "--language", "en")[1])["lessons"]
    mine = [each for each in listed if each["file"].startswith(str(good.parent))]
    assert [(each["id"], each["exercises"], each["draft"]) for each in mine] == [("jugs", 3, False)]
    code, out, err = tutor("lessons")
    assert code == 0
    assert "Water in jugs" in out
    assert "cups.md, line " in err
    code, out, err = tutor("check", str(good))
    assert (code, err) == (0, "")
    assert "3 exercises" in out
    code, out, err = tutor("check", str(good), str(broken))
    assert code == 7
    assert "cups.md, line " in err
    assert "1 file is not right" in err
    wrong = tmp_path / "wrong.md"
    wrong.write_text(JUGS.replace("check: 2 + 6", "check: 2 + 5"))
    code, _out, err = tutor("check", str(wrong))
    assert code == 7
    assert "wrong.md, line 39" in err
    assert tutor("check", str(tmp_path / "nowhere.md"))[0] == 7


def test_lessons_out_of_cards_and_drafts(tutor: Tutor, tmp_path: Path) -> None:
    """Cards become lessons that are listed; a draft is for pupils once somebody answers for it."""
    cards = tmp_path / "animals.csv"
    cards.write_text("front,back\ndog,chien\ncat,chat\nhen,poule\ncow,vache\n")
    code, out, _err = tutor("import", str(cards), "--language", "fr", "--title", "Animals")
    assert code == 0
    assert "4 cards are exercises now" in out
    code, _out, err = tutor("import", str(cards), "--title", "Animals")
    assert code == 2
    assert "--overwrite" in err
    draft = tmp_path / "jugs.lesson.md"
    draft.write_text(JUGS.replace("language: en\n", "language: en\nstatus: draft\n"))
    code, _out, err = tutor("accept", str(draft))
    assert code == 2
    assert "--all" in err
    assert tutor("accept", str(draft), "--all")[0] == 0
    listed = json.loads(tutor("lessons", "--json")[1])["lessons"]
    assert [each["draft"] for each in listed if each["id"] == "jugs"] == [False]
    assert [each["exercises"] for each in listed if each["topic"] == "Animals"] == [4]
    code, _out, err = tutor("make", str(tmp_path / "nothing.pdf"), "-m", "echo")
    assert code == 2
    assert "nothing.pdf" in err


def test_options_that_exclude_each_other(tutor: Tutor) -> None:
    for arguments in (
        ("jugs", "--model", "echo", "--no-model"),
        ("--language", "Klingonish"),
        ("progress", "--all"),
        ("export",),
        ("quiz",),
        ("jugs", "--wrong-option"),
    ):
        code, _out, err = tutor(*arguments)
        assert code == 2, arguments
        assert err
