"""A conversation for other eyes: JSON that holds all of it, Markdown and plain text to read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from hinterland import branches
from hinterland.durable import locked, replace_file
from hinterland.engine.protocol import FinishReason
from hinterland.errors import InputError
from hinterland.history.files import Record
from hinterland.text import clean, clean_line, escape_json
from hinterland.turns import Turn, mark_above, stood_for

_MARKS = {
    FinishReason.LENGTH: "cut at the token limit",
    FinishReason.CANCELLED: "cancelled",
    FinishReason.INTERRUPTED: "interrupted",
    FinishReason.FAILED: "failed",
}
STILL_WRITING = "still being written"


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A whole conversation, text as it was said; see docs/history.md."""

    format: Literal["hinterland.conversation"] = "hinterland.conversation"
    version: Literal[1, 2] = 1
    """2 where turns are alternatives to others: they are no one line."""
    id: str
    title: str
    created: float
    """Seconds since the epoch."""
    updated: float
    turns: list[Turn]
    writing: list[Turn] = []
    """Answers that were still being written."""
    pinned: bool = False
    archived: bool = False
    tags: tuple[str, ...] = ()
    current: str = ""
    """The id of the turn at the end of the branch that is shown."""


def as_json(record: Record, writing: Sequence[Turn] = ()) -> bytes:
    """Return the conversation as JSON that `from_json` reads back to the last character."""
    export = Export(
        id=record.id,
        title=record.title,
        created=record.created,
        updated=record.updated,
        turns=record.turns,
        writing=list(writing),
        pinned=record.pinned,
        archived=record.archived,
        tags=record.tags,
        current=record.current,
        version=2 if _others(record, writing) else 1,
    )
    document: dict[str, Any] = msgspec.to_builtins(export)
    for turn in (*document["turns"], *document["writing"]):
        turn.setdefault("finish_reason", FinishReason.INTERRUPTED.value)
    return readable_json(document)


def from_json(data: bytes) -> Export:
    """Return the conversation in `data`; raises InputError."""
    try:
        return msgspec.json.decode(data, type=Export)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"This is not an exported conversation: {error}.",
            "Make one with `hint history export ID --format json`.",
        ) from error


def readable_json(document: object) -> bytes:
    """Return `document` as indented JSON in which nothing can touch a terminal."""
    formatted = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return escape_json(formatted.decode()).encode() + b"\n"


def as_text(record: Record, writing: Sequence[Turn] = ()) -> str:
    """Return the conversation as clean plain text."""
    parts = [clean_line(record.title), _below_title(record, writing)]
    for turn, mark, stands_for, place in _marked(record, writing):
        if stands_for:
            parts += ["", f"── {stands_for}, {when(turn.created)}"]
            parts += ["", *_answer(turn, mark)] if turn.answer else []
            continue
        parts += ["", f"── You, {when(turn.created)}{place}", "", *_prompt(turn), ""]
        parts += [f"── {_answerer(turn)}", ""]
        parts += _answer(turn, mark)
    return "\n".join(parts) + "\n"


def as_markdown(record: Record, writing: Sequence[Turn] = ()) -> str:
    """Return the conversation as clean Markdown, prompts quoted."""
    parts = [f"# {clean_line(record.title)}", "", _below_title(record, writing)]
    for turn, mark, stands_for, place in _marked(record, writing):
        if stands_for:
            parts += ["", f"## {stands_for}, {when(turn.created)}"]
            parts += ["", *_answer(turn, mark)] if turn.answer else []
            continue
        parts += ["", f"## You, {when(turn.created)}{place}", ""]
        parts += [f"> {line}".rstrip() for line in _prompt(turn)]
        parts += ["", f"## {_answerer(turn)}", ""]
        parts += _answer(turn, mark)
    return "\n".join(parts) + "\n"


def marks(turn: Turn) -> str:
    """Return what is unusual about how an answer ended, in brackets; nothing for a whole one."""
    mark = _MARKS.get(turn.finish_reason)
    if mark is None:
        return ""
    return f"[{mark}: {clean_line(turn.error)}]" if turn.error else f"[{mark}]"


def when(seconds: float) -> str:
    """Return a time in this computer's zone, to the minute."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "at an unknown time"


def save(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Put `content` in `path` whole or not at all; raises InputError for a path that is taken or
    is no place for a file, StorageError when it cannot be written."""
    path = path.resolve()  # through a link: what it names is replaced, not the link
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise InputError(f"{path} is not a file.", "Name a file to write.")
    if not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} does not exist.", "Make it first.")
    with locked(path):
        if path.exists() and not overwrite:
            raise InputError(
                f"The file {path} exists already.", "Use --force to replace it, or another name."
            )
        replace_file(path, content)


def _marked(record: Record, writing: Sequence[Turn]) -> Iterable[tuple[Turn, str, str, str]]:
    """Yield each turn of the branch that is shown, how its answer ended if not well, what it says of
    the turns it stands for, and which of its alternatives it is."""
    places = _tree(record, writing).marks()
    turns = record.branch(writing)
    counts = stood_for(turns)
    unfinished = {turn.id for turn in writing}
    for turn in (*(turn for turn in turns if turn.id not in unfinished), *writing):
        ended = f"[{STILL_WRITING}]" if turn.id in unfinished else marks(turn)
        stands_for = mark_above(turn, counts[turn.id]) if turn.replaces else ""
        place = places.get(turn.id)
        yield turn, ended, stands_for, f" {place}" if place else ""


def _tree(record: Record, writing: Sequence[Turn]) -> branches.Tree:
    return branches.Tree((*record.turns, *writing))


def _others(record: Record, writing: Sequence[Turn]) -> int:
    return max(0, len(_tree(record, writing).branches()) - 1)


def _below_title(record: Record, writing: Sequence[Turn]) -> str:
    said = f"{record.id} · {when(record.created)}"
    others = _others(record, writing)
    if not others:
        return said
    return f"{said} · {others} other {'branch' if others == 1 else 'branches'}, in the JSON export"


def _answerer(turn: Turn) -> str:
    return clean_line(f"/{turn.tool}" if turn.tool else turn.model) or "Answer"


def _prompt(turn: Turn) -> list[str]:
    return clean(turn.shown_prompt).strip("\n").split("\n")


def _answer(turn: Turn, mark: str) -> list[str]:
    thought = len(turn.reasoning.split())
    return [
        *([f"[{thought} words of reasoning: export as JSON to read them]", ""] if thought else []),
        *([answer] if (answer := clean(turn.answer).strip("\n")) else []),
        *([mark] if mark else []),
    ]
