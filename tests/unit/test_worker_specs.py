"""What a worker is told of a model, whatever release installed it."""

from __future__ import annotations

import json
from pathlib import Path

from hinterland import config
from hinterland.engine.workers import native
from hinterland.models.store import RECORD, ModelStore
from hinterland.paths import Paths
from hinterland.worker_specs import resolver
from tests.families.scripted import write
from tests.families.table import FAMILIES
from tests.gguf_files import write_model


def test_a_model_installed_before_its_template_was_looked_at_is_looked_at_now(
    paths: Paths, tmp_path: Path
) -> None:
    family = next(each for each in FAMILIES if each.name == "deepseek-v3.1")
    file = tmp_path / "v3.gguf"
    write(file, family.architecture, family.vocabulary, family.template, family.script)
    model = ModelStore(paths).add(file)
    resolve = resolver(paths, config.load(paths.config_file))
    new = resolve("v3")
    assert new.thinking == ("enable_thinking", "thinking", "marked")
    assert new.stop == ("<｜end▁of▁sentence｜>",)
    record = model.path.with_name(RECORD)
    old = json.loads(record.read_bytes())
    del old["facts"]["thinking"], old["facts"]["stop"]
    record.write_text(json.dumps(old))
    assert resolve("v3") == new


def test_what_many_people_share_keeps_no_prompt_and_reads_in_pieces(
    paths: Paths, tmp_path: Path
) -> None:
    ModelStore(paths).add(write_model(tmp_path / "tiny.gguf"))
    settings = config.load(paths.config_file)
    alone, shared = (resolver(paths, settings, shared=many)("tiny") for many in (False, True))
    assert (alone.shared, alone.batch) == (False, 0)
    assert (shared.shared, shared.prompt_cache, shared.prefixes) == (True, 0, "")
    assert shared.slots > alone.slots
    known = (
        "--model M\n--host H, a .sock\n--ctx-size N\n--batch-size N\n--ubatch-size N\n--cache-ram N"
    )
    line = native.command(shared, knowing=known)
    assert line[-6:] == ["--cache-ram", "0", "--batch-size", "128", "--ubatch-size", "128"]
    assert "--batch-size" not in native.command(alone, knowing=known)
