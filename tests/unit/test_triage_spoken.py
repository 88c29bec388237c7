"""What packs say in other languages is data: complete where it is claimed, and told where it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules import pack as packs
from hinterland.plugins.diagnosis.rules.pack import Pack
from hinterland.plugins.diagnosis.rules.spoken import languages, spoken
from tests.triage_cases import VOCABULARY

LAY = packs.chosen(("imci", "redflags"), VOCABULARY)


def sentences(chosen: tuple[Pack, ...]) -> tuple[str, ...]:
    rules = [rule for pack in chosen for rule in pack.rules]
    told = [said for rule in rules for said in (rule.classification, *rule.do)]
    return (*told, *(sign for pack in chosen for sign in pack.return_signs))


@pytest.mark.parametrize("language", languages(LAY))
def test_a_language_that_is_there_has_every_sentence_of_the_packs_for_lay_people(
    language: str,
) -> None:
    words = spoken(LAY, language)
    assert words.untranslated(sentences(LAY)) == ()
    assert words.say("Heavy bleeding") == {"en": "Heavy bleeding"}.get(
        language, words.sentences.get("Heavy bleeding")
    )


def test_what_is_not_translated_stays_english_and_is_told() -> None:
    facility = packs.chosen(("iitt",), VOCABULARY)
    french = spoken(facility, "fr")
    assert french.say("See a clinician today") == "Consulter un soignant aujourd'hui"
    assert french.say("Stridor") == "Stridor"
    assert french.untranslated(("Stridor", "See a clinician today")) == ("Stridor",)
    assert not french.reviewed
    unknown = spoken(LAY, "xx")
    assert (unknown.sentences, unknown.reviewed) == ({}, False)
    assert len(unknown.untranslated(sentences(LAY))) > 400
    assert spoken(LAY, "../fr").sentences == {}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('"Heavy bleding" = "Saignement abondant"', "does not say “Heavy bleding”"),
        (
            '"Chickenpox under one year or from 14 years" = "Varicelle à partir de 4 ans"',
            "other numbers",
        ),
        ('"Heavy bleeding" = ""', "length"),
        ('"Heavy bleeding" = 3', "str"),
    ],
)
def test_a_mistake_in_a_translation_is_told_with_file_and_line(
    tmp_path: Path, line: str, word: str
) -> None:
    shutil.copytree(packs.SHIPPED / "redflags", tmp_path / "redflags")
    loaded = packs.load(tmp_path / "redflags", VOCABULARY)
    (tmp_path / "redflags" / "fr.toml").write_text(f"[say]\n{line}\n")
    with pytest.raises(InputError) as caught:
        spoken((loaded,), "fr")
    assert "fr.toml:" in caught.value.message
    assert word in caught.value.message


def test_a_translation_is_reviewed_for_the_bytes_it_translates(tmp_path: Path) -> None:
    shutil.copytree(packs.SHIPPED / "policy", tmp_path / "policy")
    loaded = packs.load(tmp_path / "policy", VOCABULARY)
    path = tmp_path / "policy" / "fr.toml"
    head = f'by = "Dr A"\ndate = "2026-11-01"\nsha256 = "{loaded.sha256}"\n'
    text = path.read_text()
    path.write_text(text.replace('review = "draft"\n', f'review = "approved"\n{head}'))
    assert spoken((loaded,), "fr").reviewed
    path.write_text(path.read_text().replace(loaded.sha256, "0" * 64))
    assert not spoken((loaded,), "fr").reviewed
