"""Many people at once, as system users of their own: what each asks, and when what came back.

`python -m tests.box.people` reads a list of `Person` as JSON, as root. It imports what a client needs
once and then forks a process for each, which becomes that user and speaks through `EngineClient`: the
kernel tells the service thirty different callers, and thirty start-ups take nothing from the cores
that are measured. Every event becomes a line of standard output, a `Seen`, at the moment it came.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import pwd
import resource
import signal
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import (
    Done,
    Failed,
    Message,
    Priority,
    PromptProgress,
    Queued,
    ReasoningDelta,
    Request,
    Sampling,
    TextDelta,
)
from hinterland.paths import find
from tests.box import hostility

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One user and what they do."""

    user: str
    model: str
    prompts: tuple[str, ...] = ("Tell a long story about a village.",)
    """Asked in turn, each with a number, so that no two prompts are the same."""
    tokens: int = 64
    times: int = 1
    """How often they ask; 0 is until `seconds` are over."""
    seconds: float = 0.0
    at_once: int = 1
    priority: Priority = Priority.INTERACTIVE
    after: float = 0.0
    """Seconds they wait before they begin."""
    pause: float = 0.0
    """Seconds between an answer and the next question."""
    hostile: str = ""
    """The name of what they do instead of asking, for `seconds`; see `hostility`."""
    outlives: bool = False
    """Whether the answer belongs to a conversation, and is journalled."""
    turn_id: str | None = None
    """Names the answer, which then outlives its caller; else a name is made where one is needed."""
    exact: bool = False
    """Whether they ask word for word what `prompts` say."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a person saw, or did."""

    user: str
    number: int
    """Which of their questions."""
    at: float
    """Seconds, of a clock that all processes share."""
    what: str
    """asked, queued, reading, text, done, failed."""
    position: int = 0
    expected: float | None = None
    finish: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    tokens: int = 0
    message: str = ""
    text: str = ""


class Diary:
    """Writes what one person sees."""

    def __init__(self, user: str) -> None:
        self._user = user

    def note(self, number: int, what: str, **details: object) -> None:
        seen = Seen(user=self._user, number=number, at=time.monotonic(), what=what, **details)  # type: ignore[arg-type] # by name
        os.write(1, msgspec.json.encode(seen)[:4000] + b"\n")  # one piece of a pipe: never mixed


async def ask(person: Person, number: int, diary: Diary, engine: EngineClient) -> bool:
    """Ask once and note what comes; return whether it was answered."""
    prompt = person.prompts[number % len(person.prompts)]
    if not person.exact:
        prompt = f"{person.user} {number}: {prompt}"
    outlives = person.outlives or person.turn_id is not None
    request = Request(
        (Message("user", prompt),),
        model=person.model,
        sampling=Sampling(max_tokens=person.tokens, seed=number),
        priority=person.priority,
        conversation_id=f"c-{person.user}-{number}" if outlives else None,
        turn_id=(person.turn_id or f"t-{person.user}-{number}-{os.getpid()}") if outlives else None,
    )
    diary.note(number, "asked")
    async for event in engine.stream(request):
        if isinstance(event, TextDelta | ReasoningDelta):
            diary.note(number, "text", text=event.text)
        elif isinstance(event, Queued):
            expected = getattr(event, "expected", None)
            diary.note(number, "queued", position=event.position, expected=expected)
        elif isinstance(event, PromptProgress):
            diary.note(number, "reading")
        elif isinstance(event, Failed):
            diary.note(number, "failed", message=f"{event.kind}: {event.message} {event.hint}")
            return False
        elif isinstance(event, Done):
            used = event.usage
            diary.note(
                number,
                "done",
                finish=event.finish_reason.value,
                prompt_tokens=used.prompt_tokens,
                cached_tokens=used.cached_tokens,
                tokens=used.completion_tokens,
            )
    return True


async def live(person: Person) -> None:
    """Do what that person does."""
    begin = time.monotonic()
    diary, engine = Diary(person.user), EngineClient(find())
    await asyncio.sleep(person.after)
    if person.hostile:
        await hostility.act(person.hostile, person.model, person.seconds)
        return
    numbers = iter(range(sys.maxsize))

    async def one_after_another() -> None:
        for number in numbers:
            over = time.monotonic() - begin >= person.seconds
            if (number >= person.times) if person.times else over:
                return
            if not await ask(person, number, diary, engine):
                await asyncio.sleep(0.2)  # refused: whoever asks again at once is hostile
            await asyncio.sleep(person.pause)

    await asyncio.gather(*(one_after_another() for _ in range(person.at_once)))


def become(user: str) -> None:
    """Be that user, as after a login."""
    entry = pwd.getpwnam(user)
    os.setgroups(os.getgrouplist(user, entry.pw_gid))
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ |= {"HOME": entry.pw_dir, "USER": user, "LOGNAME": user}
    os.chdir(entry.pw_dir if os.access(entry.pw_dir, os.X_OK) else "/")
    os.umask(0o077)
    _die_with_parent()  # a change of user takes that back: it comes last


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def fork(what: Callable[[], None]) -> int:
    """Run `what` in a process of its own and return its pid."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        what()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    people = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Person])
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    gc.freeze()

    def be(person: Person) -> None:
        become(person.user)
        asyncio.run(live(person))

    children = [fork(lambda person=person: be(person)) for person in people]  # type: ignore[misc] # bound now
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    sys.exit(1 if any(codes) else 0)


if __name__ == "__main__":
    main()
