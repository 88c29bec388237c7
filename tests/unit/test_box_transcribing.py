"""Transcripts hang on the notice: what went out without it is not written down, whoever forgot it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send

from hinterland.box.classes import Classes, notice
from hinterland.box.records import Records, Said
from hinterland.box.roles import parse
from hinterland.box.transcribing import Transcribing
from hinterland.engine import requests
from hinterland.engine.events import encode
from hinterland.engine.protocol import Done, Failed, FinishReason, Note, Request
from hinterland.engine.protocol import Message as Told
from hinterland.engine.service.house import Caller, Terms
from hinterland.errors import EngineError, InputError
from hinterland.site import Site

ROLE = 'group = "class-6b"\nkeep = "transcripts"\n'
NOTICE = notice(parse(ROLE.encode(), "6b", Path("6b.toml")))
PIECE = b'data: {"choices": [{"delta": {"content": "Because."}}]}\n\n'
DONE = encode(Done(FinishReason.STOP))
CHAT = "/v1/chat/completions"
EARLIER = requests.encode(Request((Told("user", "Who?"),), turn_id="before", conversation_id="c"))
BODY = requests.encode(Request((Told("user", "Why?"),), turn_id="t", conversation_id="c"))


class Lesson:
    """A class whose role file keeps transcripts, and a box that answers with the notice."""

    def __init__(self, tmp_path: Path) -> None:
        self.file = tmp_path / "6b.toml"
        self.file.write_text(ROLE)
        self.records = Records(tmp_path / "kept")
        self._app = Transcribing(
            self._service, Classes(Site(), tmp_path), lambda role: self.records
        )
        self._pieces: tuple[bytes, ...] = ()
        self._headers: list[tuple[bytes, bytes]] = []

    def ask(
        self,
        *pieces: bytes,
        body: bytes = BODY,
        path: str = CHAT,
        notice: str = NOTICE,
        uid: int = 1001,
    ) -> None:
        """Have a pupil ask, on terms with that notice, and the box answer with those pieces."""
        half = len(body) // 2
        arriving: list[Message] = [
            {"type": "http.request", "body": body[:half], "more_body": True},
            {"type": "http.request", "body": body[half:], "more_body": False},
        ]

        async def receive() -> Message:
            return arriving.pop(0)

        async def send(message: Message) -> None:
            self._headers = message.get("headers", self._headers)

        self._pieces = pieces
        caller = Caller(uid, Terms(notice=notice, role="6b" if notice else ""))
        scope = {"type": "http", "path": path, "headers": [], "hint.caller": caller}
        asyncio.run(self._app(scope, receive, send))

    def tell(self, notice: str = NOTICE) -> None:
        """Have the pupil told: what is asked from now on may be written down."""
        self.ask(encode(Note(notice)), DONE, body=EARLIER)

    def says(self, role: str) -> None:
        """Have the role file say something else, and somebody else ask."""
        self.file.write_text(role)
        self.ask(DONE, body=EARLIER, uid=1002)

    @property
    def header(self) -> str:
        """What the last answer's head said of what holds now."""
        return unquote(dict(self._headers).get(b"x-hint-notice", b"").decode())

    @property
    def written(self) -> list[Said]:
        return self.records.transcripts(None, by=0, now=datetime.now(UTC))

    async def _service(self, scope: Scope, receive: Receive, send: Send) -> None:
        while scope["path"] == CHAT and (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def written(tmp_path: Path, *pieces: bytes, body: bytes = BODY, keep: str = ROLE) -> list[Said]:
    """Return the transcripts after an answer of those pieces to one who had been told."""
    lesson = Lesson(tmp_path)
    lesson.tell()
    lesson.file.write_text(keep)
    lesson.ask(*pieces, body=body)
    return lesson.written


def test_an_answer_is_written_down_after_the_notice(tmp_path: Path) -> None:
    done = encode(Done(FinishReason.STOP, model="small"))
    (said,) = written(tmp_path, encode(Note(NOTICE)), PIECE[:20], PIECE[20:], done)
    assert (said.prompt, said.answer, said.whole, said.model) == ("Why?", "Because.", True, "small")
    assert (said.uid, said.turn) == (1001, "t")


@pytest.mark.parametrize("note", [b"", encode(Note("Something else."))])
def test_nothing_is_written_down_without_the_notice(tmp_path: Path, note: bytes) -> None:
    assert written(tmp_path, note, PIECE, encode(Done(FinishReason.STOP))) == []


def test_what_was_said_before_the_notice_is_not_written_down(tmp_path: Path) -> None:
    later = PIECE.replace(b"Because.", b"Later.")
    (said,) = written(tmp_path, PIECE, encode(Note(NOTICE)), later)
    assert (said.answer, said.whole) == ("Later.", False)


def test_a_question_that_was_left_in_line_is_not_written_down(tmp_path: Path) -> None:
    """A teacher would read a question with a blank for its answer, of no model."""
    assert written(tmp_path, encode(Note(NOTICE)), encode(Done(FinishReason.CANCELLED))) == []
    assert "Why?" not in "".join(each.read_text() for each in tmp_path.rglob("*.jsonl"))


def test_a_question_that_failed_is_written_down_as_one(tmp_path: Path) -> None:
    failed = encode(Failed("EngineError", "It went away."))
    (said,) = written(tmp_path, encode(Note(NOTICE)), failed)
    assert (said.prompt, said.answer, said.failed) == ("Why?", "", True)


def test_a_role_that_no_longer_keeps_transcripts_keeps_none_at_once(tmp_path: Path) -> None:
    history = ROLE.replace("transcripts", "history")
    assert written(tmp_path, encode(Note(NOTICE)), PIECE, keep=history) == []


def test_a_program_that_cannot_show_the_notice_is_refused(tmp_path: Path) -> None:
    plain = msgspec.json.encode({"messages": [{"role": "user", "content": "Why?"}]})
    with pytest.raises(InputError, match="could not tell you so"):
        written(tmp_path, PIECE, body=plain)


def test_what_was_asked_before_the_pupil_was_told_is_not_written_down(tmp_path: Path) -> None:
    """You should read that your teacher can read along before anything of yours is kept."""
    lesson = Lesson(tmp_path)
    lesson.ask(encode(Note(NOTICE)), PIECE, DONE)
    assert lesson.written == []
    lesson.ask(encode(Note(NOTICE)), PIECE, DONE, path="/hint/answers/t")
    assert lesson.written == [], "it was only fetched later"
    lesson.ask(encode(Note(NOTICE)), PIECE, DONE)
    assert [each.prompt for each in lesson.written] == ["Why?"]
    assert lesson.header == NOTICE


def test_the_rest_of_an_answer_is_written_down_where_its_question_was(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    lesson.tell()
    lesson.ask(encode(Note(NOTICE)))
    lesson.ask(encode(Note(NOTICE)), PIECE, DONE, path="/hint/answers/t")
    (said,) = lesson.written
    assert (said.prompt, said.answer, said.whole) == ("Why?", "Because.", True)


@pytest.mark.parametrize(
    "between", [ROLE.replace("transcripts", "history"), ROLE + 'title = "Six"\n']
)
def test_who_was_told_something_else_in_between_is_told_anew(tmp_path: Path, between: str) -> None:
    lesson = Lesson(tmp_path)
    lesson.tell()
    lesson.says(between)
    lesson.file.write_text(ROLE)
    lesson.ask(encode(Note(NOTICE)), PIECE, DONE)
    assert lesson.written == []


def test_who_was_under_no_such_role_in_between_is_told_anew(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    lesson.tell()
    lesson.ask(PIECE, DONE, body=EARLIER, notice="")
    assert lesson.header == ""
    lesson.ask(encode(Note(NOTICE)), PIECE, DONE)
    assert lesson.written == []


def test_a_role_that_others_saw_turned_off_has_to_be_told_of_anew(tmp_path: Path) -> None:
    classes = Classes(Site(), tmp_path)
    for text, turns in ((ROLE, 1), (ROLE + "until = 2030-01-01\n", 1), ("group =", 1)):
        (tmp_path / "6b.toml").write_text(text)
        assert [each.name for each in classes.all] == ["6b"]
        assert classes.turns("6b") == turns, text
    (tmp_path / "6b.toml").unlink()
    assert classes.all == []
    assert classes.turns("6b") == 2


def test_what_a_program_asks_by_itself_is_refused(tmp_path: Path) -> None:
    """You should not have a title kept for a teacher that tells of what you said before."""
    asked = Request((Told("user", "A title?"),), turn_id="t", when_idle=True)
    with pytest.raises(EngineError, match="something else to do"):
        written(tmp_path, encode(Note(NOTICE)), PIECE, DONE, body=requests.encode(asked))
