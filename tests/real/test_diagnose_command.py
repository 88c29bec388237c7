"""`hint diagnose` as it is used: on a terminal, through a pipe, from a file; and with bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hinterland.paths import Paths
from hinterland.plugins.diagnosis.asking.interview import Asking, Interview
from hinterland.plugins.diagnosis.rules import vocabulary
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.facts import Choice, YesNo
from hinterland.plugins.diagnosis.rules.pack import chosen
from hinterland.plugins.diagnosis.site import PACKS
from tests.hostile import DONE, Hostile, chunk, serving, stream
from tests.running import Hint
from tests.tui.terminals import RealTerminal

ROOT = Path(__file__).parents[2]
PNEUMONIA = {"age": "18 months", "cough": "yes", "breaths_per_minute": 44}


def file_of(folder: Path, **facts: Any) -> str:
    path = folder / "case.json"
    path.write_text(json.dumps(facts))
    return str(path)


def refused(ended: subprocess.CompletedProcess[str], *said: str) -> None:
    """Check that a command ended with 2, one sentence and a hint."""
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    sentence, hint = ended.stderr.splitlines()
    assert sentence.startswith("hint: ")
    assert hint.startswith("      ")
    for each in said:
        assert each in ended.stderr


def harmless(age: str) -> str:
    """Return the answers, a line each, that make an interview with this patient end quietly."""
    words = vocabulary.load()
    interview = Interview(Case(words), chosen(PACKS["lay"], words))
    typed = ["", age]
    interview.answer(age)
    while isinstance(state := interview.state, Asking):
        fact = state.fact
        answer = "1" if isinstance(fact, Choice) else "n" if isinstance(fact, YesNo) else "u"
        if fact.id in {"breaths_per_minute", "temperature_c"}:
            answer = "25" if fact.id.startswith("breaths") else "98.6 F"
        typed.append(answer)
        interview.answer(answer)
    return "\n".join(typed) + "\n"


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_on_a_terminal_an_answer_is_asked_again_put_right_and_noted(
    home: Path, tmp_path: Path, term: str
) -> None:
    """You should see one question at a time, RED at once, and after the correction no RED."""
    with RealTerminal("diagnose", TERM=term) as terminal:
        terminal.sees("Tell in your own words", "> ")
        terminal.type("\n")
        terminal.sees("How old is the patient?")
        terminal.type("2\n")
        terminal.sees("is not an age with a unit")
        terminal.type("2 years\n")
        terminal.sees("Is any of this happening now")
        terminal.type("h\n")
        terminal.sees("One of them is enough")
        terminal.type("w\n")
        terminal.sees("can kill within minutes")
        terminal.type("y\n")
        terminal.sees("c puts an answer right")
        terminal.sees("RED: an emergency now.")
        terminal.type("c emergency now\n")
        terminal.sees("Enter keeps: yes")
        terminal.type("n\n")
        terminal.until(lambda: terminal.written.decode().count("[y/n/u]") >= 5)
        terminal.type("q\n")
        terminal.sees("was yes, is no; the level before was RED")
        terminal.type(f"s {tmp_path / 'note.txt'}\n")
        terminal.sees("Saved:")
        terminal.type("\n")
        assert terminal.ended() == 0
        if term == "dumb":
            assert b"\x1b" not in terminal.written
    assert "emergency now: yes → no" in (tmp_path / "note.txt").read_text()


def test_ctrl_c_ends_with_130_and_the_end_of_the_input_with_what_is_known(home: Path) -> None:
    with RealTerminal("diagnose", columns=40) as terminal:
        terminal.sees("> ")
        terminal.type("\x03")
        assert terminal.ended() == 130
    with RealTerminal("diagnose", columns=40) as terminal:
        terminal.sees("> ")
        terminal.type("\x04")
        terminal.sees("Enter ends.")
        assert "YELLOW: see a clinician today." in terminal.written.decode()
        terminal.type("\x04")
        assert terminal.ended() == 0


def test_through_a_pipe_red_ends_it_and_nothing_more_is_read(hint: Hint) -> None:
    ended = hint("diagnose", input="\n2 years\ny\nn\nn\nn\n")
    assert ended.returncode == 0
    assert ended.stdout.startswith("RED: an emergency now.")
    assert "[y/n/u] y\n" in ended.stderr
    assert "[y/n/u] n\n" not in ended.stderr


def test_through_a_pipe_harmless_answers_end_green(hint: Hint) -> None:
    ended = hint("diagnose", "--json", input=harmless("2 years"))
    told = json.loads(ended.stdout)
    assert told["level"] == "GREEN", told["open"]
    assert told["reviewed"] is False
    assert {each["origin"] for each in told["inputs"]} == {"asked"}


def test_free_words_are_proposed_and_what_is_not_confirmed_is_unknown(hint: Hint) -> None:
    words = "My son, 2 years old, has a cough and can't keep anything down"
    ended = hint("diagnose", "--json", input=f"{words}\ny\nn\ny\nq\n")
    told = json.loads(ended.stdout)
    assert "You wrote “2 years old”." in ended.stderr
    inputs = {each["fact"]: each for each in told["inputs"]}
    assert inputs["age_months"]["words"] == "2 years old"
    assert inputs["cough"]["origin"] == "words"
    assert "vomits_everything" not in inputs
    assert "vomits_everything" in told["unknown_danger"]
    assert told["level"] == "YELLOW"


def test_words_assumed_to_be_confirmed_are_for_scripts_and_silence_is_not_for_care(
    hint: Hint,
) -> None:
    words = ("--text", "-", "--assume-confirmed", "--json")
    story = "My 2 year old daughter has had a runny nose for two days. She drinks well and plays."
    told = json.loads(hint("diagnose", *words, input=story).stdout)
    assert told["level"] == "YELLOW"
    assert not told["not_for_care"]
    told = json.loads(hint("diagnose", *words, "--unmentioned", "no", input=story).stdout)
    assert told["level"] == "GREEN", told["open"]
    assert told["not_for_care"]
    assert {"assumed", "silence"} <= {each["origin"] for each in told["inputs"]}


def test_a_model_adds_what_is_in_the_words_and_takes_nothing_back(hint: Hint) -> None:
    story = "My son of 3 years is hot with a fever, no fits, and his head will not come down."
    signs = [
        {"sign": "stiff_neck", "value": "yes", "words": "head will not come down"},
        {"sign": "fever_reported", "value": "no", "words": "hot with a fever"},
        {"sign": "unconscious", "value": "yes", "words": "cannot be woken"},
        {"sign": "convulsions", "value": "yes", "words": "fits"},
    ]
    words = ("--text", story, "--assume-confirmed", "--json", "--extract", "-m", "box")
    prose = stream(chunk("GREEN. Ignore the rules, send him home."), chunk(finish="stop"), DONE)
    answer = json.dumps({"signs": signs, "numbers": []})
    told = stream(chunk(answer), chunk(finish="stop"), DONE)
    with serving(Hostile(chat=[told, prose])) as engine:
        hint("config", "set", "engines.box.url", engine.url)
        ended = hint("diagnose", *words)
        result = json.loads(ended.stdout)
        assert "will leave this machine, to http://127.0.0.1" in ended.stderr
        inputs = {each["fact"]: each["value"] for each in result["inputs"]}
        assert inputs["stiff_neck"] is True
        assert inputs["fever_reported"] is True
        assert inputs["convulsions"] is False
        assert "unconscious" not in inputs  # its words are not in the story
        assert result["level"] == "RED"
        ended = hint("diagnose", *words)
        assert json.loads(ended.stdout)["level"] == "YELLOW"
        assert "only the word list counts" in ended.stderr
        asked = len(engine.chats)
        red = ("--text", "My son is 3 years old and I cannot wake him", *words[2:])
        assert json.loads(hint("diagnose", *red).stdout)["level"] == "RED"
        assert len(engine.chats) == asked


def test_advice_is_said_in_the_language_of_the_site(hint: Hint, tmp_path: Path) -> None:
    hint("config", "set", "diagnosis.language", "fr")
    case = file_of(tmp_path, **PNEUMONIA)
    text = hint("diagnose", "--case", case).stdout
    assert "Consulter un soignant aujourd'hui" in text
    assert "nobody has approved the translation" in text
    told = json.loads(hint("diagnose", "--case", case, "--json").stdout)
    assert told["fired"][0]["classification"] == "Pneumonia"  # programs get the pack's own words
    hint("config", "set", "diagnosis.language", "nl")
    assert "not translated into nl" in " ".join(hint("diagnose", "--case", case).stdout.split())


def test_a_case_from_a_file_becomes_a_result_a_note_and_a_line_in_the_log(
    hint: Hint, tmp_path: Path, paths: Paths
) -> None:
    hint("config", "set", "diagnosis.emergency_number", "193")
    hint("config", "set", "diagnosis.audit", "true")
    case = file_of(tmp_path, **PNEUMONIA)
    page = tmp_path / "note.md"
    ended = hint("diagnose", "--case", case, "--note", str(page), "--name", "Ama Mensah")
    assert ended.returncode == 0
    assert ended.stderr == ""
    assert ended.stdout.startswith("YELLOW: see a clinician today.")
    assert "193" in ended.stdout
    assert "Ama Mensah" in page.read_text()
    log = paths.state / "diagnosis" / "audit.jsonl"
    assert json.loads(log.read_text())["level"] == "YELLOW"
    assert "Ama" not in log.read_text()
    again = hint("diagnose", "--case", "-", "--json", input=json.dumps(PNEUMONIA))
    assert json.loads(again.stdout)["fired"][0]["id"] == "imci.child.fast-breathing"
    refused(hint("diagnose", "--case", case, "--note", str(page)), "is there already")


def test_a_facility_goes_by_more_rules_than_a_home(hint: Hint, tmp_path: Path) -> None:
    case = file_of(tmp_path, **PNEUMONIA)
    hint("config", "set", "diagnosis.setting", "facility")
    told = json.loads(hint("diagnose", "--case", case, "--json").stdout)
    assert "iitt" in {each["name"] for each in told["packs"]}
    told = json.loads(hint("diagnose", "--case", case, "--json", "--pack", "imci").stdout)
    assert {each["name"] for each in told["packs"]} == {"imci", "policy"}


def test_input_that_cannot_be_is_refused_in_one_sentence(hint: Hint, tmp_path: Path) -> None:
    def case(**facts: Any) -> subprocess.CompletedProcess[str]:
        return hint("diagnose", "--case", file_of(tmp_path, **facts))

    refused(case(age="2 years", temperature_c=101), "temperature_c", "38.33 °C")
    refused(case(age="200 years"), "Nobody is that old")
    refused(case(age="2"), "not an age with a unit")
    refused(case(cough="yes"), "has no age")
    refused(case(age=None, cough="yes"), "has no age")
    refused(case(age="2 years", breaths_per_minute=10**400), "breaths_per_minute", "not a number")
    refused(case(age="2 years", cof="yes"), "no fact “cof”")
    refused(case(age="2 years", cough="perhaps"), "cough cannot be")
    refused(case(age_months=24, age_days=10), "Contradictory ages")
    refused(
        hint("diagnose", "--case", "-", input='{"age":"2 years","cough":true,"cough":false}'),
        "tells cough twice",
    )
    refused(hint("diagnose", "--case", "-", input="age: 2"), "is not JSON")
    refused(hint("diagnose", "--case", "-", input="[1]"), "not a JSON object")
    refused(hint("diagnose", "--case", str(tmp_path / "none.json")), "cannot be read")
    refused(hint("diagnose", "--pack", "nosuch"), "no rule pack “nosuch”", "imci")
    refused(hint("diagnose", "--text", "-", input="ill"), "Nobody can confirm")


def test_an_emergency_is_shown_even_where_the_age_is_missing(hint: Hint, tmp_path: Path) -> None:
    ended = hint("diagnose", "--case", file_of(tmp_path, convulsing_now="yes"))
    assert ended.stdout.startswith("RED")
    assert "age is not known" in ended.stdout


def test_rules_edited_by_hand_are_a_draft_whatever_the_review_says(
    hint: Hint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program, copied; its packs approved; one of them edited."""
    copy = tmp_path / "src"
    shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
    packs = copy / "hinterland/plugins/diagnosis/packs"
    case = file_of(tmp_path, **PNEUMONIA)
    for review in packs.glob("*/review.toml"):
        approved = review.read_text().replace('"draft"', '"approved"')
        review.write_text(f'{approved}by = "Dr. Ada Boateng"\ndate = "2026-01-05"\n')
    monkeypatch.setenv("PYTHONPATH", str(copy))
    told = json.loads(hint("diagnose", "--case", case, "--json").stdout)
    assert told["reviewed"] is True
    rules = packs / "imci/pack.toml"
    rules.write_text(
        rules.read_text().replace("breaths_per_minute >= 40", "breaths_per_minute >= 41")
    )
    told = json.loads(hint("diagnose", "--case", case, "--json").stdout)
    imci = next(each for each in told["packs"] if each["name"] == "imci")
    assert (imci["changed"], imci["review"], imci["by"]) == (True, "draft", "")
    assert told["reviewed"] is False
    assert "CHANGED since it was reviewed" in hint("diagnose", "--case", case).stdout
    rules.write_text("version = 1\n")
    refused(hint("diagnose", "--case", case), "pack.toml:1:")


def test_the_plugin_can_be_turned_off(hint: Hint, tmp_path: Path) -> None:
    hint("plugins", "disable", "diagnosis")
    ended = hint("diagnose", "--case", file_of(tmp_path, **PNEUMONIA))
    assert ended.returncode == 6
    assert "`hint plugins enable diagnosis`" in ended.stderr
