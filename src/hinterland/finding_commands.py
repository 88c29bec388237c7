"""What can be typed about the conversations that are kept: list, find, open, name, mark, delete.

`hinterland.chat_commands` makes commands of these. Where the chat has a list on a screen it is shown
instead of printed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hinterland import paths
from hinterland.errors import InputError
from hinterland.language import _
from hinterland.text import clean, clean_line

if TYPE_CHECKING:
    from hinterland.commanded import Chat
    from hinterland.history import History, Record
    from hinterland.paths import Paths

_LISTED = 20
"""Conversations, or places found, that are printed."""


async def list_(chat: Chat, argument: str) -> None:
    """Show the conversations; of those with the words of `argument` in their titles, if any."""
    if not chat.browse(argument):
        chat.say(await asyncio.to_thread(_list, argument))


async def find(chat: Chat, argument: str) -> None:
    """Show the places where all words of `argument` were said; raises InputError."""
    if not chat.browse(argument, everywhere=True):
        chat.say(await asyncio.to_thread(_find, argument))


async def open_(chat: Chat, argument: str) -> None:
    """Go on with the conversation of that id; raises InputError."""
    if not argument:
        raise InputError(_("Which conversation?"), _("Type /open ID; /list shows the ids."))
    chat.go_to(await asyncio.to_thread(lambda: _history().resolve(argument)))


async def title(chat: Chat, argument: str) -> None:
    """Give the conversation a title, or say which it has; raises InputError."""

    def change(history: History, record: Record) -> str:
        if not argument:
            return clean_line(record.title)
        history.rename(record.id, argument)
        chat.talk.title, chat.talk.titled = clean_line(argument), True
        return _("The title is “{title}” now.").format(title=clean_line(argument))

    await _change(chat, change)


async def pin(chat: Chat, argument: str) -> None:
    """Keep the conversation at the top of the list, or no longer; raises InputError."""
    del argument

    def change(history: History, record: Record) -> str:
        history.pin(record.id, not record.pinned)
        return _("It is no longer pinned.") if record.pinned else _("It is pinned.")

    await _change(chat, change)


async def tag(chat: Chat, argument: str) -> None:
    """Give the conversation tags, or take those it has; raises InputError."""

    def change(history: History, record: Record) -> str:
        tags = {each.casefold(): each for each in record.tags}
        for word in argument.replace(",", " ").split():
            name = word.lstrip("#")
            if tags.pop(name.casefold(), None) is None:
                tags[name.casefold()] = name
        if argument:
            history.tag(record.id, tags.values())
        if not tags:
            return _("It has no tags.")
        return _("Its tags: {tags}.").format(tags=", ".join(map(clean_line, tags.values())))

    await _change(chat, change)


async def archive(chat: Chat, argument: str) -> None:
    """Leave the conversation out of the list, or no longer; raises InputError."""
    del argument

    def change(history: History, record: Record) -> str:
        history.archive(record.id, not record.archived)
        return _("It is in the list again.") if record.archived else _("It is archived.")

    await _change(chat, change)


async def delete(chat: Chat, argument: str) -> None:
    """Delete the conversation and begin a new one, or bring back what was deleted last; raises
    InputError."""
    if argument == "undo":
        back = await asyncio.to_thread(lambda: _history().bring_back())
        if back is None:
            raise InputError(_("Nothing was deleted in this chat that could come back."))
        chat.go_to(back)
        return
    if argument:
        raise InputError(_("Type /delete, or /delete undo."))

    def change(history: History, record: Record) -> str:
        history.set_aside(record.id)
        return _("Deleted “{title}”. Until you leave, /delete undo brings it back.").format(
            title=clean_line(record.title)
        )

    await _change(chat, change)
    chat.go_to(None)


def finish_deleting(found: Paths, keep_days: int = 0) -> None:
    """Remove for good what was deleted in this chat, at its end, and what nobody spoke in for
    `keep_days`; raises StorageError."""
    if (found.history / "deleted").is_dir():
        _history().finish_deleting()
    if keep_days:
        history = _history()
        for each in history.expired(keep_days, time.time()):
            history.delete(each.id)


async def _change(chat: Chat, change: Callable[[History, Record], str]) -> None:
    def changed() -> str:
        history = _history()
        return change(history, history.conversation(chat.talk.id))

    if not (chat.talk.kept and chat.talk.turns):
        raise InputError(_("Nothing of this conversation is kept yet."))
    chat.say(await asyncio.to_thread(changed))


def _history() -> History:
    from hinterland.history import History

    return History(paths.find())


def _list(words: str) -> str:
    from hinterland.history import fuzzy
    from hinterland.history.export import when
    from hinterland.history.short_ids import short_ids

    every = _history().list()
    short = short_ids([summary.id for summary in every])
    listed = sorted((each for each in every if not each.archived), key=lambda each: not each.pinned)
    if words:
        listed = fuzzy.find(words, [fuzzy.prepare(each, each.title, each.tags) for each in every])
    lines = [
        f"{short[each.id]}  {when(each.updated)}  {'* ' if each.pinned else ''}"
        f"{clean_line(each.title)}{''.join(f' #{clean_line(tag)}' for tag in each.tags)}"
        for each in listed[:_LISTED]
    ]
    if not lines:
        return (
            _("There is no such conversation.") if words else _("There are no conversations yet.")
        )
    if len(listed) > _LISTED:
        lines.append(_("{count} more: `hint history list`").format(count=len(listed) - _LISTED))
    lines.append(_("/open ID goes on with one of them."))
    return "\n".join(lines)


def _find(words: str) -> str:
    from hinterland.history.export import when
    from hinterland.history.short_ids import short_ids

    history = _history()
    hits = history.search(words, _LISTED)
    short = short_ids([summary.id for summary in history.list()]) if hits else {}
    lines = []
    for hit in hits:
        found = short.get(hit.conversation_id, hit.conversation_id)
        lines.append(f"{found}  {when(hit.created)}  {clean_line(hit.title)}")
        lines.append(f"    {clean(hit.before)}»{clean(hit.match)}«{clean(hit.after)}")
    if not lines:
        return _("Nothing found.")
    lines.append(_("/open ID goes on with one of them."))
    return "\n".join(lines)
