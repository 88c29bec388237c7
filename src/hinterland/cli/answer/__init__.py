"""How an answer streams to standard output: Markdown on a terminal, plain text everywhere else."""

from __future__ import annotations

import os
import sys
from typing import Protocol, TextIO

from hinterland.errors import StorageError
from hinterland.text import clean


class AnswerView(Protocol):
    """Where an answer is shown as it comes."""

    def write(self, text: str) -> None:
        """Show a piece of the answer; raises StorageError when it cannot be written."""

    def make_way(self) -> None:
        """End the line on a terminal, so that something else can be said there before more comes."""

    def finish(self, interrupted: bool = False) -> None:
        """Show what is left and end with exactly one newline; to be called once, whatever happened.

        `interrupted` says that the user pressed Ctrl-C, which terminals echo into the text.
        """


def answer_view(
    *, raw: bool = False, markdown: bool = True, stream: TextIO | None = None
) -> AnswerView:
    """Return the view for `stream`, by default standard output.

    `raw` leaves the model's characters as they are; without `markdown`, as for an answer in JSON,
    a terminal gets plain text too. On a terminal create and use it within the event loop that
    streams the answer: its frames come from that loop's timer.
    """
    stream = stream or sys.stdout
    terminal = stream.isatty() and os.environ.get("TERM", "dumb") not in {"", "dumb"}
    output = _Output(stream)
    if raw or not markdown or not terminal:
        return PlainView(output, raw=raw)
    from hinterland.cli.answer.terminal import TerminalView

    return TerminalView(stream, output.send, colour=not os.environ.get("NO_COLOR"))


def reasoning_view(stream: TextIO | None = None) -> AnswerView:
    """Return the view for what a model thinks, on `stream`, by default standard error: dimmed on a
    terminal, plain elsewhere."""
    stream = stream or sys.stderr
    terminal = stream.isatty() and os.environ.get("TERM", "dumb") not in {"", "dumb"}
    return PlainView(_Output(stream), raw=False, dim=terminal, from_first_word=True)


class PlainView:
    """Each piece is written and flushed as it comes; newlines wait, so that the end has just one."""

    def __init__(
        self, output: _Output, *, raw: bool, dim: bool = False, from_first_word: bool = False
    ) -> None:
        self._output = output
        self._raw = raw
        self._dim = dim
        self._from_first_word = from_first_word
        self._newlines = ""
        self._wrote = False

    def write(self, text: str) -> None:
        """Write a piece of the answer at once, but for newlines at its end."""
        text = self._newlines + (text if self._raw else clean(text))
        if self._from_first_word and not self._wrote:
            text = text.lstrip()
        body = text.rstrip("\n")
        self._newlines = text[len(body) :]
        if body:
            self._wrote = True
            self._output.send(f"\x1b[2m{body}\x1b[m" if self._dim else body)

    def make_way(self) -> None:
        """End the line where it is on a terminal; a pipe or file gets the answer alone."""
        if self._wrote and self._output.is_terminal():
            self._output.send("\n")

    def finish(self, interrupted: bool = False) -> None:
        """End the last line."""
        self._newlines = ""
        if self._wrote:
            self._wrote = False
            self._output.send("\n")


class _Output:
    """An output that fails with a sentence, once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._failed = False

    def is_terminal(self) -> bool:
        return self._stream.isatty()

    def send(self, text: str) -> None:
        if self._failed:
            return
        try:
            # A terminal of another encoding gets "?" for what it cannot show.
            self._stream.write(text.encode(self._encoding, "replace").decode(self._encoding))
            self._stream.flush()
        except BrokenPipeError:
            self._failed = True
            raise
        except OSError as error:
            self._failed = True
            # What stays in the stream's buffer would fail a second time when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            raise StorageError(
                f"The answer cannot be written: {error.strerror}.",
                "Free some space, or write it elsewhere.",
            ) from error
