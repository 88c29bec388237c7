"""A shared box in a temporary folder, served by this account for the group it is in."""

from __future__ import annotations

import grp
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.running import wait_until


class Box:
    """A box whose settings are `HINTERLAND_SITE`; not started yet."""

    def __init__(self, folder: Path, model: str = "echo") -> None:
        self.site = folder / "etc"
        self.state = folder / "state"
        self.run = folder / "run"
        self.socket = self.run / "box.sock"
        for each in (folder, self.site, self.state, self.run):
            each.mkdir(mode=0o700)
        self.process: subprocess.Popen[bytes] | None = None
        (self.site / "config.toml").write_text(f'model = "{model}"\n[engine]\nslots = 1\n')
        self.decide()

    def decide(self, **settings: object) -> None:
        """Write the site's settings."""
        group = grp.getgrgid(os.getgid()).gr_name
        named = ["echo", "echo:8", "echo:20"]
        decided = {"group": group, "socket": str(self.socket), "models": named} | settings
        lines = [f"{key} = {_toml(value)}" for key, value in decided.items()]
        (self.site / "box.toml").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start the service and return when it listens."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "hinterland.box.serve"],
            env=os.environ
            | {"HINTERLAND_SITE": str(self.site), "STATE_DIRECTORY": str(self.state)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self.listens, "the box listens")

    def listens(self) -> bool:
        """Whether somebody listens at the socket."""
        with socket.socket(socket.AF_UNIX) as knocking:
            return knocking.connect_ex(str(self.socket)) == 0

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the service, if it runs, and return when it is gone."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None


def _toml(value: object) -> str:
    return json.dumps(value)  # of texts, lists of them and yes or no TOML thinks the same
