"""What leaves the box: a sheet that computes nothing, results without words, a deck that Anki opens."""

from __future__ import annotations

import csv
import html
import io
import json
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.pupils.done import Done, Rating, Result
from hinterland.plugins.tutoring.pupils.exports import anki, results
from hinterland.plugins.tutoring.pupils.exports.anki import Note, as_html
from hinterland.plugins.tutoring.pupils.exports.sheet import COLUMNS, sheet
from hinterland.plugins.tutoring.pupils.pupil import Pupil
from tests.unit.test_tutor_pupils import START, done

WHEN = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def pupil(tmp_path: Path) -> Pupil:
    """One whose name and whose lesson a spreadsheet would compute."""
    box = PupilBox(tmp_path / "pupils", lambda: START, UTC)
    with box.add('=1+1, "Ana"') as learning:
        learning.record(done("a/b"))
        learning.record(
            Done(
                exercise="@SUM/x",
                objective="-2+3",
                lesson="@SUM",
                rating=Rating.AGAIN,
                attempts=3,
                hints=2,
                revealed=True,
                right=False,
                seed=7,
            )
        )
        learning.record(done("a/b", Rating.HARD))
    return box.look('=1+1, "Ana"')


def test_a_sheet_holds_every_exercise_and_computes_nothing(pupil: Pupil) -> None:
    text = sheet(pupil)
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == 4
    first, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert tuple(first) == COLUMNS
    assert rows[1] == [
        '\'=1+1, "Ana"',
        "2026-09-01",
        "2026-09-01 08:00:00",
        "'@SUM",
        "'-2+3",
        "'@SUM/x",
        "7",
        "shown",
        "3",
        "2",
        "2026-09-01 08:10:00",
        "0.21",
    ]
    assert [row[7] for row in rows] == ["alone", "shown", "helped"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_results_are_read_back_as_they_were(pupil: Pupil, tmp_path: Path) -> None:
    found = results.results(pupil)
    path = tmp_path / "results.json"
    path.write_bytes(results.encoded(found))
    assert results.read(path) == found
    by_exercise = {each.exercise: each for each in found.exercises}
    assert by_exercise["a/b"].result is Result.HELPED
    assert by_exercise["a/b"].times == 2
    assert by_exercise["@SUM/x"].seed == 7
    assert [(each.done, each.alone, each.helped, each.shown) for each in found.objectives] == [
        (2, 1, 1, 0),
        (1, 0, 0, 1),
    ]


def changed(of: Pupil, **changes: object) -> str:
    content = json.loads(results.encoded(results.results(of)))
    return json.dumps(content | changes)


def test_what_is_no_results_file_is_refused(pupil: Pupil, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    exercise = json.loads(changed(pupil))["exercises"][0]
    for content in (
        "",
        "[]",
        "{}",
        "[" * 100_000,
        changed(pupil, pupil="\x1b[2J"),
        changed(pupil, pupil="x" * 61),
        changed(pupil, days=-1),
        changed(pupil, exercises=[exercise | {"exercise": "a\x1b[31m"}]),
        changed(pupil, exercises=[exercise | {"exercise": "two words"}]),
        changed(pupil, exercises=[exercise | {"result": "cheated"}]),
        changed(pupil, exercises=[exercise | {"when": "yesterday"}]),
        changed(pupil, hinterland="progress"),
    ):
        path.write_text(content)
        with pytest.raises(InputError, match="holds no results"):
            results.read(path)
    path.write_text(changed(pupil, schema=2))
    with pytest.raises(InputError, match="newer Hinterland"):
        results.read(path)
    with pytest.raises(InputError, match="cannot be read"):
        results.read(tmp_path)


NOTES = [
    anki.note(
        "fractions/jug",
        "Mariam pours \\(\\frac{3}{4}\\) of a litre & then 1/8 < 1.",
        "7/8 L",
        steps=["3/4 = 6/8", "6/8 + 1/8 = 7/8"],
        tags=["mathematics", "equal fractions"],
    ),
    anki.note(
        "code/print",
        "What does it print?\n\n```python\nif 1 < 2:\n    print('<b>*$a$*</b>')\n```",
        "<b>*$a$*</b>",
        options=["<b>*$a$*</b>", "nothing"],
        passage="A text with <script>alert(1)</script> in it.",
    ),
]


def opened(package: bytes, folder: Path) -> sqlite3.Connection:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        archive.extract("collection.anki2", folder)
    return sqlite3.connect(folder / "collection.anki2")


def test_a_deck_opens_with_every_note_in_it(tmp_path: Path) -> None:
    database = opened(anki.deck("Mariam's cards", NOTES, WHEN), tmp_path)
    try:
        rows = database.execute("SELECT guid, flds, tags, mod FROM notes ORDER BY id").fetchall()
        (decks,) = database.execute("SELECT decks FROM col").fetchone()
        (models,) = database.execute("SELECT models FROM col").fetchone()
        ((cards, in_decks),) = database.execute("SELECT count(*), min(did) = max(did) FROM cards")
        ((deck_id,),) = database.execute("SELECT DISTINCT did FROM cards")
    finally:
        database.close()
    assert (cards, in_decks) == (2, 1)
    assert json.loads(decks)[str(deck_id)]["name"] == "Mariam's cards"
    assert [model["name"] for model in json.loads(models).values()] == ["Hinterland"]
    assert {mod for *_, mod in rows} == {int(WHEN.timestamp())}
    front, back = rows[0][1].split("\x1f")
    assert front == ("<p>Mariam pours \\(\\frac{3}{4}\\) of a litre &amp; then 1/8 &lt; 1.</p>")
    assert back.startswith("<p><strong>7/8 L</strong></p>")
    assert "<li>6/8 + 1/8 = 7/8</li>" in back
    assert rows[0][2] == " mathematics equal_fractions "
    front, back = rows[1][1].split("\x1f")
    code = "if 1 &lt; 2:\n    print('&lt;b&gt;*$a$*&lt;/b&gt;')"
    assert f'<pre><code class="language-python">{code}\n</code></pre>' in front
    assert "&lt;script&gt;" in front
    assert back == "<p><strong>&lt;b&gt;*$a$*&lt;/b&gt;</strong></p>"


def test_a_deck_made_again_has_the_same_identifiers(tmp_path: Path) -> None:
    known = []
    for number, when in enumerate((WHEN, START)):
        folder = tmp_path / str(number)
        database = opened(anki.deck("Mariam", [*NOTES, NOTES[0]], when), folder)
        known.append(
            [
                database.execute("SELECT guid, mid FROM notes ORDER BY id").fetchall(),
                database.execute("SELECT did FROM cards").fetchall(),
            ]
        )
        database.close()
    assert known[0] == known[1]
    assert len(known[0][0]) == 2
    other = anki.note("fractions/jug", "Another drawing of numbers: 1/2", "1/2 L")
    assert other.guid == NOTES[0].guid
    assert len({note.guid for note in NOTES}) == 2


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (r"\(a<b_1*c*d_2\)", r"<p>\(a&lt;b_1*c*d_2\)</p>"),
        (r"$$\frac{1}{2}$$", r"<p>\[\frac{1}{2}\]</p>"),
        (r"so $x^2$ is", r"<p>so \(x^2\) is</p>"),
        ("from $5 to $7, or $5-$7", "<p>from $5 to $7, or $5-$7</p>"),
        ("`$x$` and `` `$y$` ``", "<p><code>$x$</code> and <code>`$y$`</code></p>"),
        ("[sound:a.mp3][latex]x[/latex]", "<p>&#91;sound:a.mp3]&#91;latex]x&#91;/latex]</p>"),
        ("![a](http://x/y.png)", None),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("a\x1fb\x00c", "<p>a␟b␀c</p>"),
        ("\ue0000\ue001", "<p>0</p>"),
    ],
)
def test_a_field_is_text_and_mathematics_only(markdown: str, shown: str | None) -> None:
    found = as_html(markdown)
    assert shown is None or found == shown
    assert "<img" not in found


@pytest.mark.parametrize(
    "answer", ["a*b*c", r"\n", "$5", "&lt;", "[x]", "`a`", "#1", "x_1 _y_", "| a |"]
)
def test_an_answer_is_shown_as_it_is_typed(answer: str) -> None:
    shown = as_html(anki.note("a/b", "?", answer).back)
    assert shown == f"<p><strong>{html.escape(answer)}</strong></p>"


def test_notes_are_plain_values() -> None:
    note = Note("front", "back", "guid", ("tag",))
    assert anki.deck("d", [note], WHEN)[:2] == b"PK"
