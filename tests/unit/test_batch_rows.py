"""Rows of a batch: what each field does, OpenAI's form of them, and schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hinterland import prompts
from hinterland.batch.formats import OpenAi, Own
from hinterland.batch.rows import Defaults
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Message,
    Priority,
    Request,
    Sampling,
    Think,
)
from tests.batching import Place, Row

pytestmark = pytest.mark.usefixtures("no_pauses")

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


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
        openai_row("form", response_format={"type": "json_schema"}),
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
    for name in ("n", "u", "nothing", "tools", "form"):
        assert results[name]["response"] is None
        assert results[name]["error"]["code"] == "InputError"
    assert {each.model for each in place.engine.requests} == {"mine"}
    by_text = {each.messages[-1].content: each for each in place.engine.requests}
    assert by_text["hello there"].sampling == Sampling(1, seed=5, stop=("S",))
    assert by_text["one two"].messages[0] == Message("system", "d")

    asked = place.engine.asked
    assert place.run(form=OpenAi("mine"))["finished_before"] == 7
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
        {"id": "full", "prompt": '{"m": ' + "1 " * 3000, "schema": SCHEMA},
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
    assert results["cut"]["error"]["hint"] == "Allow more tokens."
    assert results["full"]["error"]["hint"].startswith("Ask for less at once")
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
