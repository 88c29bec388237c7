"""What to do when a conversation outgrows the context window: which turns would have to go.

Nothing is cut here or by the engine. The engine counts, this finds the oldest turns whose absence
makes room, and whoever asked decides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hinterland.engine.protocol import (
    Counted,
    Done,
    Engine,
    Failed,
    FinishReason,
    Request,
    room_for_answer,
)
from hinterland.errors import ConfigError, ContextError, by_name
from hinterland.language import _
from hinterland.text import clean_line
from hinterland.turns import Turn

if TYPE_CHECKING:
    from hinterland.paths import Paths

WARN_AT = 0.8
"""The share of the window from which on the user is told that it fills."""

_GOAL = 0.5
"""What is left when turns go, as a share of the window: room for some turns before it is full again,
and before all of it has to be read anew again."""
_SHORTEST_SUMMARY, _LONGEST_SUMMARY = 48, 512  # tokens
_AROUND_SUMMARY = 96  # tokens of the question that a summary answers
_BETWEEN_LOOKS = 0.05  # seconds
_LOOKS, _LOOKS_FOR_THE_END = 10, 200


@dataclass(frozen=True)
class Fill:
    """How full the window is."""

    tokens: int
    context: int

    @property
    def nearly_full(self) -> bool:
        """Whether it is time to say so."""
        return self.tokens >= WARN_AT * self.context

    def ended(self, answer: Done) -> bool:
        """Whether the window cut this answer off."""
        tokens = answer.usage.prompt_tokens + answer.usage.completion_tokens
        return answer.finish_reason is FinishReason.LENGTH and tokens >= self.context


def fill_after(turns: Sequence[Turn], running: Turn | None) -> Fill | None:
    """Return how full the window is after the last of `turns`, or with the answer that is `running`;
    None where the engine did not say, or where turns were replaced since."""
    for turn in (running, *reversed(turns)):
        if turn is None or (turn.replaces and turn is running):
            continue
        if turn.replaces:
            return None
        if turn.usage.prompt_tokens and turn.context:
            tokens = turn.usage.prompt_tokens + turn.usage.completion_tokens
            return Fill(tokens, turn.context)
    return None


@dataclass(frozen=True)
class Overflow:
    """A prompt that does not fit with what was said before it."""

    tokens: int | None
    """What was to be sent, as the engine counted it; None where it cannot count."""
    context: int | None
    """The window, prompt and answer together."""
    room: int
    """Tokens of the window kept for the answer."""
    largest: int | None
    """The largest window that this model and this memory allow; None where nobody knows."""
    going: tuple[Turn, ...]
    """The oldest turns, which would have to go; none where the prompt alone does not fit."""
    staying: int
    """How many turns would still be sent."""

    @property
    def raise_to(self) -> int | None:
        """A window that holds it all and grows for a while; None when none can be had."""
        if self.tokens is None or self.context is None:
            return None
        wanted = self.context
        while wanted - self.room < self.tokens:
            wanted *= 2
        if self.largest is not None:
            wanted = min(wanted, self.largest)
        return wanted if wanted - self.room >= self.tokens else None

    @property
    def message(self) -> str:
        """One sentence: the numbers, and which turns would no longer be seen."""
        if self.tokens is None or self.context is None:
            numbers = _("The conversation is longer than the context window")
        else:
            numbers = _(
                "With this prompt the conversation has {tokens:,} tokens and "
                "{free:,} of the window's {context:,} are free for it"
            ).format(tokens=self.tokens, free=self.context - self.room, context=self.context)
        if not self.going:
            return _("{numbers}, and the prompt alone does not fit.").format(numbers=numbers)
        return _("{numbers}; {turns} would no longer be seen.").format(
            numbers=numbers, turns=named(self.going)
        )


def named(going: Sequence[Turn]) -> str:
    """Return which turns these are, the oldest ones of a conversation, in words."""
    if going[0].replaces:  # how many turns that stands for is not known here
        if not going[1:]:
            return _("the summary")
        one, many = (
            _("the summary and the next turn ({first})"),
            _("the summary and the {count} next turns ({first} to {last})"),
        )
        turns = going[1:]
    else:
        one, many = (
            _("the oldest turn ({first})"),
            _("the {count} oldest turns ({first} to {last})"),
        )
        turns = going
    first, last = (f"“{clean_line(turn.prompt, 32)}”" for turn in (turns[0], turns[-1]))
    return (one if len(turns) == 1 else many).format(count=len(turns), first=first, last=last)


class OutgrownError(ContextError):
    """The conversation does not fit the window any more; `overflow` says what could be done."""

    def __init__(self, overflow: Overflow) -> None:
        super().__init__(overflow.message, "Nothing was sent.")
        self.overflow = overflow


async def raise_window(paths: Paths, context: int) -> tuple[str, bool]:
    """Set `engine.context`, make the engine take it up, and return a sentence that says so and
    whether it holds for the next prompt.

    An engine that is answering somebody is left alone. Raises ConfigError, on a shared box too, and
    StorageError.
    """
    import asyncio

    from hinterland import config_change, site
    from hinterland.config_words import from_words
    from hinterland.engine.client import EngineClient
    from hinterland.engine.launcher import is_running

    if site.find() is not None:
        raise ConfigError(
            "The window of the shared box is the same for everybody.",
            "/compact and /drop make room in it; who looks after this machine can raise it.",
        )
    value = from_words("engine.context", str(context))
    await asyncio.to_thread(config_change.change, paths.config_file, "engine.context", value)
    client = EngineClient(paths)
    for _look in range(_LOOKS):  # what has just ended is still being put away
        if await client.stop_if_idle():
            break
        await asyncio.sleep(_BETWEEN_LOOKS)
    else:
        later = _(
            "The window will have {context:,} tokens when the engine starts next: it is answering "
            "somebody. `hint engine stop` ends it."
        )
        return later.format(context=context), False
    for _look in range(_LOOKS_FOR_THE_END):
        if not is_running(paths):
            break
        await asyncio.sleep(_BETWEEN_LOOKS)
    now = _("The window has {context:,} tokens now; the next prompt loads the model anew.")
    return now.format(context=context), True


def longest_summary(context: int, tokens: int | None = None) -> int:
    """Return the tokens that a summary may have in a window of this size: of so many tokens, where
    that is known, a third."""
    most = _LONGEST_SUMMARY if tokens is None else min(tokens // 3, _LONGEST_SUMMARY)
    return max(_SHORTEST_SUMMARY, min(context // 8, most))


async def count(engine: Engine, request: Request) -> Counted:
    """Return the count of a request's tokens; raises HinterlandError when there is none."""
    found = Counted(None, None)
    async for event in engine.count(request):
        if isinstance(event, Counted):
            found = event
        elif isinstance(event, Failed):
            raise by_name(event.kind, event.message, event.hint)
    return found


