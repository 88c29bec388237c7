"""Languages are found by what people call them, and texts by what they are written in."""

from __future__ import annotations

import pytest

from hinterland.errors import InputError
from hinterland.plugins.languages import can_detect, detect, find, known
from hinterland.plugins.languages.scripts import scripts_of


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("fr", "fr"),
        ("FR", "fr"),
        ("fr-CA", "fr"),
        ("pt_BR.UTF-8", "pt-BR"),
        ("zh-TW", "zh-Hant"),
        ("zh_CN", "zh"),
        ("zh-hant-hk", "zh-Hant"),
        ("Français", "fr"),
        ("francais", "fr"),
        ("  haitian   creole ", "ht"),
        ("Farsi", "fa"),
        ("中文", "zh"),
        ("हिन्दी", "hi"),
        ("العربية", "ar"),
        ("kreyol", "ht"),
        ("tl", "fil"),
        ("no", "nb"),
        ("iw", "he"),
        ("yue", "yue"),
    ],
)
def test_a_language_is_found_by_code_and_by_name(said: str, code: str) -> None:
    assert find(said).code == code


def test_every_language_is_found_by_all_that_it_is_called() -> None:
    for language in known().values():
        for called in (language.code, language.name, language.native, language.name.upper()):
            assert find(called) is language, called


@pytest.mark.parametrize("said", ["Franch", "Klingon", "", "fr fr", "english-x", "x" * 300])
def test_an_unknown_language_is_refused_with_a_hint(said: str) -> None:
    with pytest.raises(InputError) as refused:
        find(said)
    assert refused.value.hint


def test_a_misspelled_language_is_guessed() -> None:
    with pytest.raises(InputError) as refused:
        find("Swahilli")
    assert "Swahili (sw)" in refused.value.hint


def test_there_are_the_languages_that_few_have() -> None:
    wanted = (
        "sw ha am so yo ig zu rw ln wo om ti ne si lo ps ht ar fa ur he zh zh-Hant yue bo my km"
    )
    assert set(wanted.split()) <= set(known())
    assert {code for code, each in known().items() if not each.spaced} == {
        "bo", "dz", "ja", "km", "lo", "my", "th", "yue", "zh", "zh-Hant",
    }  # fmt: skip
    assert {"ar", "fa", "he", "ur", "ps", "ug", "yi", "dv", "ckb", "sd"} == {
        code for code, each in known().items() if each.rtl
    }
    assert all(scripts_of(each.scripts) for each in known().values())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The printer is out of paper.", "en"),
        ("L'imprimante n'a plus de papier, veuillez en ajouter.", "fr"),
        ("No se puede abrir el archivo porque no existe.", "es"),
        ("Marar lafiya tana da zazzabi mai zafi tun jiya.", "ha"),
        ("Mgonjwa ana homa kali tangu jana na anatapika.", "sw"),
        ("ታካሚው ከትናንት ጀምሮ ትኩሳት አለው።", "am"),
        ("Bukaanku wuxuu leeyahay qandho sare.", "so"),
        ("بیمار از دیروز تب دارد و سرفه می‌کند.", "fa"),
        ("请重新启动计算机，然后再试一次。", "zh"),
        ("請重新啟動電腦，然後再試一次。", "zh-Hant"),
        ("コンピュータを再起動してください。", "ja"),
        ("컴퓨터를 다시 시작하세요.", "ko"),
        ("กรุณารีสตาร์ทคอมพิวเตอร์", "th"),
        ("ကွန်ပျူတာကို ပြန်စပါ။", "my"),
        ("རླུང་འཁོར་འདི་གསར་པ་རེད།", "bo"),
    ],
)
def test_the_language_of_a_sentence_is_found(text: str, code: str) -> None:
    found = detect(text)
    assert found.language is not None
    assert (found.language.code, found.mixed) == (code, ())
    assert can_detect(found.language)


@pytest.mark.parametrize(
    "text", ["", "OK", "12345 67890 -- 12:30", "https://example.org/abcdef/ghi"]
)
def test_what_has_no_words_is_in_no_language(text: str) -> None:
    assert detect(text).language is None


def test_a_text_in_two_languages_is_told_apart() -> None:
    english = (
        "The clinic opens at eight in the morning, and closes when the last patient has left.\n\n"
    )
    french = (
        "La clinique ouvre à huit heures du matin et ferme quand le dernier patient est parti.\n\n"
    )
    found = detect(english * 5 + french * 3)
    assert [each.code for each in found.mixed] == ["en", "fr"]
    assert found.language is find("en")
    assert found.sure < 0.8
    assert detect(english * 40 + "Bonjour à tous.\n\n").mixed == ()
