"""A batch in this process: rows, bad input, results, resuming, and engines that fail."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hinterland
from hinterland import prompts
from hinterland.batch import running, sources
from hinterland.batch.answering import Answering
from hinterland.batch.formats import Format, OpenAi, Own
from hinterland.batch.job import Job, Wishes
from hinterland.batch.rows import Defaults, Maker
from hinterland.batch.running import Target
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Message,
    Priority,
    Request,
    Sampling,
    TextDelta,
    Think,
    Usage,
)
from hinterland.errors import EngineError, InputError, StorageError

Row = dict[str, Any]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(running, "_LONGEST_PAUSE", 0.01)


class Shaky(EchoEngine):
    """An echo that fails with what `fails` returns for a request."""

    def __init__(self, fails: Callable[[Request], Event | None], **options: Any) -> None:
        super().__init__(**options)
        self._fails = fails

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        if (failure := self._fails(request)) is not None:
            self.requests.append(request)
            await asyncio.sleep(0)
            yield failure
            return
        async for event in super().stream(request):
            yield event


def dead(request: Request) -> Event:
    return Failed("EngineError", "The engine is gone.", "")


class Place:
    """A folder with an input and its results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.input, self.out = folder / "in.jsonl", folder / "out.jsonl"
        self.engine = EchoEngine()

    def write(self, *rows: Row | bytes, end: bytes = b"\n") -> None:
        lines = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
        self.input.write_bytes(end.join(lines) + end)

    def job(
        self,
        defaults: Defaults | None = None,
        *,
        lines: Callable[[], Iterable[sources.Lines]] | None = None,
        form: Format | None = None,
        **wishes: Any,
    ) -> Job:
        return Job(
            lines or partial(sources.json_lines, self.input),
            self.out,
            form or Own(),
            Maker(defaults or Defaults()),
            Wishes(**wishes),
        )

    def run(
        self, defaults: Defaults | None = None, targets: list[Target] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Run a job to its end and return its summary."""
        with self.job(defaults, **more) as job:
            asyncio.run(job.run(targets or [Target(self.engine, workers=3)], Answering()))
            return job.summary(complete=True)

    def results(self) -> dict[str | int, Row]:
        """Return the results by id, each of which is there once."""
        found = [json.loads(line) for line in self.out.read_bytes().splitlines()]
        by_id = {row.get("id"): row for row in found}
        assert len(by_id) == len(found)
        return by_id


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# Rows


def test_every_field_of_a_row_reaches_the_engine(place: Place) -> None:
    place.write(
        {
            "id": "all",
            "prompt": "Say it",
            "system": "Be brief",
            "max_tokens": 7,
            "temperature": 0.5,
            "top_p": 0.25,
            "top_k": 9,
            "seed": 11,
            "stop": "END",
            "model": "other",
            "think": "low",
            "metadata": {"page": [1, None, "é"]},
        },
        {
            "id": 2,
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "c"},
            ],
            "stop": ["x", "y"],
        },
    )
    place.run()
    first, second = sorted(place.engine.requests, key=lambda each: len(each.messages))
    assert first.messages == (Message("system", "Be brief"), Message("user", "Say it"))
    assert first.sampling == Sampling(7, 0.5, 0.25, 9, 11, ("END",))
    assert (first.model, first.think, first.usual) == ("other", Think.LOW, False)
    assert [each.content for each in second.messages] == ["a", "b", "c"]
    assert second.sampling == Sampling(stop=("x", "y"))
    assert {each.priority for each in place.engine.requests} == {Priority.BATCH}
    results = place.results()
    assert results["all"]["metadata"] == {"page": [1, None, "é"]}
    assert results["all"]["answer"] == "Say it"
    assert results["all"]["usage"] == {
        "prompt_tokens": 4,
        "completion_tokens": 2,
        "cached_tokens": 0,
    }
    assert results[2]["answer"] == "c"


def test_defaults_hold_where_a_row_says_nothing_and_zero_is_something(place: Place) -> None:
    place.write({"id": "a", "prompt": "x"}, {"id": "b", "prompt": "y", "temperature": 0, "seed": 0})
    wanted = Sampling(5, 0.9, 0.8, 4, 3, ("Z",))
    place.run(Defaults(model="m", system="Be kind", sampling=wanted, think=Think.OFF))
    by_prompt = {each.messages[-1].content: each for each in place.engine.requests}
    assert by_prompt["x"].sampling == wanted
    assert by_prompt["y"].sampling == Sampling(5, 0, 0.8, 4, 0, ("Z",))
    assert by_prompt["x"].messages[0] == Message("system", "Be kind")
    assert (by_prompt["x"].model, by_prompt["x"].think) == ("m", Think.OFF)


def test_a_template_makes_the_prompt_of_all_fields(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "letter.md"
    file.write_text(
        "---\ndescription: x\n---\n# system\nYou write.\n"
        "# user\nTo {{ town }}: {{ prompt or '' }}\n"
    )
    place.write(
        {"id": 1, "town": "Ulm", "prompt": "hello", "self": "!"},
        {"id": 2, "prompt": "no town", "self": ""},
    )
    place.run(Defaults(template=prompts.read_template(file)), form=Own(fields=True))
    results = place.results()
    assert results[1]["answer"].strip() == "To Ulm: hello"
    assert results[2]["error"] == {
        "kind": "InputError",
        "message": "Line 2 cannot fill the template letter.md: 'town' is undefined.",
        "hint": "The row has the fields id, prompt, self.",
    }
    assert place.engine.requests[0].messages[0].content == "You write."


def test_files_are_attached_and_a_missing_one_is_an_error_row(place: Place) -> None:
    (place.folder / "note.txt").write_text("The mill burned in 1911.")
    place.write(
        {"id": "there", "prompt": "When?", "file": "note.txt"},
        {"id": "missing", "prompt": "When?", "file": ["note.txt", "gone.txt"]},
        {"id": "nul", "prompt": "When?", "file": "a\0b"},
        {"id": "no image", "prompt": "What?", "image": "note.txt"},
    )
    place.run(Defaults(folder=place.folder))
    results = place.results()
    assert "burned in 1911" in results["there"]["answer"]
    for name in ("missing", "nul", "no image"):
        assert results[name]["error"]["kind"] == "InputError", name
    assert "gone.txt" in results["missing"]["error"]["message"]


# Bad input

BAD = {
    b'{"id": "x", "prompt": ': "Line 2 is not JSON",
    b'["prompt"]': "Line 2 is not a row",
    b'{"id": "x"}': "no prompt",
    b'{"id": "x", "prompt": "  "}': "no prompt",
    b'{"prompt": 5}': "prompt: Expected",
    b'{"id": 1.5, "prompt": "x"}': "id: Expected",
    b'{"prompt": "x", "seed": -1}': "seed: Expected",
    b'{"prompt": "x", "max_tokens": 0}': "max_tokens: Expected",
    b'{"prompt": "x", "temperature": "hot"}': "temperature: Expected",
    b'{"prompt": "x", "promt": "y"}': "unknown field `promt`",
    b'{"prompt": "x", "utf-8": "y"}': "unknown field `utf-8`",
    b'{"prompt": "x", "messages": []}': "a prompt and messages",
    b'{"messages": []}': "messages are empty",
    b'{"messages": [{"role": "robot", "content": "x"}]}': "Invalid enum value",
    b'{"prompt": "x", "schema": {"type": "nothing"}}': "The schema cannot be used",
    b'{"prompt": "caf\xe9"}': "Line 2 is not UTF-8",
    b'{"prompt": "x", "metadata": %s}' % (b"[" * 900 + b"]" * 900): "nested too deeply",
    b'{"prompt": "x", "metadata": ' + b"[" * 100_000: "Line 2 is not JSON",
    b'{"prompt": "x", "tool": "nobody"}': "There is no tool 'nobody'",
}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: BAD[bad])
def test_a_bad_row_is_an_error_row_with_its_reason_and_the_others_go_on(
    place: Place, bad: bytes
) -> None:
    place.write({"id": "before", "prompt": "a"}, bad, {"id": "after", "prompt": "b"})
    summary = place.run()
    results = place.results()
    assert [results[name]["answer"] for name in ("before", "after")] == ["a", "b"]
    (failed,) = (row for row in results.values() if "error" in row)
    assert BAD[bad] in failed["error"]["message"], failed
    assert failed["line"] == 2
    assert (summary["rows"], summary["answered"], summary["failed"]) == (3, 2, 1)


@settings(max_examples=25)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.recursive(
            st.none() | st.integers() | st.text() | st.floats(allow_nan=False),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(["id", "prompt", "messages", "file", "stop", "metadata", "z"]),
                    inner,
                    max_size=3,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
        max_size=30,
    )
)
def test_no_input_stops_a_run_or_leaves_a_gap(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    place = Place(tmp_path_factory.mktemp("any"))
    place.input.write_bytes(b"\n".join(lines))
    summary = place.run()
    wanted = sum(len(lines.data) for lines in sources.json_lines(place.input))
    assert len(place.results()) == summary["rows"] == wanted
    again = place.run()
    assert (again["finished_before"], again["changed"]) == (wanted, 0)
    assert len(place.results()) == wanted


def test_an_id_that_was_used_is_told_and_no_row_is_a_gap(place: Place) -> None:
    place.write(
        {"id": "line-2", "prompt": "a"},
        {"id": "line-2", "prompt": "b"},
        {"id": 1, "prompt": "c"},
        {"id": "1", "prompt": "d"},
        {"prompt": "e"},
    )
    for _again in range(2):
        summary = place.run()
        results = place.results()
        assert len(results) == 5
        assert summary["repeated_ids"] == 2
        assert {row["answer"] for row in results.values() if "error" not in row} == set("ace")
        told = sorted(row["error"]["message"] for row in results.values() if "error" in row)
        assert told == [
            "The id '1' was used before line 4.",
            "The id 'line-2' was used before line 2.",
        ]
    assert place.engine.asked == 3


def test_a_row_of_50_mb_is_refused_and_not_read_into_memory(place: Place) -> None:
    place.write(b'{"prompt": "' + b"x" * 50_000_000 + b'"}', {"id": "after", "prompt": "b"})
    place.run()
    results = place.results()
    assert results["line-1"]["error"]["message"] == "Line 1 is longer than 32 MB."
    assert results["after"]["answer"] == "b"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'[\n {"prompt": "a"},\n {"prompt": "b"}\n]\n', "a row has to be one line"),
        (b'\xef\xbb\xbf[{"prompt": "a"}]', "a row has to be one line"),
        (b'{\n"prompt": "a"\n}\n', "a row has to be one line"),
        (b"Name a river.\nName a town.\n", "no line begins with a brace"),
        (b"\x7fELF\0\0", "no line begins with a brace"),
    ],
)
def test_a_file_that_is_none_of_json_lines_is_one_sentence(
    place: Place, data: bytes, told: str
) -> None:
    place.input.write_bytes(data)
    with pytest.raises(InputError, match=told):
        sources.look_at(place.input)


@pytest.mark.parametrize("data", [b"", b"\n\n", b'bro{ken\n{"prompt": "b"}\n', b'{"prompt": "a"}'])
def test_one_broken_line_or_none_is_no_such_file(place: Place, data: bytes) -> None:
    place.input.write_bytes(data)
    sources.look_at(place.input)


def test_a_bom_empty_lines_and_a_missing_last_end_are_nothing(place: Place) -> None:
    place.input.write_bytes(
        b'\xef\xbb\xbf{"id": 1, "prompt": "a"}\r\n\r\n   \n{"id": 2, "prompt": "b"}'
    )
    assert place.run()["rows"] == 2
    assert {row["answer"] for row in place.results().values()} == {"a", "b"}


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([b"", b" ", b"\r", b"a", b"bc" * 9, b"d" * 40]), max_size=12),
    st.sampled_from([b"", b"\n"]),
    st.integers(1, 20),
)
def test_lines_are_the_same_however_they_are_read(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], end: bytes, block: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "in.jsonl"
    path.write_bytes(b"\n".join(lines) + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "_BLOCK", block)
        patch.setattr(sources, "MOST_BYTES", 20)
        found = [
            (number, "long" if place in some.errors else data)
            for some in sources.json_lines(path)
            for place, (number, data) in enumerate(zip(some.numbers, some.data, strict=True))
        ]
    assert found == [
        (number, "long" if len(line) > 20 else line)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


@pytest.mark.parametrize("nothing", [b"", b"\n\n", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_done_at_once(place: Place, nothing: bytes) -> None:
    place.input.write_bytes(nothing)
    summary = place.run()
    assert (summary["rows"], summary["answered"], summary["failed"]) == (0, 0, 0)
    assert place.out.read_bytes() == b""


# Tables and folders


def test_a_table_of_csv(place: Place) -> None:
    place.input.write_bytes(
        b"\xef\xbb\xbfid,text,seed,town\r\n"
        b'a,"two\r\nlines, ""quoted""",4,Ulm\r\n'
        b'b,"",,\r\n'
        b"c,one,many,\r\n"
        b"d,a comma, too,1,Ulm\r\n"
        b"e,caf\xe9,1,\r\n"
        b'f,"quoted"wrongly,1,\r\n'
        b"g,fine,,,\r\n"
    )
    place.run(lines=partial(sources.csv_rows, place.input, "text"))
    results = place.results()
    assert results["a"]["answer"] == 'two\r\nlines, "quoted"'
    assert results["a"]["metadata"] == {"town": "Ulm"}
    assert place.engine.requests[0].sampling.seed in (4, None)
    assert results["g"]["answer"] == "fine"
    messages = [row["error"]["message"] for row in results.values() if "error" in row]
    assert len(messages) == 5
    assert any("no prompt" in each for each in messages)
    assert any("seed" in each for each in messages)
    assert "Line 6 has more cells than the table has columns." in messages
    assert "Line 7 is not UTF-8 text." in messages
    assert any("Line 8 is not CSV" in each for each in messages)


