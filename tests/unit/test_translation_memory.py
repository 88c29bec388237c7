"""What was translated is remembered, whatever is killed, full, damaged or used twice at once."""

from __future__ import annotations

import asyncio
import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import StorageError
from hinterland.jobs import ledger
from hinterland.plugins.translation.memory import (
    Keyed,
    Memory,
    Remembered,
    forget,
    keeping,
    key_of,
    usage,
)
from hinterland.plugins.translation.units import Code, Kind, Parts
from tests.history_samples import fill, tiny_disk

KEYED = Keyed("en", "fr", "a" * 64)


def remember(folder: Path, *added: tuple[Parts, Remembered], keyed: Keyed = KEYED) -> None:
    async def work() -> None:
        with Memory(folder, keyed) as memory:
            for parts, remembered in added:
                memory.add(parts, remembered)
                assert memory.find(parts) == remembered, "found at once"
            await memory.close()
            assert memory.durable == len(added)

    asyncio.run(work())


def found(folder: Path, parts: Parts, keyed: Keyed = KEYED) -> Remembered | None:
    with Memory(folder, keyed) as memory:
        return memory.find(parts)


def some(count: int, start: int = 0) -> list[tuple[Parts, Remembered]]:
    return [((f"Cup {n}.",), Remembered((f"Tasse {n}.",))) for n in range(start, start + count)]


def test_what_was_translated_is_found_by_the_next_run_of_the_same_kind_only(tmp_path: Path) -> None:
    remember(tmp_path, *some(2), (("It failed.",), Remembered((), "number: 3 is missing")))
    assert found(tmp_path, ("Cup 1.",)) == Remembered(("Tasse 1.",))
    assert found(tmp_path, ("It failed.",)) == Remembered((), "number: 3 is missing")
    assert found(tmp_path, ("Cup 2.",)) is None
    for other in (
        Keyed("en", "es", "a" * 64),
        Keyed("en", "fr", "b" * 64),
        Keyed("en", "fr", "a" * 64, terms="c"),
        Keyed("en", "fr", "a" * 64, prompt="2"),
    ):
        assert found(tmp_path, ("Cup 1.",), other) is None


def test_codes_count_by_what_they_do_not_by_how_they_are_written(tmp_path: Path) -> None:
    def linked(address: str, pair: int) -> Parts:
        opening = Code(f'<a href="{address}">', Kind.OPEN, pair)
        return ("See ", opening, "this", Code("</a>", Kind.CLOSE, pair), ".")

    remember(tmp_path, (linked("/a", 1), Remembered(("Voyez ", 0, "ceci", 1, "."))))
    assert found(tmp_path, linked("/b", 7)) == Remembered(("Voyez ", 0, "ceci", 1, "."))
    assert found(tmp_path, ("See ", "this", ".")) is None
    assert key_of(("a", Code("<br>", is_space=True))) != key_of(("a", Code("<br>")))
    assert key_of(("a", "b", "")) == key_of(("ab",))
    assert key_of(("a\0.\0",)) != key_of(("a", Code("x")))


def test_two_codes_that_are_the_same_are_both_there_however_they_were_counted(
    tmp_path: Path,
) -> None:
    parts = ("one", Code("<br>"), "two", Code("<br>"), "three")
    with_twice = Remembered(("un", 0, "deux", 0, "trois"))

    async def work() -> None:
        with Memory(tmp_path, KEYED) as memory:
            memory.add(parts, with_twice)
            await memory.close()

    asyncio.run(work())
    assert found(tmp_path, parts) == Remembered(("un", 0, "deux", 1, "trois"))


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(), max_size=20),
            st.builds(Code, st.text(max_size=5), is_space=st.booleans()),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=20, deadline=None)
def test_any_text_is_remembered_as_it_was(parts: list[str | Code]) -> None:
    import tempfile

    counted = iter(range(len(parts)))
    text = tuple(each if isinstance(each, str) else next(counted) for each in parts)
    with tempfile.TemporaryDirectory() as folder:
        remember(Path(folder), (tuple(parts), Remembered(text)))
        assert found(Path(folder), tuple(parts)) == Remembered(text)


