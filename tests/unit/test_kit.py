"""Kits: what was made can be verified and copied, and whatever was changed is refused by name."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from hinterland.errors import InputError, StorageError
from hinterland.kit import contents, copying
from hinterland.kit.carried import placing
from hinterland.kit.carried import receipt as receipts
from hinterland.kit.carried.checking import check, open_kit
from hinterland.kit.carried.manifest import FOLDER, portable
from hinterland.models.progress import Silent
from hinterland.paths import Paths
from tests.kits import FILES, Told, kit_of


@pytest.fixture
def stick(paths: Paths, tmp_path: Path) -> Path:
    """The folder of a kit on a stick, its largest file in parts."""
    folder = tmp_path / "my stick"
    folder.mkdir()
    return copying.copy(kit_of(FILES.items(), paths, part=1000), folder, Silent())


@pytest.fixture
def tar(paths: Paths, tmp_path: Path) -> Path:
    """The same kit as a tar."""
    return copying.copy(kit_of(FILES.items(), paths, part=1000), tmp_path / "kit.tar", Silent())


def _refused(place: Path) -> str:
    """Return what is told of a kit that has to be refused, notes and error."""
    told = Told()
    with pytest.raises(InputError) as refused:
        check(open_kit(place), told)
    return "\n".join([*told.notes, refused.value.message])


def test_files_come_out_of_a_kit_as_they_went_in(stick: Path, tar: Path) -> None:
    for place in (stick, stick.parent, tar):
        kit = open_kit(place)
        check(kit, Silent())
        assert {path: kit.content(path) for path in kit.manifest.whole} == FILES
    assert (stick / "models/tiny/tiny.gguf.part01").stat().st_size == 1000
    assert not (stick / "models/tiny/tiny.gguf").exists()


def test_any_tar_program_lays_the_kit_on_a_stick(tar: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    with tarfile.open(tar) as archive:
        archive.extractall(folder, filter="data")
    check(open_kit(folder), Silent())


def test_no_byte_of_a_tar_may_change(tar: Path) -> None:
    content = tar.read_bytes()
    chosen = random.Random(3)
    # A few of every stretch: headers, manifest, signature, files, the space between, the end.
    places = {0, 511, len(content) - 1, *range(0, len(content), 127)}
    for at in sorted(places):
        with tar.open("r+b") as file:
            file.seek(at)
            file.write(bytes([content[at] ^ (1 << chosen.randrange(8))]))
        _refused(tar)
        with tar.open("r+b") as file:
            file.seek(at)
            file.write(content[at : at + 1])
    check(open_kit(tar), Silent())
    for torn in (content[:-1], content[:4000], content[:700], content[:100], b"", content + b"\0"):
        tar.write_bytes(torn)
        _refused(tar)


def test_a_changed_file_on_a_stick_is_refused_by_name(stick: Path) -> None:
    for path in sorted(each for each in stick.rglob("*") if each.is_file()):
        content = path.read_bytes()
        if not content:
            continue
        name = path.relative_to(stick).as_posix()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :])
        told = _refused(stick)
        assert name in told or name.startswith("manifest.json"), told
        path.write_bytes(content[:-1])
        told = _refused(stick)
        assert name in told or name.startswith("manifest.json"), told
        path.unlink()
        assert name in _refused(stick)
        path.write_bytes(content)
    check(open_kit(stick), Silent())


def test_what_does_not_belong_to_a_kit_is_refused_by_name(stick: Path) -> None:
    (stick / "docs/.DS_Store").write_bytes(b"")
    assert "docs/.DS_Store does not belong" in _refused(stick)
    (stick / "docs/.DS_Store").unlink()
    kept = shutil.copy(stick / "docs/kit.md", stick.parent / "elsewhere.md")
    (stick / "docs/kit.md").unlink()
    (stick / "docs/kit.md").symlink_to(kept)
    assert "docs/kit.md" in _refused(stick)
    (stick / "docs/kit.md").unlink()
    os.mkfifo(stick / "docs/kit.md")
    assert "docs/kit.md" in _refused(stick)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.sig"])
def test_nobody_waits_for_a_pipe_in_the_place_of_a_file(name: str, stick: Path) -> None:
    (stick / name).unlink()
    os.mkfifo(stick / name)
    assert f"{name} cannot be read: it is no file" in _refused(stick)
    os.mkfifo(stick.parent / "kit.tar")
    assert "kit.tar cannot be read: it is no file" in _refused(stick.parent / "kit.tar")


@pytest.mark.parametrize("name", ["MANIFEST.JSON", "Manifest.json.sig"])
def test_a_second_manifest_does_not_belong_to_a_kit(name: str, stick: Path) -> None:
    shutil.copy(stick / name.lower(), stick / name)
    assert f"{name} does not belong" in _refused(stick)


def test_folders_without_an_end_are_refused(stick: Path) -> None:
    """A damaged file system may lead from a folder into itself."""
    inner = os.open(stick / "docs", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=inner)
        outer, inner = inner, os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)
    assert "File name too long" in _refused(stick)
    subprocess.run(["rm", "-r", stick / "docs"], check=True)


def _capitals(folder: Path) -> None:
    """Write all names below a folder in capitals, as old systems do on a stick."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rename(path.with_name(path.name.upper()))


