"""Where Hinterland keeps things: `HINTERLAND_HOME` if it is set, the platform's own folders otherwise.

Nothing is created at import; `private_folder` makes a folder when something is about to be kept in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hinterland import remedies
from hinterland.errors import StorageError
from hinterland.language import N_

BOX = Path("/var/lib/hinterland")
"""What the service of a shared box keeps; only the system user it runs as may look inside."""

_MEND = N_(
    "Free some space, mend its permissions, or set HINTERLAND_HOME to a folder you can write to."
)
# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, its final NUL included.
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one account."""

    config: Path
    """Settings, and prompts that override the shipped ones."""
    data: Path
    """Model files and conversations: what a backup should hold."""
    state: Path
    """The engine's socket, lock, logs, journals and saved prefixes."""
    cache: Path
    """Whatever can be made or fetched again."""
    system_data: tuple[Path, ...] = ()
    """Read-only data folders of the machine, where models may be shared."""

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def history(self) -> Path:
        return self.data / "history"

    @property
    def translations(self) -> Path:
        """What was translated, sentence by sentence."""
        return self.data / "translations"

    @property
    def lessons(self) -> Path:
        """Lessons of one's own, for the tutor."""
        return self.data / "lessons"

    @property
    def pupils(self) -> Path:
        """What the tutor remembers of every pupil."""
        return self.data / "pupils"

    @property
    def journal(self) -> Path:
        return self.state / "journal"

    @property
    def prefixes(self) -> Path:
        return self.state / "prefixes"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def socket(self) -> Path:
        """The engine's socket; a state folder with a long name gets one under the temporary folder."""
        socket = self.state / "engine.sock"
        if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
            return socket
        import hashlib
        import tempfile

        name = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hinterland-{os.getuid()}-{name}" / "engine.sock"


def find() -> Paths:
    """Return this account's folders, without touching the disk."""
    home = os.environ.get("HINTERLAND_HOME")
    if home:
        root = _root(home)
        return Paths(root / "config", root / "data", root / "state", root / "cache", _system_data())
    import platformdirs

    folders = platformdirs.PlatformDirs("hinterland", appauthor=False)
    return Paths(
        Path(folders.user_config_path),
        Path(folders.user_data_path),
        Path(folders.user_state_path),
        Path(folders.user_cache_path),
        _system_data(),
    )


def environment() -> dict[str, str]:
    """Return the environment for a process of ours that begins in another folder: one that a variable
    names from here, such as `HINTERLAND_HOME=some/folder`, is the same there. Of the XDG ones that name
    one folder those from here do not count, as their specification wants it."""
    found = dict(os.environ)
    if home := found.get("HINTERLAND_HOME"):
        found["HINTERLAND_HOME"] = str(_root(home))
    if site := found.get("HINTERLAND_SITE"):
        found["HINTERLAND_SITE"] = str(Path(site).absolute())
    if listed := found.get("XDG_DATA_DIRS"):
        found["XDG_DATA_DIRS"] = ":".join(map(str, _folders(listed)))
    return found


def _root(home: str) -> Path:
    return Path(home).expanduser().absolute()


def _folders(listed: str) -> list[Path]:
    return [Path(folder).absolute() for folder in listed.split(":") if folder]


def of_box(config: Path) -> Paths:
    """Return the folders of the shared box's service, whose settings are in the folder `config`.

    They lie in `BOX`, or where systemd tells the service to keep its state.
    """
    root = Path(os.environ.get("STATE_DIRECTORY") or BOX)
    return Paths(config, root / "data", root, root / "cache", _system_data())


def _system_data() -> tuple[Path, ...]:
    listed = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return tuple(folder / "hinterland" for folder in _folders(listed))


def private_folder(folder: Path) -> Path:
    """Make `folder`, and whatever parents it lacks, with mode 0700, and return it.

    Raises StorageError when it cannot be made, or when it is somebody else's.
    """
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
        owner = folder.stat().st_uid
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            remedies.for_disk(_MEND, error),
        ) from error
    if owner != os.getuid():
        raise StorageError(
            f"The folder {folder} belongs to another user.",
            remedies.ASK
            if remedies.is_for_box()
            else "Set HINTERLAND_HOME to a folder of your own.",
        )
    return folder