def test_what_utf_8_cannot_hold_is_translated_anew_and_harms_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        with Memory(tmp_path, KEYED) as memory:
            memory.add(("half \ud83d",), Remembered(("moitié",)))
            memory.add(("whole",), Remembered(("tout",)))
            await memory.close()

    asyncio.run(work())
    assert found(tmp_path, ("half \ud83d",)) is None
    assert found(tmp_path, ("whole",)) == Remembered(("tout",))


def test_what_people_said_beats_every_model_whenever_they_said_it(tmp_path: Path) -> None:
    said = Remembered(("Un verre.",), reviewed=True)
    remember(tmp_path, (("Cup 1.",), said))
    remember(tmp_path, *some(3)[:1], some(3)[2])
    assert found(tmp_path, ("Cup 1.",), Keyed("en", "fr", "b" * 64)) == said
    remember(tmp_path, (("Cup 1.",), Remembered(("Une coupe.",), reviewed=True)))
    assert found(tmp_path, ("Cup 1.",)) == Remembered(("Une coupe.",), reviewed=True)
    assert found(tmp_path, ("Cup 1.",), Keyed("en", "es", "a" * 64)) is None


RUN = """
import asyncio, sys
from pathlib import Path
from hinterland.plugins.translation.memory import Keyed, Memory, Remembered

async def work(folder, first):
    with Memory(folder, Keyed("en", "fr", "a" * 64)) as memory:
        print("open", flush=True)
        number = told = first
        while True:
            memory.add((f"Cup {number}.",), Remembered((f"Tasse {number}.",)))
            number += 1
            await asyncio.sleep(0)
            if first + memory.durable > told:
                told = first + memory.durable
                print(told, flush=True)

asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2])))
"""


def test_a_kill_at_any_moment_takes_nothing_that_was_told_as_durable(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    moments, told = random.Random(seed), 0
    for _ in range(4):
        first = told
        with subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path), str(first)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            said = [child.stdout.readline() for _ in range(moments.randrange(1, 60))]
            child.kill()
            said += child.stdout.read().splitlines(keepends=True)[:-1]
        with Memory(tmp_path, KEYED) as memory:
            told = max([first, *(int(each) for each in said if each.strip().isdigit())])
            for number in range(told):
                wanted = Remembered((f"Tasse {number}.",))
                assert memory.find((f"Cup {number}.",)) == wanted, (seed, number)
        (file,) = [name for name in os.listdir(tmp_path) if not name.startswith(".")]
        whole, _end, torn = (tmp_path / file).read_bytes().rpartition(b"\n")
        (tmp_path / file).write_bytes(whole + b"\n" + torn + b'["torn')
    assert told > 0


def test_two_runs_at_once_both_work_and_become_one_file_when_they_have_ended(
    tmp_path: Path,
) -> None:
    async def work() -> None:
        with Memory(tmp_path, KEYED) as one, Memory(tmp_path, KEYED) as other:
            for (parts, remembered), memory in zip(some(600), [one, other] * 300, strict=True):
                memory.add(parts, remembered)
                await asyncio.sleep(0)
            await one.close()
            await other.close()
        assert len(usage(tmp_path)) == 2
        with Memory(tmp_path, KEYED) as third:
            assert len(third) == 600
            assert all(third.find(parts) == remembered for parts, remembered in some(600))
            assert len(usage(tmp_path)) == 1
            third.add(("more",), Remembered(("plus",)))
            await third.close()

    asyncio.run(work())
    assert sorted(name for name in os.listdir(tmp_path) if name.endswith(".ledger")) == [
        f"en_fr.{KEYED.hash}.1.ledger"
    ]
    (left,) = usage(tmp_path)
    assert left.translations == 601 and left.keyed == KEYED


