"""What goes with the next prompt: documents, whose text is put before it, and images."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.conversation import Conversation
    from hinterland.documents import Document
    from hinterland.engine.protocol import Event
    from hinterland.images import Picture

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
"""How the names of images end."""
_QUOTES = "'\""


def is_picture(path: Path) -> bool:
    """Whether a file is sent as an image, going by its name."""
    return path.suffix.lower() in PICTURES


def read_argument(argument: str) -> tuple[Path, str]:
    """Return the path and the question in what followed `/file`; raises InputError.

    A path may be quoted, or have its blanks escaped, as terminals do when a file is dropped on
    them; otherwise it is as many words as name something that exists.
    """
    argument = argument.strip()
    if argument[:1] in tuple(_QUOTES):
        quoted, _, rest = argument[1:].partition(argument[0])
        return _path(quoted), rest.strip()
    words = argument.replace("\\ ", "\0").split(" ")
    for count in range(len(words), 0, -1):
        path = _path(" ".join(words[:count]).replace("\0", " "))
        try:
            there = path.exists()
        except (OSError, ValueError):  # a name that is too long, or holds what no name can
            continue
        if there and path.name:
            return path, " ".join(words[count:]).replace("\0", "\\ ").strip()
    return _path(words[0].replace("\0", " ")), " ".join(words[1:]).replace("\0", "\\ ")


def _path(typed: str) -> Path:
    try:
        return Path(typed).expanduser()
    except RuntimeError as error:
        raise InputError(f"{clean_line(typed, 100)} names nobody's home.") from error


async def load(path: Path) -> Document | Picture:
    """Return what is in a file, read in a thread; raises InputError with one sentence."""
    if is_picture(path):
        from hinterland import images

        return await asyncio.to_thread(images.load, path)
    from hinterland import documents

    return await asyncio.to_thread(documents.read, path)


def described(documents: list[Document], pictures: list[Picture]) -> str:
    """Return the names of what is attached, on one line; empty when nothing is."""
    says = _("{name} ({count} characters)")
    names = [
        says.format(name=clean_line(each.name, 60), count=f"{len(each.text):,}")
        for each in documents
    ]
    names += [clean_line(each.name, 60) for each in pictures]
    return ", ".join(names)


async def ask(
    talk: Conversation, prompt: str, documents: Sequence[Document], pictures: Sequence[Picture]
) -> AsyncIterator[Event]:
    """Yield the answer to a prompt with what is attached to it; raises what `talk.ask` raises, and
    ConfigError for a prompt file of the user's own that cannot be used."""
    images = tuple(pictures)  # others may be attached before this has begun
    message = await _with_documents(talk, prompt, documents)
    async with aclosing(talk.ask(message, images=images)) as answer:  # type: ignore[type-var] # a generator
        async for event in answer:
            yield event


async def edit(
    talk: Conversation,
    turn_id: str,
    prompt: str,
    documents: Sequence[Document],
    pictures: Sequence[Picture],
) -> AsyncIterator[Event]:
    """Yield the answer to a prompt in the place of an earlier one, with what is attached to it and
    the images of that one; raises what `talk.edit` raises, and ConfigError like `ask`."""
    images = tuple(pictures)
    message = await _with_documents(talk, prompt, documents)
    async with aclosing(talk.edit(turn_id, message, images=images)) as answer:  # type: ignore[type-var] # a generator
        async for event in answer:
            yield event


async def _with_documents(talk: Conversation, prompt: str, documents: Sequence[Document]) -> str:
    if not documents:
        return prompt
    from hinterland.documents import attach

    return await asyncio.to_thread(attach, prompt, tuple(documents), talk.config_folder)
