"""The store: what is installed, which model a name means, and noticing that a file changed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hinterland.errors import InputError, ModelError, StorageError
from hinterland.models.store import ModelStore, id_from
from hinterland.paths import Paths
from tests import model_places
from tests.gguf_files import write_model


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_model(tmp_path / "My Tiny_v1.GGUF")


@pytest.fixture
def store(paths: Paths) -> ModelStore:
    return ModelStore(paths)


def test_an_added_file_is_copied_hashed_and_unpinned(
    store: ModelStore, paths: Paths, file: Path
) -> None:
    model = store.add(file)
    assert model.id == "my-tiny_v1"
    assert model.path.is_relative_to(paths.models)
    assert model.path.read_bytes() == file.read_bytes()
    assert not model.pinned
    assert store.installed() == [model]
    store.check(model)
    store.verify(model)
    assert store.add(file) == model  # again is no error
    assert list((paths.cache / "pulls").glob("*/")) == []


def test_a_file_that_the_catalogue_pins_gets_its_name(
    store: ModelStore, paths: Paths, file: Path
) -> None:
    model_places.write_catalogue(
        paths, model_places.entry(file.read_bytes(), "known", wheels=False)
    )
    model = store.add(file)
    assert (model.id, model.pinned, model.licence) == ("known", True, "MIT")


def test_another_file_does_not_take_a_name_that_is_in_use(
    store: ModelStore, tmp_path: Path, file: Path
) -> None:
    first = store.add(file, "one")
    other = write_model(tmp_path / "other.gguf", seed=1)
    with pytest.raises(ModelError, match="Another model called one is installed"):
        store.add(other, "one")
    assert store.installed() == [first]


@pytest.mark.parametrize("name", ["../up", "A b", "starter", "", "-x", "x/y"])
def test_a_name_that_could_not_be_a_folder_is_refused(
    store: ModelStore, file: Path, name: str
) -> None:
    with pytest.raises(InputError):
        store.add(file, name)


def test_a_file_that_is_no_model_is_not_copied(
    store: ModelStore, paths: Paths, tmp_path: Path
) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="truncated"):
        store.add(tmp_path / "x.gguf")
    assert store.installed() == []
    assert not paths.cache.exists()


def test_no_model_at_all(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="No model is installed") as failure:
        store.find(None)
    assert failure.value.hint == "`hint models pull starter` fetches one."


def test_a_name_is_an_id_or_the_start_of_only_one(store: ModelStore, file: Path) -> None:
    names = ["alpha-1b", "alpha-3b", "alpha-3b-long", "beta"]
    models = {name: store.add(file, name) for name in names}
    assert [model.id for model in store.installed()] == names[::-1]
    assert store.find(None) == models["beta"]
    assert store.find(None, "alpha-1b") == models["alpha-1b"]
    assert store.find("Beta") == models["beta"]
    assert store.find("bet") == models["beta"]
    assert store.find("alpha-3b") == models["alpha-3b"]
    with pytest.raises(ModelError, match="More than one model starts with alpha: "):
        store.find("alpha")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("alhpa-1b", "Did you mean alpha-1b?"),
        ("qwen3-0.6b", "`hint models pull qwen3-0.6b` fetches it."),
        ("smollm3", "`hint models pull NAME` fetches one of: smollm3-3b."),
        ("zzz", "`hint models list` shows what is installed."),
    ],
)
def test_an_unknown_name_says_what_could_be_meant(
    store: ModelStore, file: Path, name: str, hint: str
) -> None:
    store.add(file, "alpha-1b")
    with pytest.raises(ModelError) as unknown:
        store.find(name)
    assert unknown.value.message == f"No model called {name} is installed."
    assert unknown.value.hint == hint


def test_a_path_is_used_where_it_lies(
    store: ModelStore, paths: Paths, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    for name in (str(file), f"./{file.name}", file.name):
        model = store.find(name)
        assert model.path == file
        assert (model.id, model.sha256, model.pinned) == ("my-tiny_v1", "", False)
        store.check(model)
    assert not paths.models.exists()
    with pytest.raises(ModelError, match="No such file"):
        store.find("./missing.gguf")


def test_a_changed_file_is_noticed_and_verified(store: ModelStore, file: Path) -> None:
    model = store.add(file, "tiny")
    os.utime(model.path)
    with pytest.raises(ModelError, match="has changed") as changed:
        store.check(model)
    assert "hint models verify tiny" in changed.value.hint
    store.verify(model)  # the same bytes: the new time is kept
    store.check(store.find("tiny"))
    content = bytearray(model.path.read_bytes())
    content[-1] ^= 1
    model.path.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged: its SHA-256 is [0-9a-f]{12}…, not"):
        store.verify(store.find("tiny"))
    model.path.unlink()
    with pytest.raises(ModelError, match="is gone"):
        store.check(model)


def test_a_broken_folder_is_reported_and_stops_nothing(
    store: ModelStore, paths: Paths, file: Path
) -> None:
    model = store.add(file, "sound")
    for name in ("damaged", "empty", "gone", "other", "outside", "newer"):
        shutil.copytree(model.path.parent, paths.models / name)
        record = paths.models / name / "model.json"
        record.write_text(record.read_text().replace('"id": "sound"', f'"id": "{name}"'))
    (paths.models / "damaged" / "model.json").write_text("{")
    (paths.models / "empty" / "model.json").unlink()
    (paths.models / "gone" / "sound.gguf").unlink()
    for name, old, new in (
        ("other", '"id": "other"', '"id": "sound"'),
        ("outside", '"file": "sound.gguf"', '"file": "../sound/sound.gguf"'),
        ("newer", '"version": 1', '"version": 2'),
    ):
        record = paths.models / name / "model.json"
        record.write_text(record.read_text().replace(old, new))
    assert store.installed() == [model]
    problems = store.problems()
    assert len(problems) == 6
    assert all(problem.endswith(".") for problem in problems)
    with pytest.raises(ModelError, match="its file is gone"):
        store.find("gone")


def test_the_machines_models_are_found_and_left_alone(
    store: ModelStore, paths: Paths, file: Path, tmp_path: Path
) -> None:
    model = store.add(file, "tiny")
    shared = tmp_path / "machine"
    shutil.move(paths.models, shared / "models")
    everyone = ModelStore(replace(paths, system_data=(shared,)))
    found = everyone.find("tiny")
    assert found.shared
    assert found.path == shared / "models" / "tiny" / model.path.name
    everyone.check(found)
    with pytest.raises(ModelError, match="is not this account's"):
        everyone.remove("tiny")
    mine = everyone.add(file, "tiny")  # the account's own goes first
    assert everyone.find("tiny") == mine
    assert len(everyone.installed()) == 1


def test_a_removed_model_is_gone(store: ModelStore, paths: Paths, file: Path) -> None:
    model = store.add(file, "tiny")
    store.remove("tiny")
    assert store.installed() == []
    assert not model.path.exists()
    with pytest.raises(ModelError):
        store.remove("tiny")


def test_a_home_that_cannot_be_written(file: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    blocked = tmp_path / "blocked" / "x"
    with pytest.raises(StorageError):
        ModelStore(Paths(blocked, blocked, blocked, blocked)).add(file)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qwen2.5-0.5B.Q4_K_M.gguf", "qwen2.5-0.5b.q4_k_m"),
        ("../../etc/passwd", "etc-passwd"),
        ("\x1b]52;x.gguf", "52-x"),
        ("模型.gguf", "model"),
        ("x" * 200, "x" * 64),
    ],
)
def test_an_id_is_made_of_any_name(name: str, expected: str) -> None:
    assert id_from(name) == expected
