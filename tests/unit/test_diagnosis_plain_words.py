"""What counts as saying an advice again, and what is refused, for every sentence of every pack."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules import pack
from hinterland.plugins.diagnosis.telling import plain_words
from hinterland.plugins.diagnosis.telling.plain_words import Reason, refusal, restatable, tokens
from tests.triage_cases import VOCABULARY

PACKS = [pack.load(folder.parent, VOCABULARY) for folder in pack.SHIPPED.glob("*/pack.toml")]
ADVICE = sorted(
    {
        sentence
        for each in PACKS
        for rule in each.rules
        if rule.level is not pack.Level.RED
        for sentence in rule.do
        if restatable(sentence)
    }
)
ENGLISH = plain_words.language("en")
UNSAID = sorted(ENGLISH.numbers | ENGLISH.medicines)


def test_the_packs_own_sentence_says_the_same() -> None:
    assert len(ADVICE) > 20
    for sentence in ADVICE:
        found = refusal(sentence, sentence, "en")
        # "one of the signs" may stand in a pack, but a model names no numbers.
        assert found is None or set(tokens(found[1])) <= ENGLISH.loose, (sentence, found)


@given(st.sampled_from(ADVICE), st.sampled_from(UNSAID), st.data())
def test_no_number_and_no_medicine_gets_in_anywhere(
    sentence: str, unsaid: str, data: st.DataObject
) -> None:
    words = sentence.split(" ")
    words.insert(data.draw(st.integers(0, len(words))), unsaid)
    assert refusal(" ".join(words), sentence, "en") is not None


@given(st.sampled_from(ADVICE), st.sampled_from(["not", "never", "if you like", "later", "maybe"]))
def test_nothing_turns_an_advice_round(sentence: str, turning: str) -> None:
    assert refusal(f"{sentence}, {turning}", sentence, "en") is not None


@settings(max_examples=50)
@given(st.sampled_from(ADVICE), st.text(min_size=1, max_size=40))
def test_whatever_is_said_is_refused_or_made_of_known_words(sentence: str, text: str) -> None:
    said = f"{sentence}. {text}"
    if refusal(said, sentence, "en") is None:
        small = ENGLISH.small | set(tokens(sentence))
        known = {ENGLISH.stem(word) for each in ENGLISH.groups.values() for w in each for word in w}
        assert all(word in small or ENGLISH.stem(word) in known for word in tokens(text))


@pytest.mark.parametrize(
    ("language", "said", "reason"),
    [
        ("fr", "Consultez un médecin aujourd’hui : la pneumonie nécessite un traitement.", None),
        ("fr", "Voyez un docteur aujourd'hui, la pneumonie doit être soignée", None),
        ("fr", "Consultez un médecin demain.", Reason.TURNED),
        ("fr", "Consultez un médecin.", Reason.LOST),
        ("fr", "Consultez un médecin aujourd'hui, vingt-quatre.", Reason.NUMBER),
        ("fr", "Consultez un médecin aujourd'hui, donnez du doliprane.", Reason.MEDICINE),
        ("fr", "Consultez un médecin aujourd'hui et dormez.", Reason.ACTION),
        ("es", "Vea a un médico hoy: la neumonía necesita tratamiento.", None),
        ("es", "No vea a un médico hoy.", Reason.TURNED),
        ("es", "Vea a un médico hoy y tome una pastilla.", Reason.MEDICINE),
        ("es", "Vea a un médico hoy, cada ocho horas.", Reason.NUMBER),
    ],
)
def test_other_languages_are_held_against_their_own_words(
    language: str, said: str, reason: Reason | None
) -> None:
    found = refusal(said, "See a clinician today: pneumonia needs treatment", language)
    assert (found[0] if found else None) is reason, found


def test_a_language_that_nobody_wrote_the_words_of_is_refused() -> None:
    with pytest.raises(InputError, match=r"cannot be checked in the language “\.\./x”"):
        plain_words.language("../x")


def test_a_mistake_in_the_words_of_a_language_names_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in plain_words.SHIPPED.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    french = (tmp_path / "fr.toml").read_text()
    (tmp_path / "fr.toml").write_text(french.replace('id = "hospital"', 'id = "church"'))
    monkeypatch.setattr(plain_words, "SHIPPED", tmp_path)
    plain_words.language.cache_clear()
    try:
        with pytest.raises(InputError, match=r"fr\.toml:\d+: en\.toml has no group “church”"):
            plain_words.language("fr")
    finally:
        plain_words.language.cache_clear()
