"""Lines that can be edited and completed with Tab, where Python has readline."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from hinterland import chat_commands
from hinterland.completion import Completion
from hinterland.text import clean_line


def edit_lines(*, plain: bool) -> None:
    """Let lines be edited; plain, with nothing but backspaces and spaces: no control sequences."""
    if plain:
        os.environ["TERM"] = "dumb"  # which readline looks up when it starts
    with suppress(ImportError):
        import readline

        if not plain:
            return
        readline.parse_and_bind("set enable-bracketed-paste off")
        readline.parse_and_bind("set enable-meta-key off")


def complete_commands(own: Sequence[tuple[str, str]], prompt: str) -> None:
    """Let Tab complete commands and file names; `own` are the chat's own commands, `prompt` is what
    stands before the line."""
    with suppress(ImportError):
        import readline

        found: list[Completion] = []

        def complete(line: str, state: int) -> str | None:
            if state == 0:
                found[:] = chat_commands.completions(line, own)
            return found[state].text if state < len(found) else None

        def show(substitution: str, matches: Sequence[str], longest: int) -> None:
            del substitution, matches, longest
            names = (clean_line(f"{each.shown}  {each.says}".rstrip(), 79) for each in found)
            sys.stdout.write("".join(f"\n{name}" for name in names))
            sys.stdout.write(f"\n{prompt}{readline.get_line_buffer()}")
            sys.stdout.flush()

        readline.set_completer(complete)
        readline.set_completer_delims("")  # the whole line is one word: names hold blanks
        readline.set_completion_display_matches_hook(show)
        # macOS ships libedit under the same name.
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
