"""Image projectors: pulled, checked and installed with their model, or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hinterland import config
from hinterland.errors import ModelError
from hinterland.models import catalog, fit, header
from hinterland.models.pull import add_projector, pull
from hinterland.models.recommend import Box, best
from hinterland.models.store import RECORD, InstalledModel, ModelStore
from hinterland.paths import Paths
from hinterland.worker_specs import resolver
from tests import model_places
from tests.gguf_files import write_model, write_projector
from tests.model_places import Place
from tests.running import Hint
from tests.unit.test_models_pull import Notes, failure

WIDTH = 64


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "seer.gguf")


@pytest.fixture
def projector(tmp_path: Path) -> Path:
    return write_projector(tmp_path / "mmproj.gguf", WIDTH)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, model: Path, projector: Path) -> Iterator[Place]:
    """A server that the hub's client takes for the hub, with both files in one repository."""
    model_places.offline(monkeypatch)
    with model_places.serving() as place:
        monkeypatch.setenv("HF_ENDPOINT", place.url)
        model_places.add_repository(place, "test/seer", "seer.gguf", model.read_bytes())
        model_places.add_repository(place, "test/seer", "mmproj-F16.gguf", projector.read_bytes())
        yield place


def write_catalogue(paths: Paths, model: Path, projector: Path | None, **pins: object) -> None:
    """Make a catalogue with a vision model; `pins` are what is known of its projector."""
    if projector:
        content = projector.read_bytes()
        pins = {
            "file": "mmproj-F16.gguf",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        } | pins
    known = ", ".join(f"{key} = {json.dumps(value)}" for key, value in pins.items())
    entry = model_places.entry(
        model.read_bytes(), "seer", repo="test/seer", wheels=False, task=["chat", "vision"]
    )
    model_places.write_catalogue(paths, f"{entry}mmproj = {{ {known} }}\n")


def projector_of(model: InstalledModel) -> bytes:
    assert model.projector_path
    return model.projector_path.read_bytes()


def test_a_model_is_pulled_with_its_projector(
    paths: Paths, hub: Place, model: Path, projector: Path
) -> None:
    write_catalogue(paths, model, projector)
    notes = Notes()
    pulled = pull("seer", paths, progress=notes)
    assert projector_of(pulled) == projector.read_bytes()
    assert pulled.projector
    assert (pulled.projector.pinned, pulled.projector.type) == (True, "mlp")
    assert "mmproj-F16.gguf" in pulled.projector.source
    assert pulled.projector_path
    assert pulled.projector_path.stat().st_mode & 0o777 == 0o600
    assert ModelStore(paths).installed() == [pulled]
    assert "It sees images" in notes.said[-1]
    ModelStore(paths).verify(pulled)
    before = list(hub.asked)
    assert pull("seer", paths) == pulled
    assert hub.asked == before


@pytest.mark.parametrize("fault", ["wrong bytes", "no image projector", "gone from the hub"])
def test_without_its_projector_nothing_is_installed(
    paths: Paths, hub: Place, model: Path, projector: Path, fault: str
) -> None:
    path = "/test/seer/resolve/main/mmproj-F16.gguf"
    if fault == "wrong bytes":
        write_catalogue(paths, model, projector, sha256="0" * 64)
    elif fault == "no image projector":
        model_places.add_repository(hub, "test/seer", "mmproj-F16.gguf", model.read_bytes())
        write_catalogue(paths, model, model)
    else:
        write_catalogue(paths, model, projector)
        hub.status[path] = 404
    assert isinstance(failure("seer", paths), ModelError)
    if fault == "gone from the hub":
        hub.status.clear()
        fetched = hub.count("/test/seer/resolve/main/seer.gguf")
        assert pull("seer", paths).projector
        # The model itself was not fetched again: it waited for its projector.
        assert [span for path, span in hub.asked if path.endswith("seer.gguf")][fetched:] in (
            [],
            [f"bytes={model.stat().st_size}-"],
        )


def test_a_projector_that_is_not_pinned_is_said_to_be_missing(
    paths: Paths, hub: Place, model: Path, projector: Path
) -> None:
    write_catalogue(paths, model, None, sha256_starts="abc", bytes=7)
    notes = Notes()
    pulled = pull("seer", paths, progress=notes)
    assert pulled.projector is None
    assert pulled.task == ("chat",)
    assert "cannot see images" in notes.said[-1]
    # A later catalogue knows it: only the projector is fetched.
    write_catalogue(paths, model, projector)
    fetched = hub.count("/test/seer/resolve/main/seer.gguf")
    assert projector_of(pull("seer", paths)) == projector.read_bytes()
    assert hub.count("/test/seer/resolve/main/seer.gguf") == fetched
    assert ModelStore(paths).find("seer").task == ("chat", "vision")


