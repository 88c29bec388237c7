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
        self._draft: tuple[str, str] | None = None
        """The name and the text of the draft on the disk, as far as it is known."""
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
        name = self._name(begun)
        text = await asyncio.to_thread(lambda: self._history().draft(name))
        self._draft = (name, text)
        return text

    async def keep_draft(self, text: str, begun: bool) -> None:
        """Keep what is written; it is on the disk when this returns. Raises StorageError."""
        if self._paths is None:
            return
        name = self._name(begun)
        known = self._draft
        if known == (name, text) or (known is None and not text):
            return
        history = self._history()
        if known is not None and known[0] != name and known[1]:
            await asyncio.to_thread(history.keep_draft, known[0], "")
        await asyncio.to_thread(history.keep_draft, name, text)
        self._draft = (name, text)

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

    def _name(self, begun: bool) -> str:
        from hinterland.history.drafts import NEW

        return self._id if begun else NEW

    def _history(self) -> History:
        from hinterland.history import History

        assert self._paths is not None
        return History(self._paths)


def recallable(prompt: str) -> str:
    """Return what of a prompt is brought back to the box: not the documents that were with it."""
    return attached.question(prompt)
