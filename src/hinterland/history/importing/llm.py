"""The logs of `llm`: its database, or what `llm logs --json` prints."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hinterland.branches import BEGINNING
from hinterland.engine.protocol import FinishReason, Usage
from hinterland.errors import InputError
from hinterland.history.imported import Imported, id_for
from hinterland.turns import Turn


class _Response(msgspec.Struct):
    """A row of the table `responses`, as either way gives it."""

    id: str
    response: str
    conversation_id: str | None = None
    model: str = ""
    prompt: str | None = None
    system: str | None = None
    datetime_utc: str = ""
    conversation_name: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


def from_json(data: bytes) -> list[Imported] | None:
    """Return the conversations in `data`, None when it is of another kind."""
    try:
        found = msgspec.json.decode(data, type=list[_Response])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    groups: dict[str, list[_Response]] = {}
    for each in found:
        groups.setdefault(each.conversation_id or each.id, []).append(each)
    return [_imported(name, responses) for name, responses in groups.items()]


def from_database(path: Path) -> Iterator[Imported]:
    """Yield the conversations of a `logs.db`; raises InputError when it is not one."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            columns = {row["name"] for row in database.execute("PRAGMA table_info(responses)")}
            wanted = [name for name in _Response.__struct_fields__ if name in columns]
            if not {"id", "response"} <= set(wanted):
                raise InputError(
                    f"{path} is no database of llm.", "`llm logs path` says where it is."
                )
            names = dict(database.execute("SELECT id, name FROM conversations").fetchall())
            # The column names are ours.
            rows = database.execute(
                f"SELECT {', '.join(wanted)} FROM responses ORDER BY conversation_id, id"  # noqa: S608 - the names are ours
            )
            group: list[_Response] = []
            for row in rows:
                response = msgspec.convert(
                    {name: value for name, value in dict(row).items() if value is not None}
                    | {"conversation_name": names.get(row["conversation_id"])},
                    _Response,
                )
                if group and _group(group[0]) != _group(response):
                    yield _imported(_group(group[0]), group)
                    group = []
                group.append(response)
            if group:
                yield _imported(_group(group[0]), group)
    except (sqlite3.Error, msgspec.ValidationError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Copy it anew.") from error


def _group(response: _Response) -> str:
    return response.conversation_id or response.id


def _imported(name: str, responses: list[_Response]) -> Imported:
    turns: list[Turn] = []
    for response in sorted(responses, key=lambda each: (each.datetime_utc, each.id)):
        turn = Turn(
            id=id_for("m", response.id),
            created=_seconds(response.datetime_utc),
            prompt=response.prompt or "",
            system=response.system or None,
            answer=response.response,
            model=response.model,
            finish_reason=FinishReason.STOP,
            usage=Usage(response.input_tokens or 0, response.output_tokens or 0),
            parent=turns[-1].id if turns else BEGINNING,
        )
        turns.append(turn)
    title = responses[0].conversation_name or ""
    # llm's own name for a conversation is the beginning of its first prompt.
    first = " ".join((responses[0].prompt or "").split())
    named = bool(title) and not first.startswith(title.rstrip("… "))
    return Imported(id=id_for("llm", name), title=title, turns=turns, named=named)


def _seconds(when: str) -> float:
    try:
        found = datetime.fromisoformat(when)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
