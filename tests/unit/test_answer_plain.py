"""An answer where there is no terminal, and the same on a real one."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.cli.answer import PlainView, answer_view
from hinterland.errors import StorageError
from tests.answer_screens import ANSWER, HOSTILE, Terminal, pieces, shown


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
