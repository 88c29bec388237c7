"""The memory of one run: what people said first, then what this model did with this prompt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from hinterland import paths
from hinterland.plugins.translation.memory.keeping import make_room, reviewed_stem, stem_of, tidy
from hinterland.plugins.translation.memory.keys import Keyed, Remembered, key_of, spread
from hinterland.plugins.translation.memory.shelf import Shelf
from hinterland.plugins.translation.units import Parts


class Memory:
    """Translations of one pair of languages; other runs may have it open too.

    It may be opened in a thread (100,000 translations take about a second), and is used in one loop.
    Raises StorageError where it cannot be read or written. `paused` hears True when the disk is
    full, and False when it goes on: meanwhile `full` is true and `room` waits.
    """

    def __init__(
        self,
        folder: Path,
        keyed: Keyed,
        *,
        paused: Callable[[bool], None] = lambda full: None,
    ) -> None:
        paths.private_folder(folder)
        stem, people = stem_of(keyed), reviewed_stem(keyed.source, keyed.target)
        make_room(folder, keep=(stem,))
        of_people = Keyed(keyed.source, keyed.target, "")
        self._reviewed = _opened(folder, people, of_people, holds=False, paused=paused)
        try:
            self._done = _opened(folder, stem, keyed, holds=True, paused=paused)
        except BaseException:  # Ctrl-C too lets go
            self._reviewed.let_go()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the files; what was not made durable is not waited for: see `close`."""
        self._done.let_go()
        self._reviewed.let_go()

    def __len__(self) -> int:
        return len(self._done) + len(self._reviewed)

    def find(self, parts: Parts) -> Remembered | None:
        """Return what became of a segment, what people said first; None for nothing."""
        key = key_of(parts)
        if len(self._reviewed) and (found := self._reviewed.find(key)) is not None:
            return found
        return self._done.find(key)

    def add(self, parts: Parts, remembered: Remembered) -> None:
        """Remember what became of a segment: found from now on, on the disk soon, and safe from a
        power cut when it is counted as `durable`, or after `close`."""
        if len(remembered.text) > 1:
            text = spread(remembered.text, parts)
            if text is not remembered.text:
                remembered = msgspec.structs.replace(remembered, text=text)
        shelf = self._reviewed if remembered.reviewed else self._done
        shelf.add(key_of(parts), parts, remembered)

    @property
    def durable(self) -> int:
        """How many of those added in this run a power cut would not take."""
        return self._done.durable + self._reviewed.durable

    @property
    def full(self) -> bool:
        """Whether `room` has to be awaited before more is added: a full or a slow disk."""
        return self._done.full or self._reviewed.full

    async def room(self) -> None:
        """Wait until the disk takes more; raises StorageError when it has failed."""
        await self._done.room()
        await self._reviewed.room()

    def give_up(self) -> None:
        """Drop what a full disk has not taken, so that `close` does not wait for it."""
        self._done.give_up()
        self._reviewed.give_up()

    async def close(self) -> None:
        """Make durable what was added; raises StorageError when that fails."""
        await self._done.close()
        await self._reviewed.close()


def _opened(
    folder: Path, stem: str, keyed: Keyed, *, holds: bool, paused: Callable[[bool], None]
) -> Shelf:
    tidy(folder, stem)
    shelf = Shelf(folder, stem, keyed, holds=holds, paused=paused)
    if shelf.is_wasteful:
        shelf.let_go()
        tidy(folder, stem, anew=True)
        shelf = Shelf(folder, stem, keyed, holds=holds, paused=paused)
    return shelf
