"""How an answer looks on standard output, on the screens that a terminal emulator makes of it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hinterland.cli.answer import PlainView, answer_view, inline
from hinterland.cli.answer.lines import Lines
from hinterland.cli.answer.terminal import Painter, TerminalView
from hinterland.errors import StorageError

ANSWER = """\
# Why do we **boil** water?

Boiling water kills *germs* such as bacteria, viruses and parasites that cause **diarrhoea**, cholera \
and typhoid. See [WHO](https://www.who.int/water) and `boil()`.

## Steps

1. **Collect** the water in a clean pot, and let the dirt settle before you pour it off.
2. Bring it to a *rolling* boil.
   - one minute at sea level
   - three minutes above 2,000 m
     continued line that is long enough to wrap on a narrow terminal
3. Let it cool, ~~open~~ covered. Use **kwargs or 2 * 3 * 4 or snake_case or __init__.

```python
def boil(minutes: int = 1) -> None:  # a comment that goes over the edge of the screen
    print("*" * minutes)

```

| Height | Minutes | Why |
|:-------|--------:|:---:|
| 0 m | 1 | water boils at **100 °C** |
| 2,000 m | 3 | it boils at a lower temperature, so it needs more time |

> Never leave a fire alone.

***

煮沸可以杀死水中的细菌、病毒和寄生虫，所以在饮用之前最好把水煮沸一分钟以上。请记住：高海拔地区需要更长的时间。

يقتل غليان الماء الجراثيم والفيروسات والطفيليات التي تسبب الإسهال والكوليرا. 👩‍👩‍👧 ❤️ 👍🏽

<b>html</b> & List<String> \\*stay\\* and \\( x_1 \\) too. An unclosed **bold at the end
"""

# The same without its table, whose columns depend on how much of it was seen at a time.
PROSE = ANSWER.partition("| Height")[0] + ANSWER.partition("***\n")[2]

# These draw thousands of frames; shrinking a failure would draw millions.
FEW = settings(max_examples=20, phases=[Phase.explicit, Phase.generate])

MARKUP = re.findall(
    r"\S+",
    "** * _ ` ``` ~~~ ~~ # ## - + 1. 2) > | |-|-| |a|b| [ ]( ) ! \\ --- === word Wörter 煮沸 。 🙂 "
    "اغلِ a_b 3 : https://e.org <br> $ $x^2$ \\( \\) $$ \\[ \\] \\frac{1}{x}",
)

HOSTILE = "a\x1b]52;c;eA==\x07 \x1b[2J **b\x9b2J** \u202ec\u2066 `\x1b[31m` [\x1b](\x1bc)\n"
HOSTILE += "|\x1b|\x1b|\n|-|-|\n|\x9d|\x1b|"


class Terminal:
    """A terminal emulator and all that has scrolled off its top."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self.stream = pyte.Stream(self.screen)
        self.sent = ""

    def show(self, text: str) -> None:
        self.sent += text
        self.feed(text.replace("\n", "\r\n"))

    def feed(self, text: str) -> None:
        # pyte drops what follows a zero width joiner or a variation selector.
        self.stream.feed(re.sub("[\u200d\ufe0f]", "", text))

    @property
    def text(self) -> list[str]:
        """Every row there ever was, without the empty ones at the end."""
        gone = ["".join(row[x].data for x in range(len(row))) for row in self.screen.history.top]
        rows = [row.rstrip() for row in (*gone, *self.screen.display)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def styled(self, row: int) -> list[tuple[str, bool, bool, str]]:
        """Return the characters of a row: text, bold, italic, colour."""
        cells = self.screen.buffer[row]
        return [(c.data, c.bold, c.italics, c.fg) for _, c in sorted(cells.items())]


class Answer:
    """Text on its way to a terminal, without the terminal's device."""

    def __init__(self, columns: int = 80, rows: int = 24, *, colour: bool = True) -> None:
        self.terminal = Terminal(columns, rows)
        self.lines = Lines(columns - 1, rows)
        self.painter = Painter(colour=colour)
        self.rows = rows

    def write(self, text: str) -> None:
        self.lines.take(text)
        done, self.lines.done = self.lines.done, []
        self.terminal.show(self.painter.frame(done, self.lines.live(), self.rows))

    def resize(self, columns: int) -> None:
        """Change the width, on a terminal that leaves its rows alone."""
        self.lines.keep()
        self.painter.keep(but_last=self.lines.in_code)
        self.lines.width = columns - 1
        self.terminal.screen.resize(columns=columns)

    def finish(self) -> list[str]:
        self.lines.finish()
        self.write("")
        self.terminal.show("\n")
        return self.terminal.text


def shown(text: str, columns: int = 80, rows: int = 24) -> list[str]:
    """Return the rows of a text that comes in one piece."""
    answer = Answer(columns, rows)
    answer.write(text)
    return answer.finish()


def pieces(text: str, seed: int) -> Iterator[str]:
    """Cut a text at random places."""
    chance = random.Random(seed)
    at = 0
    while at < len(text):
        size = chance.choice((1, 1, 2, 3, 5, 8, 40))
        yield text[at : at + size]
        at += size


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
        while "New.\r\n" not in (got := os.read(leader, 65536).decode()):
            terminal.feed(got)
        terminal.feed(got)
    os.close(leader)
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


class TestStreaming:
    @FEW
    @given(st.integers(0, 2**32), st.sampled_from([12, 20, 40, 80, 120]))
    def test_ends_with_the_same_screen_however_the_text_was_cut(
        self, seed: int, columns: int
    ) -> None:
        answer = Answer(columns, 60)
        for piece in pieces(ANSWER, seed):
            answer.write(piece)
        assert answer.finish() == shown(ANSWER, columns, 60)

    @FEW
    @given(st.integers(0, 2**32), st.sampled_from([20, 40, 80]))
    def test_does_so_on_a_low_screen(self, seed: int, columns: int) -> None:
        answer = Answer(columns, 8)
        for piece in pieces(PROSE, seed):
            answer.write(piece)
        assert answer.finish() == shown(PROSE, columns, 8)

    @settings(max_examples=200)
    @given(
        st.lists(
            st.sampled_from([*MARKUP, " ", "  ", "    ", "\n", "\n", "\n\n", "\t"]),
            max_size=40,
        ),
        st.sampled_from([10, 30, 80]),
    )
    @example(["|a|b|\n", "|-|-|\n", "|c|\n", "x"], 30)
    def test_of_any_markup_ends_like_the_whole(self, parts: list[str], columns: int) -> None:
        answer = Answer(columns, 60)
        for part in parts:
            answer.write(part)
        assert answer.finish() == shown("".join(parts), columns, 60)

    def test_only_appends_to_prose(self) -> None:
        text = ANSWER.partition("| Height")[0].replace("**kwargs", "kwargs")
        answer = Answer()
        for char in text:
            answer.write(char)
        answer.finish()
        redrawn = re.findall(r"\x1b\[\d*[A-HJK]", answer.terminal.sent)
        # The link becomes its text and address, and __init__ gets its underscores back.
        assert len(redrawn) <= 2

    def test_shows_each_word_soon(self) -> None:
        answer = Answer()
        for char in "Some **bold words":
            answer.write(char)
        assert answer.terminal.text == ["Some bold words"]
        assert answer.terminal.styled(0)[-1][:2] == ("s", True)

    def test_shows_a_table_while_it_grows(self) -> None:
        answer = Answer(40)
        answer.write("| a | b |\n|---|---|\n| first | x |\n| seco")
        assert answer.terminal.text == ["a     │ b", "──────┼──", "first │ x", "seco  │"]

    def test_takes_back_emphasis_that_was_none(self) -> None:
        answer = Answer(30)
        answer.write("pass **kwargs to it, and then go on for two rows or more")
        assert answer.terminal.text[0] == "pass kwargs to it, and then"
        answer.write(".\nnext")
        assert answer.finish() == [
            "pass **kwargs to it, and then", "go on for two rows or more.", "next",
        ]  # fmt: skip

    def test_of_a_block_taller_than_the_screen_loses_and_repeats_nothing(self) -> None:
        words = [f"w{n}" for n in range(400)]
        table = "| n | word |\n|---|---|\n" + "".join(
            f"| {n} | {'wide' * (n // 8)}{n} |\n" for n in range(60)
        )
        code = "```\n" + "".join(f"line {n}\n" for n in range(60)) + "```\n"
        answer = Answer(40, 10)
        for piece in pieces(" ".join(words) + "\n\n" + table + "\n" + code, 5):
            answer.write(piece)
        rows = answer.finish()
        start = rows.index("")
        assert " ".join(row.strip() for row in rows[:start]).split() == words
        first = [row.split("│")[0].strip() for row in rows if "│" in row]
        assert [cell for cell in first if cell.isdecimal()] == [str(n) for n in range(60)]
        assert [row for row in rows if row.startswith("line")] == [f"line {n}" for n in range(60)]

    @FEW
    @given(st.integers(0, 2**32), st.lists(st.integers(20, 100), min_size=1, max_size=5))
    @example(59323, [97, 25, 20, 39])  # a change right after a row that a space has filled
    def test_loses_and_repeats_nothing_when_the_width_changes(
        self, seed: int, widths: list[int]
    ) -> None:
        # Emphasis that is taken back after the change stays hidden: its row may be anywhere.
        text = re.sub(r"\*\*(?=kwargs|bold at)|__", "", PROSE)
        parts = list(pieces(text, seed))
        chance = random.Random(seed)
        moments = {chance.randrange(len(parts)): width for width in widths}
        answer, whole = Answer(100), Answer(100)
        for number, piece in enumerate(parts):
            if number in moments:
                answer.resize(moments[number])
            answer.write(piece)
        answer.finish()
        whole.write(text)
        whole.finish()
        assert _letters(_final(answer.terminal.sent)) == _letters(_final(whole.terminal.sent))

    def test_of_a_table_goes_on_when_the_width_changes(self) -> None:
        answer = Answer(60)
        answer.write("| a | b |\n|---|---|\n| first | x |\n")
        answer.resize(40)
        answer.write("| second | y |\n| third | z |\nafter")
        assert answer.finish() == [
            "a     │ b",
            "──────┼──",
            "first │ x",
            "secon │ y",
            "d     │",
            "third │ z",
            "after",
        ]

    def test_of_one_endless_line_goes_on(self) -> None:
        answer = Answer(40, 10)
        text = "word " * 2_000
        for at in range(0, len(text), 97):
            answer.write(text[at : at + 97])
        assert " ".join(answer.finish()).split() == ["word"] * 2_000


def _final(sent: str) -> str:
    """Replay what was sent on a screen wide enough to keep every row whole."""
    terminal = Terminal(400, 200)
    terminal.show(sent)
    return "".join(terminal.text)


def _letters(text: str) -> str:
    return re.sub(r"[\s•│─-]", "", text)


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


class TestPlain:
    def view(self, *, raw: bool = False) -> tuple[io.StringIO, PlainView]:
        out = io.StringIO()
        found = answer_view(raw=raw, stream=out)
        assert isinstance(found, PlainView)
        return out, found

    def test_shows_every_piece_at_once(self) -> None:
        out, view = self.view()
        seen = []
        for piece in ("# Why", " **boil", "**\n", "\n", "Germs"):
            view.write(piece)
            seen.append(out.getvalue())
        assert seen == [
            "# Why",
            "# Why **boil",
            "# Why **boil**",
            "# Why **boil**",
            "# Why **boil**\n\nGerms",
        ]

    @pytest.mark.parametrize("raw", [False, True])
    @pytest.mark.parametrize("end", ["", "\n", "\n\n\n"])
    def test_ends_with_one_newline(self, raw: bool, end: str) -> None:
        out, view = self.view(raw=raw)
        view.write("a" + end)
        view.finish()
        assert out.getvalue() == "a\n"

    def test_of_nothing_is_nothing(self) -> None:
        out, view = self.view()
        view.write("")
        view.finish()
        assert out.getvalue() == ""

    def test_is_clean_unless_raw(self) -> None:
        text = "a\x1b[2J\x9b\u202eb\r\n\tc"
        out, view = self.view()
        view.write(text)
        assert out.getvalue() == "a␛[2J\ufffd\ufffdb\n\tc"
        out, view = self.view(raw=True)
        view.write(text)
        assert out.getvalue() == text

    @given(st.text("煮沸 اغلِ 🙂👩‍👧\n", max_size=30), st.integers(0, 2**32))
    def test_is_whole_however_it_was_cut(self, text: str, seed: int) -> None:
        out, view = self.view()
        for piece in pieces(text, seed):
            view.write(piece)
        view.finish()
        body = text.rstrip("\n")
        assert out.getvalue() == (body + "\n" if body else "")

    def test_in_another_encoding_replaces_what_it_lacks(self) -> None:
        raw = io.BytesIO()
        view = answer_view(stream=io.TextIOWrapper(raw, encoding="latin-1"))
        view.write("água 煮")
        view.finish()
        assert raw.getvalue() == "água ?\n".encode("latin-1")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
    def test_says_that_the_disk_is_full_once(self) -> None:
        with open("/dev/full", "w", encoding="utf-8") as full:
            view = answer_view(stream=full)
            with pytest.raises(StorageError, match="No space left"):
                view.write("a")
            view.write("b")
            view.finish()

    def test_to_a_reader_that_went_is_a_broken_pipe(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "w", encoding="utf-8") as out:
            view = answer_view(stream=out)
            with pytest.raises(BrokenPipeError):
                view.write("a")
            view.finish()
            os.dup2(os.open(os.devnull, os.O_WRONLY), writer)


# Shows the pieces that come as JSON lines on a pipe; Ctrl-C ends it like the command would.
SHOW = """
import asyncio, json, signal, sys
from hinterland.cli.answer import answer_view

async def main():
    loop = asyncio.get_running_loop()
    view = answer_view(raw="raw" in sys.argv, markdown="json" not in sys.argv)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGINT, stopped.set)
    for line in open(sys.argv[1], encoding="utf-8"):
        view.write(json.loads(line))
        await asyncio.sleep(0)
    if "wait" in sys.argv:
        await stopped.wait()
    view.finish(interrupted=stopped.is_set())

asyncio.run(main())
"""


class TestOnARealTerminal:
    def child(
        self,
        tmp_path: Path,
        parts: list[str],
        *arguments: str,
        columns: int = 80,
        env: dict[str, str] | None = None,
    ) -> pexpect.spawn[str]:
        script = tmp_path / "pieces"
        script.write_text("".join(json.dumps(part) + "\n" for part in parts), encoding="utf-8")
        return pexpect.spawn(
            sys.executable,
            ["-c", SHOW, str(script), *arguments],
            env={**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"} | (env or {}),
            dimensions=(24, columns),
            encoding="utf-8",
            timeout=60,
        )

    def screen(self, sent: str, columns: int = 80) -> list[str]:
        terminal = Terminal(columns)
        terminal.feed(sent)
        return terminal.text

    @pytest.mark.parametrize("columns", [40, 80])
    def test_you_should_see_the_whole_answer(self, tmp_path: Path, columns: int) -> None:
        child = self.child(tmp_path, list(pieces(ANSWER, 3)), columns=columns)
        child.expect(pexpect.EOF)
        assert child.before.endswith("\n") and not child.before.endswith("\n\r\n")
        assert self.screen(child.before, columns) == shown(ANSWER, columns)

    def test_ctrl_c_leaves_what_was_written_and_no_echo(self, tmp_path: Path) -> None:
        child = self.child(tmp_path, ["Boil it ", "for **one min"], "wait")
        child.expect("one min")
        before = child.before + child.after
        child.sendintr()
        child.expect(pexpect.EOF)
        assert "^C" in child.before
        assert self.screen(before + child.before) == ["Boil it for **one min"]

    def test_a_hostile_answer_cannot_touch_it(self, tmp_path: Path) -> None:
        for seed in range(3):
            child = self.child(tmp_path, list(pieces(HOSTILE, seed)))
            child.expect(pexpect.EOF)
            assert "\x1b" not in re.sub(r"\x1b\[(?:[0-9;]*m|\d*A|K|J)", "", child.before)
            assert not re.search("[\x07\x7f-\x9f\u202a-\u202e\u2066-\u2069]", child.before)

    @pytest.mark.parametrize(
        ("arguments", "env"),
        [(["raw"], {}), (["json"], {}), ([], {"TERM": "dumb"}), ([], {"TERM": ""})],
    )
    def test_raw_json_or_a_dumb_terminal_gets_plain_text(
        self, tmp_path: Path, arguments: list[str], env: dict[str, str]
    ) -> None:
        child = self.child(tmp_path, ["# a\n", "**b** _c_\n\n"], *arguments, env=env)
        child.expect(pexpect.EOF)
        assert child.before == "# a\r\n**b** _c_\r\n"

    def test_no_color_is_respected(self, tmp_path: Path) -> None:
        child = self.child(tmp_path, ["# a\n`b`"], env={"NO_COLOR": "1"})
        child.expect(pexpect.EOF)
        assert not re.search(r"\x1b\[[0-9;]*3[0-7]", child.before)

    def test_another_encoding_gets_signs_that_it_has(self, tmp_path: Path) -> None:
        child = self.child(tmp_path, ["- a\n\n---\n"], env={"PYTHONIOENCODING": "ascii"})
        child.expect(pexpect.EOF)
        assert self.screen(child.before) == ["- a", "", "-" * 40]


class FakeTerminal(io.StringIO):
    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)

    def isatty(self) -> bool:
        return True


def test_frames_come_from_the_loops_timer_and_none_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = FakeTerminal()

    async def stream() -> list[str]:
        view = answer_view(stream=out)
        assert isinstance(view, TerminalView)
        seen = []
        view.write("a")
        seen.append(out.getvalue())
        for _ in range(50):
            view.write("b")
        seen.append(out.getvalue())
        out.written.clear()
        await out.written.wait()
        seen.append(out.getvalue())
        view.write("c")
        view.finish()
        seen.append(out.getvalue())
        return seen

    assert asyncio.run(stream()) == ["a", "a", "a" + "b" * 50, "a" + "b" * 50 + "c\n"]


def test_a_frame_that_fails_is_told_to_whoever_writes_next(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")

    class Gone(FakeTerminal):
        def write(self, text: str) -> int:
            super().write(text)
            if text == "b":
                raise BrokenPipeError
            return len(text)

    out = Gone()

    async def stream() -> None:
        view = answer_view(stream=out)
        view.write("a")
        view.write("b")
        out.written.clear()
        await out.written.wait()
        with pytest.raises(BrokenPipeError):
            view.write("c")
        view.finish()

    asyncio.run(stream())
    assert capfd.readouterr() == ("", "")


def test_importing_the_view_imports_no_rich() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, hinterland.cli.answer; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"rich", "asyncio"} & set(seen)
