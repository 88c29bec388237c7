"""What a person says of a conversation: its title, its tags, and whether it is pinned or archived."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from hinterland.errors import InputError
from hinterland.history.files import ConversationFiles, Heading, Titled, title_of, unknown
from hinterland.history.imported import Imported
from hinterland.text import clean_line

_LONGEST_TITLE = 200
_LONGEST_TAG = 40
_MOST_TAGS = 20


def change(files: ConversationFiles, conversation_id: str, **fields: object) -> bool:
    """Change fields of a conversation's heading, and return whether that made a difference; raises
    InputError where there is no such conversation, StorageError.

    A title of a model never takes the place of one that was given meanwhile.
    """
    files.prepare()
    changed = False
    with files.file(conversation_id).edit() as edit:
        if edit.content is None:
            raise unknown(conversation_id)
        for number, heading in edit.content.conversation.items():
            if fields.get("titled") is Titled.MODEL and heading.titled:
                continue
            now = msgspec.structs.replace(heading, **fields)
            if now != heading:
                edit.replace("conversation", int(number), now)
                changed = True
    return changed


def of_import(found: Imported) -> Heading:
    """Return the heading of a conversation that was imported; what cannot be a tag is left out."""
    first = found.turns[0]
    tags: list[str] = []
    for tag in found.tags[:_MOST_TAGS]:
        with suppress(InputError):
            tags += as_tags([tag])
    return Heading(
        clean_line(found.title, _LONGEST_TITLE) or title_of(first.prompt),
        first.created,
        titled=Titled.PERSON if found.named else Titled.PROMPT,
        pinned=found.pinned,
        archived=found.archived,
        tags=tuple(dict.fromkeys(tags)),
        current=found.current,
    )


def as_title(words: str) -> str:
    """Return a title that a person gave; raises InputError when there is nothing in it."""
    title = clean_line(words, _LONGEST_TITLE)
    if not title:
        raise InputError("A title needs at least one character.")
    return title


def as_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Return tags in the order they were given, each once whatever its case; raises InputError."""
    tags: dict[str, str] = {}
    for word in words:
        tag = clean_line(word).lstrip("#")
        if not tag or " " in tag or "," in tag or len(tag) > _LONGEST_TAG:
            raise InputError(
                f"{tag or word!r} cannot be a tag.",
                f"A tag is one word of {_LONGEST_TAG} characters at most.",
            )
        tags.setdefault(tag.casefold(), tag)
    if len(tags) > _MOST_TAGS:
        raise InputError(f"A conversation can have {_MOST_TAGS} tags at most.")
    return tuple(tags.values())
