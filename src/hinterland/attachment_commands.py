"""`/file` and `/image`: what goes with the next prompt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from hinterland import attachments
from hinterland.completion import Completion, file_names
from hinterland.language import _
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.commanded import Chat


async def run_file(chat: Chat, argument: str) -> None:
    """Send a file with the next prompt, or with the question that follows its name; raises
    InputError."""
    from hinterland.images import Picture

    if not argument:
        chat.documents.clear()
        chat.pictures.clear()
        chat.say(_("No file goes with the next prompt."))
        return
    path, question = attachments.read_argument(argument)
    loaded = await attachments.load(path)
    if isinstance(loaded, Picture):
        chat.pictures.append(loaded)
    else:
        chat.documents.append(loaded)
        if loaded.note:
            chat.say(clean_line(loaded.note, 400))
    if question:
        chat.send(question)
        return
    if not getattr(chat, "shows_attachments", False):
        names = attachments.described(chat.documents, chat.pictures)
        chat.say(_("With the next prompt: {names}.").format(names=names))


async def run_image(chat: Chat, argument: str) -> None:
    """Send an image with the next prompt, or none; raises InputError."""
    from hinterland import images

    if argument:
        path = Path(argument.strip("'\"")).expanduser()
        chat.pictures.append(await asyncio.to_thread(images.load, path))
    else:
        chat.pictures.clear()
    names = ", ".join(clean_line(picture.name) for picture in chat.pictures)
    with_it = _("With the next prompt: {names}.").format(names=names)
    if not (names and getattr(chat, "shows_attachments", False)):
        chat.say(with_it if names else _("No image goes with the next prompt."))


def images(typed: str) -> list[Completion]:
    """Return the images whose paths begin as typed, and folders."""
    return file_names(typed, attachments.PICTURES)
