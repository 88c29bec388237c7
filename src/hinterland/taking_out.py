"""`/copy` and `/export`: an answer, or the whole conversation, taken elsewhere."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from hinterland.errors import InputError, StorageError
from hinterland.language import _
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.commanded import Chat


async def run_copy(chat: Chat, argument: str) -> None:
    """Copy an answer, or a part of one, to the clipboard or to a file; raises InputError,
    StorageError."""
    from hinterland import copying

    wanted = copying.read(argument)
    text = copying.text_of(chat.talk.turns, wanted)
    if wanted.file:
        path = await asyncio.to_thread(copying.save, text, wanted.file)
        chat.say(_("Written to {path}.").format(path=clean_line(str(path))))
    elif chat.terminal is None:
        raise InputError(
            _("The clipboard takes a control sequence, and none is written here."),
            _("/copy FILE writes a file."),
        )
    else:
        chat.terminal(copying.sequence(text))
        chat.say(copying.sent(len(text)))


async def run_export(chat: Chat, argument: str) -> None:
    """Write the conversation to a file; raises InputError, StorageError."""
    from hinterland import exporting

    with suppress(StorageError):  # a file that is damaged is all the more reason to export
        await chat.talk.look_up_title()
    path = await asyncio.to_thread(exporting.export, chat.talk, argument)
    chat.say(_("The conversation is in {path}.").format(path=clean_line(str(path), 400)))