def test_a_table_without_that_column_names_those_it_has(place: Place) -> None:
    place.input.write_text("id,words\n1,x\n")
    with pytest.raises(InputError) as caught:
        place.run(lines=partial(sources.csv_rows, place.input, "text"))
    assert "'id', 'words'" in caught.value.hint


def test_a_template_sees_the_columns_of_a_table(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "t.md"
    file.write_text("---\ndescription: x\n---\n# user\n{{ text }} in {{ town }} ({{ prompt }})")
    place.input.write_text("id,text,town\n1,Rain,Ulm\n")
    place.run(
        Defaults(template=prompts.read_template(file)),
        lines=partial(sources.csv_rows, place.input, "text", fields=True),
        form=Own(fields=True),
    )
    assert place.results()["1"]["answer"] == "Rain in Ulm (Rain)"


def test_a_folder_of_texts(place: Place) -> None:
    folder = place.folder / "texts"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.txt").write_text("bee")
    (folder / "sub/a.txt").write_text("\ufeffaye")
    (folder / ".hidden").write_text("no")
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    (folder / "photo.bin").write_bytes(b"BM\0\0")
    (folder / "gone.txt").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    place.run(lines=partial(sources.texts, folder))
    results = place.results()
    assert {name: row.get("answer") for name, row in results.items() if "error" not in row} == {
        "b.txt": "bee",
        "sub/a.txt": "aye",
    }
    assert sorted(row["error"]["message"] for row in results.values() if "error" in row) == [
        "gone.txt cannot be read: No such file or directory.",
        "latin.txt is not UTF-8 text.",
        "photo.bin is not a text.",
        "pipe is not a file.",
    ]


def test_a_folder_that_cannot_be_listed_is_told(place: Place) -> None:
    (lines,) = sources.texts(place.folder / "gone")
    assert lines.errors


# OpenAI's batch files


def openai_row(name: str, **body: Any) -> Row:
    said = {"messages": [{"role": "user", "content": "hello there"}]} | body
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": said}


def test_openai_batch_files_are_read_and_written(place: Place) -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    place.write(
        openai_row("a", model="gpt-x", max_completion_tokens=1, seed=5, stop=["S"]),
        openai_row(
            "b",
            messages=[{"role": "developer", "content": "d"}, {"role": "user", "content": parts}],
        ),
        openai_row("n", n=2),
        openai_row("u") | {"url": "/v1/embeddings"},
        {"custom_id": "nothing"},
        openai_row("tools", tools=[]),
    )
    place.run(form=OpenAi("mine"))
    found = [json.loads(line) for line in place.out.read_bytes().splitlines()]
    results = {row["custom_id"]: row for row in found}
    first = results["a"]["response"]
    assert (first["status_code"], results["a"]["error"]) == (200, None)
    assert first["body"]["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "hello "},
        "finish_reason": "length",
    }
    assert first["body"]["usage"]["total_tokens"] == 3
    assert results["b"]["response"]["body"]["choices"][0]["message"]["content"] == "one two"
    for name in ("n", "u", "nothing", "tools"):
        assert results[name]["response"] is None
        assert results[name]["error"]["code"] == "InputError"
    assert {each.model for each in place.engine.requests} == {"mine"}
    by_text = {each.messages[-1].content: each for each in place.engine.requests}
    assert by_text["hello there"].sampling == Sampling(1, seed=5, stop=("S",))
    assert by_text["one two"].messages[0] == Message("system", "d")

    asked = place.engine.asked
    assert place.run(form=OpenAi("mine"))["finished_before"] == 6
    assert place.engine.asked == asked


# Schemas


def test_answers_are_held_against_their_schema(place: Place) -> None:
    def answer(request: Request) -> str:
        return request.messages[-1].content

    place.engine = EchoEngine(answer=answer)
    place.write(
        {"id": "good", "prompt": '{"n": 4}', "schema": SCHEMA},
        {"id": "wrong", "prompt": '{"n": "four"}', "schema": SCHEMA},
        {"id": "cut", "prompt": '{"n": 4, "m": 5}', "schema": SCHEMA, "max_tokens": 2},
        {"id": "unusable", "prompt": "x", "schema": {"$ref": "https://example.org/s"}},
        {"id": "half", "prompt": "12 345", "schema": {"type": "integer"}, "max_tokens": 1},
        {"id": "default", "prompt": "no JSON"},
    )
    place.run(Defaults(schema=SCHEMA))
    results = place.results()
    assert results["good"]["data"] == {"n": 4}
    assert "does not follow the schema" in results["wrong"]["error"]["message"]
    assert results["wrong"]["answer"] == '{"n": "four"}'
    assert "cut off" in results["cut"]["error"]["message"]
    assert results["cut"]["answer"] == '{"n": 4, '[:-1] + " "
    assert "amid its number" in results["half"]["error"]["message"]
    assert results["unusable"]["error"]["kind"] == "InputError"
    assert results["default"]["error"]["kind"] == "JobError"
    assert all("data" not in row for name, row in results.items() if name != "good")


def test_an_engine_that_cannot_follow_a_schema_makes_an_error_row(place: Place) -> None:
    place.write({"id": 1, "prompt": "x", "schema": SCHEMA}, {"id": 2, "prompt": "y"})
    place.run()
    assert "cannot follow" in place.results()[1]["error"]["message"]
    assert place.results()[2]["answer"] == "y"


# Resuming


def rows(count: int) -> list[Row]:
    return [{"id": number, "prompt": f"row {number}"} for number in range(count)]


def test_a_finished_row_is_never_asked_again(place: Place) -> None:
    place.write(*rows(50))
    place.run()
    before = place.out.read_bytes()
    kept = b"".join(before.splitlines(keepends=True)[:30])
    place.out.write_bytes(kept + before.splitlines()[30][:17])
    summary = place.run()
    assert place.engine.asked == 50 + 20
    assert (summary["finished_before"], summary["answered"]) == (30, 50)
    assert place.out.read_bytes().startswith(kept)
    assert len(place.results()) == 50


def test_changed_rows_are_told_and_redone_only_on_request(place: Place) -> None:
    place.write(*rows(5))
    place.run()
    changed = rows(6)
    changed[3]["prompt"] = "another text"
    place.write(*changed)
    assert place.run()["changed"] == 1
    assert place.results()[3]["answer"] == "row 3"
    assert place.run(redo_changed=True)["changed"] == 0
    assert place.results()[3]["answer"] == "another text"
    assert place.engine.asked == 5 + 1 + 1

    assert place.run(Defaults(system="Another"))["changed"] == 6
    assert place.run(Defaults(identity="another model"))["changed"] == 6
    place.run(Defaults(system="Another"), redo_changed=True)
    assert place.engine.asked == 7 + 6
    assert len(place.results()) == 6


def test_rows_of_the_same_settings_are_told_by_the_beginning_of_their_fingerprints(
    place: Place,
) -> None:
    place.write(*rows(2))
    place.run()
    place.write(*rows(4))
    place.run(Defaults(system="Another"))
    begins = [place.results()[number]["fingerprint"][:8] for number in range(4)]
    assert begins[0] == begins[1] != begins[2] == begins[3]


def test_results_in_another_order_than_the_input_are_known_all_the_same(place: Place) -> None:
    place.write(*rows(6000))
    place.run()
    lines = place.out.read_bytes().splitlines(keepends=True)
    random.Random(3).shuffle(lines)
    place.out.write_bytes(b"".join(lines[100:]))
    summary = place.run()
    assert (summary["finished_before"], summary["changed"]) == (5900, 0)
    assert place.engine.asked == 6000 + 100
    assert len(place.results()) == 6000


def test_a_file_that_a_row_names_is_a_part_of_it(place: Place) -> None:
    (place.folder / "note.txt").write_text("old")
    place.write({"id": 1, "prompt": "Read", "file": "note.txt"})
    defaults = Defaults(folder=place.folder)
    place.run(defaults)
    (place.folder / "note.txt").write_text("quite new")
    assert place.run(defaults)["changed"] == 1
    place.run(defaults, redo_changed=True)
    assert "quite new" in place.results()[1]["answer"]


def test_failed_rows_are_done_again_on_request(place: Place) -> None:
    place.write(*rows(3), b"broken")
    broken = Shaky(lambda request: Failed("ContextError", "Too long.", ""))
    assert place.run(targets=[Target(broken)])["failed"] == 4
    assert place.run()["failed"] == 4
    assert place.engine.asked == 0
    summary = place.run(retry_failed=True)
    assert (summary["answered"], summary["failed"]) == (3, 1)
    assert len(place.results()) == 4


def test_results_are_put_in_the_order_of_the_input(place: Place) -> None:
    place.write(*({"id": n, "prompt": "w " * (20 - n)} for n in range(20)))
    place.run(ordered=True)
    assert list(place.results()) == list(range(20))


def test_a_repeated_id_and_a_broken_line_keep_their_places_in_that_order(place: Place) -> None:
    place.write(
        {"id": "a", "prompt": "1"},
        {"id": "line-3", "prompt": "2"},
        {"id": "a", "prompt": "3"},
        b"{broken",
        {"id": "a", "prompt": "5"},
        {"id": "line-4", "prompt": "6"},
        {"id": "z", "prompt": "7"},
    )
    for _again in range(2):
        place.run(ordered=True)
        assert [*place.results()] == ["a", "line-3", "line-3+", "line-4", "line-5", "line-6", "z"]


def test_lines_that_a_power_cut_has_spoilt_are_done_again(place: Place) -> None:
    place.write(*rows(4))
    place.run()
    lines = place.out.read_bytes().splitlines(keepends=True)
    place.out.write_bytes(lines[0] + b"\0" * 300 + b"\n" + lines[2] + lines[3])
    with place.job() as job:
        assert job.earlier.spoilt == 1
        asyncio.run(job.run([Target(place.engine)], Answering()))
    assert len(place.results()) == 4
    assert place.engine.asked == 5


@pytest.mark.parametrize("end", [b"", b" ", b"\n\n", b"\r\n \n"])
def test_only_what_stands_in_a_line_of_its_own_is_a_result(place: Place, end: bytes) -> None:
    place.write(*rows(6))
    place.run()
    lines = place.out.read_bytes().splitlines()
    together = lines[1] + end + lines[2]
    apart = lines[3].replace(b",", b",\n", 1)
    place.out.write_bytes(b"\n".join([lines[0], together, apart, *lines[4:], b""]))
    place.run()
    assert set(place.results()) == set(range(6))


FOREIGN = [
    b"precious notes, without an end",
    b"precious notes\n",
    b'{"id": "a", "prompt": "rows, not results"}\n',
    b'{"id": "a", "prompt": "one row without an end"}',
    b'{"id":"a","prompt":"one row without an end"}',
    b'{"id":"a","fingerprint":"no hexadecimals!"}\n',
    b'{"id":"a","fingerprint":"0123 567 9abcdef"}\n',
    b"[1, 2]",
    b"\n",
    b"\x89PNG\r\n\x1a\n\0\0",
]


@pytest.mark.parametrize("content", FOREIGN)
def test_a_file_that_is_none_of_results_is_refused_and_untouched(
    place: Place, content: bytes
) -> None:
    place.write(*rows(3))
    place.out.write_bytes(content)
    for form in (Own(), OpenAi(None)):
        with pytest.raises(InputError, match="something else than results"):
            place.run(form=form, retry_failed=True, redo_changed=True)
    assert place.out.read_bytes() == content


def test_results_of_the_other_format_are_refused(place: Place) -> None:
    place.write(*rows(3))
    place.run()
    content = place.out.read_bytes()
    with pytest.raises(InputError):
        place.run(form=OpenAi(None))
    assert place.out.read_bytes() == content


@pytest.mark.parametrize("rest", [b"\0" * 4096, b'{"id":0,"answer":"ro', b'{"i'])
def test_a_first_result_that_was_torn_is_no_foreign_file(place: Place, rest: bytes) -> None:
    place.write(*rows(3))
    place.out.write_bytes(rest)
    place.run()
    assert set(place.results()) == {0, 1, 2}


# Engines that fail


def test_only_engine_failures_are_tried_again(place: Place) -> None:
    tries: dict[str, int] = {}

    def fails(request: Request) -> Event | None:
        text = request.messages[-1].content
        tries[text] = tries.get(text, 0) + 1
        if text == "too long":
            return Failed("ContextError", "Too long.", "")
        return Failed("EngineError", "Gone.", "") if text == "row 1" and tries[text] < 3 else None

    place.write({"id": "long", "prompt": "too long"}, *rows(10))
    summary = place.run(targets=[Target(Shaky(fails))])
    assert (tries["too long"], tries["row 1"]) == (1, 3)
    assert (summary["answered"], summary["failed"], summary["tries_repeated"]) == (10, 1, 2)
    assert summary["failures"] == {"ContextError": 1}


@pytest.mark.parametrize("ending", [FinishReason.INTERRUPTED, FinishReason.CANCELLED, None])
def test_half_an_answer_is_no_answer(place: Place, ending: FinishReason | None) -> None:
    class Broken(EchoEngine):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            self.asked += 1
            yield TextDelta("half")
            if self.asked > 1:
                yield Done(FinishReason.STOP, Usage(1, 1), model="echo")
            elif ending is not None:
                yield Done(ending, Usage(1, 1), model="echo")

    place.write({"id": 1, "prompt": "x"})
    summary = place.run(targets=[Target(Broken())])
    assert (summary["tries_repeated"], summary["failed"]) == (1, 0)


def test_an_engine_that_fails_for_good_stops_the_run_without_error_rows(place: Place) -> None:
    place.write(*rows(40))

    def dies(request: Request) -> Event | None:
        return dead(request) if len(engine.requests) >= 15 else None

    engine = Shaky(dies)
    with pytest.raises(EngineError, match="No engine answers any more"):
        place.run(targets=[Target(engine, workers=4)])
    results = place.results()
    assert 10 <= len(results) <= 15
    assert not any("error" in row for row in results.values())
    place.run()
    assert len(place.results()) == 40


def test_a_poison_row_becomes_an_error_row_and_the_others_go_on(place: Place) -> None:
    place.write(*rows(30))
    engine = Shaky(
        lambda request: dead(request) if request.messages[-1].content == "row 7" else None
    )
    summary = place.run(targets=[Target(engine, workers=3)])
    results = place.results()
    assert (summary["answered"], summary["failed"]) == (29, 1)
    assert results[7]["error"] == {
        "kind": "EngineError",
        "message": "The engine is gone.",
        "hint": "",
    }
    assert sum(each.messages[-1].content == "row 7" for each in engine.requests) == 4


@pytest.mark.parametrize("after", [0, 20])
def test_what_an_engine_that_dies_had_is_done_by_the_other_each_once(
    place: Place, after: int
) -> None:
    """The one left is slow: what the dead one fails at meanwhile is not the rows' fault."""
    place.write(*rows(80))

    def dies(request: Request) -> Event | None:
        return dead(request) if len(dying.requests) >= after else None

    dying = Shaky(dies)
    alive = EchoEngine(tokens_per_second=100)
    summary = place.run(
        targets=[Target(dying, "dying", workers=4), Target(alive, "alive", workers=2)], retries=1
    )
    results = place.results()
    assert set(results) == set(range(80))
    assert not any("error" in row for row in results.values())
    assert summary["answered"] == 80
    assert alive.asked >= 80 - after
    assert {each.model for each in alive.requests} == {"alive"}


def test_the_longest_come_first_beside_those_of_the_same_system_prompt(place: Place) -> None:
    place.write(
        *({"id": n, "prompt": "w " * n, "system": "ab"[n % 2]} for n in range(1, 9)),
    )
    place.run(targets=[Target(place.engine, workers=1)])
    asked = [
        (each.messages[0].content, len(each.messages[1].content)) for each in place.engine.requests
    ]
    assert asked == [("a", 2 * n) for n in (8, 6, 4, 2)] + [("b", 2 * n) for n in (7, 5, 3, 1)]


def test_two_runs_on_one_file_are_refused(place: Place) -> None:
    place.write(*rows(2))
    with place.job(), pytest.raises(StorageError, match="Another run"):
        place.run()


# The Python interface


def test_the_interface_asks_streams_and_answers_rows() -> None:
    async def scene() -> None:
        engine = EchoEngine()
        async with hinterland.connect("m", engine=engine) as h:
            answer = await h.ask("two words", system="Be brief", seed=3, max_tokens=1)
            assert (answer.text, answer.finish_reason) == ("two ", "length")
            events = [event async for event in h.stream([{"role": "user", "content": "a b"}])]
            assert isinstance(events[-1], Done)
            with pytest.raises(InputError):
                await h.ask("  ")
            with pytest.raises(InputError):
                await h.ask([{"role": "robot", "content": "x"}])
            with pytest.raises(InputError, match="schema"):
                await h.ask("x", schema={"type": "nothing"})
            generated = ({"id": n, "prompt": f"p{n}"} for n in range(3000))
            found = {result.id: result.answer async for result in h.batch(generated)}
            assert found == {n: f"p{n}" for n in range(3000)}
            (bad,) = [result async for result in h.batch([{"promt": "x"}])]
            assert bad.error is not None and "promt" in bad.error.message
        assert engine.requests[0].model == "m"

    asyncio.run(scene())


def test_the_interface_outlives_more_failures_than_it_reads_ahead() -> None:
    tries: dict[str, int] = {}

    def fails(request: Request) -> Event | None:
        text = request.messages[-1].content
        tries[text] = tries.get(text, 0) + 1
        return dead(request) if tries[text] == 1 and text[-1] in "13579" else None

    async def scene() -> None:
        async with hinterland.connect(engine=Shaky(fails)) as h:
            rows = ({"id": n, "prompt": str(n)} for n in range(700))
            found = [result async for result in h.batch(rows, concurrency=2)]
            assert len(found) == 700
            assert not any(result.error for result in found)

    asyncio.run(asyncio.wait_for(scene(), 100))


def test_leaving_a_batch_early_leaves_nothing_behind() -> None:
    async def scene() -> None:
        async with hinterland.connect(engine=EchoEngine()) as h:
            results = h.batch({"prompt": "x"} for _ in range(100_000))
            async for _first in results:
                break
            await results.aclose()  # type: ignore[attr-defined]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scene())


def test_rows_that_cannot_be_made_raise_where_they_are_used() -> None:
    def broken() -> Iterable[Row]:
        yield {"prompt": "x"}
        raise ValueError("the table is gone")

    async def scene() -> None:
        async with hinterland.connect(engine=EchoEngine()) as h:
            with pytest.raises(ValueError, match="the table is gone"):
                [result async for result in h.batch(broken())]

    asyncio.run(scene())
