"""Two who install at once: the second is told, and the first loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hinterland.kit import copying
from hinterland.models.progress import Silent
from hinterland.paths import Paths
from tests.kits import MADE, installable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kits are for Linux")

# Runs an installer that stops once where a path ends so, says that, and goes on when it is told to.
STOPPED = """
import sys
from pathlib import Path
kit, event, end = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def watch(what, arguments):
    global end
    if end and what == event and str(arguments[0]).endswith(end):
        end = ""
        print("here", flush=True)
        sys.stdin.readline()

sys.addaudithook(watch)
sys.path.insert(0, str(kit / "install.pyz"))
from hinterland.kit.carried.main import main
sys.exit(main(kit, ["--user"]))
"""


@pytest.mark.parametrize(
    ("event", "end"),
    [
        pytest.param("open", "docs/kit.md", id="while it checks its kit"),
        pytest.param("os.rename", ".receipt.json.new", id="once it has made folders"),
    ],
)
def test_who_comes_second_is_told_and_who_came_first_loses_nothing(
    event: str, end: str, paths: Paths, tmp_path: Path
) -> None:
    home, first, second = (tmp_path / name for name in ("ana", "stick 1", "stick 2"))
    for folder in (home, first, second):
        folder.mkdir()
    copying.copy(installable(paths), first, Silent())
    newer = installable(paths, "2.0", MADE + 1, texts={"packs/ours/pack.toml": b"ours"})
    copying.copy(newer, second, Silent())
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHON": sys.executable}

    def sh(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", second / "hinterland-kit/install.sh", "--user", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )

    with subprocess.Popen(
        [sys.executable, "-I", "-c", STOPPED, first / "hinterland-kit", event, end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as slow:
        assert slow.stdin and slow.stdout
        assert slow.stdout.readline() == "here\n"
        for told in (sh(), sh("--undo")):
            assert told.returncode == 2, told.stderr
            assert "A kit is being installed or undone already." in told.stderr
        slow.stdin.write("\n")
        slow.stdin.close()
        assert slow.wait() == 0
    done = sh()
    assert done.returncode == 0, done.stderr
    data = home / ".local/share/hinterland"
    assert (data / "lessons/class/one.md").exists()
    assert (data / "packs/ours/pack.toml").exists()
    assert sh("--undo").returncode == 0
    assert list(home.iterdir()) == []
