"""ChatGPT's export: `conversations.json`, where each conversation is a tree of messages."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from hinterland.branches import BEGINNING
from hinterland.engine.protocol import FinishReason
from hinterland.history.imported import Imported, id_for
from hinterland.turns import Turn


class _Author(msgspec.Struct):
    role: str = ""


class _Content(msgspec.Struct):
    content_type: str = ""
    parts: list[Any] = []
    text: str | None = None


class _Metadata(msgspec.Struct):
    model_slug: str | None = None


class _Message(msgspec.Struct):
    author: _Author = msgspec.field(default_factory=_Author)
    content: _Content = msgspec.field(default_factory=_Content)
    create_time: float | None = None
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _Node(msgspec.Struct):
    id: str = ""
    message: _Message | None = None
    parent: str | None = None


class _Conversation(msgspec.Struct):
    mapping: dict[str, _Node]
    title: str | None = None
    create_time: float | None = None
    conversation_id: str | None = None
    id: str | None = None
    current_node: str | None = None
    is_archived: bool | None = None


def from_json(data: bytes) -> list[Imported] | None:
    """Return the conversations in `data`, None when it is of another kind."""
    try:
        found = msgspec.json.decode(data, type=list[_Conversation])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return [imported for each in found if (imported := _imported(each)).turns]


def _imported(conversation: _Conversation) -> Imported:
    given = conversation.conversation_id or conversation.id or str(conversation.create_time)
    began = conversation.create_time or time.time()
    turns: dict[str, Turn] = {}
    of_node: dict[str, str] = {}
    """The turn that a message of the tree belongs to."""
    left_out = 0
    for key in _in_order(conversation.mapping):
        node = conversation.mapping[key]
        above = of_node.get(node.parent or "", BEGINNING)
        message = node.message
        role = message.author.role if message else ""
        text, missing = _text(message.content) if message else ("", 0)
        left_out += missing
        of_node[key] = above
        if message is None:
            continue
        if role == "user" and text:
            turn = Turn(
                id=id_for("m", f"{given}/{key}"),
                created=message.create_time or began + len(turns) / 1000,
                prompt=text,
                parent=above,
                finish_reason=FinishReason.INTERRUPTED,
            )
            turns[turn.id] = turn
            of_node[key] = turn.id
        elif role == "assistant" and text and above in turns:
            turn = turns[above]
            if turn.answer and not _goes_on(conversation.mapping, node):
                # A second answer to the same message: a branch of its own.
                other = id_for("m", f"{given}/{key}")
                turns[other] = turn = msgspec.structs.replace(
                    turn, id=other, answer="", created=message.create_time or turn.created
                )
                of_node[key] = other
            turn.answer = f"{turn.answer}\n\n{text}" if turn.answer else text
            turn.model = message.metadata.model_slug or turn.model
            turn.finish_reason = FinishReason.STOP
    return Imported(
        id=id_for("chatgpt", given),
        title=conversation.title or "",
        turns=list(turns.values()),
        archived=bool(conversation.is_archived),
        current=of_node.get(conversation.current_node or "", ""),
        named=bool(conversation.title),
        left_out=left_out,
    )


def _goes_on(mapping: dict[str, _Node], node: _Node) -> bool:
    """Whether a message of the model follows another of its own, as after it used a tool."""
    parent = mapping.get(node.parent or "")
    return bool(parent and parent.message and parent.message.author.role != "user")


def _in_order(mapping: dict[str, _Node]) -> list[str]:
    """Return the keys of the tree so that each comes after its parent; what hangs in a circle, or
    from nothing, is begun with as it stands."""
    children: dict[str, list[str]] = {}
    roots = []
    for key, node in mapping.items():
        if node.parent in mapping and node.parent != key:
            children.setdefault(str(node.parent), []).append(key)
        else:
            roots.append(key)
    ordered: dict[str, None] = {}
    waiting = roots[::-1]
    while waiting:
        key = waiting.pop()
        if key not in ordered:
            ordered[key] = None
            waiting += reversed(children.get(key, ()))
    return [*ordered]


def _text(content: _Content) -> tuple[str, int]:
    """Return the text of a message, and how many of its parts are none."""
    if content.content_type not in ("text", "multimodal_text", "code", ""):
        return "", 0
    texts = [part for part in content.parts if isinstance(part, str)]
    missing = sum(isinstance(part, dict) for part in content.parts)
    if content.text:
        texts.append(
            f"```\n{content.text}\n```" if content.content_type == "code" else content.text
        )
    return "\n".join(each for each in texts if each).strip(), missing
