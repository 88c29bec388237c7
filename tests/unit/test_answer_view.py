"""How an answer looks on standard output, on the screens that a terminal emulator makes of it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hinterland.cli.answer import PlainView, answer_view, inline
from hinterland.cli.answer.lines import Lines
from hinterland.cli.answer.terminal import TerminalView
from tests.answer_screens import ANSWER, HOSTILE, Answer, Terminal, pieces, shown


@pytest.mark.parametrize(("term", "colour"), [("xterm", True), ("dumb", False)])
def test_makes_way_for_a_sentence_in_the_middle_of_a_line(
    monkeypatch: pytest.MonkeyPatch, term: str, colour: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    leader, follower = os.openpty()
    terminal = Terminal(40, 12)
    with open(follower, "w", encoding="utf-8") as stream:
        view = answer_view(stream=stream)
        assert isinstance(view, TerminalView if colour else PlainView)
        for part in ("A goat ate **the", "** roof. And"):
            view.write(part)
        view.make_way()
        stream.write("hint: it goes on\n")
        stream.flush()
        view.write(" then it slept.\n\nNew.")
        view.finish()
    sent = b""
    with contextlib.suppress(OSError):  # what Linux says when nobody writes to it any more
        while piece := os.read(leader, 65536):
            sent += piece
    os.close(leader)
    terminal.feed(sent.decode())
    before, said, after = terminal.text[:3]
    assert (before[:6], before[-4:], said) == ("A goat", " And", "hint: it goes on")
    assert after.strip() == "then it slept."
    assert terminal.text[-1] == "New."


class TestMarkdown:
    def test_looks_like_this(self) -> None:
        assert (
            shown(ANSWER, 60)
            == """\
Why do we boil water?

