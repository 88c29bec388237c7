"""Fixtures that every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import platformdirs
import pytest

from hinterland.paths import Paths, find
from hinterland.plugin_host import SHIPPED, additions
from tests.boxes import Box
from tests.plugin_shelf import Shelf
from tests.running import Hint, run_hint, stop_engine

if TYPE_CHECKING:
    from tests.batching import Place
    from tests.hostile import Hostile
    from tests.remotes import Ask

SMALL_MODEL = "smollm2-135m"

hypothesis.settings.register_profile("no-times", deadline=None)  # a slow machine is no failure
hypothesis.settings.load_profile("no-times")
os.environ["LANGUAGE"] = "en"  # whatever the language of whoever runs the tests
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as under nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh account: HINTERLAND_HOME in a temporary folder, its engine stopped afterwards."""
    folder = tmp_path / "home"
    monkeypatch.setenv("HINTERLAND_HOME", str(folder))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    yield folder
    stop_engine()


@pytest.fixture
def paths(home: Path) -> Paths:
    """The folders of a fresh account."""
    return find()


@pytest.fixture(scope="session")
def model_shelf() -> Path:
    """A data folder with the small model, fetched once per machine and verified by its hash."""
    shelf = Path(
        os.environ.get("HINTERLAND_TEST_MODELS")
        or Path(platformdirs.user_cache_path("hinterland-tests"))
    )
    from hinterland.errors import ModelError
    from hinterland.models.pull import pull
    from hinterland.models.store import ModelStore

    folder = shelf / "hinterland"
    keep = Paths(shelf / "config", folder, shelf / "state", shelf / "cache")
    if not any(model.id == SMALL_MODEL for model in ModelStore(keep).installed()):
        try:
            pull(SMALL_MODEL, keep)
        except ModelError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"the small model cannot be fetched here: {error.message}")
    ModelStore(keep).verify(ModelStore(keep).find(SMALL_MODEL))
    return shelf


@pytest.fixture(scope="session")
def llama_server() -> Path:
    """A real llama-server that is not the bundled one; fetched once per machine."""
    from tests import llama_servers

    return llama_servers.llama_server()


@pytest.fixture
def small_model(home: Path, model_shelf: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a real small model that the fresh account finds in a shared data folder."""
    monkeypatch.setenv("XDG_DATA_DIRS", str(model_shelf))
    return SMALL_MODEL


@pytest.fixture
def native_model(
    small_model: str, llama_server: Path, paths: Paths, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The same small model, run by a llama-server that is not the bundled one.

    Its smoke test is done by whichever test comes first; the others begin with that verdict.
    """
    from hinterland.paths import private_folder

    shared = tmp_path_factory.getbasetemp() / "smoke.json"
    own = private_folder(paths.state) / "smoke.json"
    if shared.exists():
        own.write_bytes(shared.read_bytes())
    private_folder(paths.config)
    paths.config_file.write_text(f"[engine]\nserver = '{llama_server}'\n")
    yield small_model
    if own.exists():
        shared.write_bytes(own.read_bytes())


@pytest.fixture
def hint(home: Path) -> Hint:
    """Runs `hint` as a user would, to its end, with nothing on standard input."""
    return run_hint


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of an account for several tests, whose engine goes on from one to the next."""
    folder = tmp_path_factory.mktemp("account") / "home"
    yield folder
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HINTERLAND_HOME", str(folder))
        stop_engine()


@pytest.fixture
def warm_hint(account: Path, monkeypatch: pytest.MonkeyPatch) -> Hint:
    """As `hint`, for an account that has asked before: for tests of nothing but what is answered."""
    monkeypatch.setenv("HINTERLAND_HOME", str(account))
    monkeypatch.setenv("XDG_DATA_DIRS", str(account.parent / "share"))
    return run_hint


@pytest.fixture
def shelf(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """The shipped plugins, and none of those that this machine may have."""
    shelf = Shelf(tmp_path / "site", monkeypatch)
    shelf.add("hinterland", "9.9", **{name: f"hinterland.plugins.{name}" for name in SHIPPED})
    additions.cache_clear()
    yield shelf
    additions.cache_clear()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with the input and the results of a batch."""
    from tests.batching import Place

    return Place(tmp_path)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a batch try again at once."""
    from hinterland.batch import running

    monkeypatch.setattr(running, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(running, "_LONGEST_PAUSE", 0.01)


@pytest.fixture
def remote() -> Iterator[Hostile]:
    """A remote engine that does as a test says, on this machine."""
    from tests.hostile import Hostile, serving

    with serving(Hostile()) as hostile:
        yield hostile


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a remote engine again without a pause, unless it asks for one; a key in the environment."""
    from hinterland.engine.remote import endpoint
    from tests.remotes import KEY

    monkeypatch.setattr(endpoint, "_FIRST_PAUSE", 0.0)
    monkeypatch.setenv("BOX_KEY", KEY)


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Asks a service of this process, which knows one remote engine."""
    from tests.remotes import asker

    return asker(tmp_path)


@pytest.fixture
def box(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Box]:
    """A shared box in a temporary folder, which is set up and does not run."""
    box = Box(tmp_path_factory.mktemp("b") / "x")
    monkeypatch.setenv("HINTERLAND_SITE", str(box.site))
    yield box
    box.end(signal.SIGTERM)
