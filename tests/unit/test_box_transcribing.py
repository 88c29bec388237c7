"""Transcripts hang on the notice: what went out without it is not written down, whoever forgot it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send

from hinterland.box.classes import Classes, notice
from hinterland.box.records import Records, Said
from hinterland.box.roles import parse
from hinterland.box.transcribing import Transcribing
from hinterland.engine import requests
from hinterland.engine.events import encode
from hinterland.engine.protocol import Done, FinishReason, Note, Request
from hinterland.engine.protocol import Message as Told
from hinterland.engine.service.house import Caller, Terms
from hinterland.errors import InputError
from hinterland.site import Site

ROLE = 'group = "class-6b"\nkeep = "transcripts"\n'
NOTICE = notice(parse(ROLE.encode(), "6b", Path("6b.toml")))
PIECE = b'data: {"choices": [{"delta": {"content": "Because."}}]}\n\n'
BODY = requests.encode(Request((Told("user", "Why?"),), turn_id="t", conversation_id="c"))


def written(tmp_path: Path, *pieces: bytes, body: bytes = BODY, keep: str = ROLE) -> list[Said]:
    """Return the transcripts after an answer of those pieces."""
    (tmp_path / "6b.toml").write_text(keep)
    records = Records(tmp_path / "kept")

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(message: Message) -> None:
        pass

    half = len(body) // 2
    arriving: list[Message] = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:], "more_body": False},
    ]
    terms = Terms(notice=NOTICE, role="6b")
    scope = {
        "type": "http",
        "path": "/v1/chat/completions",
        "headers": [],
        "hint.caller": Caller(1001, terms),
    }
    app = Transcribing(service, Classes(Site(), tmp_path), lambda role: records)
    asyncio.run(app(scope, receive, send))
    return records.transcripts(None, by=0, now=datetime.now(UTC))


def test_an_answer_is_written_down_after_the_notice(tmp_path: Path) -> None:
    done = encode(Done(FinishReason.STOP, model="small"))
    (said,) = written(tmp_path, encode(Note(NOTICE)), PIECE[:20], PIECE[20:], done)
    assert (said.prompt, said.answer, said.whole, said.model) == ("Why?", "Because.", True, "small")
    assert (said.uid, said.turn) == (1001, "t")


@pytest.mark.parametrize("note", [b"", encode(Note("Something else."))])
def test_nothing_is_written_down_without_the_notice(tmp_path: Path, note: bytes) -> None:
    assert written(tmp_path, note, PIECE, encode(Done(FinishReason.STOP))) == []


def test_what_was_said_before_the_notice_is_not_written_down(tmp_path: Path) -> None:
    (said,) = written(tmp_path, PIECE, encode(Note(NOTICE)))
    assert (said.answer, said.whole) == ("", False)


def test_a_role_that_no_longer_keeps_transcripts_keeps_none_at_once(tmp_path: Path) -> None:
    history = ROLE.replace("transcripts", "history")
    assert written(tmp_path, encode(Note(NOTICE)), PIECE, keep=history) == []


def test_a_program_that_cannot_show_the_notice_is_refused(tmp_path: Path) -> None:
    plain = msgspec.json.encode({"messages": [{"role": "user", "content": "Why?"}]})
    with pytest.raises(InputError, match="could not tell you so"):
        written(tmp_path, PIECE, body=plain)
