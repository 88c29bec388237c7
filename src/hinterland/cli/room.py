"""Room in the context window for `hint ask --continue`: what is refused, and what two options do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hinterland.engine.protocol import Done, Failed, FinishReason
from hinterland.errors import ContextError, by_name
from hinterland.window import OutgrownError, named

if TYPE_CHECKING:
    from hinterland.conversation import Conversation


def refusal(error: ContextError) -> ContextError:
    """Return `error` with a hint that names every way out there is."""
    if not isinstance(error, OutgrownError):
        return error
    overflow = error.overflow
    ways = []
    if overflow.going:
        ways = ["--compact sends a summary of them", "--drop-oldest leaves them out"]
    if overflow.raise_to:
        larger = f"`hint config set engine.context {overflow.raise_to}` and `hint engine stop`"
        ways.append(f"{larger} make the window larger")
    ways = ways or ["shorten the prompt"]
    hint = "; ".join(ways)
    return ContextError(error.message, f"{hint[0].upper()}{hint[1:]}. Nothing was sent.")


async def make_room(conversation: Conversation, error: ContextError, way: str | None) -> bool:
    """Do what `way` says, "compact" or "drop", and return True; False when it was stopped.

    Raises `error` where neither was wanted or would help, and whatever went wrong.
    """
    if way is None or not isinstance(error, OutgrownError) or not error.overflow.going:
        raise error
    going = error.overflow.going
    if way == "drop":
        await conversation.drop(going)
        click.echo(f"hint: not sent any more: {named(going)}", err=True)
        return True
    from hinterland.cli.progress import ProgressLine

    progress = ProgressLine()
    progress.say("summarising what was said first …")
    try:
        async for event in conversation.compact(going):
            if isinstance(event, Failed):
                raise by_name(event.kind, event.message, event.hint)
            if isinstance(event, Done) and event.finish_reason is FinishReason.CANCELLED:
                return False
    finally:
        progress.clear()
    click.echo(f"hint: sent as a summary from now on: {named(going)}", err=True)
    return True
