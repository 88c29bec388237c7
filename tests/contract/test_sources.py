"""What every model source has to do, whichever it is."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from hinterland.errors import ModelError
from hinterland.models.catalog import Entry
from hinterland.models.sources import Source, WrongBytesError
from hinterland.models.sources.file import FileSource
from hinterland.models.sources.hub import HubSource
from hinterland.models.sources.wheel import WheelSource
from tests import model_places

CONTENT = os.urandom(300_000)


class Told:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int | None]] = []

    def note(self, sentence: str) -> None:
        pass

    def advance(self, what: str, done: int, total: int | None) -> None:
        self.steps.append((done, total))


@dataclass
class Place:
    """A source, and how to make it hold other bytes or nothing at all."""

    source: Source
    hold: Callable[[bytes], None]
    close: Callable[[], None]


@pytest.fixture(params=["hub", "wheel", "file"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    model_places.only_wheels_in(shelf, monkeypatch)
    if request.param == "hub":
        with model_places.serving() as hub:

            def publish(content: bytes) -> None:
                model_places.add_repository(hub, "test/tiny", "tiny.gguf", content)

            def vanish() -> None:
                hub.files.clear()

            publish(CONTENT)
            yield Place(HubSource(hub.url), publish, vanish)
    elif request.param == "file":
        file = shelf / "tiny.gguf"
        file.write_bytes(CONTENT)
        yield Place(FileSource(file), lambda content: _write(file, content), file.unlink)
    else:

        def pack(content: bytes) -> None:
            model_places.in_wheels(shelf, content)

        def empty() -> None:
            for each in shelf.iterdir():
                each.unlink()

        pack(CONTENT)
        yield Place(WheelSource(), pack, empty)


@pytest.fixture
def entry() -> Entry:
    text = model_places.entry(CONTENT, repo="test/tiny")
    return msgspec.convert(tomllib.loads(text)["model"][0], Entry)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "partial"
    folder.mkdir()
    return folder


def test_a_source_brings_the_bytes_and_their_hash(place: Place, entry: Entry, into: Path) -> None:
    assert place.source.holds(entry)
    assert place.source.available()
    told = Told()
    fetched = place.source.fetch(entry, into, told)
    assert fetched.path.is_relative_to(into)
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert told.steps[-1] == (len(CONTENT), len(CONTENT))


def test_a_source_says_where_the_bytes_come_from(place: Place, entry: Entry) -> None:
    assert place.source.origin(entry)
    assert "\n" not in place.source.origin(entry)


def test_work_that_was_cut_off_is_no_obstacle(place: Place, entry: Entry, into: Path) -> None:
    class CutOffError(Exception):
        pass

    class Cutting(Told):
        def advance(self, what: str, done: int, total: int | None) -> None:
            if done:
                raise CutOffError

    with pytest.raises(CutOffError):
        place.source.fetch(entry, into, Cutting())
    assert place.source.fetch(entry, into, Told()).path.read_bytes() == CONTENT


def test_other_bytes_never_pass_for_the_model(place: Place, entry: Entry, into: Path) -> None:
    place.hold(bytes(len(CONTENT)))
    try:
        fetched = place.source.fetch(entry, into, Told())
    except WrongBytesError:
        return
    assert fetched.sha256 != entry.sha256


def test_a_source_without_the_model_says_so(place: Place, entry: Entry, into: Path) -> None:
    place.close()
    with pytest.raises(ModelError) as failure:
        place.source.fetch(entry, into, Told())
    assert failure.value.message.endswith(".")
    assert failure.value.hint


def test_a_longer_file_is_never_written_whole(place: Place, entry: Entry, into: Path) -> None:
    if isinstance(place.source, FileSource):
        pytest.skip("a local file is copied as it is; its hash decides")
    place.hold(CONTENT + bytes(50_000_000))
    with pytest.raises(ModelError):
        place.source.fetch(entry, into, Told())
    assert all(each.stat().st_size <= len(CONTENT) for each in into.glob("*.partial"))


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
