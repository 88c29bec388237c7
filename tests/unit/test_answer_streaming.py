"""An answer that comes in pieces: it ends like the whole, and nothing is lost or repeated."""

from __future__ import annotations

import asyncio
import io
import random
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hinterland.cli.answer import answer_view
from hinterland.cli.answer.terminal import TerminalView
from tests.answer_screens import ANSWER, FEW, MARKUP, PROSE, Answer, Terminal, pieces, shown


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
