"""What a batch reads: bad rows and files, tables, and folders of texts."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland import prompts
from hinterland.batch import sources
from hinterland.batch.formats import Own
from hinterland.batch.rows import Defaults
from hinterland.errors import InputError
from tests.batching import Place

pytestmark = pytest.mark.usefixtures("no_pauses")


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
