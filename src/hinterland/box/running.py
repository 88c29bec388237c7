"""The box in the foreground, for a machine that systemd does not run: starts the service confined,
and again whenever it dies."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

import msgspec

from hinterland import config, site
from hinterland.box import accounts, confined, program, unit
from hinterland.engine.launcher import is_running
from hinterland.errors import ConfigError, EngineError, HinterlandError, StorageError
from hinterland.paths import BOX, environment, of_box
from hinterland.site import Site

_STOP = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_HEARD = {*_STOP, signal.SIGCHLD}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0  # seconds before the service starts again
_LIVED = 10.0  # seconds after which a start counts as one that went well
_ENDING = 20.0  # seconds for running answers to end as they should


class Told(Protocol):
    """What whoever runs the box is told."""

    def listening(self) -> None:
        """The box can be asked."""

    def died(self, how: str, pause: float) -> None:
        """The service is gone, and starts again after `pause` seconds."""


class _Service:
    """One life of the service's process."""

    def __init__(self, settings: confined.Settings, notices: Path) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "hinterland.box.confined"),
                msgspec.json.encode(settings).decode(),
            ],
            stdin=subprocess.DEVNULL,
            env={**environment(), "NOTIFY_SOCKET": str(notices)},
            cwd="/",
        )
        self.began = time.monotonic()

    def how(self) -> str:
        """Return how it ended, as words; the process is gone."""
        code = self.process.returncode
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def error(self) -> HinterlandError:
        """Return what to tell of a service that never listened."""
        if self.process.returncode == confined.CANNOT:
            return ConfigError(
                "This machine does not let the service be confined.",
                "In a container, give it the right to make namespaces (CAP_SYS_ADMIN).",
            )
        return EngineError(
            f"The box's service did not start ({self.how()}).", "What it said stands above."
        )


def run(told: Told) -> None:
    """Run the box until a signal ends it; `told` hears how it fares.

    Raises ConfigError when it is not set up or runs already, and what keeps the service from its
    first start. Once it has listened it is started again for ever.
    """
    found = _check()
    settings = _settings(found)
    listened = threading.Event()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    pause = _FIRST_PAUSE
    try:
        notices = _notices(found, settings, told, listened)
        while True:
            service = _Service(settings, notices)
            if _watch(service):
                return
            if not listened.is_set():
                raise service.error()
            if time.monotonic() - service.began > _LIVED:
                pause = _FIRST_PAUSE
            told.died(service.how(), pause)
            if _heard_stop(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
    finally:
        clear(found)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _check() -> Site:
    found = site.read(site.folder() / "box.toml")
    if found is None or accounts.user(unit.USER) is None or not BOX.is_dir():
        raise ConfigError("The box is not set up.", "`hint box setup` does that, as root.")
    if is_running(of_box(site.folder())):
        raise ConfigError("The box runs already.", "`hint box top` shows what it does.")
    config.load(site.folder() / "config.toml")  # a service that cannot read it would not start
    program.check()
    return found


def _settings(found: Site) -> confined.Settings:
    """Make the folder of the socket and return what the service is started with."""
    account, gid = accounts.user(unit.USER), accounts.group_id(found.group)
    if account is None or gid is None:
        raise ConfigError(
            f"There is no group {found.group}.", "`hint box setup` makes it, as root."
        )
    folder = unit.check_folder(found)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(folder, account.pw_uid, gid)
        folder.chmod(0o750)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    return confined.Settings(account.pw_uid, gid, (str(BOX), str(folder)))


def _notices(
    found: Site, settings: confined.Settings, told: Told, listened: threading.Event
) -> Path:
    """Return the socket at which the service says that it listens, as it does to systemd
    (sd_notify(3)); one without a name would not be reached from another network namespace."""
    path = Path(found.socket).with_name(unit.NOTICES)
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    # The folder is the service's: nothing is done there that a link of its own could lead elsewhere.
    umask = os.umask(0o177)
    try:
        door.bind(str(path))
    finally:
        os.umask(umask)
    os.chown(path, settings.uid, settings.gid, follow_symlinks=False)

    def hear() -> None:
        while True:
            if b"READY=1" in door.recv(4096).split(b"\n"):
                listened.set()
                told.listening()

    threading.Thread(target=hear, name="notices", daemon=True).start()
    return path


def _watch(service: _Service) -> bool:
    """Wait for the service's end; return True when it was told to end, by us."""
    while service.process.poll() is None:
        if signal.sigwait(_HEARD) in _STOP:
            _end(service.process)
            return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the service: politely first, at once when asked a second time."""
    process.terminate()
    patience = time.monotonic() + _ENDING
    while process.poll() is None:
        heard = signal.sigtimedwait(_HEARD, max(0.0, patience - time.monotonic()))
        if heard is None or heard.si_signo in _STOP:
            process.kill()
            process.wait()


def _heard_stop(seconds: float) -> bool:
    """Wait for so many seconds; return True, at once, when told to end."""
    return signal.sigtimedwait(_STOP, seconds) is not None


def clear(found: Site) -> None:
    """Remove the folder of the socket, with what the box has in it; nothing runs any more."""
    folder: Path = unit.socket_folder(found)
    with contextlib.suppress(OSError):  # a socket that is left tells nobody anything
        for left in (Path(found.socket), folder / site.IN_FORCE, folder / unit.NOTICES):
            left.unlink(missing_ok=True)
        folder.rmdir()
