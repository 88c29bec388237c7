"""One exchange of a conversation, as it is kept, shown and sent again."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping

import msgspec

from hinterland import attached
from hinterland.engine.protocol import (
    COMPLETE,
    Counted,
    Done,
    Event,
    Failed,
    FinishReason,
    ImageNote,
    Message,
    ReasoningDelta,
    Sampling,
    TextDelta,
    Timings,
    Usage,
)
from hinterland.language import n_


class Turn(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A prompt and its answer."""

    id: str
    created: float
    """Seconds since the epoch."""
    prompt: str
    """The user's message as it was sent, attached documents included."""
    images: tuple[ImageNote, ...] = ()
    """The images that were sent with the prompt; they lie in a folder of the conversation's."""
    system: str | None = None
    """The system prompt in force, if any."""
    answer: str = ""
    reasoning: str = ""
    model: str = ""
    """The id of the model that answered."""
    tool: str = ""
    """The plugin's tool that answered instead; what was said to it is sent to no model."""
    sampling: Sampling = Sampling()
    finish_reason: FinishReason = FinishReason.INTERRUPTED
    error: str = ""
    """Why the answer failed, in one sentence."""
    usage: Usage = Usage()
    timings: Timings = Timings()
    context: int = 0
    """The window when it was answered, in tokens; 0 where the engine did not say."""
    longest: int = 0
    """The most tokens that an answer could have where it was asked; 0 is no limit."""
    replaces: tuple[str, ...] = ()
    """Ids of turns that are no longer sent. This one is sent in their place: its answer is their
    summary, or empty where they were dropped."""
    parent: str | None = None
    """The id of the turn it follows, "" at the beginning; None is the one before it, by time. See
    `branches`."""

    @property
    def complete(self) -> bool:
        """Whether the model said all it was going to say."""
        return self.finish_reason in COMPLETE

    @property
    def asked(self) -> bool:
        """Whether somebody asked a model: it stands for no other turns, and is no use of a tool."""
        return not (self.replaces or self.tool)

    @property
    def shown_prompt(self) -> str:
        """The prompt for people, with the names of its images before it."""
        return "".join(f"[image: {note.name}]\n" for note in self.images) + self.prompt

    @property
    def brief_prompt(self) -> str:
        """The prompt for people, with the names of its images and documents in their place."""
        return "".join(f"[image: {note.name}]\n" for note in self.images) + attached.shown(
            self.prompt
        )

    @property
    def cut_at(self) -> int:
        """The most tokens that an answer may have where it was asked, if it was cut off there; 0 where
        it was not, nor where no more was wished for or the window was full."""
        read, written = self.usage.prompt_tokens, self.usage.completion_tokens
        reached = self.finish_reason is FinishReason.LENGTH and not 0 < written < self.longest
        wished = (self.sampling.max_tokens or self.longest + 1) > self.longest
        is_full = 0 < self.context <= read + written
        return self.longest if reached and wished and not is_full else 0

    def receive(self, event: Event) -> None:
        """Take in one event of the answer."""
        if isinstance(event, TextDelta):
            self.answer += event.text
        elif isinstance(event, ReasoningDelta):
            self.reasoning += event.text
        elif isinstance(event, Counted):
            self.context = event.context or 0
            self.longest = event.longest or 0
            self.usage = Usage(event.prompt_tokens or 0)
        elif isinstance(event, Done):
            self.finish_reason = event.finish_reason
            # An answer that was stopped ends without counts; that of its prompt is known all the same.
            self.usage = event.usage if event.usage.prompt_tokens else self.usage
            self.timings = event.timings
            self.model = event.model or self.model
        elif isinstance(event, Failed):
            failed_midway = bool(self.answer or self.reasoning)
            self.finish_reason = FinishReason.INTERRUPTED if failed_midway else FinishReason.FAILED
            self.error = event.message


class Seam:
    """Where an answer goes on after `said`: some servers say again what they were given of it."""

    def __init__(self, said: str) -> None:
        self._said = said

    def new(self, event: Event) -> Event:
        """Return the event with only what is new in it."""
        if isinstance(event, TextDelta) and event.text:
            said, self._said = self._said, ""
            if said and event.text.startswith(said):
                return TextDelta(event.text[len(said) :])
        return event


async def taken_up(
    kept: Turn | None, first: Event | None, others: AsyncIterator[Event]
) -> AsyncIterator[Event]:
    """Yield the events of an answer that somebody else began to read, from its start: where it goes
    on from one that was cut off, what is `kept` of that comes before the `first`."""
    seam = Seam(kept.answer if kept else "")
    if kept is not None:
        if kept.reasoning:
            yield ReasoningDelta(kept.reasoning)
        yield TextDelta(kept.answer)
    if first is not None:
        yield seam.new(first)
    async for event in others:
        yield seam.new(event)


def new_id() -> str:
    """Return an id for a turn or a conversation: 12 hex digits of milliseconds, so that ids sort by
    time, and 12 of chance."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(6).hex()}"


def messages(
    turns: Iterable[Turn],
    system: str | None,
    prompt: str,
    images: Iterable[ImageNote] = (),
    urls: Mapping[str, str] | None = None,
) -> tuple[Message, ...]:
    """Return what an engine is sent: the system prompt, the earlier turns that were answered, the
    prompt. `urls` has the image of every note by its file."""
    urls = urls or {}

    def user(said: str, notes: Iterable[ImageNote]) -> Message:
        return Message("user", said, tuple(urls[note.file] for note in notes))

    sent = [Message("system", system)] if system else []
    for turn in sendable(turns):
        sent += [user(turn.prompt, turn.images), Message("assistant", turn.answer)]
    return (*sent, user(prompt, images))


def sendable(turns: Iterable[Turn]) -> list[Turn]:
    """Return the turns that an engine is sent, in the order it reads them: those that were answered,
    and in the place of turns that were replaced their summary."""
    turns = list(turns)
    replaced = {turn_id for turn in turns for turn_id in turn.replaces}
    places: dict[str, int] = {}
    for place, turn in enumerate(turns):
        places[turn.id] = min([place, *(places[each] for each in turn.replaces if each in places)])
    sent = [turn for turn in turns if turn.answer and not turn.tool and turn.id not in replaced]
    return sorted(sent, key=lambda turn: places[turn.id])


def stood_for(turns: Iterable[Turn]) -> dict[str, int]:
    """Return, for each turn that stands for others, for how many exchanges: those that an earlier
    summary among them stood for are counted too."""
    counts: dict[str, int] = {}
    for turn in turns:
        if turn.replaces:
            counts[turn.id] = sum(counts.get(each, 1) for each in turn.replaces)
    return counts


def mark_above(turn: Turn, count: int) -> str:
    """Return what is shown above a turn that stands for `count` others."""
    if turn.answer:
        said = n_(
            "Summary of {count} earlier turn, sent in their place from here on",
            "Summary of {count} earlier turns, sent in their place from here on",
            count,
        )
    else:
        said = n_(
            "{count} earlier turn is not sent any more",
            "{count} earlier turns are not sent any more",
            count,
        )
    return said.format(count=count)
