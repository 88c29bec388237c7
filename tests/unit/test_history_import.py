"""Conversations come in from exports, each once, and damaged ones are saved as far as they go."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hinterland import images
from hinterland.engine.protocol import ImageNote
from hinterland.errors import HinterlandError, InputError
from hinterland.history import History, archive, importing
from hinterland.history.export import as_json
from hinterland.history.search import Only
from hinterland.paths import Paths
from tests.history_samples import a_turn


@pytest.fixture
def history(paths: Paths) -> History:
    return History(paths)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """The history of another computer."""
    from hinterland.paths import find

    monkeypatch.setenv("HINTERLAND_HOME", str(tmp_path / "elsewhere"))
    return History(find())


def read(path: Path) -> list[importing.Imported]:
    warnings: list[HinterlandError] = []
    found = list(importing.read(path, warnings.append))
    assert warnings == []
    return found


def message(role: str, text: str, when: float, **more: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    return {"author": {"role": role}, "create_time": when, "content": content} | more


CHATGPT = [
    {
        "title": "Boiling water",
        "create_time": 1_700_000_000.5,
        "conversation_id": "../68f0",
        "current_node": "a2b",
        "mapping": {
            # Children stand before their parents: the order of the file means nothing.
            "a2b": {"message": message("assistant", "Three, high up.", 5), "parent": "u2"},
            "a2": {"message": message("assistant", "One minute.", 4), "parent": "u2"},
            "u2": {
                "message": message("user", "How long?", 3)
                | {
                    "content": {
                        "content_type": "multimodal_text",
                        "parts": [{"asset_pointer": "x"}, "How long?"],
                    }
                },
                "parent": "a1",
            },
            "root": {"message": None, "parent": None},
            "u1": {"message": message("user", "Why boil?", 1), "parent": "root"},
            "a1": {
                "message": message("assistant", "Germs.", 2, metadata={"model_slug": "gpt-4o"}),
                "parent": "u1",
            },
            "circle": {"message": message("user", "Lost", 9), "parent": "circle"},
        },
    }
]
LLM = [
    {
        "id": f"0{number}",
        "model": "orca",
        "prompt": prompt,
        "system": "Be brief.",
        "response": answer,
        "conversation_id": "c1",
        "conversation_name": "Hello there",
        "datetime_utc": f"2024-05-01T10:0{number}:00+00:00",
    }
    for number, (prompt, answer) in enumerate([("Hello there, you", "Hi"), ("More", "Sure")])
]


def test_all_goes_into_a_zip_and_comes_back_with_its_images(
    history: History, elsewhere: History, tmp_path: Path
) -> None:
    drawing = tmp_path / "map.png"
    Image.new("RGB", (40, 30), "red").save(drawing)
    picture = images.load(drawing)
    note = ImageNote("map.png", picture.file)
    history.keep_image("c1", picture)
    history.add_turn("c1", a_turn("What is this?", "A map.", images=(note,)))
    history.add_turn("c1", a_turn("And 水?", "Water."))
    history.rename("c1", "Maps")
    history.tag("c1", ["school"])
    history.add_turn("c2", a_turn("Other", "One"))
    out = tmp_path / "all.zip"
    assert archive.save_all(history, history.list(), out, overwrite=False) == (2, [])
    with pytest.raises(InputError, match="exists already"):
        archive.save_all(history, history.list(), out, overwrite=False)

    assert [elsewhere.take_in(found) for found in read(out)] == [1, 2]
    assert [elsewhere.take_in(found) for found in read(out)] == [0, 0]
    there = elsewhere.conversation("c1")
    assert (there.title, there.tags) == ("Maps", ("school",))
    assert [(turn.prompt, turn.answer) for turn in there.turns] == [
        ("What is this?", "A map."),
        ("And 水?", "Water."),
    ]
    (kept,) = there.turns[0].images
    assert elsewhere.image("c1", kept).startswith("data:image/")


def test_what_was_done_here_stays_when_it_is_imported_again(
    history: History, tmp_path: Path
) -> None:
    history.add_turn("c1", a_turn("One", "1"))
    file = tmp_path / "c1.json"
    file.write_bytes(as_json(history.conversation("c1")))
    history.rename("c1", "Mine")
    history.add_turn("c1", a_turn("Two", "2"))
    assert [history.take_in(found) for found in read(file)] == [0]
    assert history.conversation("c1").title == "Mine"
    assert len(history.conversation("c1").turns) == 2


def test_chatgpt_trees_keep_their_branches(history: History, tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("conversations.json", json.dumps(CHATGPT))
        zipped.writestr("user.json", '{"email": "somebody"}')
        zipped.writestr("chat.html", "<html>")
    (found,) = read(file)
    assert found.left_out == 1
    assert history.take_in(found) == 4
    assert history.take_in(found) == 0
    record = history.conversation(found.id)
    assert record.title == "Boiling water"
    shown = [(turn.prompt, turn.answer, turn.model) for turn in record.branch()]
    assert shown == [("Why boil?", "Germs.", "gpt-4o"), ("How long?", "Three, high up.", "")]
    assert {turn.answer for turn in record.turns} == {
        "Germs.",
        "One minute.",
        "Three, high up.",
        "",
    }


def test_llm_is_read_from_its_json_and_from_its_database(history: History, tmp_path: Path) -> None:
    file = tmp_path / "logs.json"
    file.write_text(json.dumps(LLM))
    database = tmp_path / "logs.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE conversations (id TEXT, name TEXT, model TEXT)")
        connection.execute("INSERT INTO conversations VALUES ('c1', 'Hello there', 'orca')")
        columns = ("id", "model", "prompt", "system", "response", "conversation_id", "datetime_utc")
        connection.execute(f"CREATE TABLE responses ({', '.join(columns)}, options_json)")
        for row in LLM:
            values = [row[name] for name in columns]
            connection.execute("INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, '{}')", values)
    from_json, from_database = read(file), read(database)
    assert from_json == from_database
    assert history.take_in(from_json[0]) == 2
    record = history.conversation(from_json[0].id)
    assert (record.title, record.titled) == ("Hello there", "")
    assert [(turn.prompt, turn.answer, turn.system) for turn in record.turns] == [
        ("Hello there, you", "Hi", "Be brief."),
        ("More", "Sure", "Be brief."),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\x00\x01\x02",
        b"PK\x03\x04broken",
        b"SQLite format 3\0" + bytes(100),
        b"[" * 100_000,
        (
            b'{"format":"hinterland.conversation","id":"../../x","title":"t",'
            b'"created":1,"updated":1,"turns":[]}'
        ),
    ],
)
def test_what_is_no_export_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "some.file"
    file.write_bytes(content)
    with pytest.raises(InputError):
        read(file)


def test_a_search_is_narrowed_by_day_model_and_tag(history: History) -> None:
    history.add_turn("c1", a_turn("water one", "x", created=1_000.0, model="qwen-a"))
    history.add_turn("c2", a_turn("water two", "x", created=2_000.0, model="smol"))
    history.tag("c2", ["School"])

    def found(**only: Any) -> list[str]:
        return [hit.conversation_id for hit in history.search("water", 1, Only(**only))]

    assert found() == ["c2"]
    assert found(until=1_500.0) == ["c1"]
    assert found(since=2_000.0) == ["c2"]
    assert found(model="QWEN") == ["c1"]
    assert found(tag="school") == ["c2"]
    assert found(tag="school", model="qwen") == []


def test_a_damaged_conversation_is_saved_as_far_as_it_goes(history: History, paths: Paths) -> None:
    for number in range(3):
        history.add_turn("c1", a_turn(f'say "{number}" \\ {{', f"a {{{number}"))
    history.rename("c1", "Precious")
    history.add_turn("c2", a_turn("whole", "one"))
    file = paths.history / "conversations" / "c1.json"
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.index(b'say \\"2')])
    (finding,) = history.check()
    assert (finding.id, finding.newer, finding.turns) == ("c1", False, 2)
    kept = history.mend(finding)
    assert kept.read_bytes() == whole[: whole.index(b'say \\"2')]
    record = history.conversation("c1")
    assert (record.title, len(record.turns)) == ("Precious", 2)
    assert history.check() == []
    assert {each.id for each in history.list()} == {"c1", "c2"}


def test_what_a_newer_release_wrote_is_left_alone(history: History, paths: Paths) -> None:
    history.add_turn("c1", a_turn("one", "1"))
    file = paths.history / "conversations" / "c1.json"
    content = json.loads(file.read_bytes())
    content["schema"]["1"]["version"] = 99
    file.write_text(json.dumps(content))
    (finding,) = history.check()
    assert finding.newer


def test_pinned_conversations_do_not_expire(history: History) -> None:
    for name in ("old", "kept", "new"):
        created = 86_400.0 * (9 if name == "new" else 1)
        history.add_turn(name, a_turn(name, "x", created=created))
    history.pin("kept")
    assert [each.id for each in history.expired(5, 86_400.0 * 10)] == ["old"]


def test_ids_of_a_file_name_no_path(tmp_path: Path) -> None:
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps(CHATGPT))
    (found,) = read(file)
    assert not any("/" in turn.id for turn in found.turns)
    assert "/" not in found.id
