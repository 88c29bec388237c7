"""Text in cells: tables and paragraphs of scripts whose characters take two, or none."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from hinterland.arena.bout import Bout, Side
from hinterland.box.columns import fitted
from hinterland.cells import is_single, wrapped
from hinterland.cli import arena, tables

NAMES = ["ama", "王小明", "e\u0301lodie", "👩\u200d👩\u200d👧", "नि"]


def test_what_follows_stands_below_what_follows(capsys: pytest.CaptureFixture[str]) -> None:
    tables.write_table(("pupil", "x"), [(name, "|") for name in NAMES])
    written = capsys.readouterr().out.splitlines()[1:]
    lines, _left = fitted([("user", NAMES), ("x", ["|"] * len(NAMES))], None)
    for shown in (written, lines[1:]):
        assert {cell_len(line.partition("|")[0]) for line in shown} == {cell_len(shown[0]) - 1}


def test_a_table_that_is_too_wide_in_cells_is_written_in_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables.write_table(("名", "题"), [("王小明", "一二三四五六七八")], 20)
    assert capsys.readouterr().out.splitlines() == ["王小明", "  题: 一二三四五六七", "    八"]


def test_two_answers_stand_side_by_side_whatever_is_in_them() -> None:
    words = [
        "https://example.org/" + "a" * 80,
        "一二三四五" * 20,
        "Quoi\u202f? e\u0301le\u0300ve " * 9,
    ]
    for one in words:
        sides = [
            Side(model="", text=text, seconds=1, tokens=1, was_cut=False) for text in (one, "x")
        ]
        *lines, last = arena._shown(Bout(*sides), 80)
        assert {cell_len(line.partition("│")[0]) for line in lines} == {39}
        assert last == ""


@pytest.mark.parametrize("width", [10, 17, 40])
@pytest.mark.parametrize(
    "text",
    [
        "The role file /etc/hinterland/roles/5a.toml cannot be used.",
        "角色文件无法使用：第 3 行，没有这个设置。请修改，然后重试一次。",
        "x" * 90,
    ],
)
def test_a_paragraph_is_cut_at_the_width_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width, "  ", "    ")
    assert max(map(cell_len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert not [line for line in lines if line.strip()[:1] in "，。；：、"]


def test_a_space_that_does_not_break_does_not() -> None:
    assert wrapped("Quoi\u202f?", 5) == ["Quoi\u202f?"[:5], "?"]
    assert wrapped("Et quoi\u202f?", 8) == ["Et", "quoi\u202f?"]


def test_what_is_taken_to_be_a_cell_is_one() -> None:
    single = [chr(code) for code in range(0x10000) if is_single(chr(code))]
    assert len(single) > 1000
    assert {cell_len(each) for each in single} == {1}
    assert is_single("".join(single))
    assert not is_single("Quoi\t?")
    assert not is_single("e\u0301le\u0300ve")
