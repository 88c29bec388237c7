"""Cases written row by row from the protocols come out as the protocols have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.plugins.diagnosis.rules.pack import Pack, chosen
from hinterland.plugins.diagnosis.rules.triage import assess
from tests.triage_cases import VOCABULARY, quiet, said

TABLE = Path(__file__).parents[1] / "data" / "triage" / "table.txt"
CASES = [
    tuple(part.strip() for part in line.split("|"))
    for line in TABLE.read_text().splitlines()
    if line and not line.startswith("#")
]
PACKS: dict[str, tuple[Pack, ...]] = {
    name: chosen((name,), VOCABULARY) for name in {case[0] for case in CASES}
}


@pytest.mark.parametrize(("pack", "row", "age", "facts", "classification", "level"), CASES)
def test_a_row_of_a_protocol(
    pack: str, row: str, age: str, facts: str, classification: str, level: str
) -> None:
    words = facts.split()
    site = {
        word.removeprefix("site.").removesuffix("=no"): False
        for word in words
        if word.startswith("site.")
    }
    case = said(quiet(age), " ".join(word for word in words if not word.startswith("site.")))
    result = assess(case, PACKS[pack], site)
    given = {each.classification: each.level for each in result.fired}
    assert (classification in given, result.level) == (True, level), (row, given)


def test_the_table_is_long_enough_and_names_its_rows() -> None:
    assert len(CASES) >= 150
    assert all(row for _, row, *_ in CASES)
    assert {pack for pack, *_ in CASES} == {"imci", "iitt"}
