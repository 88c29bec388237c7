"""Packs, vocabulary and conditions: what is wrong in them is told with file and line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules import pack as packs
from hinterland.plugins.diagnosis.rules import vocabulary
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.expression import ExpressionError, parse
from hinterland.plugins.diagnosis.rules.triage import assess
from tests.triage_cases import VOCABULARY, quiet, said

PACK = """\
name = "small"
title = "A small pack"
version = "1"
licence = "CC0"
return_signs = ["It gets worse"]
[sources.book]
title = "A book"
where = "here"
licence = "CC0"
[populations]
all = "age_months >= 0"
[define]
hot = "temperature_c >= 38"
[[rule]]
id = "small.hot"
population = "all"
when = "hot and cough"
level = "RED"
classification = "Hot"
do = ["Go now"]
source = "book: page 1"
"""


def written(folder: Path, text: str = PACK) -> Path:
    (folder / "pack.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("hot and cough", "hot and cuogh", 17, "cuogh"),
        ("hot and cough", "hot and (cough", 17, "missing"),
        ("hot and cough", "hot and not cough", 17, "monotone"),
        ("hot and cough", "skin_pinch == slow", 17, "monotone"),
        ("hot and cough", "skin_pinch >= sluggish", 17, "sluggish"),
        ("hot and cough", "temperature_c", 17, "compared"),
        ("hot and cough", "cough >= 3", 17, "compared"),
        ("hot and cough", "count(cough, hot) >= 3", 17, "count"),
        ("hot and cough", "__import__('os')", 17, "read"),
        ("hot and cough", "(" * 60 + "cough" + ")" * 60, 17, "deep"),
        ('"RED"', '"PINK"', 18, "PINK"),
        ('"all"', '"some"', 16, "some"),
        ('"book: page 1"', '"film: page 1"', 21, "source"),
        ('"book: page 1"', '"app-policy"', 21, "reason"),
        ("do =", "dose =", 14, "dose"),
        ("hot = ", "cough = ", 13, "fact"),
        ('version = "1"', "version = 1 1", 3, "TOML"),
    ],
)
def test_a_mistake_in_a_pack_is_told_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, word: str
) -> None:
    with pytest.raises(InputError) as caught:
        packs.load(written(tmp_path, PACK.replace(old, new)), VOCABULARY)
    assert f"pack.toml:{line}:" in caught.value.message
    assert word in caught.value.message


def test_a_rule_that_falls_needs_an_exception_with_a_source(tmp_path: Path) -> None:
    falling = PACK.replace("hot and cough", "hot and not cough") + "monotone = false\n"
    with pytest.raises(InputError, match="exception"):
        packs.load(written(tmp_path, falling), VOCABULARY)
    listed = falling + 'exception = { why = "Because of this", source = "book: page 2" }\n'
    assert not packs.load(written(tmp_path, listed), VOCABULARY).rules[0].monotone


def test_a_pack_edited_after_its_review_is_a_draft_again(tmp_path: Path) -> None:
    digest = hashlib.sha256(PACK.encode()).hexdigest()
    (tmp_path / "review.toml").write_text(
        f'review = "approved"\nby = "Dr A"\ndate = "2026-11-01"\nsha256 = "{digest}"\n'
    )
    assert packs.load(written(tmp_path), VOCABULARY).approved
    edited = packs.load(written(tmp_path, PACK.replace("38", "39")), VOCABULARY)
    assert edited.changed
    assert not edited.approved


def test_shipped_packs_are_drafts_whose_hashes_are_recorded() -> None:
    for folder in sorted(packs.SHIPPED.iterdir()):
        loaded = packs.load(folder, VOCABULARY)
        assert loaded.review.review == "draft"
        assert loaded.review.sha256 == loaded.sha256, f"record the new hash in {folder.name}"


def test_a_result_says_that_a_pack_was_edited_after_its_review(tmp_path: Path) -> None:
    digest = hashlib.sha256(PACK.encode()).hexdigest()
    (tmp_path / "review.toml").write_text(
        f'review = "approved"\nby = "Dr A"\ndate = "2026-11-01"\nsha256 = "{digest}"\n'
    )
    approved = assess(quiet(), (packs.load(written(tmp_path), VOCABULARY),))
    assert (approved.reviewed, approved.packs[0].by) == (True, "Dr A")
    edited = assess(quiet(), (packs.load(written(tmp_path, PACK.replace("38", "39")), VOCABULARY),))
    used = edited.packs[0]
    assert (edited.reviewed, used.changed, used.review, used.by) == (False, True, "draft", "")
    assert used.sha256 != digest


def test_an_unknown_pack_is_named() -> None:
    with pytest.raises(InputError, match="no rule pack “nosuch”"):
        packs.chosen(("nosuch",), VOCABULARY)


def test_a_fact_cannot_wait_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.toml"
    path.write_text(
        'version = "1"\n[[fact]]\nkind = "yes/no"\nid = "one"\nquestion = "One?"\nneeds = "one"\n'
    )
    with pytest.raises(InputError, match=r"vocabulary\.toml:6: one: “one” does not come before"):
        vocabulary.load(path)


@pytest.mark.parametrize(
    ("text", "facts", "truth"),
    [
        ("cough and diarrhoea", "cough diarrhoea=?", None),
        ("cough and diarrhoea", "-cough diarrhoea=?", False),
        ("cough or diarrhoea", "cough diarrhoea=?", True),
        ("cough or diarrhoea", "-cough diarrhoea=?", None),
        ("not cough", "cough=?", None),
        ("not not cough", "cough", True),
        ("count(cough, diarrhoea, wheeze) >= 2", "cough diarrhoea=? -wheeze", None),
        ("count(cough, diarrhoea, wheeze) >= 2", "cough diarrhoea wheeze=?", True),
        ("count(cough, diarrhoea, wheeze) >= 2", "cough=? -diarrhoea -wheeze", False),
        ("cough and diarrhoea or wheeze", "-cough -diarrhoea wheeze", True),
        ("skin_pinch >= slow", "skin_pinch=very_slow", True),
        ("skin_pinch < slow", "skin_pinch=slow", False),
    ],
)
def test_conditions_have_three_values(text: str, facts: str, truth: bool | None) -> None:
    case = said(Case(VOCABULARY), facts)
    assert parse(text, VOCABULARY.facts).truth(case.value, ()) is truth


def test_no_python_is_ever_run() -> None:
    for text in ("cough.__class__", "age_months >= 1e9", "[cough]", "cough; cough", "'cough'", ""):
        with pytest.raises(ExpressionError):
            parse(text, VOCABULARY.facts)
