"""A person at the chat, for tests: types, waits for what is on the screen, reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import wraps
from typing import ParamSpec

import pytest
from textual.pilot import Pilot

from hinterland import notices
from hinterland.config import Config
from hinterland.conversation import Conversation
from hinterland.engine.protocol import (
    Counted,
    Done,
    Engine,
    Event,
    Failed,
    FinishReason,
    Request,
    TextDelta,
    Timings,
)
from hinterland.tui.app import ChatApp
from hinterland.tui.screens.chat import ChatScreen

PATIENCE = 60.0
"""Seconds until a test that waits for something gives up."""

P = ParamSpec("P")


def scene(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run a test that is a coroutine."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def body() -> None:
            await test(*args, **kwargs)

        asyncio.run(body())

    return run


def told_of_class(monkeypatch: pytest.MonkeyPatch) -> str:
    """Be in a class that keeps transcripts; return what its pupils have to be told."""
    told = "Your teacher can read what you ask and what is answered here (6b)."
    monkeypatch.setattr(notices, "_now", told)
    return told


class PromptedEngine:
    """An engine that says what the test tells it to say, when the test does."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def say(self, *events: Event) -> None:
        for event in events:
            self._events.put_nowait(event)

    def answer(self, text: str, reason: FinishReason = FinishReason.STOP) -> None:
        self.say(*(TextDelta(character) for character in text))
        self.end(reason)

    def end(self, reason: FinishReason = FinishReason.STOP) -> None:
        self.say(Done(reason, timings=Timings(predicted_per_second=42.0), model="small-model"))

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        self.requests.append(request)
        async for event in self._next():
            yield event

    async def attach(self, turn_id: str) -> AsyncIterator[Event]:
        async for event in self._next():
            yield event

    async def count(self, request: Request) -> AsyncIterator[Event]:
        yield Counted(None, None)
        yield Done(FinishReason.STOP)

    async def _next(self) -> AsyncIterator[Event]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Done | Failed):
                return

    async def cancel(self, turn_id: str) -> bool:
        self.end(FinishReason.CANCELLED)
        return True


class Person:
    """Sits before a chat."""

    def __init__(self, app: ChatApp, pilot: Pilot[bool]) -> None:
        self.app = app
        self.pilot = pilot
        # No notice is missed on a slow machine.
        app.NOTIFICATION_TIMEOUT = PATIENCE  # type: ignore[misc] # of the class

    @property
    def chat(self) -> ChatScreen:
        screen = self.app.screen
        assert isinstance(screen, ChatScreen)
        return screen

    @property
    def screen(self) -> str:
        """The characters on the screen, a line for each row."""
        rows = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in row) for row in rows)

    @property
    def words(self) -> str:
        """The words on the screen in their order, wherever its lines are broken."""
        return " ".join(self.screen.split())

    async def type(self, text: str) -> None:
        """Put text into the box as a paste does, and wait until it is there."""
        box = self.chat.prompt
        box.insert(text)
        await self.pilot.pause()

    async def ask(self, prompt: str) -> None:
        await self.type(prompt)
        await self.pilot.press("enter")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something is true; fails with the screen when it does not become so."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        wait = 0.005
        while not true():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"never came true; the screen was\n{self.screen}")
            # A pause of the pilot has every widget answer: too much to ask for while one waits.
            await asyncio.sleep(wait)
            wait = min(1.5 * wait, 0.05)
            if true():
                await self.pilot.pause()

    async def sees(self, *texts: str) -> None:
        """Wait until all of these are on the screen."""

        def seen() -> bool:
            screen = self.screen
            return all(text in screen for text in texts)

        await self.until(seen)

    async def answered(self) -> None:
        """Wait until nothing more comes of an answer."""
        await self.until(lambda: self.chat.answering is None)
        await self.pilot.pause()


@asynccontextmanager
async def chat(
    engine: Engine,
    conversation: Conversation | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    open_conversation: Callable[[], Conversation] | None = None,
    remotes: Mapping[str, str] | None = None,
    config: Config | None = None,
) -> AsyncIterator[Person]:
    """Open the chat over `engine`; returns when it is ready and drawing Markdown."""
    app = ChatApp(
        open_conversation or (lambda: Conversation(engine, None, model="small-model")),
        conversation,
        remotes=remotes,
        config=config,
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        person = Person(app, pilot)
        await person.until(lambda: isinstance(app.screen, ChatScreen))
        await person.until(lambda: person.chat.conversation is not None)
        await person.until(lambda: person.chat.transcript.shows_markdown)
        yield person
