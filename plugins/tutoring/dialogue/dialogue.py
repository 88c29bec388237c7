"""The lesson in lines: it only shows and reads; what an act does is the session's."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import aclosing
from typing import TextIO

from hinterland.errors import InputError
from hinterland.plugins.forms.columns import width_of
from hinterland.plugins.forms.typed_lines import TypedLines
from hinterland.plugins.tutoring.dialogue import plain
from hinterland.plugins.tutoring.session import (
    Act,
    Answer,
    AskHint,
    Go,
    Question,
    Said,
    SaidKind,
    Session,
    ShowAnswer,
    Skip,
    Stop,
    Wants,
)
from hinterland.plugins.tutoring.words import Words
from hinterland.progress_line import ProgressLine
from hinterland.sentences import sentence
from hinterland.text import clean, clean_line

_STOP = "."
_KEYS: dict[str, Act] = {
    "?": AskHint(),
    "!": ShowAnswer(),
    "s": Skip(),
    _STOP: Stop(),
    ">": Go(),
}
_STEPS = "w"
_LITERALLY = "\\"
"""What goes before an answer that is one of the keys."""
_SLOW = 1.5  # seconds
_LEFT_FREE = 3
"""Lines of a screen that are left for what comes after a page: two for the keys, one for the prompt."""
_FEWEST = 8
"""Lines of a screen at least: fewer are no screen."""
_INTERRUPTED = 130


class Dialogue:
    """Leads one pupil through a lesson; everything it says goes to `out`."""

    def __init__(
        self,
        session: Session,
        words: Words,
        typed: TypedLines,
        out: TextIO,
        runner: asyncio.Runner,
    ) -> None:
        """`runner` is the one whose loop the session's checker and guide live in. Nothing runs in it
        while a line is waited for, so that Ctrl-C interrupts that wait."""
        self._session = session
        self._words = words
        self._typed = typed
        self._out = out
        self._runner = runner
        self._echoed = sys.stdin.isatty()
        """Whether a terminal shows what is typed; what a pipe brings is shown here."""
        self._paged = self._echoed and out.isatty()
        self._written = 0
        """Lines since the last one that was typed."""
        self._wanted = ""
        self._telling = ""
        """The end of a model's answer that is no whole paragraph yet."""

    def run(self, topic: str | None = None) -> int:
        """Lead through the lesson and return the exit code: 0 at the end and where the input ends, 130
        for Ctrl-C; in each case everything is kept. Raises InputError for an unknown topic, and
        StorageError."""
        try:
            self._tell(self._runner.run(self._session.begin(topic)))
            while self._session.wants is not Wants.NOTHING:
                for act in self._acts():
                    self._tell(self._runner.run(self._do(act)))
        except EOFError:
            self._stop()
        except KeyboardInterrupt:
            self._stop()
            return _INTERRUPTED
        return 0

    def _stop(self) -> None:
        self._write("")
        self._paged = False
        self._tell(self._runner.run(self._do(Stop())))

    # Reading

    def _acts(self) -> Sequence[Act]:
        """Read what the pupil wants to do; nothing where only the keys were asked for."""
        wants, wanted = self._session.wants, self._keys_now()
        if wanted != self._wanted:
            self._wanted = wanted
            self._say_keys()
        if wants is Wants.GO:
            return self._going(self._line("[Enter] ").strip())
        text = self._line("> ").strip()
        if wants is Wants.CHOICE:
            return [_KEYS[text]] if text == _STOP else [Answer(text)] if text else []
        if not text:
            self._say_keys()
            return []
        if text == _STEPS:
            return self._steps()
        return [self._answering(text)]

    def _going(self, text: str) -> Sequence[Act]:
        if not text:
            return [Go()]
        if text == "?":
            self._say_keys()
            return []
        return [_KEYS.get(text) or Question(text)]

    def _answering(self, text: str, working: tuple[str, ...] = ()) -> Act:
        if (act := _KEYS.get(text)) is not None:
            return act
        posed = self._session.open_exercise
        if posed is not None and posed.is_computed and text.endswith("?"):
            return Question(text)
        return Answer(text.removeprefix(_LITERALLY), working)

    def _steps(self) -> Sequence[Act]:
        self._say(self._words.say("line-steps"))
        working: list[str] = []
        while step := self._line("| ").strip():
            working.append(step)
        self._say(self._words.say("line-answer"))
        text = self._line("> ").strip()
        lines = tuple(working)
        if not text:
            return [Answer("", lines)] if lines else []
        act = self._answering(text, lines)
        return [act] if isinstance(act, Answer) else [Answer("", lines), act]

    def _line(self, prompt: str) -> str:
        while True:
            self._out.write(prompt)
            self._out.flush()
            try:
                typed = self._typed.line()
            except InputError as error:
                self._write("")
                self._say(clean_line(sentence(error), 400))
                continue
            if not self._echoed:
                self._write(clean_line(typed))
            self._written = 0
            return typed

    # Doing

    async def _do(self, act: Act) -> list[Said]:
        """Return what is said to an act; a model's answer is shown as it comes."""
        waiting = asyncio.create_task(_say_to_wait())
        found: list[Said] = []
        try:
            async with aclosing(self._session.do(act)) as said:
                async for each in said:
                    if each.kind is not SaidKind.TELLING:
                        found.append(each)
                        continue
                    waiting.cancel()
                    await asyncio.wait([waiting])
                    self._go_on_telling(each.text)
        finally:
            waiting.cancel()
            await asyncio.wait([waiting])
            self._end_telling()
        return found

    # Saying

    def _tell(self, said: Sequence[Said]) -> None:
        """Show what was said, a screen at a time: what has scrolled away is gone on a console."""
        for each in said:
            text = each.text
            if each.kind is SaidKind.HINT:
                text = self._words.say("line-hint", hint=text)
            for line in self._lines(text):
                if self._paged and self._written >= _rows(self._out) - _LEFT_FREE:
                    self._say(self._words.say("line-more"))
                    if self._line("[Enter] ").strip() == _STOP:
                        raise EOFError
                self._write(line)

    def _go_on_telling(self, text: str) -> None:
        *whole, self._telling = (self._telling + text).split("\n\n")
        for paragraph in whole:
            self._write(*self._lines(paragraph))

    def _end_telling(self) -> None:
        text, self._telling = self._telling, ""
        if text.strip():
            self._write(*self._lines(text))

    def _keys_now(self) -> str:
        placing = self._session.status.stage == "placing"
        return "line-keys-placing" if placing else f"line-keys-{self._session.wants.value}"

    def _say_keys(self) -> None:
        self._say(self._words.say(self._keys_now()))

    def _lines(self, markdown: str) -> list[str]:
        return ["", *plain.lines(clean(markdown), width_of(self._out))]

    def _say(self, text: str) -> None:
        self._write(*plain.lines(text, width_of(self._out)))

    def _write(self, *lines: str) -> None:
        for line in lines:
            self._out.write(f"{line}\n")
        self._written += len(lines)
        self._out.flush()


def _rows(out: TextIO) -> int:
    return max(_FEWEST, os.get_terminal_size(out.fileno()).lines or _FEWEST)


async def _say_to_wait() -> None:
    """Say on standard error that somebody thinks, if it takes a while, until this is cancelled."""
    await asyncio.sleep(_SLOW)
    line = ProgressLine()
    try:
        line.say("…")
        if sys.stderr.isatty() and os.environ.get("TERM", "dumb") == "dumb":
            sys.stderr.write("…\n")
            sys.stderr.flush()
        await asyncio.Event().wait()
    finally:
        line.clear()
