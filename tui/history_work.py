"""What the list of conversations reads in the history and changes in it, in threads, and the messages
that say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from hinterland.errors import HinterlandError
from hinterland.history import History, Hit, Summary, fuzzy
from hinterland.language import _

_MOST_PLACES = 50
"""Places that are shown of a search through everything."""


@dataclass
class Listed(Message):
    """The conversations were read."""

    summaries: list[Summary]


@dataclass
class MadeReady(Message):
    """Their titles can be searched."""

    prepared: list[fuzzy.Prepared[Summary]]


@dataclass
class Searched(Message):
    """A search through everything has ended."""

    words: str
    hits: list[Hit]


@dataclass
class Changed(Message):
    """Something was changed in the history, and what there is to say about it."""

    notice: str
    gone: str = ""
    """The conversation that was deleted."""
    back: str = ""
    """The conversation that was brought back."""


@dataclass
class ChangeFailed(Message):
    """The history could not be read or changed."""

    error: HinterlandError


class HistoryWork:
    """Coroutines for workers: each posts one message."""

    def __init__(
        self, open_history: Callable[[], History], post: Callable[[Message], object]
    ) -> None:
        self._open_history = open_history
        self._post = post

    async def read(self) -> None:
        """Post Listed."""
        await self._do(lambda: Listed(self._open_history().list()))

    async def make_ready(self, summaries: list[Summary]) -> None:
        """Post MadeReady."""
        await self._do(
            lambda: MadeReady([fuzzy.prepare(each, each.title, each.tags) for each in summaries])
        )

    async def search(self, words: str) -> None:
        """Post Searched."""
        await self._do(lambda: Searched(words, self._open_history().search(words, _MOST_PLACES)))

    async def change(self, change: Callable[[History], object], said: str) -> None:
        """Post Changed, with what is to be said."""

        def work() -> Message:
            change(self._open_history())
            return Changed(said)

        await self._do(work)

    async def delete(self, conversation_id: str, said: str) -> None:
        """Post Changed, with what is to be said; what is deleted can be brought back."""

        def work() -> Message:
            self._open_history().set_aside(conversation_id)
            return Changed(said, gone=conversation_id)

        await self._do(work)

    async def bring_back(self) -> None:
        """Post Changed, also when there was nothing to bring back."""

        def work() -> Message:
            back = self._open_history().bring_back()
            if back is None:
                return Changed(_("Nothing was deleted that could come back."))
            return Changed(_("It is back."), back=back)

        await self._do(work)

    async def _do(self, work: Callable[[], Message]) -> None:
        try:
            self._post(await asyncio.to_thread(work))
        except HinterlandError as error:
            self._post(ChangeFailed(error))