async def overflow(
    engine: Engine,
    sent: Sequence[Turn],
    request_without: Callable[[int], Request],
) -> Overflow:
    """Return what does not fit. `request_without(n)` is the request without the `n` oldest of the
    turns `sent`; with all of them the engine has refused it.

    Raises HinterlandError when the engine cannot be asked.
    """
    request = request_without(0)
    whole = await count(engine, request)
    if whole.prompt_tokens is None or whole.context is None:
        going = _older_half(sent)
        return Overflow(None, whole.context, request.room, None, going, len(sent) - len(going))
    context = whole.context
    longest = min(filter(None, (request.sampling.max_tokens, whole.longest)), default=None)
    room = room_for_answer(request.room, longest, context)

    async def tokens_without(number: int) -> int:
        return (await count(engine, request_without(number))).prompt_tokens or 0

    least = await tokens_without(len(sent))
    number = 0
    for goal in (context * _GOAL, context - room - longest_summary(context) - _AROUND_SUMMARY):
        if least <= goal:
            number = await _fewest(len(sent), goal, tokens_without)
            break
    else:
        if least <= context - room:
            number = await _fewest(len(sent), context - room, tokens_without)
    going = tuple(sent[:number])
    return Overflow(
        whole.prompt_tokens, context, room, whole.largest_context, going, len(sent) - number
    )


async def _fewest(most: int, goal: float, tokens_without: Callable[[int], Awaitable[int]]) -> int:
    """Return the least number of turns without which no more than `goal` tokens are left; without
    `most` of them that is so."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if await tokens_without(middle) <= goal:
            high = middle
        else:
            low = middle + 1
    return low


def _older_half(sent: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the turns that make up the older half of what was said, where nobody can count."""
    sizes = [len(turn.prompt) + len(turn.answer) for turn in sent]
    number = taken = 0
    while number < len(sent) and taken * 2 < sum(sizes):
        taken += sizes[number]
        number += 1
    return tuple(sent[:number])
