"""A pupil's name as it is typed, and the folder it becomes: any script, nothing that leaves the box.

Names are one when they differ in case, white space or the way a letter is encoded only.
"""

from __future__ import annotations

import unicodedata
import zlib

from hinterland.errors import InputError
from hinterland.text import clean_line

LONGEST = 60
"""Characters of a name."""
_SHOWN = 32
"""Characters of a name that its folder shows: 4 bytes each leave room for the rest of 255."""
_LETTERS = ("L", "M", "N")
"""Unicode's letters, marks and numbers: what a name is made of and what a folder shows of it."""


def checked(name: str) -> str:
    """Return a name as it is kept: one line, spaces as they should be. Raises InputError."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not any(unicodedata.category(letter)[0] in "LN" for letter in name):
        raise InputError("A pupil's name needs a letter or a number.", "Type the name again.")
    if len(name) > LONGEST:
        raise InputError(
            f"The name has {len(name)} characters; {LONGEST} is the most.", "Use a shorter one."
        )
    if name != clean_line(name):
        raise InputError("The name holds characters that cannot be shown.", "Type the name again.")
    return name


def key(name: str) -> str:
    """Return what two ways to write one name have in common."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(
        letter
        for letter in folded
        if not letter.isspace() and unicodedata.category(letter) not in ("Cf", "Cc")
    )


def folder(name: str) -> str:
    """Return the name of that pupil's folder: readable, and safe whatever the name holds."""
    known = key(name)
    shown = "".join(
        letter if unicodedata.category(letter)[0] in _LETTERS else "-" for letter in known[:_SHOWN]
    )
    return f"{shown}-{zlib.crc32(known.encode(errors='replace')):08x}"


def quoted(name: str) -> str:
    """Return the name as it has to stand on a command line."""
    import shlex

    return shlex.quote(name)