def test_a_projector_from_a_stick_is_added_with_its_model_or_later(
    hint: Hint, paths: Paths, model: Path, projector: Path, tmp_path: Path
) -> None:
    assert hint("models", "add", str(model), "--quiet").returncode == 0
    assert "cannot see" in hint("models", "show", "seer").stdout
    added = hint("models", "add", "seer", "--mmproj", str(projector))
    assert added.returncode == 0, added.stderr
    assert "no catalogue pins it" in added.stderr
    shown = hint("models", "show", "seer").stdout
    assert hashlib.sha256(projector.read_bytes()).hexdigest() in shown
    assert "chat+vision" in hint("models", "list").stdout
    # Another one takes its place, and its file goes.
    other = write_projector(tmp_path / "other.gguf", WIDTH, seed=1)
    assert hint("models", "add", "seer", "--mmproj", str(other)).returncode == 0
    seer = ModelStore(paths).find("seer")
    assert projector_of(seer) == other.read_bytes()
    assert len(list(seer.path.parent.glob("*.gguf"))) == 2
    both = hint("models", "add", str(model), "--name", "two", "--mmproj", str(projector))
    assert both.returncode == 0, both.stderr
    assert projector_of(ModelStore(paths).find("two")) == projector.read_bytes()
    wrong = hint("models", "add", "seer", "--mmproj", str(model))
    assert wrong.returncode == 3
    assert "not a usable image projector" in wrong.stderr


def test_a_projector_that_changed_is_noticed(paths: Paths, model: Path, projector: Path) -> None:
    store = ModelStore(paths)
    seer = store.add(model, projector=projector)
    store.check(seer)
    assert seer.projector_path
    content = bytearray(projector.read_bytes())
    content[-1] ^= 1
    seer.projector_path.write_bytes(content)
    with pytest.raises(ModelError, match="The file of the image projector of seer has changed"):
        store.check(seer)
    with pytest.raises(ModelError, match="The file of the image projector of seer is damaged"):
        store.verify(seer)
    seer.projector_path.unlink()
    assert "its image projector is gone" in store.problems()[0]


def test_the_worker_gets_the_projector_and_the_memory_for_it(
    paths: Paths, model: Path, projector: Path
) -> None:
    store = ModelStore(paths)
    blind = store.add(model, "blind")
    seer = store.add(model, "seer", projector=projector)
    resolve = resolver(paths, config.Config())
    assert (resolve("blind").projector, resolve("blind").sees) == ("", False)
    assert (resolve("seer").projector, resolve("seer").sees) == (str(seer.projector_path), True)
    assert resolve("seer").identity != resolve("blind").identity
    more = fit.needed(seer, 4096, 1) - fit.needed(blind, 4096, 1)
    assert more == projector.stat().st_size + fit.ENCODER


def test_records_of_earlier_releases_are_read(paths: Paths, model: Path) -> None:
    added = ModelStore(paths).add(model)
    file = added.path.parent / RECORD
    record = msgspec.json.decode(file.read_bytes())
    del record["projector"]
    file.write_bytes(msgspec.json.encode(record))
    assert ModelStore(paths).installed() == [added]


def test_only_models_whose_projector_can_be_pulled_are_recommended(paths: Paths) -> None:
    box = Box(catalog.load(paths), paths, free=64 << 30)
    chosen = best(box.choices("vision"))
    assert chosen
    assert chosen.entry.projector
    small = Box(catalog.load(paths), paths, free=4 << 30)
    found = best(small.choices("vision"))
    assert found
    assert found.entry.projector


def test_a_header_of_something_else_is_no_projector(model: Path, projector: Path) -> None:
    assert header.read_projector(projector).type == "mlp"
    with pytest.raises(ModelError, match="it holds a language model"):
        header.read_projector(model)
    with pytest.raises(ModelError, match="an image projector, not a language model"):
        header.read(projector)
    projector.write_bytes(projector.read_bytes()[:-100])
    with pytest.raises(ModelError, match="it is truncated"):
        header.read_projector(projector)


def test_only_the_accounts_own_models_get_one(paths: Paths, projector: Path) -> None:
    with pytest.raises(ModelError, match="No model called none"):
        add_projector("none", projector, paths)
