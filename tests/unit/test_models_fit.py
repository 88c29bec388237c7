"""Memory and speed: what fits this box, what is quick enough, what is recommended."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland import measured
from hinterland.models import catalog, fit, sharing
from hinterland.models.fit import Fit
from hinterland.models.recommend import Box, best
from hinterland.models.store import ModelStore
from hinterland.paths import Paths
from tests.gguf_files import write_model

GB = 10**9


@pytest.mark.parametrize(
    ("need", "judged"),
    [(60, Fit.FITS), (61, Fit.TIGHT), (85, Fit.TIGHT), (86, Fit.TOO_BIG), (None, Fit.UNKNOWN)],
)
def test_sixty_per_cent_fits_and_eighty_five_is_tight(need: int | None, judged: Fit) -> None:
    assert fit.judge(need, 100) is judged


def test_need_grows_with_context_and_slots(paths: Paths, tmp_path: Path) -> None:
    model = ModelStore(paths).add(write_model(tmp_path / "tiny.gguf"))
    per_token = model.facts.kv_bytes_per_token
    assert per_token is not None
    alone = fit.needed(model, 4096, 1)
    assert fit.needed(model, 8192, 1) - alone == 4096 * per_token
    assert fit.needed(model, 4096, 3) - alone == 2 * 4096 * per_token
    assert alone > model.bytes


def test_slots_follow_the_free_memory(paths: Paths, tmp_path: Path) -> None:
    model = ModelStore(paths).add(write_model(tmp_path / "tiny.gguf"))
    context = 1 << 20
    enough = fit.needed(model, context, 2) / fit.FITS
    assert fit.slots_for(model, context, int(enough) + 2) == 2
    assert fit.slots_for(model, context, int(enough) - 2) == 1
    assert fit.slots_for(model, context, 0) == 1
    spare = fit.needed(model, context, 3) / fit.SPARE
    assert fit.slots_for(model, context, int(spare) + 4) == 3
    assert fit.slots_for(model, context, int(spare) - 4) == 2
    assert fit.slots_for(model, context, 1 << 60) == fit.MOST_SLOTS


def test_this_boxs_memory_is_told() -> None:
    assert 0 < fit.free_memory() <= fit.total_memory()


@pytest.mark.parametrize("version", [1, 2])
def test_a_control_group_limits_memory(tmp_path: Path, version: int) -> None:
    folder = tmp_path / ("memory/box" if version == 1 else "box")
    folder.mkdir(parents=True)
    limit, used = (
        ("memory.limit_in_bytes", "memory.usage_in_bytes")
        if version == 1
        else ("memory.max", "memory.current")
    )
    (folder / limit).write_text("1000\n")
    (folder / used).write_text("700\n")
    (folder / "memory.stat").write_text("anon 300\ninactive_file 300\nactive_file 100\n")
    of = tmp_path / "cgroup"
    of.write_text("4:memory:/box\n" if version == 1 else "0::/box\n")
    assert fit._cgroups(tmp_path, of) == [(1000, 1000 - 700 + 400)]
    (folder / limit).write_text("9223372036854771712" if version == 1 else "max")
    assert fit._cgroups(tmp_path, of) == []
    assert fit._cgroups(tmp_path, tmp_path / "missing") == []


def test_speed_falls_with_size_and_follows_what_was_measured(paths: Paths) -> None:
    small, large = fit.expected_speed(0.1 * GB), fit.expected_speed(10 * GB)
    assert small > large
    sizes = {"known": 1.0 * GB}
    twice = 2 * fit.expected_speed(1.0 * GB)
    assert fit.expected_speed(10 * GB, {"known": twice}, sizes) == pytest.approx(2 * large)
    paths.state.mkdir(parents=True)
    assert measured.load(paths) == measured.Measured()
    measured.keep_speed(paths, "smollm2-135m", 31.5)
    measured.keep_fastest(paths, 3, "")
    assert measured.load(paths) == measured.Measured(3, {"smollm2-135m": 31.5})
    choice = Box(catalog.load(paths), paths, free=8 * GB).choices("chat")[-1]
    known = [
        each
        for each in Box(catalog.load(paths), paths, free=8 * GB).choices("chat")
        if each.measured
    ]
    assert [(each.entry.id, each.speed) for each in known] == [("smollm2-135m", 31.5)]
    assert not choice.measured
    (paths.state / "measured.json").write_text("{")
    assert measured.load(paths) == measured.Measured()


def test_the_recommended_model_fits_and_is_quick(paths: Paths) -> None:
    for free in (GB, 2 * GB, 4 * GB, 16 * GB):
        box = Box(catalog.load(paths), paths, free=free)
        for task in ("chat", "reasoning", "translation"):
            choice = best(box.choices(task))
            if choice is None:
                continue
            assert choice.fit in (Fit.FITS, Fit.TIGHT)
            assert choice.speed is not None
            assert choice.speed >= catalog.QUICK_ENOUGH
            assert not choice.entry.obstacle
    assert best(Box(catalog.load(paths), paths, free=0).choices("chat")) is None


def test_a_slow_box_is_given_a_small_model(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    measured.keep_speed(paths, "qwen2.5-coder-0.5b", 2.0)
    choice = best(Box(catalog.load(paths), paths, free=16 * GB).choices("chat"))
    assert choice is not None
    assert choice.entry.id == "smollm2-135m"


def test_a_shared_box_takes_less_context_before_it_takes_fewer_slots(
    paths: Paths, tmp_path: Path
) -> None:
    model = ModelStore(paths).add(write_model(tmp_path / "tiny.gguf"))
    quick, slow = 100.0, 4.0

    def just(slots: int, context: int, share: float) -> int:
        return int(fit.needed(model, context, slots) / share) + 2

    plenty = just(sharing.MOST, 8192, fit.SPARE)
    assert sharing.room(model, 8192, quick, plenty) == (sharing.MOST, 8192)
    assert sharing.room(model, 8192, quick, plenty - 4) == (sharing.MOST, 4096)
    tight = just(5, 2048, fit.FITS)
    assert sharing.room(model, 8192, quick, tight) == (5, 2048)
    assert sharing.room(model, 8192, quick, 0) == (1, 2048)
    # What somebody set lower stays; of a slow model each has to get enough to read.
    assert sharing.room(model, 1024, quick, 1 << 60) == (sharing.MOST, 1024)
    assert sharing.room(model, 8192, slow, 1 << 60) == (sharing.FEWEST, 8192)
