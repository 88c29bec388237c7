"""The headless core of a chat and of an `ask`: it sends, keeps what is said, and knows how to stop.

The command line and the screen both talk to this and to nothing below it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from hinterland.engine.protocol import (
    Done,
    Engine,
    Event,
    Failed,
    FinishReason,
    Priority,
    Request,
    Sampling,
)
from hinterland.turns import Turn, messages, new_id

if TYPE_CHECKING:
    from hinterland.config import Config
    from hinterland.history import History, Record
    from hinterland.paths import Paths


class Conversation:
    """A conversation with an engine; without a history it leaves no trace on the disk."""

    def __init__(
        self,
        engine: Engine,
        history: History | None,
        *,
        record: Record | None = None,
        model: str | None = None,
        system: str | None = None,
        sampling: Sampling = Sampling(),
    ) -> None:
        self.id = record.id if record else new_id()
        self.title = record.title if record else ""
        self.turns: list[Turn] = list(record.turns) if record else []
        self.model = model or (self.turns[-1].model if self.turns else None) or None
        self.system = system or (self.turns[-1].system if self.turns else None)
        self.sampling = sampling
        self._engine = engine
        self._history = history
        self._running: Turn | None = None

    @property
    def kept(self) -> bool:
        """Whether the turns are written to the history."""
        return self._history is not None

    async def ask(
        self, prompt: str, *, schema: dict[str, Any] | None = None
    ) -> AsyncIterator[Event]:
        """Yield the answer's events; the last is Done or Failed. The turn is kept either way.

        Raises StorageError, after the last event, when the turn could not be written.
        """
        turn = Turn(
            id=new_id(),
            created=time.time(),
            prompt=prompt,
            system=self.system,
            model=self.model or "",
            sampling=self.sampling,
        )
        request = Request(
            messages(self.turns, self.system, prompt),
            model=self.model,
            sampling=self.sampling,
            schema=schema,
            conversation_id=self.id if self._history is not None else None,
            turn_id=turn.id,
            priority=Priority.INTERACTIVE,
        )
        self._running = turn
        try:
            async for event in self._engine.stream(request):
                turn.receive(event)
                yield event
        finally:
            self._running = None
            await self._keep(turn)

    async def stop(self) -> None:
        """End the running answer; its iterator then yields Done(CANCELLED)."""
        if self._running is not None:
            await self._engine.cancel(self._running.id)

    async def _keep(self, turn: Turn) -> None:
        self.turns.append(turn)
        if self._history is not None:
            await asyncio.shield(asyncio.to_thread(self._history.add_turn, self.id, turn))
