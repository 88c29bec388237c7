"""The unit of the shared box is one that systemd takes, and a tight one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hinterland.box import unit
from hinterland.errors import ConfigError
from hinterland.site import Site

MOST_EXPOSED = 1.0  # of 10; "safe" is below 2.5, and a service without any protection has 9.6


@pytest.fixture
def written(tmp_path: Path) -> Path:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    file = tmp_path / unit.NAME
    file.write_text(unit.text(Site(), "/usr/bin/env"), encoding="utf-8")
    return file


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


def test_systemd_finds_nothing_wrong_with_the_unit(written: Path) -> None:
    verified = _analyze("verify", "--man=no", str(written))
    about = [line for line in verified.stderr.splitlines() if unit.NAME in line]
    assert (verified.returncode, about) == (0, []), verified.stderr


def test_the_unit_is_hardly_exposed(written: Path) -> None:
    secured = _analyze("security", "--offline=true", "--no-pager", str(written))
    found = re.search(r"Overall exposure level.*: ([\d.]+)", secured.stdout)
    assert found, secured.stdout + secured.stderr
    assert float(found[1]) <= MOST_EXPOSED, secured.stdout


def test_no_mark_is_left_and_the_folder_of_the_socket_is_the_units() -> None:
    text = unit.text(Site(group="pupils", socket="/run/school/box.sock"), "/opt/a b/50%/python")
    assert not re.search(r"@[A-Z]+@", text)
    assert "\nGroup=pupils\n" in text
    assert "\nRuntimeDirectory=school\n" in text
    assert '\nExecStart="/opt/a b/50%%/python" -P -m hinterland.box.serve\n' in text
    # systemd's own 90 s are too few for a slow card to write models again: it would start for ever.
    assert "\nTimeoutStartSec=15min\n" in text
    # Callers are told by the kernel: in a user namespace of its own all would be nobody.
    assert "PrivateUsers" not in text.replace("# Not PrivateUsers", "")


@pytest.mark.parametrize("socket", ["/run/box.sock", "/tmp/box/box.sock", "/run/a/b/box.sock"])
def test_a_socket_elsewhere_is_refused(socket: str) -> None:
    with pytest.raises(ConfigError, match="does not lie in a folder of its own"):
        unit.text(Site(socket=socket))


@pytest.mark.parametrize(
    ("socket", "said"),
    [
        ("/run/my box/box.sock", "cannot be called 'my box'"),
        ("/run/école/box.sock", "cannot be called 'école'"),
        ("/run/.box/box.sock", "cannot be called '.box'"),
        (f"/run/{'x' * 65}/box.sock", "up to 64"),
        ("/run/box/box.json", "cannot be called box.json"),
        ("/run/box/notify.sock", "cannot be called notify.sock"),
    ],
)
def test_a_name_that_would_not_do_is_refused(socket: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        unit.socket_folder(Site(socket=socket))


def test_the_longest_folder_leaves_room_for_both_sockets() -> None:
    folder = unit.socket_folder(Site(socket=f"/run/{'x' * 64}/my box.sock"))
    assert len(str(folder / unit.NOTICES)) <= 107
