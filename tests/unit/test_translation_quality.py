"""Scores of translations: what they are, and what cannot be compared."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hinterland.errors import InputError
from hinterland.plugins.translation.quality import score


def test_a_score_is_that_of_the_paper_and_says_how_it_was_counted() -> None:
    found = score.against(
        ["The cat sat on the mat.", "It rains."], ["The cat sat on the mat.", "It rains."], "en"
    )
    assert (found.segments, found.chrf) == (2, 100.0)
    assert found.bleu == pytest.approx(100.0)
    near = score.against(["Niemand hat die Absicht"], ["Niemand hatte die Absicht"], "de")
    far = score.against(["Alle bauen heute Mauern"], ["Niemand hatte die Absicht"], "de")
    assert 0 <= far.chrf < 20 < near.chrf < 100
    assert "tok:13a" in near.bleu_signature
    assert "nc:6" in near.chrf_signature
    assert not near.by_character


@pytest.mark.parametrize(
    ("language", "tokenizer"),
    [("fr", "13a"), ("zh-Hant", "zh"), ("zh_CN", "zh"), ("ja", "char"), ("th-TH", "char")],
)
def test_languages_without_spaces_are_counted_without_fetching_a_dictionary(
    language: str, tokenizer: str
) -> None:
    assert score.tokenizer_of(language) == tokenizer
    found = score.against(["我今天去学校了吗"], ["我今天去学校了呢"], language)
    assert f"tok:{tokenizer}" in found.bleu_signature
    assert found.by_character is (tokenizer == "char")
    if tokenizer != "13a":
        assert 50 < found.bleu < 100


def test_a_segment_that_stayed_as_it_was_scores_what_its_letters_share() -> None:
    assert score.chrf_of("", "") == 100
    assert score.chrf_of("", "Rien") == 0
    assert score.chrf_of("Open the door", "Ouvrez la porte") < 30
    assert score.chrf_of("Ouvrez la porte", "Ouvrez la porte") == 100


def test_what_does_not_fit_together_is_said_with_its_numbers() -> None:
    with pytest.raises(InputError, match="has 1 segments and the reference 2"):
        score.against(["a"], ["a", "b"], "fr")
    with pytest.raises(InputError, match="nothing to compare"):
        score.against([], [], "fr")


def test_nothing_is_said_or_written_besides(tmp_path: object) -> None:
    """Sacrebleu advises on stderr about tokenized periods; it also has a folder for downloads."""
    code = (
        "from hinterland.plugins.translation.quality import score\n"
        "import sys; assert 'sacrebleu' not in sys.modules\n"
        "score.against(['a b c .'] * 200, ['a b c .'] * 200, 'en')"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": ""},
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
