"""Role files that others than root and teachers could change: each way to one, and what is said of it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from hinterland.box import roles
from hinterland.errors import ConfigError

GOOD = 'group = "class-5a"\n'
NO_TEACHERS = 54321


@pytest.mark.parametrize(
    ("mode", "folder_mode", "said"),
    [
        (0o664, 0o755, "a group can write it"),
        (0o644, 0o775, "a group can write its folder"),
        (0o666, 0o755, "everybody can write it"),
        (0o644, 0o777, "everybody can write its folder"),
    ],
)
def test_a_role_file_that_pupils_could_write_is_refused(
    tmp_path: Path, mode: int, folder_mode: int, said: str
) -> None:
    (tmp_path / "5a.toml").write_text(GOOD)
    file = tmp_path / "5a.toml"
    for path, wanted in ((file, mode), (tmp_path, folder_mode)):
        if os.getuid() == 0:
            os.chown(path, 0, NO_TEACHERS)
        path.chmod(wanted)
    with pytest.raises(ConfigError, match=said) as caught:
        roles.load(tmp_path, "5a")
    who, path = "o" if "everybody" in said else "g", tmp_path if "folder" in said else file
    assert f"`sudo chmod {who}-w {path}`" in caught.value.hint


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
PUPILS_UID = 65534
"""Of an account that every system has, and that teaches nowhere."""


@needs_root
@pytest.mark.parametrize(
    ("name", "said"),
    [("5a.toml", "it belongs to nobody, who is"), (".", "its folder belongs to nobody, who is")],
)
def test_a_role_file_that_a_pupil_owns_is_refused(tmp_path: Path, name: str, said: str) -> None:
    folder = tmp_path / "roles"
    folder.mkdir()
    file = folder / "5a.toml"
    file.write_text(GOOD)
    os.chown(folder / name, PUPILS_UID, -1)
    with pytest.raises(ConfigError, match=said) as caught:
        roles.load(folder, "5a")
    path = file if name == file.name else folder
    assert f"`sudo chown root {path}` makes it root's." in caught.value.hint


@needs_root
def test_a_role_file_may_be_a_teachers_own_and_nobodys_whom_the_machine_does_not_know(
    tmp_path: Path,
) -> None:
    """A pupil may be 65,536 users that it does not know (subuid(5))."""
    (tmp_path / "5a.toml").write_text(GOOD)
    nobody = pwd.getpwuid(PUPILS_UID)
    os.chown(tmp_path / "5a.toml", nobody.pw_uid, -1)
    assert roles.load(tmp_path, "5a", [nobody.pw_gid]).name == "5a"
    os.chown(tmp_path / "5a.toml", 100_005, -1)
    with pytest.raises(ConfigError, match="it belongs to 100005, who is neither") as caught:
        roles.load(tmp_path, "5a", [nobody.pw_gid])
    assert f"`sudo chown root {tmp_path / '5a.toml'}`" in caught.value.hint


@needs_root
def test_a_folder_of_role_files_that_is_a_link_through_a_pupils_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "roles").mkdir(parents=True)
    (theirs / "roles" / "5a.toml").write_text(GOOD)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "roles").symlink_to(theirs / "roles")
    assert roles.load(tmp_path / "etc" / "roles", "5a").name == "5a"
    os.chown(theirs, PUPILS_UID, -1)
    with pytest.raises(ConfigError, match=f"leads through {theirs}, which others") as caught:
        roles.load(tmp_path / "etc" / "roles", "5a")
    assert "without links" in caught.value.hint


@needs_root
@pytest.mark.parametrize("mend", ["chmod go-w", "chown root"])
def test_a_folder_above_that_a_pupil_can_change_is_named(tmp_path: Path, mend: str) -> None:
    theirs = tmp_path / "theirs"
    folder = theirs / "hinterland" / "roles"
    folder.mkdir(parents=True)
    (folder / "5a.toml").write_text(GOOD)
    if "chmod" in mend:
        theirs.chmod(0o777)
    else:
        os.chown(theirs, PUPILS_UID, -1)
    with pytest.raises(ConfigError, match=f"leads through {theirs}, which others") as caught:
        roles.load(folder, "5a")
    assert f"`sudo {mend} {theirs}`" in caught.value.hint


def test_a_link_to_a_file_in_good_hands_is_followed(tmp_path: Path) -> None:
    (tmp_path / "kept" / "roles").mkdir(parents=True)
    (tmp_path / "kept" / "5a.toml").write_text(GOOD)
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "5a.toml").symlink_to("../kept/roles/../here.toml")
    (tmp_path / "kept" / "here.toml").symlink_to(tmp_path / "kept" / "5a.toml")
    assert roles.load(tmp_path / "roles", "5a").name == "5a"


@needs_root
@pytest.mark.parametrize("theirs", ["way", "way/5a.toml", "folder", "folder/5a.toml"])
def test_a_link_that_leads_through_what_a_pupil_can_change_is_refused(
    tmp_path: Path, theirs: str
) -> None:
    """It may be the folder of a link between, that link, or the folder of the file."""
    for name in ("roles", "way", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "folder" / "5a.toml").write_text(GOOD)
    (tmp_path / "way" / "5a.toml").symlink_to(tmp_path / "folder" / "5a.toml")
    (tmp_path / "roles" / "5a.toml").symlink_to("../way/5a.toml")
    assert roles.load(tmp_path / "roles", "5a").name == "5a"
    os.chown(tmp_path / theirs, PUPILS_UID, -1, follow_symlinks=False)
    with pytest.raises(ConfigError) as caught:
        roles.load(tmp_path / "roles", "5a")
    if theirs == "folder/5a.toml":
        assert "it belongs to nobody" in caught.value.message
    else:
        assert f"leads through {tmp_path / theirs}, which others" in caught.value.message
        assert "without links" in caught.value.hint


def test_a_link_in_a_folder_that_everybody_can_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "roles").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "5a.toml").write_text(GOOD)
    (tmp_path / "roles" / "5a.toml").symlink_to(tmp_path / "open" / "5a.toml")
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(ConfigError, match="which others than teachers can change"):
        roles.load(tmp_path / "roles", "5a")
    (tmp_path / "open").chmod(0o1777)  # as /tmp is: only its owner can change a file there
    assert roles.load(tmp_path / "roles", "5a").name == "5a"
