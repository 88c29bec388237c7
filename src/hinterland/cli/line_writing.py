"""What a chat in lines writes to standard output: answers as they come, and what it says itself."""

from __future__ import annotations

import sys

from hinterland.cli.answer import AnswerView, answer_view
from hinterland.sentences import translated
from hinterland.text import clean_line

_LONGEST_NOTE = 400


class Lines:
    """Standard output, which knows whether it stands at the beginning of a line."""

    def __init__(self, *, attended: bool, inline: bool) -> None:
        self.attended = attended
        """Whether a person types; a pipe gets answers and nothing else."""
        self.inline = inline
        """Whether answers are shown as Markdown, and control sequences are written at all."""
        self.interrupted = False
        """Whether Ctrl-C was pressed in this answer; terminals echo it into the text."""
        self._view: AnswerView | None = None
        """Where the answer goes that is being written."""
        self._column = 0

    def write(self, text: str) -> None:
        """Write text as it is."""
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
            self._column = 0 if text.endswith("\n") else 1

    def write_unseen(self, sequence: str) -> None:
        """Write a control sequence, which moves nothing."""
        sys.stdout.write(sequence)
        sys.stdout.flush()

    def answer(self, text: str) -> None:
        """Write a piece of an answer."""
        if text and self._view is None:
            self._view = self._new_view()
        if text and self._view is not None:
            self._view.write(text)

    def end(self) -> None:
        """End the answer and the line."""
        if self._view is not None:
            view, self._view = self._view, None
            view.finish(interrupted=self.interrupted)
        if self._column:
            self.write("\n")

    def say(self, notice: str) -> None:
        """Write something of our own, for a person."""
        if self.attended:
            self.end()
            self.write(f"{notice}\n")

    def note(self, sentence: str, *, midway: bool = False) -> None:
        """Say something in passing, `midway` in an answer that goes on below it; to whoever reads
        standard error where nobody types."""
        sentence = clean_line(translated(sentence), _LONGEST_NOTE)
        if self.attended and midway and self._view is not None:
            self._view.make_way()
            self.write(f"({sentence})\n")
        elif self.attended:
            self.say(f"({sentence})")
        else:
            sys.stderr.write(f"hint: {sentence}\n")

    def _new_view(self) -> AnswerView:
        if self.inline:
            return answer_view()
        from hinterland.cli.answer.words import WordView, columns_of

        return WordView(self.write, columns_of(sys.stdout) if self.attended else None)
