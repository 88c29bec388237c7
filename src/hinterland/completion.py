"""How a line that is being typed can go on: what a completion is, and the names of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hinterland.text import clean_line

MOST = 200
"""Completions that are offered at most: nobody reads on, they type another letter."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A way to go on."""

    text: str
    """The whole text after it."""
    shown: str
    """What a list shows: the part that matters."""
    says: str = ""
    """One line of help."""


Complete = Callable[[str], Sequence[Completion]]
"""Returns how an argument can go on; may read the disk, and is called in a thread."""


def words(*choices: str) -> Complete:
    """Return a `Complete` for one of a few words."""
    return lambda typed: [Completion(each, each) for each in choices if each.startswith(typed)]


def file_names(typed: str, endings: tuple[str, ...] = ()) -> list[Completion]:
    """Return the files and folders whose paths begin as typed, those of `endings` if there are any.

    Hidden ones are offered to who types the dot. A name that cannot be typed, for its control
    characters, is left out; the picker has it.
    """
    quote = typed[:1] if typed[:1] in {"'", '"'} else ""
    folder, slash, beginning = typed[len(quote) :].rpartition("/")
    inside = os.path.expanduser(folder + slash) or "."
    found = []
    try:
        with os.scandir(inside) as entries:
            for entry in entries:
                name = entry.name
                if not name.casefold().startswith(beginning.casefold()):
                    continue
                if name.startswith(".") > beginning.startswith(".") or name != clean_line(
                    name, 999
                ):
                    continue
                try:
                    is_folder = entry.is_dir()
                except OSError:  # it is gone, or where no one may look
                    continue
                if is_folder or not endings or name.lower().endswith(endings):
                    found.append((not is_folder, name))
    except OSError:  # no such folder, or not ours to read: nothing to offer
        return []
    found.sort(key=lambda each: (each[0], each[1].casefold()))
    return [
        Completion(
            quote + folder + slash + name + ("" if is_file else "/"), _with_slash(name, is_file)
        )
        for is_file, name in found[:MOST]
    ]


def _with_slash(name: str, is_file: bool) -> str:
    return name if is_file else f"{name}/"