def test_a_run_goes_on_with_files_that_another_has_replaced(tmp_path: Path) -> None:
    async def work() -> None:
        with Memory(tmp_path, KEYED) as one:
            with Memory(tmp_path, KEYED) as other:
                other.add(*some(1)[0])
                await other.close()
            with Memory(tmp_path, KEYED) as reader:
                one.add(*some(2)[1])
                await one.close()
                one.__exit__()
                Memory(tmp_path, KEYED).__exit__()  # makes one of two
                assert reader.find(("Cup 0.",)) == Remembered(("Tasse 0.",))
        assert found(tmp_path, ("Cup 1.",)) == Remembered(("Tasse 1.",))

    asyncio.run(work())


def test_nobody_else_may_read_it_and_a_run_without_translations_leaves_nothing(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data" / "translations"
    with Memory(folder, KEYED) as memory:
        assert memory.find(("Cup",)) is None
    assert os.listdir(folder) == []
    remember(folder, *some(1))
    (name,) = os.listdir(folder)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(folder / name).st_mode) == 0o600


def test_a_full_disk_holds_the_run_up_until_there_is_space_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_PAUSE", 0.01)
    told: list[bool] = []

    async def work(disk: Path) -> None:
        with Memory(disk / "kept", KEYED, paused=told.append) as memory:
            filler = fill(disk)

            async def put() -> None:
                for parts, remembered in some(2000):
                    if memory.full:
                        await memory.room()
                    memory.add(parts, remembered)

            putting = asyncio.create_task(put())
            while not told:
                await asyncio.sleep(0.01)
            filler.unlink()
            await putting
            await memory.close()
            assert memory.durable == 2000 and told == [True, False]
        with Memory(disk / "kept", KEYED) as again:
            assert all(again.find(parts) == remembered for parts, remembered in some(2000))

    with tiny_disk(tmp_path / "disk", "512k") as disk:
        asyncio.run(work(disk))


