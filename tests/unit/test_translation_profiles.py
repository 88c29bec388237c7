"""Families of models: told by their names, asked in their own words, with what they cover."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.errors import ConfigError
from hinterland.models import catalog
from hinterland.plugins import languages
from hinterland.plugins.translation import profiles
from hinterland.plugins.translation.pipeline import Pair
from hinterland.plugins.translation.pipeline.asking import prompt
from hinterland.plugins.translation.segments import Style, cut, mask
from hinterland.plugins.translation.terms import Term
from hinterland.plugins.translation.units import Unit

ENGLISH = languages.find("en")
TERM = (Term("well", "puits"),)


def said(
    model: str, target: str = "fr", terms: tuple[Term, ...] = (), context: str = ""
) -> list[str]:
    family = profiles.profile_of([model])
    pair = Pair(ENGLISH, languages.find(target))
    prompts = family.prompts_for("en", target)
    (segment,) = cut(Unit(parts=("Dig a well.",)), ENGLISH)
    messages = prompt(prompts, pair, mask(segment, Style.TAGS), terms, context)
    return [message.content for message in messages]


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (["hy-mt2-1.8b"], "hy-mt2"),
        (["mine", "Hy-MT2-7B-Q4_K_M.gguf"], "hy-mt2"),
        (["hy-mt1.5-1.8b"], "hy-mt1.5"),
        (["translategemma-4b"], "translategemma"),
        (["gemma-4-12b"], "gemma"),
        (["qwen2.5-coder-1.5b"], "qwen"),
        (["smollm2-135m"], "smollm"),
        (["smollm3-3b"], "smollm3"),
        (["echo:20"], "echo"),
        (["clinic", "model.gguf"], "general"),
    ],
)
def test_the_family_is_told_by_the_names(names: list[str], family: str) -> None:
    assert profiles.profile_of(names).name == family


def test_every_model_that_is_made_to_translate_has_a_family_of_its_own() -> None:
    entries = catalog.read(catalog.SHIPPED).for_task("translation")

    assert {profiles.profile_of([each.id]).made_for_it for each in entries} == {True}


def test_every_language_of_every_family_is_known() -> None:
    codes = {code for family in profiles.load().values() for code in family.languages}

    assert codes - {profiles.ANY} <= set(languages.known())


def test_hy_mt2_is_asked_as_its_makers_say() -> None:
    plain = (
        "Translate the following text into French. Note that you should only output the translated "
        "result without any additional explanation:\n\nDig a well."
    )
    terms = (
        "Reference the following translations:\nwell translates to puits\n\nTranslate the following "
        "text into French. Note that you must ONLY output the translated result without any "
        "additional explanation:\n\nDig a well."
    )

    assert said("hy-mt2-1.8b") == [plain]
    assert said("hy-mt2-1.8b", terms=TERM) == [terms]
    assert said("hy-mt2-1.8b", context="Wells")[0].startswith("[Background Information]\nWells\n")


def test_hy_mt15_is_asked_in_chinese_for_chinese_alone() -> None:
    assert said("hy-mt1.5-1.8b", "zh") == [
        "将以下文本翻译为中文，注意只需要输出翻译后的结果，不要额外解释：\n\nDig a well."
    ]
    assert said("hy-mt1.5-1.8b")[0].startswith("Translate the following segment into French, ")


def test_translategemma_has_two_empty_lines_before_the_text() -> None:
    (text,) = said("translategemma-4b")

    assert text.startswith("You are a professional English (en) to French (fr) translator. ")
    assert text.endswith("English text into French:\n\n\nDig a well.")


def test_a_chat_model_is_told_of_the_neighbours_apart_from_the_text() -> None:
    system, text = said("qwen2.5-coder-1.5b", context="Water … Wells")

    assert "Water … Wells" in system
    assert "Water" not in text and text.endswith("\n\nDig a well.")


def test_what_is_not_covered_is_known() -> None:
    family = profiles.profile_of(["hy-mt2-1.8b"])

    assert family.covers("en", "fr") and family.covers("en", "zh-Hant")
    assert not family.covers("en", "sw")
    assert not profiles.profile_of(["clinic"]).covers("en", "fr")


def test_a_family_of_ones_own_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "translation"
    folder.mkdir()
    (folder / "clinic.toml").write_text(
        'like = "general"\ntitle = "Ours"\nmodels = ["clinic*"]\nlanguages = ["en", "sw"]\n'
    )
    family = profiles.profile_of(["clinic-7b"], tmp_path)

    assert family.covers("en", "sw")
    assert family.prompts == profiles.load()["general"].prompts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title = 1", "title"),
        ('title = "x"\n', "no prompts for any pair"),
        ('title = "x"\nlike = "y"\n', "no such family"),
        ('title = "x"\n[[prompts]]\nplain = "{txt}"\n', "a brace"),
        ('title = "x"\n[[prompts]]\nplain = "Translate."\n', "where the {text} goes"),
        ('title = "x"\nfoo = 1\n', "foo"),
        ("title = ", "no family"),
    ],
)
def test_a_family_that_is_none_is_named_with_its_file(
    tmp_path: Path, text: str, reason: str
) -> None:
    folder = tmp_path / "translation"
    folder.mkdir()
    (folder / "clinic.toml").write_text(text)

    with pytest.raises(ConfigError) as raised:
        profiles.load(tmp_path)
    assert "clinic.toml" in raised.value.message
    assert reason in raised.value.message


def test_what_a_model_is_told_has_a_version() -> None:
    families = profiles.load()

    assert families["qwen"].version == families["llama"].version
    assert families["qwen"].version != families["hy-mt2"].version
