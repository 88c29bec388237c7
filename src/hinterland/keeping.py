"""What is kept of a conversation: its turns, those of every branch, and the images sent with them.

They are in memory, and where the conversation has a history they are written to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from hinterland.branches import Tree
from hinterland.engine.protocol import FinishReason, ImageNote
from hinterland.turns import Turn

if TYPE_CHECKING:
    from hinterland.images import Picture


class Keeper(Protocol):
    """What a conversation needs of a history. Each may block and raise StorageError."""

    def add_turn(self, conversation_id: str, turn: Turn, *, current: bool = True) -> None:
        """Keep a turn, and show its branch from now on unless it is not `current`."""

    def show(self, conversation_id: str, turn_id: str) -> None:
        """Show the branch that ends with this turn from now on."""

    def forget(self, turn_id: str) -> None:
        """Remove what is left of a turn of which there is nothing to keep."""

    def turn(self, conversation_id: str, turn_id: str) -> Turn | None:
        """Return a turn, taken in from its journal if need be; None when there is none."""

    def keep_image(self, conversation_id: str, picture: Picture) -> None:
        """Keep an image that is about to be sent."""

    def image(self, conversation_id: str, note: ImageNote) -> str:
        """Return a kept image as a `data:` URL."""

    def forget_images(self, conversation_id: str, notes: Sequence[ImageNote]) -> None:
        """Remove images that no turn has any more."""

    def title(self, conversation_id: str) -> tuple[str, bool] | None:
        """Return a conversation's title and whether it was given one; None where there is none."""

    def suggest_title(self, conversation_id: str, title: str) -> bool:
        """Give a conversation a title, unless it was given one; return whether it has it now."""


class Keeping:
    """The turns of one conversation; without a history they leave no trace on the disk.

    What writes or reads a history raises StorageError.
    """

    def __init__(self, conversation_id: str, history: Keeper | None, turns: Sequence[Turn]) -> None:
        self.turns = list(turns)
        """The turns of every branch, in the order in which they were kept."""
        self.urls: dict[str, str] = {}
        """The images that were needed so far as `data:` URLs, by their files."""
        self.history = history
        self._id = conversation_id
        self._writing = asyncio.Lock()

    @property
    def tree(self) -> Tree:
        """All turns, and what follows what."""
        return Tree(self.turns)

    def turn(self, turn_id: str) -> Turn | None:
        """Return what is kept of a turn."""
        return next((turn for turn in self.turns if turn.id == turn_id), None)

    def worth_keeping(self, turn: Turn) -> bool:
        """Whether an answer that has ended holds more than what is kept of it."""
        old = self.turn(turn.id)
        nothing_new = old is not None and turn.answer == old.answer and not turn.complete
        failed = turn.finish_reason is FinishReason.FAILED or not (turn.answer or turn.complete)
        return not (failed or nothing_new)

    def remember(self, turn: Turn) -> None:
        """Have a turn in memory, in the place of what was there of it."""
        put(turn, self.turns)

    async def write(self, turn: Turn, *, current: bool = True) -> None:
        """Write a turn to the history, and show its branch from now on unless it is not `current`."""
        if self.history is not None:
            # Shielded: a turn is not half kept because the command that asked is interrupted.
            keep = partial(self.history.add_turn, self._id, turn, current=current)
            await asyncio.shield(self._in_order(keep))

    async def add(self, turn: Turn, *, current: bool = True) -> None:
        """Keep a new turn; if it cannot be written all is as it was."""
        await self.write(turn, current=current)
        self.turns.append(turn)

    async def show(self, turn_id: str) -> None:
        """Show the branch that ends with this turn when the conversation is opened again."""
        if self.history is not None:
            await asyncio.shield(self._in_order(partial(self.history.show, self._id, turn_id)))

    async def _in_order(self, write: Callable[[], None]) -> None:
        """Write when what came before is written: the branch shown is the one chosen last."""
        async with self._writing:
            await asyncio.to_thread(write)

    async def written(self, turn_id: str) -> Turn | None:
        """Return a turn as the history has it, None where it has none."""
        if self.history is None:
            return None
        return await asyncio.to_thread(self.history.turn, self._id, turn_id)

    async def forget(self, turn: Turn) -> None:
        """Remove what is left of a turn of which there is nothing new to keep, its images too."""
        if self.history is None:
            return
        await asyncio.to_thread(self.history.forget, turn.id)
        still_there = {note.file for kept in self.turns for note in kept.images}
        gone = [note for note in turn.images if note.file not in still_there]
        if gone:
            await asyncio.to_thread(self.history.forget_images, self._id, gone)

    async def keep_images(self, pictures: Sequence[Picture]) -> tuple[ImageNote, ...]:
        """Keep the images of a turn that is about to be sent, and return what names them."""
        for picture in pictures:
            self.urls[picture.file] = picture.url
            if self.history is not None:
                await asyncio.to_thread(self.history.keep_image, self._id, picture)
        return tuple(ImageNote(picture.name, picture.file) for picture in pictures)

    async def have_at_hand(self, notes: Sequence[ImageNote]) -> None:
        """Read those images that are not in `urls` yet."""
        for note in notes:
            if note.file not in self.urls and self.history is not None:
                self.urls[note.file] = await asyncio.to_thread(self.history.image, self._id, note)


def put(turn: Turn, turns: list[Turn]) -> None:
    """Put a turn among others, in the place of what was there of it."""
    for at, each in enumerate(turns):
        if each.id == turn.id:
            turns[at] = turn
            return
    turns.append(turn)
