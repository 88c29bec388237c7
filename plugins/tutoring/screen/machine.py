"""The lesson in a thread of its own: neither its files nor a slow model hold up what is typed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

from textual.message import Message

from hinterland.errors import HinterlandError, InputError
from hinterland.language import _
from hinterland.plugins.tutoring.screen.messages import (
    Broke,
    Drawn,
    PinWanted,
    Ready,
    Spoke,
    Stood,
    Told,
)
from hinterland.plugins.tutoring.session import Act, Said, Stop, Wants
from hinterland.plugins.tutoring.sitting import LEAVES, Sitting, Wish
from hinterland.sentences import sentence, translated

Post = Callable[[Message], object]
Step = Callable[[Sitting], Awaitable[None]]

_TOGETHER = 0.1
"""Seconds in which sayings are gathered into one message: a slow line is drawn on seldom."""
_PATIENCE = 5.0
"""Seconds that a lesson may take to end when its screen is left; what it kept is kept."""


class Machine:
    """Takes one step after another; a step that is under way can be stopped."""

    def __init__(self, wish: Wish, post: Post) -> None:
        self._wish = wish
        self._post = post
        self._loop: asyncio.AbstractEventLoop | None = None
        self._steps: asyncio.Queue[Step | None]
        self._running: asyncio.Task[None] | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lesson", daemon=True)

    def start(self) -> None:
        """Begin to read lessons and pupils; a Ready follows."""
        self._thread.start()
        self._begun.wait()

    def send(self, step: Step) -> None:
        """Have a step taken after those before it."""
        self._call(lambda: self._steps.put_nowait(step))

    def stop(self) -> None:
        """Have the step end that is under way."""
        self._call(self._stop)

    def close(self) -> None:
        """End the lesson and wait until the pupil's file is let go."""
        self.stop()
        self._call(lambda: self._steps.put_nowait(None))
        self._thread.join(_PATIENCE)

    def _call(self, do: Callable[[], object]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(do)

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001 - the screen is told, or waits for ever
            self._begun.set()
            self._post(Broke(error))

    async def _live(self) -> None:
        self._loop, self._steps = asyncio.get_running_loop(), asyncio.Queue()
        self._begun.set()
        try:
            sitting = Sitting(self._wish)
        except HinterlandError as error:
            self._post(Told(sentence(error)))
            return
        async with sitting:
            self.send(self.prepare)
            while (step := await self._steps.get()) is not None:
                self._running = asyncio.create_task(self._taken(step, sitting))
                await asyncio.wait([self._running])
                ended, self._running = self._running, None
                if not ended.cancelled():
                    ended.result()
            if sitting.session is not None and sitting.session.wants is not Wants.NOTHING:
                async for _ in sitting.session.do(Stop()):
                    pass

    async def _taken(self, step: Step, sitting: Sitting) -> None:
        try:
            await step(sitting)
        except HinterlandError as error:
            self._post(Told(sentence(error)))
        finally:
            self._stand(sitting)

    def _stand(self, sitting: Sitting) -> None:
        session = sitting.session
        if session is None or sitting.pupil is None:
            return
        posed = session.open_exercise
        keys = (*posed.answers, *posed.options) if posed is not None else ()
        self._post(
            Stood(
                sitting.pupil.name,
                session.wants,
                session.status,
                session.choices,
                any(key.lstrip().startswith(("?", "!")) for key in keys),
                posed is not None and posed.is_computed,
            )
        )

    # Steps

    async def prepare(self, sitting: Sitting) -> None:
        """Read what there is."""
        names = [each.name for each in sitting.box.list()]
        notes = [translated(each) for each in sitting.shelf.problems]
        if where := sitting.goes_to():
            notes.append(_(LEAVES).format(url=where))
        self._post(Ready(names, sitting.languages(), sitting.wish.pupil, notes))

    def enter(self, name: str, pin: str = "", *, language: str | None = None) -> None:
        """Have a pupil sit down, a new one where `language` is given, and begin."""

        async def step(sitting: Sitting) -> None:
            if language is not None:
                sitting.add(name, language)
            elif sitting.needs_pin(name) and not pin:
                self._post(PinWanted(name, ""))
                return
            try:
                session = await sitting.enter(name, pin)
            except HinterlandError as error:
                if not pin:
                    raise
                self._post(PinWanted(name, sentence(error)))
                return
            try:
                self._said(await session.begin(sitting.wish.topic or None))
            except InputError as error:  # there is no such topic, but there are others
                self._said(await session.begin(None))
                self._stand(sitting)
                self._post(Told(sentence(error)))

        self.send(step)

    def begin_again(self) -> None:
        """Have the pupil choose what comes after a lesson that is over."""

        async def step(sitting: Sitting) -> None:
            assert sitting.session is not None, "a lesson was over"
            self._said(await sitting.session.begin(None))

        self.send(step)

    def act(self, act: Act) -> None:
        """Have the pupil do something."""

        async def step(sitting: Sitting) -> None:
            assert sitting.session is not None, "a pupil acts in a session"
            await self._spoken(sitting.session.do(act))

        self.send(step)

    def draw(self, width: int) -> None:
        """Have the pupil's progress drawn."""

        async def step(sitting: Sitting) -> None:
            self._post(Drawn("\n".join(sitting.progress(width))))

        self.send(step)

    def _said(self, said: Sequence[Said]) -> None:
        if said:
            self._post(Spoke(tuple(said)))

    async def _spoken(self, said: AsyncIterator[Said]) -> None:
        """Post what is said, what comes at about the same time together."""
        waiting: list[Said] = []
        timer: asyncio.TimerHandle | None = None

        def flush() -> None:
            nonlocal timer
            timer = None
            if waiting:
                self._post(Spoke(tuple(waiting)))
                waiting.clear()

        loop = asyncio.get_running_loop()
        try:
            async for each in said:
                waiting.append(each)
                if timer is None:
                    timer = loop.call_later(_TOGETHER, flush)
        finally:
            if timer is not None:
                timer.cancel()
            flush()
