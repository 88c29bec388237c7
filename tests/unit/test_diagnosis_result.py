"""What becomes of a result: text, JSON, the referral note, the log; and the scripts that are fixed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hinterland.config import DiagnosisSettings
from hinterland.errors import InputError, StorageError
from hinterland.paths import Paths
from hinterland.plugins.diagnosis import site
from hinterland.plugins.diagnosis.rules import triage
from hinterland.plugins.diagnosis.rules.case import Case, Origin, told
from hinterland.plugins.diagnosis.rules.pack import chosen
from hinterland.plugins.diagnosis.telling import audit, note, report, result, scripted
from hinterland.plugins.diagnosis.telling.result import Result
from tests.triage_cases import VOCABULARY, quiet, said

PACKS = chosen(("imci",), VOCABULARY)
SCRIPTS = scripted.load(VOCABULARY)
WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def result_of(case: Case, **settings: str) -> Result:
    place = site.of(DiagnosisSettings(**settings))  # type: ignore[arg-type] # by name
    return result.of(case, triage.assess(case, PACKS, place.rules), place, SCRIPTS)


def shown(of: Result, width: int = 80) -> str:
    return "\n".join(report.lines(of, width))


def noted(of: Result, name: str = "") -> str:
    return note.printable(of, PACKS, SCRIPTS.private, WHEN, name)


def test_the_level_comes_first_in_words_and_fits_any_terminal() -> None:
    red = result_of(said(quiet(), "cough stridor"), emergency_number="112")
    lines = shown(red, 40).splitlines()
    assert lines[0] == "RED: an emergency now."
    assert max(map(len, lines)) <= 40
    assert lines[3] == "  - Get emergency help now: 112"
    assert "imci.child.stridor" in shown(red)
    assert "Come back" not in shown(red)
    yellow = shown(result_of(said(quiet(), "cough breaths_per_minute=44")))
    assert yellow.startswith("YELLOW: see a clinician today.")
    assert "your local emergency number" in yellow
    assert "Soothe the throat" not in yellow  # advice of a milder rule


def test_green_says_that_nobody_reviewed_its_rules_until_somebody_answers_for_them() -> None:
    case = quiet()
    draft = shown(result_of(case))
    assert draft.startswith("GREEN: no warning sign found by unreviewed rules.")
    assert "nobody here answers for them" in draft
    accepted = shown(result_of(case, accept_draft="Dr. Ada\x1b[2J Boateng"))
    assert accepted.startswith("GREEN: care at home")
    assert "Boateng answers for" in " ".join(accepted.split())
    assert "\x1b" not in accepted


def test_what_is_unknown_corrected_and_assumed_is_said() -> None:
    case = said(quiet(), "convulsions=?").corrected("cough", given=True, level_before="GREEN")
    text = shown(result_of(case))
    assert "Danger signs: convulsions" in text
    assert "cough: was no, is yes; the level before was GREEN" in text
    read = Case(VOCABULARY).answered("cough", given=True, origin=Origin.ASSUMED, words="coffing")
    assert "cough: yes (“coffing”)" in shown(result_of(read))


def test_silence_read_as_no_is_stamped_everywhere() -> None:
    case = said(quiet(), "-cough")
    silent = Case(VOCABULARY).answered("stridor", given=False, origin=Origin.SILENCE)
    assert not result_of(case).not_for_care
    stamped = result_of(silent)
    assert stamped.not_for_care
    assert shown(stamped).splitlines()[0].startswith("NOT FOR CARE")
    assert "NOT FOR CARE" in noted(stamped)


def test_json_has_all_that_the_level_rests_on() -> None:
    case = told(
        VOCABULARY,
        {"age": "18 months", "cough": True, "breaths_per_minute": "44", "stridor": "unknown"},
        Origin.FILE,
    )
    told_json = json.loads(result.to_json(result_of(case)))
    assert told_json["level"] == "YELLOW"
    assert told_json["fired"][0]["id"] == "imci.child.fast-breathing"
    assert told_json["fired"][0]["source"].startswith("emcare")
    inputs = {each["fact"]: each for each in told_json["inputs"]}
    assert inputs["age_months"]["shown"] == "18 months"
    assert (inputs["breaths_per_minute"]["value"], inputs["breaths_per_minute"]["unit"]) == (
        44,
        "/min",
    )
    assert inputs["cough"]["origin"] == "file"
    assert inputs["stridor"]["value"] is None
    assert "stridor" in told_json["unknown_danger"]
    assert [len(each["sha256"]) for each in told_json["packs"]] == [64, 64]
    assert told_json["reviewed"] is False


def test_the_note_fits_a_page_whatever_there_is_to_say() -> None:
    everything = Case(VOCABULARY)
    for name, fact in VOCABULARY.facts.items():
        if type(fact).__name__ == "YesNo":
            everything = everything.answered(name, given=True)
    for case in (everything, Case(VOCABULARY), quiet(), said(quiet(), "cough stridor")):
        lines = noted(result_of(case)).splitlines()
        assert len(lines) <= note.LONGEST
        assert max(map(len, lines)) <= note.WIDTH
    assert "… and" in noted(result_of(everything))  # what is left out is counted


def test_the_note_has_a_name_only_where_one_was_typed() -> None:
    of = result_of(said(quiet(), "cough breaths_per_minute=44 temperature_c=38.5"))
    text = noted(of)
    assert "Patient: ________________________, 2 years" in text
    assert "Ama [Mensah]" in noted(of, "Ama [Mensah]")
    assert "\nSigns present: " in text
    assert "; cough\n" in text
    assert "Signs absent: emergency now" in text  # danger signs first
    assert "breaths 44 /min" in text
    assert "temperature 38.5 °C" in text
    assert "Received by" in text
    assert "Ama \\[Mensah\\]" in note.markdown(of, PACKS, SCRIPTS.private, WHEN, "Ama [Mensah]")


def test_what_was_told_in_private_is_not_in_the_note_that_others_may_read() -> None:
    of = result_of(said(quiet("30 years"), "abuse sexual_assault"))
    assert {each.id for each in of.scripts} == {"abuse", "sexual-assault"}
    for text in (noted(of), note.markdown(of, PACKS, SCRIPTS.private, WHEN)):
        assert "talk to the patient alone" in text
        assert "abuse" not in text
        assert "assault" not in text


def test_a_note_never_replaces_a_file(tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    of = result_of(quiet())
    note.save(path, of, PACKS, SCRIPTS.private)
    assert path.read_text().startswith("# Referral note")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="there already"):
        note.save(path, of, PACKS, SCRIPTS.private)
    with pytest.raises(StorageError):
        note.save(tmp_path / "none" / "note.txt", of, PACKS, SCRIPTS.private)


@pytest.mark.parametrize(
    ("facts", "brought"),
    [
        ("self_harm=none", []),
        ("self_harm=thoughts", ["self-harm"]),
        ("self_harm=plan", ["self-harm"]),
        ("abuse", ["abuse"]),
        ("abuse=?", []),
        ("sexual_assault", ["sexual-assault"]),
    ],
)
def test_scripts_are_brought_by_their_facts(facts: str, brought: list[str]) -> None:
    of = result_of(said(quiet("30 years"), facts), emergency_number="193")
    assert [each.id for each in of.scripts] == brought
    text = shown(of)
    for each in of.scripts:
        assert each.say[0] in " ".join(text.split())
        assert "{" not in text
        assert "193" in text
        assert each.source.split(",")[0] in text


def test_a_mistake_in_the_scripts_is_told_with_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "scripts.toml"
    text = scripted.SHIPPED.read_text().replace('when = "abuse"', 'when = "abused"')
    broken.write_text(text)
    line = text.splitlines().index('when = "abused"') + 1
    with pytest.raises(InputError, match=f"scripts.toml:{line}: abuse: “abused”"):
        scripted.load(VOCABULARY, broken)


def test_the_log_has_no_words_and_is_the_accounts_own(paths: Paths) -> None:
    case = Case(VOCABULARY).answered(
        "cough", given=True, origin=Origin.WORDS, words="Kofi coughs since market day"
    )
    audit.write(paths, result_of(case, accept_draft="Dr. Ada Boateng"), WHEN)
    audit.write(paths, result_of(quiet()), WHEN)
    place = audit.place(paths)
    assert place.stat().st_mode & 0o777 == 0o600
    first, second = place.read_text().splitlines()
    assert json.loads(first)["answers"] == {"cough": True}
    assert json.loads(first)["origins"] == {"cough": "words"}
    assert json.loads(second)["level"] == "GREEN"
    assert "Kofi" not in first
    assert "Ada" not in first


def test_a_log_that_cannot_be_written_is_told(paths: Paths) -> None:
    audit.place(paths).mkdir(parents=True)
    with pytest.raises(StorageError, match="log of results"):
        audit.write(paths, result_of(quiet()), WHEN)
