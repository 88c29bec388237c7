"""Room in the context window for `hint ask --continue`: what is refused, and what two options do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hinterland.engine.protocol import Done, Failed, FinishReason
from hinterland.errors import ContextError, by_name
from hinterland.language import _
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
        ways = [_("--compact sends a summary of them"), _("--drop-oldest leaves them out")]
    if overflow.raise_to:
        larger = f"`hint config set engine.context {overflow.raise_to}`"
        also = "`hint engine stop`"
        ways.append(
            _("{setting} and {stopping} make the window larger").format(
                setting=larger, stopping=also
            )
        )
    hint = "; ".join(ways or [_("shorten the prompt")])
    nothing = _("Nothing was sent.")
    return ContextError(error.message, f"{hint[0].upper()}{hint[1:]}. {nothing}")


async def make_room(conversation: Conversation, error: ContextError, way: str | None) -> bool:
    """Do what `way` says, "compact" or "drop", and return True; False when it was stopped.

    Raises `error` where neither was wanted or would help, and whatever went wrong.
    """
    if way is None or not isinstance(error, OutgrownError) or not error.overflow.going:
        raise error
    going = error.overflow.going
    if way == "drop":
        await conversation.drop(going)
        said = _("not sent any more: {turns}")
        click.echo(f"hint: {said.format(turns=named(going))}", err=True)
        return True
    from hinterland.progress_line import ProgressLine

    progress = ProgressLine()
    progress.say(_("summarising what was said first …"))
    try:
        async for event in conversation.compact(going):
            if isinstance(event, Failed):
                raise by_name(event.kind, event.message, event.hint)
            if isinstance(event, Done) and event.finish_reason is FinishReason.CANCELLED:
                return False
    finally:
        progress.clear()
    said = _("sent as a summary from now on: {turns}")
    click.echo(f"hint: {said.format(turns=named(going))}", err=True)
    return True
