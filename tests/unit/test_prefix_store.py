"""Saved prefixes are bounded, private, and handed out only as they were saved."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hinterland.engine.prefix_store import (
    PrefixStore,
    State,
    common,
    forget,
    of_conversation,
    of_prompt,
)
from hinterland.engine.service.prefix_keys import key_of
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.history import History
from hinterland.paths import Paths
from tests.history_samples import a_turn, tiny_disk

KEY = "engine 1/model"
ONE, TWO = "01aaaaaaaaaa000000000001", "01aaaaaaaabb000000000002"


def tokens(*numbers: int) -> bytes:
    return array("i", numbers).tobytes()


def wanted(state: State) -> bool:
    return True


def opened(folder: Path, limit: int = 10_000_000) -> PrefixStore:
    store = PrefixStore(folder, limit)
    store.load(wanted)
    return store


def save(
    store: PrefixStore,
    owner: str = "conversation/a",
    said: bytes = tokens(1, 2, 3),
    content: bytes = b"state",
    key: str = KEY,
) -> State | None:
    part = store.part(owner)
    part.touch(mode=0o600)
    part.write_bytes(content)
    return store.add(part, owner, "turn", key, said)


def kept(store: PrefixStore, **settings: object) -> State:
    state = save(store, **settings)  # type: ignore[arg-type] # by name
    assert state is not None
    return state


def test_what_begins_alike_is_counted_in_tokens() -> None:
    assert common(tokens(1, 2, 3), tokens(1, 2, 4, 5)) == 2
    assert common(tokens(1, 2), tokens(1, 2, 3)) == 2
    assert common(tokens(256), tokens(257)) == 0
    assert common(b"", tokens(1)) == 0


def test_a_state_is_found_again_by_its_tokens(tmp_path: Path) -> None:
    short, long = tokens(1, 2), tokens(1, 2, 3, 4)
    kept(opened(tmp_path), owner="conversation/a", said=short)
    kept(opened(tmp_path), owner="conversation/b", said=long, content=b"the longer")
    store = opened(tmp_path)
    found = store.best(KEY, tokens(1, 2, 3, 9), 100)
    assert found is not None
    assert (found[0].tokens, found[1]) == (long, 3)
    assert store.is_sound(found[0])
    assert (tmp_path / store.file(found[0])).read_bytes() == b"the longer"
    too_long = store.best(KEY, tokens(1, 2, 3, 9), 3)
    assert too_long is not None
    assert too_long[0].tokens == short
    assert store.best("engine 2/model", tokens(1, 2), 100) is None


def test_a_conversations_newer_state_replaces_its_older_one(tmp_path: Path) -> None:
    store = opened(tmp_path)
    kept(store, said=tokens(1))
    newer = kept(store, said=tokens(1, 2))
    assert store.of("conversation/a", KEY) == newer
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{newer.name}.json",
        f"{newer.name}.state",
    ]


def test_only_the_account_can_read_what_is_saved(tmp_path: Path) -> None:
    folder = tmp_path / "prefixes"
    kept(opened(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm",
    [
        flip,
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.unlink(),
    ],
)
@pytest.mark.parametrize("restarted", [False, True])
def test_a_state_that_is_not_as_it_was_saved_goes(
    harm: Callable[[Path], None], restarted: bool, tmp_path: Path
) -> None:
    store = opened(tmp_path)
    state = kept(store, content=b"s" * 1000)
    assert store.is_sound(state)
    harm(tmp_path / store.file(state))
    store = opened(tmp_path) if restarted else store
    assert not store.is_sound(state)
    assert store.best(KEY, state.tokens, 100) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "facts",
    [b"", b"{", b"\xff\xfe", b'{"version":2}', b"[" * 100_000],
    ids=["empty", "torn", "no text", "newer", "deep"],
)
def test_facts_that_cannot_be_read_go_with_their_state(facts: bytes, tmp_path: Path) -> None:
    state = kept(opened(tmp_path))
    (tmp_path / f"{state.name}.json").write_bytes(facts)
    assert opened(tmp_path).best(KEY, state.tokens, 100) is None
    assert list(tmp_path.iterdir()) == []


def test_facts_of_another_state_do_not_pass(tmp_path: Path) -> None:
    store = opened(tmp_path)
    mine = kept(store, owner="conversation/a", said=tokens(1, 2), content=b"mine.")
    other = kept(store, owner="conversation/b", said=tokens(3, 4), content=b"other")
    (tmp_path / store.file(other)).replace(tmp_path / store.file(mine))
    store = opened(tmp_path)
    found = store.best(KEY, mine.tokens, 100)
    assert found is not None
    assert not store.is_sound(found[0])


def test_what_a_killed_service_left_half_written_goes(tmp_path: Path) -> None:
    store = opened(tmp_path)
    state = kept(store)
    store.part("conversation/b").write_bytes(b"half")
    (tmp_path / f"{'0' * 32}-{'1' * 16}.state").write_bytes(b"without facts")
    opened(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {state.name}


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    store = opened(tmp_path, limit=250)
    old, used, new = (
        kept(store, owner=f"conversation/{name}", said=tokens(n), content=b"s" * 80)
        for n, name in enumerate(("old", "used", "new"))
    )
    for age, state in enumerate((new, used, old)):
        os.utime(tmp_path / f"{state.name}.json", (1e9 - age, 1e9 - age))
    store.used(used)
    kept(store, owner="conversation/newest", said=tokens(9), content=b"s" * 160)
    assert store.of("conversation/old", KEY) is None
    assert store.of("conversation/new", KEY) is None
    assert store.of("conversation/used", KEY) == used
    assert sum(path.stat().st_size for path in tmp_path.glob("*.state")) <= 250


def test_a_lower_bound_holds_from_the_next_start(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for n in range(4):
        kept(store, owner=f"conversation/{n}", content=b"s" * 100)
    opened(tmp_path, limit=250)
    assert len(list(tmp_path.glob("*.state"))) == 2
    opened(tmp_path, limit=0)
    assert list(tmp_path.iterdir()) == []


def test_what_is_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    store = opened(tmp_path, limit=250)
    small = kept(store, owner="conversation/small", content=b"s" * 100)
    assert save(store, content=b"s" * 251) is None
    assert {path.stem for path in tmp_path.iterdir()} == {small.name}
    assert not store.room_for(KEY, 1000)


def test_no_more_than_a_tenth_of_the_free_disk_is_taken(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk", "1m") as disk:
        store = opened(disk / "prefixes")
        assert save(store, content=b"s" * 200_000) is None
        kept(store, content=b"s" * 90_000)
        assert [path.suffix for path in sorted((disk / "prefixes").iterdir())] == [
            ".json",
            ".state",
        ]


def test_forgetting_an_owner_leaves_the_others(tmp_path: Path) -> None:
    store = opened(tmp_path)
    kept(store, owner=of_conversation("a"))
    store.part(of_conversation("a")).write_bytes(b"being saved")
    other = kept(store, owner=of_conversation("a-b"))
    prompt = kept(store, owner=of_prompt("a"))
    forget(tmp_path, of_conversation("a"))
    assert {path.stem for path in tmp_path.iterdir()} == {other.name, prompt.name}
    forget(tmp_path / "nowhere", of_conversation("a"))


def test_a_state_that_is_not_wanted_any_more_goes(tmp_path: Path) -> None:
    store = opened(tmp_path)
    kept(store, owner="conversation/gone")
    here = kept(store, owner="conversation/here")
    PrefixStore(tmp_path, 1000).load(lambda state: state.owner == "conversation/here")
    assert {path.stem for path in tmp_path.iterdir()} == {here.name}


def test_deleting_a_conversation_deletes_what_was_saved_of_it(paths: Paths) -> None:
    history, store = History(paths), opened(paths.prefixes)
    for conversation in (ONE, TWO):
        history.add_turn(conversation, a_turn("A question"))
        kept(store, owner=of_conversation(conversation))
    history.delete(ONE)
    assert [state.owner for state in facts_in(paths.prefixes)] == [of_conversation(TWO)]


def facts_in(folder: Path) -> list[State]:
    return [msgspec.json.decode(p.read_bytes(), type=State) for p in folder.glob("*.json")]


def test_another_model_or_other_settings_have_another_key() -> None:
    spec = WorkerSpec(model="m", kind="llamacpp", path="/a", sha256="1", bytes=9, mtime_ns=9)
    changes: list[dict[str, object]] = [
        {"sha256": "2"},
        {"bytes": 8},
        {"mtime_ns": 8},
        {"gpu_layers": 0},
        {"shape": "4096x2"},
    ]
    keys = {key_of(msgspec.structs.replace(spec, **change)) for change in changes}
    assert len(keys) == len(changes)
    assert key_of(spec) not in keys
    assert key_of(msgspec.structs.replace(spec, path="/b", model="n", threads=3)) == key_of(spec)
