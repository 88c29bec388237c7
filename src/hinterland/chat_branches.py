"""`/retry`, `/edit`, `/branch` and `/continue`: other answers, other prompts, and the rest of an answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hinterland import attached, attachments, branches
from hinterland.engine.protocol import Event
from hinterland.errors import InputError
from hinterland.language import _
from hinterland.text import clean_line
from hinterland.turns import Turn

if TYPE_CHECKING:
    from hinterland.commanded import Chat
    from hinterland.conversation import Conversation
    from hinterland.documents import Document
    from hinterland.images import Picture

_EDIT = re.compile(r"(\d+)?\s*(.*)", re.DOTALL)
_SHOWN = 30
"""Characters of a prompt and of an answer in the list of branches."""


@dataclass(frozen=True)
class Asking:
    """An answer that a command asked for; the chat shows it as it shows any other."""

    typed: str
    """What would ask for it again."""
    above: tuple[Turn, ...]
    """The turns that are shown above it."""
    prompt: str
    """The prompt as it is shown."""
    mark: str
    """Which of the alternatives it will be."""
    events: Callable[[], AsyncIterator[Event]]
    begun: Turn | None = None
    """The turn of which the answer is the rest."""
    edited: Turn | None = None
    """The turn whose prompt was changed."""


def asking_again(talk: Conversation) -> Asking:
    """Return another answer to the last prompt; raises InputError when there is none."""
    turn = _said(talk, 1)
    return Asking("/retry", *_beside(talk, turn, turn.brief_prompt), talk.retry)


def asking_instead(
    talk: Conversation,
    turn: Turn,
    prompt: str,
    pictures: Sequence[Picture] = (),
    documents: Sequence[Document] = (),
) -> Asking:
    """Return the answer to `prompt` in the place of a turn's prompt, with its images, those and the
    documents."""
    pictures, documents = tuple(pictures), tuple(documents)
    names = [image.name for image in turn.images] + [picture.name for picture in pictures]
    above = "".join(f"[image: {name}]\n" for name in names)
    above += "".join(attached.mark(each.name, each.text) for each in documents)
    return Asking(
        prompt,
        *_beside(talk, turn, above + attached.shown(prompt)),
        lambda: attachments.edit(talk, turn.id, prompt, documents, pictures),
        edited=turn,
    )


def asking_on(talk: Conversation) -> Asking:
    """Return the rest of the last answer; raises InputError when it was not cut off."""
    turn = talk.cut_off
    if turn is None:
        raise InputError(
            "The last answer was not cut off, or has no text to go on from.",
            "/retry gives another answer to the prompt.",
        )
    above = tuple(each for each in talk.turns if each.id != turn.id)
    mark = branches.mark(talk.tree.place(turn.id))
    return Asking("/continue", above, turn.brief_prompt, mark, talk.continue_, begun=turn)


def marks(talk: Conversation) -> dict[str, str]:
    """Return what is shown at the turns that have alternatives, by id."""
    return talk.tree.marks()


async def run_retry(chat: Chat, argument: str) -> None:
    """Ask for another answer to the last prompt."""
    del argument
    chat.request(asking_again(chat.talk))


async def run_continue(chat: Chat, argument: str) -> None:
    """Ask for the rest of an answer that was cut off."""
    del argument
    chat.request(asking_on(chat.talk))


async def run_edit(chat: Chat, argument: str) -> None:
    """Change an earlier prompt: here and now with a text, in the box without one."""
    typed = _EDIT.fullmatch(argument)
    assert typed is not None
    turn = _said(chat.talk, int(typed[1] or 1))
    if typed[2]:
        documents = _with_earlier(turn, chat.documents)
        chat.request(asking_instead(chat.talk, turn, typed[2], chat.pictures, documents))
    else:
        chat.edit(turn)


async def run_branch(chat: Chat, argument: str) -> None:
    """Go to another branch, or show which there are."""
    tips = chat.talk.tree.branches()
    last = branches.last_said(chat.talk.turns)
    at = next((n for n, tip in enumerate(tips) if last and tip.id == last.id), 0)
    wanted = argument.lower()
    if wanted and len(tips) < 2:
        raise InputError("There is one branch only.", "/retry and /edit begin another.")
    if not wanted:
        chat.say(_list(tips, at))
        return
    if wanted in ("next", "previous"):
        at = (at + (1 if wanted == "next" else -1)) % len(tips)
    elif wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(tips):
        at = int(wanted) - 1
    else:
        raise InputError(
            f"{clean_line(argument, 40)!r} is no branch.",
            f"Type a number from 1 to {len(tips)}, next or previous.",
        )
    await chat.talk.switch(tips[at].id)
    chat.branch_switched(_("Branch {number} of {of}.").format(number=at + 1, of=len(tips)))


def _said(talk: Conversation, number: int) -> Turn:
    """Return the turn whose prompt is so many from the end."""
    said = [turn for turn in talk.turns if turn.asked]
    if not said:
        raise InputError("Nothing was asked yet.")
    if not 1 <= number <= len(said):
        raise InputError(
            f"{number} is no prompt of this branch: it has {len(said)}.",
            "1 is the last one, 2 the one before it.",
        )
    return said[-number]


def _with_earlier(turn: Turn, documents: Sequence[Document]) -> list[Document]:
    """Return the documents of a turn's prompt and then `documents`, what is both only once."""
    earlier = attached.documents(turn.prompt)
    if not earlier:
        return list(documents)
    from hinterland.documents import Document, Kind

    new = [each for each in documents if (each.name, each.text) not in earlier]
    return [*(Document(name, text, Kind.TEXT) for name, text in earlier), *new]


def _beside(talk: Conversation, turn: Turn, prompt: str) -> tuple[tuple[Turn, ...], str, str]:
    number = len(talk.siblings(turn)) + 1
    above, copies = branches.before(talk.turns, turn)
    return (*above, *copies), prompt, branches.mark((number, number))


def _list(tips: Sequence[Turn], at: int) -> str:
    if len(tips) < 2:
        return _("There is one branch only. /retry and /edit begin another.")
    lines = [
        _(
            "Branch {number} of {of}; /branch with a number, next or previous goes to another."
        ).format(number=at + 1, of=len(tips))
    ]
    prompts = _told_apart([tip.brief_prompt for tip in tips])
    answers = _told_apart([tip.answer for tip in tips])
    for number, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        here = "*" if number == at else " "
        lines.append(f"{here} {number + 1}  “{prompt}” → {answer}")
    return "\n".join(lines)


def _told_apart(texts: Sequence[str]) -> list[str]:
    """Return each text shortened; from where they differ, if they all begin alike."""
    start = 0
    while len({text[start : start + 1] for text in texts}) == 1 and start < len(texts[0]):
        start += 1
    if start < _SHOWN // 2 or len(set(texts)) == 1:
        return [clean_line(text, _SHOWN) for text in texts]
    return ["…" + clean_line(text[start - _SHOWN // 3 :], _SHOWN) for text in texts]
