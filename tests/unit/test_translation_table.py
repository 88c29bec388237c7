"""Tables: which cells are units, and that the rest and the dialect stay."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.document import Wishes
from tests.translation_documents import RealFile, identity, marked, nasty, read, real_files, written

_NAMES = ["id", "name", "note"]


@pytest.mark.parametrize("file", real_files("csv"), ids=str)
def test_real_tables_keep_everything_but_the_chosen_cells(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "csv", file.wishes)
    marked(data, "csv", file.wishes)
    marked(data, "csv", file.wishes, mark=nasty)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.text("aZ é,;\t|\"'\n1=", max_size=8)] * 3), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_generated_tables_keep_their_dialect_and_the_other_cells(
    rows: list[tuple[str, ...]], separator: str, quoting: int, ending: str
) -> None:
    out = StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=ending)  # type: ignore[arg-type] # as drawn
    writer.writerows([_NAMES, *rows])
    data = out.getvalue().encode()
    wishes = Wishes(columns=("name",))
    identity(data, "csv", wishes)
    marked(data, "csv", wishes)
    new = f'x{separator}"y'
    changed = written(data, "csv", lambda unit: (new,), wishes)
    again = list(csv.reader(StringIO(changed.decode(), newline=""), delimiter=separator))
    before = list(csv.reader(StringIO(data.decode(), newline=""), delimiter=separator))
    units = iter(read(data, "csv", wishes))
    for old, row in zip(before, again, strict=True):
        if old and old[0] != "id" and any(map(str.isalpha, old[1])):
            next(units)
            old[1] = old[1].replace(
                old[1].strip(),
                new.replace("\t", " ") if separator == "\t" and row[1] != new else new,
            )
        assert row[:1] + row[2:] == old[:1] + old[2:]


def test_quotes_are_kept_and_added_where_they_are_needed() -> None:
    data = b'id,name\n1,plain\n2,"quoted"\n'
    words = iter(['a, "b"', "c"])
    out = written(data, "csv", lambda unit: (next(words),), Wishes(columns=("2",)))
    assert out == b'id,name\n1,"a, ""b"""\n2,"c"\n'


def test_lines_within_a_cell_are_codes() -> None:
    data = b'id;name\n1;"one\r\n\r\ntwo"\n'
    (unit,) = read(data, "csv", Wishes(columns=("name",)))
    assert [getattr(part, "source", part) for part in unit.parts] == ["one", "\r\n\r\n", "two"]
    assert unit.context == "name"


@pytest.mark.parametrize(
    ("data", "columns", "words"),
    [
        ("a,b\n1,2\n", (), "Say which columns"),
        ("a,b\n1,2\n", ("c",), "There is no column c"),
        ("a,b\n1,2\n", ("3",), "There is no column 3"),
        ("a,A\n1,2\n", ("A ",), None),
        ("name,Name,b\n1,2,3\n", ("NAME",), "More than one column"),
        ("a,b\n1,2\n3,4,5\n", ("a",), "Line 3 has 3 cells, and the header 2"),
        ('a,b\n1,"2\n', ("a",), "Line 2: the quotes"),
        ('a,b\n"x"y,2\n', ("a",), "Line 2: the quotes"),
        ("", ("a",), "The table is empty"),
    ],
)
def test_what_cannot_be_used_is_said_with_the_columns_there_are(
    data: str, columns: tuple[str, ...], words: str | None
) -> None:
    wishes = Wishes(columns=columns)
    if words is None:
        read(data.encode(), "csv", wishes)
        return
    with pytest.raises(InputError, match=words) as caught:
        read(data.encode(), "csv", wishes)
    if "olumn" in words and "More" not in words:
        assert "The columns are: a, b" in (caught.value.hint or "")