def test_a_disk_that_stays_full_can_be_given_up_and_loses_nothing_that_was_counted(
    tmp_path: Path,
) -> None:
    async def work(disk: Path) -> int:
        with Memory(disk / "kept", KEYED) as memory:
            for parts, remembered in some(10_000):
                if memory.full:
                    break
                memory.add(parts, remembered)
                await asyncio.sleep(0)
            memory.give_up()
            await memory.close()
            return memory.durable

    with tiny_disk(tmp_path / "disk") as disk:
        counted = asyncio.run(work(disk))
        assert 0 < counted < 10_000
        with Memory(disk / "kept", KEYED) as again:
            assert len(again) == counted
        with pytest.raises(StorageError) as raised:
            forget(disk / "kept" / f"en_fr.{KEYED.hash}.1.ledger", lambda each: True)
        assert "cannot be read" in raised.value.message


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        remember(disk / "kept", *some(1))
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(StorageError, match="Read-only file system") as raised:
            Memory(disk / "kept", KEYED)
        assert "HINTERLAND_HOME" in raised.value.hint
        assert len(usage(disk / "kept")) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"hinterland":"translations","schema":9,"keyed":{}}\n', "is not a translation memory"),
        (
            b'{"hinterland":"translations","schema":9,"keyed":{"source":"","target":"","model":""}}\n9',
            r"another version of Hinterland \(schema 9, not 1\)",
        ),
        (bytes(range(11, 256)) * 400, "is not a translation memory"),
        (b"\x7fELF\n" + bytes(range(256)) * 20, "is not a translation memory"),
        (b"some text\n", "is not a translation memory"),
    ],
    ids=["header", "version", "one line", "program", "text"],
)
def test_a_file_that_is_none_of_ours_is_refused_and_stays(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    for stem in (f"en_fr.{KEYED.hash}.1", f"en_fr.{KEYED.hash}.2", "en_fr.reviewed.1"):
        path = tmp_path / f"{stem}.ledger"
        path.write_bytes(content)
        with pytest.raises(StorageError, match=sentence):
            Memory(tmp_path, KEYED)
        assert path.read_bytes() == content
        path.unlink()
    assert [name for name in os.listdir(tmp_path) if not name.endswith(".1.ledger")] == []


@pytest.mark.parametrize("rest", [b"", b'{"hinterland":"tra', b"\0" * 4096])
def test_a_file_that_a_power_cut_left_without_a_beginning_is_begun_anew(
    tmp_path: Path, rest: bytes
) -> None:
    (tmp_path / f"en_fr.{KEYED.hash}.1.ledger").write_bytes(rest)
    remember(tmp_path, *some(3))
    assert found(tmp_path, ("Cup 2.",)) == Remembered(("Tasse 2.",))


def test_a_damaged_line_is_translated_anew_and_the_others_are_found(tmp_path: Path) -> None:
    remember(tmp_path, *some(3))
    (path,) = tmp_path.iterdir()
    lines = path.read_bytes().splitlines()
    lines[2] = lines[2].replace(b"Tasse", b"\xff\0\0\0\0")
    lines.insert(2, b"\0" * 5000)
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert [found(tmp_path, parts) for parts, _ in some(3)] == [
        Remembered(("Tasse 0.",)),
        None,
        Remembered(("Tasse 2.",)),
    ]


def test_what_was_replaced_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in range(4):
        remember(tmp_path, *(((f"Cup {n}.",), Remembered((f"{turn}",))) for n in range(1000)))
    (before,) = usage(tmp_path)
    assert before.translations == 4000
    assert found(tmp_path, ("Cup 7.",)) == Remembered(("3",))
    assert usage(tmp_path)[0].translations == 1000
    monkeypatch.setattr(keeping, "MOST_OF_A_KIND", usage(tmp_path)[0].size - 1)
    with Memory(tmp_path, KEYED) as memory:
        assert 490 < len(memory) < 510
        assert memory.find(("Cup 999.",)) and not memory.find(("Cup 1.",))


def test_what_was_not_used_for_longest_goes_when_the_folder_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [Keyed("en", "fr", letter * 64) for letter in "abcd"]
    for age, keyed in enumerate(kinds):
        remember(tmp_path, *some(100), keyed=keyed)
        name = f"en_fr.{keyed.hash}.1.ledger"
        os.utime(tmp_path / name, (10**9 + age, 10**9 + age))
    remember(tmp_path, (("Said.",), Remembered(("Dit.",), reviewed=True)), keyed=kinds[0])
    os.utime(tmp_path / "en_fr.reviewed.1.ledger", (1, 1))
    monkeypatch.setattr(keeping, "MOST_IN_FOLDER", usage(tmp_path)[0].size * 3 + 1000)
    with Memory(tmp_path, kinds[2]):
        left = {each.keyed.model[:1] for each in usage(tmp_path)}
        assert left == {"", "a", "c", "d"}, "the first run used a again"


def test_people_can_see_what_is_kept_and_have_it_forgotten(tmp_path: Path) -> None:
    assert usage(tmp_path / "none") == []
    remember(tmp_path, *some(5))
    remember(tmp_path, *some(2), keyed=Keyed("en", "zh-Hant", "b" * 64, "terms", "1"))
    remember(tmp_path, (("Said.",), Remembered(("Dit.",), reviewed=True)))
    kept = {(each.keyed.target, each.reviewed): each.translations for each in usage(tmp_path)}
    assert kept == {("fr", False): 5, ("fr", True): 1, ("zh-Hant", False): 2}
    with Memory(tmp_path, KEYED) as memory:
        assert forget(tmp_path, lambda each: each.keyed == KEYED) == [], "it is in use"
        assert memory.find(("Cup 1.",))
    gone = forget(tmp_path, lambda each: each.keyed.target == "fr" and not each.reviewed)
    assert [each.translations for each in gone] == [5]
    assert found(tmp_path, ("Cup 1.",)) is None
    assert found(tmp_path, ("Said.",)) == Remembered(("Dit.",), reviewed=True)
