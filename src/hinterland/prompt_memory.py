"""What the box of a conversation remembers from one session to the next: what was written and not
sent, and the prompts of other conversations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hinterland import attached

if TYPE_CHECKING:
    from hinterland.history import History
    from hinterland.paths import Paths

_AT_ONCE = 40
"""Prompts looked for before they are shown."""


class PromptMemory:
    """Reads and writes in threads. Without `paths` it remembers nothing and leaves no trace."""

    def __init__(self, paths: Paths | None = None, conversation_id: str = "") -> None:
        self._paths = paths
        self._id = conversation_id
        self._draft = ""
        """The draft on the disk, as far as it is known."""
        self._keeping = asyncio.Lock()
        self._on_its_way = ""
        self._written: str | None = None
        """What was to be kept last, without a prompt that is on its way."""
        self._left: list[str] | None = None
        """Conversations not looked at for prompts yet, the latest last."""

    @property
    def remembers(self) -> bool:
        """Whether anything is read or written at all."""
        return self._paths is not None

    async def draft(self, begun: bool) -> str:
        """Return what was written and not sent; `begun` tells whether the conversation has a turn.
        Raises StorageError."""
        if self._paths is None:
            return ""
        self._draft = await asyncio.to_thread(lambda: self._history().draft(self._id, begun=begun))
        return self._draft

    async def keep_draft(self, text: str) -> None:
        """Keep what is written; it is on the disk when this returns. Raises StorageError."""
        self._written = text
        if self._on_its_way in text:  # it did not arrive, and is in the box again
            self._on_its_way = ""
        if self._paths is None:
            return
        async with self._keeping:
            parts = (self._on_its_way, self._written)  # as they are by now
            whole = "\n".join(each for each in parts if each.strip())
            if whole != self._draft:
                await asyncio.to_thread(lambda: self._history().keep_draft(self._id, whole))
                self._draft = whole

    def sends(self, prompt: str) -> None:
        """Take note that a prompt is on its way: until it has arrived it is a part of the draft, as
        whoever is killed or leaves now has it nowhere else."""
        self._on_its_way = recallable(prompt)

    async def has_arrived(self) -> None:
        """Take note that the prompt is where it is kept. Raises StorageError."""
        self._on_its_way = ""
        if self._written is not None:
            await self.keep_draft(self._written)

    async def earlier(self) -> list[str]:
        """Return prompts of the latest conversations that were not looked at yet, oldest first;
        none when there are no more. Raises StorageError."""
        return await asyncio.to_thread(self._earlier) if self._paths is not None else []

    def _earlier(self) -> list[str]:
        history = self._history()
        if self._left is None:
            latest_first = [each.id for each in history.list() if each.id != self._id]
            self._left = latest_first[::-1]
        found: list[str] = []
        while self._left and len(found) < _AT_ONCE:
            found = history.prompts(self._left.pop()) + found
        return [
            prompt
            for prompt, following in zip(found, [*found[1:], ""], strict=True)
            if prompt.strip() and prompt != following
        ]

    def _history(self) -> History:
        from hinterland.history import History

        assert self._paths is not None
        return History(self._paths)


def recallable(prompt: str) -> str:
    """Return what of a prompt is brought back to the box: not the documents that were with it."""
    return attached.question(prompt)
