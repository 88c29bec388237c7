"""`/compact`, `/drop` and `/context`: room in the window for a conversation that outgrows it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hinterland.engine.protocol import Failed, FinishReason
from hinterland.errors import HinterlandError, InputError, by_name
from hinterland.language import _, n_

if TYPE_CHECKING:
    from hinterland.commanded import Chat
    from hinterland.turns import Turn


async def compact(chat: Chat, going: Sequence[Turn]) -> bool:
    """Put a summary in the place of turns, shown as it is written; return whether that was done.

    Raises what went wrong; nothing has changed then, nor where it was stopped.
    """
    count = _exchanges(chat, going)
    heading = n_(
        "Summary of {count} earlier turn, sent in their place:",
        "Summary of {count} earlier turns, sent in their place:",
        count,
    )
    end = await chat.show(heading.format(count=count), chat.talk.compact(going))
    if isinstance(end, Failed):
        raise by_name(end.kind, end.message, end.hint)
    if end.finish_reason is FinishReason.CANCELLED:
        chat.say(_("Stopped. Nothing was changed."))
        return False
    await _count_anew(chat)
    return True


async def drop(chat: Chat, going: Sequence[Turn]) -> bool:
    """Send turns no more; return True. Raises what went wrong."""
    from hinterland.turns import mark_above

    count = _exchanges(chat, going)
    await chat.talk.drop(going)
    said = mark_above(chat.talk.turns[-1], count)
    chat.say(_("{what_happened}; the history keeps them.").format(what_happened=said))
    await _count_anew(chat)
    return True


def _exchanges(chat: Chat, going: Sequence[Turn]) -> int:
    """Return how many turns these are to a person, who does not count a summary as one."""
    from hinterland.turns import stood_for

    counts = stood_for(chat.talk.turns)
    return sum(counts.get(turn.id, 1) for turn in going)


async def _count_anew(chat: Chat) -> None:
    with suppress(HinterlandError):  # what was done holds; the next answer tells how full it is
        await chat.talk.count()


async def enlarge(chat: Chat, context: int) -> bool:
    """Give the window so many tokens; return whether the next prompt has them. Raises what went
    wrong."""
    from hinterland import paths
    from hinterland.window import raise_window

    sentence, at_once = await raise_window(paths.find(), context)
    chat.say(sentence)
    return at_once


def _oldest(chat: Chat, argument: str) -> list[Turn]:
    """Return the turns that a command is about: so many of the oldest, or all but the last."""
    sent = chat.talk.sent
    number = _number(argument) if argument else max(len(sent) - 1, min(len(sent), 1))
    if not sent:
        raise InputError("Nothing was said yet that could be left out.")
    if not 1 <= number <= len(sent):
        raise InputError(f"{number} turns cannot go: {len(sent)} are sent.")
    return sent[:number]


def _number(argument: str) -> int:
    try:
        return int(argument.replace(",", "").replace("_", ""))
    except ValueError as error:
        raise InputError(f"{argument!r} is not a number.") from error


async def run_compact(chat: Chat, argument: str) -> None:
    """Put a summary in the place of the oldest turns."""
    await compact(chat, _oldest(chat, argument))


async def run_drop(chat: Chat, argument: str) -> None:
    """Send the oldest turns no more."""
    await drop(chat, _oldest(chat, argument))


async def run_context(chat: Chat, argument: str) -> None:
    """Say how full the window is, or make it larger."""
    counted = await chat.talk.count()
    if counted.context is None:
        raise InputError("This engine does not say how large its window is.")
    largest = counted.largest_context
    if argument:
        wanted = _number(argument)
        if largest is not None and wanted > largest:
            raise InputError(
                f"The window can have {largest:,} tokens at most, with this model in this memory.",
                f"Type /context {largest}.",
            )
        await enlarge(chat, wanted)
        return
    tokens = counted.prompt_tokens
    used = _("An unknown number") if tokens is None else f"{tokens:,}"
    most = _("It can have {largest:,} here: {command}.") if largest else ""
    if largest == counted.context:
        most = _("It cannot be larger with this model in this memory.")
    turns = len(chat.talk.sent)
    taken = n_(
        "{used} of the window's {context:,} tokens are taken, by {turns} turn.",
        "{used} of the window's {context:,} tokens are taken, by {turns} turns.",
        turns,
    ).format(used=used, context=counted.context, turns=turns)
    chat.say(f"{taken} {most.format(largest=largest, command=f'/context {largest}')}".rstrip())
