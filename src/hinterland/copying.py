"""What of a conversation is copied, and how it reaches the terminal's clipboard or a file.

The clipboard is the one of the machine that the terminal runs on, also over SSH: OSC 52 asks the
terminal for it. Terminals do not say whether they did, and some do not.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hinterland.errors import InputError, StorageError
from hinterland.language import _
from hinterland.text import clean, clean_line
from hinterland.turns import Turn

LARGEST = 74_994
"""Bytes of text that OSC 52 carries everywhere: 100,000 with the sequence around their base64."""
_SCREEN_CHUNK = 240
"""Bytes that GNU screen passes on at once: 256 with what is around them."""
_FENCED = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)


class Wanted(NamedTuple):
    """What `/copy` was told."""

    code: bool
    """The last block of code, not the whole answer."""
    back: int
    """Which answer, counted from the last one, which is 1."""
    file: str
    """Where to write it; empty for the clipboard."""


def read(argument: str) -> Wanted:
    """Return what `[code] [N] [FILE]` asks for."""
    words, code, back = argument.strip(), False, 1
    if found := re.match(r"code(?:\s+|$)", words):
        code, words = True, words[found.end() :]
    if found := re.match(r"([1-9]\d{0,8})(?:\s+|$)", words):
        back, words = int(found[1]), words[found.end() :]
    return Wanted(code, back, words.strip("'\""))


def text_of(turns: Sequence[Turn], wanted: Wanted) -> str:
    """Return what is to be copied, as the model wrote it; raises InputError where there is none."""
    answers = [turn.answer for turn in turns if turn.answer.strip() and not turn.replaces]
    if len(answers) < wanted.back:
        raise InputError(
            _("There is no answer to copy yet.")
            if not answers
            else _("There are only {count} answers to copy.").format(count=len(answers))
        )
    answer = answers[-wanted.back]
    if not wanted.code:
        return answer.strip("\n")
    blocks = [found[2] for found in _FENCED.finditer(answer)]
    if not blocks:
        raise InputError(_("There is no block of code in that answer."))
    return blocks[-1].rstrip("\n")


def sequence(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return what puts `text` into the terminal's clipboard, wrapped for the tmux or the screen that
    it has to pass; raises InputError for what no terminal takes."""
    content = clean(text).encode()
    if len(content) > LARGEST:
        raise InputError(
            _("That is {size:,} bytes, and a terminal's clipboard takes {most:,}.").format(
                size=len(content), most=LARGEST
            ),
            _("/copy FILE writes it into a file."),
        )
    bare = f"\x1b]52;c;{base64.b64encode(content).decode()}\x07"
    if in_tmux(environment):
        # Which of the two tmux passes on is a setting; getting both does no harm.
        doubled = bare.replace("\x1b", "\x1b\x1b")
        return f"{bare}\x1bPtmux;{doubled}\x1b\\"
    if "STY" in environment or environment.get("TERM", "").startswith("screen"):
        chunks = (bare[at : at + _SCREEN_CHUNK] for at in range(0, len(bare), _SCREEN_CHUNK))
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return bare


def in_tmux(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether tmux stands between us and the terminal."""
    return "TMUX" in environment or environment.get("TERM", "").startswith("tmux")


def sent(size: int, environment: Mapping[str, str] = os.environ) -> str:
    """Return what can honestly be said after so many characters were sent to the clipboard."""
    said = _(
        "{size:,} characters were sent to the terminal for its clipboard. Terminals do not say "
        "whether they took them; /copy FILE always works."
    ).format(size=size)
    if in_tmux(environment):
        needs = "`set -g set-clipboard on`", "`set -g allow-passthrough on`"
        said += " " + _("tmux passes them on with {one} or {other}.").format(
            one=needs[0], other=needs[1]
        )
    return said


def save(text: str, name: str) -> Path:
    """Write `text` to a new file that only its owner reads, and return its path.

    Raises InputError where there is such a file, and StorageError.
    """
    path = Path(name).expanduser()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(
            _("There is a file {name} already.").format(name=clean_line(name)),
            _("Take another name."),
        ) from error
    except OSError as error:
        raise _unwritten(name, error) from error
    try:
        with open(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(f"{text}\n")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritten(name, error) from error
    return path


def _unwritten(name: str, error: OSError) -> StorageError:
    return StorageError(
        _("{name} cannot be written: {reason}.").format(
            name=clean_line(name), reason=error.strerror
        ),
        _("Take another place."),
    )
