"""Which translations are known to be as they were written, whatever a power cut left of the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.plugins.translation import written
from hinterland.plugins.translation.written import Written

MARK = 64  # bytes


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    """Translations, each of a source that says its name."""
    found = [tmp_path / f"{number}.fr.txt" for number in range(3)]
    for place in found:
        place.write_text(f"{place.name} en français")
    return found


def _source(place: Path) -> bytes:
    return place.name.encode()


def _known(folder: Path, places: list[Path]) -> list[bool]:
    """Return of which places the next run knows that they are as they were written."""
    return [Written(folder, b"run").has_of(_source(each), each) for each in places]


@pytest.mark.parametrize("left", [b"", b"7", b"7" * (MARK - 1), b"7" * MARK, bytes(MARK)])
def test_what_a_power_cut_left_of_the_last_line_spoils_none(
    left: bytes, tmp_path: Path, places: list[Path]
) -> None:
    """A disk gives zeros where the bytes of a line had not come to it."""
    for each in places[:2]:
        Written(tmp_path, b"run").add(_source(each), each)
    file = tmp_path / written._NAME
    file.write_bytes(file.read_bytes()[: MARK + 1] + left)
    assert _known(tmp_path, places) == [True, False, False]
    for each in places[1:]:
        Written(tmp_path, b"run").add(_source(each), each)
    assert _known(tmp_path, places) == [True, True, True]


def test_of_too_many_the_earlier_half_is_forgotten(
    tmp_path: Path, places: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "_MOST", 1)
    for each in places:
        Written(tmp_path, b"run").add(_source(each), each)
    assert _known(tmp_path, places) == [False, True, True]


def test_a_document_is_known_by_its_content_and_a_pipe_is_not(
    tmp_path: Path, places: list[Path]
) -> None:
    source = tmp_path / "source.txt"
    source.write_bytes(_source(places[0]))
    run = Written(tmp_path, b"run")
    run.add(_source(places[0]), places[0])
    assert run.has(source, places[0])
    assert not run.has(source, places[1])
    assert not Written(tmp_path, b"another run").has(source, places[0])
    assert not Written(None, b"run").has(source, places[0])
    assert not run.has(Path("/dev/null"), places[0])
    source.write_bytes(_source(places[0]) + b".")
    assert not run.has(source, places[0])
