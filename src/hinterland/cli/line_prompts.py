"""Prompts from standard input: a line each, or many lines between triple quotes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hinterland.errors import InputError
from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.cli.line_writing import Lines

QUOTES = '"""'
PROMPT = "> "


class Prompts:
    """Reads what is typed; a person is shown where to type, on `lines`."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def read(self) -> str | None:
        """Return the next prompt; None at the end of the input. Raises InputError where a pipe does
        not hold UTF-8."""
        line = self.line(PROMPT)
        if line is None or not line.lstrip().startswith(QUOTES):
            return line
        lines = [line.lstrip()[len(QUOTES) :]]
        while not lines[-1].rstrip().endswith(QUOTES):
            more = self.line(". ")
            if more is None:
                return "\n".join(lines).strip("\n")
            lines.append(more)
        lines[-1] = lines[-1].rstrip()[: -len(QUOTES)]
        return "\n".join(lines).strip("\n")

    def line(self, prompt: str) -> str | None:
        """Return the next line; like `read`. `prompt` is what a person sees before it."""
        attended = self._lines.attended
        while True:
            try:
                return input(self._marked(prompt) if attended else "")
            except EOFError:
                if attended:
                    self._lines.write("\n")
                return None
            except KeyboardInterrupt:  # it empties the line, as in a shell
                self._lines.write("\n")
            except UnicodeDecodeError as error:
                if not attended:
                    raise InputError(
                        "Standard input is not UTF-8 text.", "Convert it first."
                    ) from error
                self._lines.say(_("That was not UTF-8 text."))

    def give_back(self, prompt: str) -> None:
        """Put text into the next line, to be changed or sent; one of several lines is left out."""
        if "\n" in prompt or not prompt.isprintable():
            return
        with suppress(ImportError):
            import readline

            def insert() -> None:
                readline.insert_text(prompt)
                readline.set_startup_hook(None)

            readline.set_startup_hook(insert)

    def _marked(self, prompt: str) -> str:
        """Return a prompt that stands out in the scrollback, if it may."""
        return f"\x01\x1b[1m\x02{prompt}\x01\x1b[m\x02" if self._lines.inline else prompt