Boiling water kills germs such as bacteria, viruses and
parasites that cause diarrhoea, cholera and typhoid. See
WHO (https://www.who.int/water) and boil().

Steps

1. Collect the water in a clean pot, and let the dirt
   settle before you pour it off.
2. Bring it to a rolling boil.
   • one minute at sea level
   • three minutes above 2,000 m
     continued line that is long enough to wrap on a narrow
     terminal
3. Let it cool, open covered. Use **kwargs or 2 * 3 * 4 or
   snake_case or __init__.

─── python
def boil(minutes: int = 1) -> None:  # a comment that goes o
ver the edge of the screen
    print("*" * minutes)

───

Height  │ Minutes │                   Why
────────┼─────────┼────────────────────────────────────────
0 m     │       1 │          water boils at 100 °C
2,000 m │       3 │ it boils at a lower temperature, so it
        │         │             needs more time

│ Never leave a fire alone.

────────────────────────────────────────

煮沸可以杀死水中的细菌、病毒和寄生虫，所以在饮用之前最好把
水煮沸一分钟以上。请记住：高海拔地区需要更长的时间。

يقتل غليان الماء الجراثيم والفيروسات والطفيليات التي تسبب
الإسهال والكوليرا. 👩👩👧 ❤ 👍🏽

<b>html</b> & List<String> *stay* and x₁ too. An unclosed
**bold at the end""".splitlines()
        )

    def test_is_styled(self) -> None:
        answer = Answer(40)
        answer.write("a **b** *c* `d` ***e*** __f__ _g_\n")
        answer.finish()
        row = {char: style for char, *style in answer.terminal.styled(0)}
        assert row["a"] == [False, False, "default"]
        assert row["b"] == row["f"] == [True, False, "default"]
        assert row["c"] == row["g"] == [False, True, "default"]
        assert row["d"] == [False, False, "cyan"]
        assert row["e"] == [True, True, "default"]

    @settings(max_examples=300)
    @given(st.text("**__ ab.`中", min_size=1, max_size=14).map(str.strip))
    def test_has_the_emphasis_of_commonmark(self, text: str) -> None:
        if "\n" in text or re.search(r"(?<!\w)__[a-z]", text):
            return  # a dunder keeps its underscores here
        styles = {"strong": inline.BOLD, "em": inline.ITALIC}
        expected: list[tuple[str, int]] = []
        open_now: list[str] = []
        for block in MarkdownIt("commonmark").parseInline(text):
            for token in block.children or []:
                name, _, what = token.type.rpartition("_")
                if what == "open":
                    open_now.append(name)
                elif what == "close":
                    open_now.remove(name)
                else:
                    style = sum({styles[name] for name in open_now})
                    style += inline.CODE if token.type == "code_inline" else 0
                    expected += [(char, style) for char in token.content]
        found = [(cell.text, cell.style) for cell in inline.cells(text, 0, final=True)]
        assert found == expected

    def test_without_colour_keeps_bold_and_no_colour(self) -> None:
        answer = Answer(colour=False)
        answer.write("# Title\n**b** `c`")
        answer.finish()
        assert set(re.findall(r"\x1b\[([0-9;]*)m", answer.terminal.sent)) == {"1;4", "1", ""}

    @pytest.mark.parametrize("columns", [8, 12, 20, 40])
    def test_fits_a_narrow_terminal(self, columns: int) -> None:
        found = shown(ANSWER, columns, 10)
        for word in ("diarrhoea", "typhoid", "寄生虫", "temperature"):
            assert word in "".join(row.strip("│ ") for row in found)

    def test_shows_a_table_as_records_where_it_has_no_room(self) -> None:
        table = (
            "| Village | Depth | Key |\n|---|---|---|\n| Mbale | 22 m | Ruth |\n| Gulu | 9 m | |"
        )
        assert shown(table, 18) == [
            "Village: Mbale",
            "Depth: 22 m",
            "Key: Ruth",
            "",
            "Village: Gulu",
            "Depth: 9 m",
            "Key:",
        ]

    def test_without_a_table_keeps_its_bars(self) -> None:
        assert shown("a | b\nc\n| d |\n|---|---|\n") == ["a | b", "c", "| d |", "|---|---|"]

    def test_keeps_numbers_gaps_and_depth(self) -> None:
        text = "\n\n7. a\n\n8. b\n    - c\n\n\n\n    d\n\ne\n\n"
        assert shown(text) == ["7. a", "", "8. b", "    • c", "", "    d", "", "e"]

    def test_keeps_code_as_it_is_written(self) -> None:
        text = "~~~\n**a** | b\n```\n# c\n\n\n    d\n~~~\nafter\n\n    e*f*\n\n    g\n"
        assert shown(text) == [
            "───", "**a** | b", "```", "# c", "", "", "    d", "───", "after", "", "    e*f*", "", "    g",
        ]  # fmt: skip

    def test_shows_mathematics_as_text(self) -> None:
        answer = (
            "With $x^2$ for $5 and `$y^2$`:\n\\[\n\\frac{a}{b} = \\sqrt{2}\n\\]\n"
            "| $a_1$ | b |\n|---|---|\n| 1 | \\(\\pi\\) |\n\n"
            "- item\n  $$ \\sum_{i=1}^n i $$\n\n```\n$$\nx^2\n$$\n```\n\n"
            "$$\nnever | closed\n\n\\[1\\] is a reference, $$"
        )
        assert shown(answer) == [
            *("With x² for $5 and $y^2$:", "  a/b = √2", "a₁ │ b", "───┼──", "1  │ π", ""),
            *("• item", "    ∑ᵢ₌₁ⁿ i", "", "───", "$$", "x^2", "$$", "───", ""),
            *("$$", "never | closed", "", "\\[1\\] is a reference, $$"),
        ]
        small = Lines(79, 24, unicode=False)
        small.take("With $x^2$\n\\[ x^2 \\]\n")
        assert [run for row in small.done for run, _ in row.runs] == ["With $x^2$", "\\[ x^2 \\]"]

    def test_breaks_chinese_where_it_may_be_broken(self) -> None:
        rows = shown("煮沸。" * 30, 21)
        assert "".join(rows) == "煮沸。" * 30
        assert not [row for row in rows if row.startswith("。")]

    def test_never_parts_a_character_from_its_marks(self) -> None:
        text = "e\u0301" * 50 + "กิ่" * 30 + "👍🏽" * 20
        for row in inline.wrap(inline.cells(text, 0, final=True), ("", 0), ("", 0), 9):
            assert not re.match("[\u0301\u0e34\u0e48🏽]", row.runs[0][0])


class TestAHostileAnswer:
    @pytest.mark.parametrize("seed", range(20))
    def test_cannot_touch_the_terminal(self, seed: int) -> None:
        answer = Answer(30)
        for piece in pieces(HOSTILE, seed):
            answer.lines.take(inline_clean(piece))
            answer.write("")
        answer.finish()
        left = re.sub(r"\x1b\[(?:[0-9;]*m|\d*A|K|J)", "", answer.terminal.sent)
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", left.replace("\r", "")
        )


def inline_clean(text: str) -> str:
    from hinterland.text import clean

    return clean(text)


def test_importing_the_view_imports_no_rich() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, hinterland.cli.answer; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"rich", "asyncio"} & set(seen)