def test_a_stick_that_changes_names_to_capitals_holds_the_kit_all_the_same(stick: Path) -> None:
    _capitals(stick.parent)
    kit = open_kit(stick.parent)
    check(kit, Silent())
    assert {path: kit.content(path) for path in kit.manifest.whole} == FILES
    again = stick.parent / FOLDER.upper() / "docs"
    again.mkdir()
    (again / "kit.md").write_bytes(FILES["docs/kit.md"])
    assert "DOCS/KIT.MD does not belong" in _refused(stick.parent)


def test_copying_over_names_in_capitals_leaves_one_kit(stick: Path, tar: Path) -> None:
    """You should see no file twice where the stick tells capitals and small letters apart."""
    for folder in (stick / "docs", stick / "models"):
        _capitals(folder)
        folder.rename(folder.with_name(folder.name.upper()))
    copying.copy(open_kit(tar), stick.parent, Silent())
    assert sorted(each.name for each in stick.iterdir() if each.is_dir()) == [
        "docs",
        "lessons",
        "models",
    ]


def test_where_there_is_no_kit_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "letter.tar").write_bytes(b"Dear all" * 100)
    for place in (tmp_path, tmp_path / "none", tmp_path / "letter.tar"):
        with pytest.raises(InputError, match="no kit"):
            open_kit(place)


def test_copying_goes_on_where_it_was_interrupted(tar: Path, paths: Paths, tmp_path: Path) -> None:
    """You should see that what is there is left as it lies, and what is wrong there is written anew."""
    target = tmp_path / "stick"
    place = target / FOLDER
    (place / "docs").mkdir(parents=True)
    (place / "models/tiny").mkdir(parents=True)
    half = place / "docs/kit.md.partial"
    half.write_bytes(FILES["docs/kit.md"][:100])
    wrong = place / "models/tiny/tiny.gguf.part01"
    wrong.write_bytes(bytes(1000))
    (place / "old.whl").write_bytes(b"of another kit")
    older = kit_of([*FILES.items(), ("old.whl", b"of another kit")], paths)
    (place / "manifest.json").write_bytes(older.media.manifest)
    same_file = half.stat().st_ino
    told = Told()
    assert copying.copy(open_kit(tar), target, told) == place
    assert (place / "docs/kit.md").stat().st_ino == same_file
    assert any("old.whl" in note for note in told.notes)
    assert sorted(each.name for each in place.rglob("*") if ".partial" in each.name) == []
    check(open_kit(place), Silent())


def test_a_longer_file_of_an_older_kit_is_taken_away_and_not_cut(
    tar: Path, paths: Paths, tmp_path: Path
) -> None:
    """There are sticks whose file system cannot cut a file. A second name tells what became of it."""
    place = tmp_path / "stick" / FOLDER
    (place / "docs").mkdir(parents=True)
    whole = tmp_path / "again.tar"
    older = [place / f"{name}.partial" for name in ("docs/kit.md", "manifest.json")]
    older.append(tmp_path / "again.tar.partial")
    content = bytes(tar.stat().st_size + 1)
    for number, partial in enumerate(older):
        partial.write_bytes(content)
        os.link(partial, tmp_path / f"kept{number}")
    for target in (place.parent, whole):
        copying.copy(open_kit(tar), target, Silent())
    assert whole.read_bytes() == tar.read_bytes()
    assert (place / "docs/kit.md").read_bytes() == FILES["docs/kit.md"]
    assert [(tmp_path / f"kept{number}").read_bytes() for number in range(3)] == [content] * 3
    assert not any(partial.exists() for partial in older)


def test_a_tar_that_is_whole_but_for_its_name_is_read_and_not_written(
    tar: Path, tmp_path: Path
) -> None:
    partial = tmp_path / "again.tar.partial"
    partial.write_bytes(tar.read_bytes())
    same_file = partial.stat().st_ino
    os.link(partial, tmp_path / "kept")
    assert copying.copy(open_kit(tar), tmp_path / "again.tar", Silent()).stat().st_ino == same_file


def test_copying_removes_nothing_that_is_of_no_kit(stick: Path, tar: Path, tmp_path: Path) -> None:
    project = tmp_path / "projects" / FOLDER / "src"
    project.mkdir(parents=True)
    (project / "main.py").write_text("mine")
    with pytest.raises(InputError, match="is of no kit"):
        copying.copy(open_kit(tar), tmp_path / "projects", Silent())
    assert [each.name for each in project.parent.rglob("*")] == ["src", "main.py"]
    with pytest.raises(InputError, match="already"):
        copying.copy(open_kit(stick), stick.parent, Silent())
    check(open_kit(stick), Silent())


