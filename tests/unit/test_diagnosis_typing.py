"""What is typed: answers in words and with units, breaths counted with a clock; and rules kept parsed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len

from hinterland import language
from hinterland.errors import InputError
from hinterland.paths import Paths
from hinterland.plugins.diagnosis.asking import timers
from hinterland.plugins.diagnosis.asking.typed import is_unknown, is_yes, value_of
from hinterland.plugins.diagnosis.rules import parsed, vocabulary
from hinterland.plugins.diagnosis.rules.measures import Age
from hinterland.plugins.forms import columns
from hinterland.plugins.forms.typed_lines import TypedLines
from tests.triage_cases import VOCABULARY

FACTS = VOCABULARY.facts


@contextmanager
def typing(text: bytes) -> Iterator[TypedLines]:
    """Give what reads this text, which does not end yet."""
    reading, writing = os.pipe()
    try:
        os.write(writing, text)
        yield TypedLines(reading)
    finally:
        os.close(reading)
        os.close(writing)


def test_answers_are_taken_as_people_write_them() -> None:
    assert value_of(FACTS["cough"], " Yes ") is True
    assert value_of(FACTS["cough"], "n") is False
    assert value_of(FACTS["skin_pinch"], "2") == "slow"
    assert value_of(FACTS["skin_pinch"], "At once") == "at_once"
    assert value_of(FACTS["cough_days"], "2 weeks") == "14 days"
    assert value_of(FACTS["cough_days"], "3") == "3"
    assert value_of(FACTS["age_months"], "1 month 30 days") == Age(1, 60)
    assert value_of(FACTS["age_days"], "10") == Age(0, 10)
    for fact, wrong in (("cough", "perhaps"), ("skin_pinch", "4"), ("age_months", "3")):
        with pytest.raises(InputError) as caught:
            value_of(FACTS[fact], wrong)
        assert caught.value.hint


def test_yes_no_and_unknown_are_understood_in_the_language_of_the_interface() -> None:
    language.choose("fr")
    try:
        assert is_yes("oui") and is_yes("O") and is_yes("yes")
        assert not is_yes("non")
        assert is_unknown("?") and is_unknown("inconnu")
        assert value_of(FACTS["age_months"], "1 mois 30 jours") == Age(1, 60)
        assert value_of(FACTS["cough_days"], "2 semaines") == "14 days"
    finally:
        language.choose("")
    with pytest.raises(InputError):
        is_yes("oui")


def test_lines_are_read_to_the_end_and_told_what_is_not_text() -> None:
    with typing(b"one\r\n\xff\nlast") as typed:
        assert typed.line() == "one"
        with pytest.raises(InputError, match="UTF-8"):
            typed.line()
        with pytest.raises(TimeoutError):
            typed.line(deadline=0)
    with open(os.devnull, "rb") as empty, pytest.raises(EOFError):
        TypedLines(empty.fileno()).line()


def test_a_line_that_is_too_long_is_left_out_and_the_next_one_is_read() -> None:
    with typing(b"one\n" + b"x" * 50_000 + b"\ntwo\n") as typed:
        assert typed.line() == "one"
        with pytest.raises(InputError, match="too long"):
            typed.line()
        assert typed.line() == "two"


def test_breaths_are_counted_until_the_minute_is_over() -> None:
    said: list[str] = []
    with typing(b"\n" + b"\n" * 31) as typed:
        assert timers.breaths(typed, said.append, seconds=1.0) == 31
    assert said[-1] == "The minute is over."
    with typing(b"\n") as typed:  # whoever watches counts alone
        assert timers.breaths(typed, said.append, seconds=0.01) is None


def test_what_was_parsed_is_used_again_and_never_for_other_bytes(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "vocabulary.toml"
    words.write_text(vocabulary.SHIPPED.read_text())
    first = vocabulary.load(words)
    parsed.keep()
    kept = paths.cache / "diagnosis" / f"{first.sha256}.msgpack"
    assert kept.stat().st_mode & 0o777 == 0o600
    with monkeypatch.context() as patch:
        patch.setattr("tomllib.loads", lambda text: pytest.fail("it was parsed again"))
        assert vocabulary.load(words).facts == first.facts
    words.write_text(words.read_text().replace('id = "cough"', 'id = "coughs"', 1))
    with pytest.raises(InputError):  # later conditions speak of cough
        vocabulary.load(words)
    words.write_text(vocabulary.SHIPPED.read_text())
    kept.write_bytes(kept.read_bytes()[:-1] + b"\0")  # damaged
    assert vocabulary.load(words).facts == first.facts
    kept.chmod(0o666)  # anybody's
    assert vocabulary.load(words).facts == first.facts


@pytest.mark.parametrize("width", [40, 60, 80])
def test_paragraphs_fit_their_columns_in_any_script(width: int) -> None:
    plain = "Refer urgently: go to a hospital now; keep the child warm " * 3
    chinese = (
        "这只按紧急程度分类；不是诊断，也不是医疗器械。如果您担心，无论这里怎么说都要去看医务人员。"
        * 2
    )
    for text in (plain, chinese, f"{plain}{chinese}"):
        lines = columns.wrapped(text, width, "  - ", "    ")
        assert max(map(cell_len, lines)) <= width
        assert lines[0].startswith("  - ") and lines[1].startswith("    ")
        whole = "".join(line[4:] for line in lines)
        assert whole.replace(" ", "") == text.replace(" ", "")
    assert columns.wrapped("", width) == []
    long = "x" * 90
    assert columns.wrapped(f"a {long} b", width) == ["a", long, "b"]