def test_a_name_that_is_long_once_it_is_quoted_fits_into_a_tar(
    paths: Paths, tmp_path: Path
) -> None:
    lesson = tmp_path / "Квадратные уравнения.md"
    lesson.write_text("# x² = 4")
    kit = kit_of([*FILES.items(), *contents.lessons([lesson])], paths)
    check(open_kit(copying.copy(kit, tmp_path / "kit.tar", Silent())), Silent())
    with tarfile.open(tmp_path / "kit.tar") as archive:
        archive.extractall(tmp_path / "stick", filter="data")
    check(open_kit(tmp_path / "stick"), Silent())


def test_what_was_noted_and_never_made_is_undone(tmp_path: Path) -> None:
    places = placing.find(shared=False, environment={"HOME": str(tmp_path)})
    note = receipts.Receipt(releases=["0.1-abc"])
    receipts.make_folder(places, note, places.program)
    receipts.write(places, note)
    receipts.undo(places, Silent())
    assert list(tmp_path.iterdir()) == []


def test_a_stick_that_was_pulled_out_is_refused_with_what_is_missing(stick: Path) -> None:
    part = stick / "models/tiny/tiny.gguf.part02"
    part.rename(part.with_name(part.name + ".partial"))
    assert "tiny.gguf.part02 is missing" in _refused(stick)


def test_a_stick_without_room_is_told_before_anything_is_written(
    tar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.statvfs_result((4096, 4096, 1, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    with pytest.raises(StorageError, match="lacks room"):
        copying.copy(open_kit(tar), tmp_path, Silent())
    assert not (tmp_path / FOLDER).exists()


def test_an_older_kit_makes_room_for_the_one_that_takes_its_place(
    stick: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"models/other/other.gguf": bytes(4000)}
    kit = kit_of([*other.items(), ("docs/kit.md", b"")], paths)
    wanted = list(kit.manifest.files)
    room = os.statvfs_result((1000, 1000, 9, 3, 3, 0, 0, 0, 0, 255))  # 3,000 bytes are free
    monkeypatch.setattr(os, "statvfs", lambda _: room)
    copying.copy(kit, stick.parent, Silent())
    left = {each.relative_to(stick).as_posix() for each in stick.rglob("*") if each.is_file()}
    assert left == {each.path for each in wanted} | {"manifest.json", "manifest.json.sig"}


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "a/../x", "a//b", "a\\b", "con.txt", "a:b", "x.", "é.md", "-x", ".x", "a/", ""],
)
def test_paths_that_lead_out_of_a_kit_or_onto_no_stick_are_none(path: str) -> None:
    assert not portable(path)


def test_lessons_of_any_name_fit_on_any_stick(tmp_path: Path) -> None:
    folder = tmp_path / "leçons"
    folder.mkdir()
    (folder / "Élève: un.md").write_text("x")
    [(path, source)] = contents.lessons([folder])
    assert portable(path)
    assert source == folder / "Élève: un.md"
    with pytest.raises(InputError, match="no lessons"):
        list(contents.lessons([tmp_path / "none"]))


@pytest.mark.parametrize("name", ["docs/kit.md", "docs/kit.md.partial", "manifest.json.partial"])
def test_copying_writes_to_nothing_that_a_link_on_the_stick_leads_to(
    name: str, stick: Path, tar: Path, tmp_path: Path
) -> None:
    mine, content = tmp_path / "mine", b"x" * len(FILES["docs/kit.md"])
    mine.write_bytes(content)
    (stick / "docs/kit.md").unlink()
    (stick / name).symlink_to(mine)
    copying.copy(open_kit(tar), stick.parent, Silent())
    assert mine.read_bytes() == content
    check(open_kit(stick), Silent())


@pytest.mark.parametrize("name", ["docs/kit.md", "docs/kit.md.partial", "manifest.json"])
def test_copying_waits_for_no_pipe_and_removes_no_folder(name: str, stick: Path, tar: Path) -> None:
    (stick / name).unlink(missing_ok=True)
    os.mkfifo(stick / name)
    copying.copy(open_kit(tar), stick.parent, Silent())
    check(open_kit(stick), Silent())
    (stick / name).unlink(missing_ok=True)
    (stick / name).mkdir()
    with pytest.raises(InputError, match="is of no kit"):
        copying.copy(open_kit(tar), stick.parent, Silent())
    assert (stick / name).is_dir()


def test_a_tar_is_not_written_to_what_a_link_leads_to(stick: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    (tmp_path / "new.tar.partial").symlink_to(mine)
    with pytest.raises(StorageError):
        copying.copy(open_kit(stick), tmp_path / "new.tar", Silent())
    assert mine.read_bytes() == b"mine"
