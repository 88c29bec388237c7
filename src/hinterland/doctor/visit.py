"""What the checks share: where they look, and the questions that are already under way."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hinterland import config as configuration
from hinterland import paths as places
from hinterland.doctor.child import PATIENCE, Child
from hinterland.errors import ConfigError, HinterlandError
from hinterland.paths import Paths

if TYPE_CHECKING:
    from hinterland.engine.status import ServiceStatus

ENGINE_PROBE = "hinterland.engine.workers.describe"
PLUGIN_PROBE = "hinterland.doctor.plugin_probe"


class Visit:
    """One look at a box. Use it as a context manager: it ends what it has started.

    `root` is where /proc, /sys, /dev and their like are found; tests give it other boxes.
    """

    def __init__(self, root: Path = Path("/"), patience: float = PATIENCE) -> None:
        self.root = root
        self._patience = patience
        self.processor_times = self.read("proc/stat")
        """What /proc/stat said when the visit began."""
        self.engine_status: ServiceStatus | None = None
        """What the running engine said of itself, once it was asked."""
        self.engine_is_there = False
        """Whether a service holds its lock, answering or not."""
        self.shared = False
        """Whether the engine is the shared box of the machine, and there is none of one's own."""
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.end()

    def begin(self) -> None:
        """Ask now what takes other processes a while; the answers are there when they are wanted."""
        _ = self.engine_probe, self.plugin_probe

    @cached_property
    def engine_probe(self) -> Child:
        """The process that describes the bundled engine."""
        return self.ask([sys.executable, "-P", "-m", ENGINE_PROBE])

    @cached_property
    def plugin_probe(self) -> Child:
        """The process that loads the plugins that are on."""
        return self.ask([sys.executable, "-P", "-m", PLUGIN_PROBE])

    @cached_property
    def paths(self) -> Paths:
        """This account's folders; raises ConfigError when there is no telling where they are."""
        try:
            found = places.find()
        except (OSError, RuntimeError) as error:
            raise ConfigError(
                f"There is no telling where Hinterland keeps its things: {error}",
                "Set HINTERLAND_HOME to a folder of your own: `export HINTERLAND_HOME=/path`.",
            ) from error
        if not found.state.is_absolute():
            raise ConfigError(
                "This account has no home folder, so nothing can be kept.",
                "Set HOME, or HINTERLAND_HOME: `export HINTERLAND_HOME=/path`.",
            )
        return found

    @cached_property
    def config(self) -> configuration.Config:
        """The settings; the defaults where the file cannot be used, which a check of its own tells."""
        try:
            return configuration.load(self.paths.config_file)
        except ConfigError:
            return configuration.Config()

    @cached_property
    def server(self) -> str:
        """The llama-server that runs the models in the bundled engine's place; "" without one."""
        from hinterland import measured
        from hinterland.engine import programs

        try:
            return programs.wanted(
                self.config.engine.server, measured.load(self.paths).program
            ).program
        except HinterlandError:
            return ""

    def read(self, path: str) -> str:
        """Return a file of the system, "" where there is none; `path` is relative to the root."""
        try:
            return (self.root / path).read_text("utf-8", "replace")
        except OSError:
            return ""

    def entries(self, path: str, pattern: str = "*") -> list[Path]:
        """Return what is in a folder of the system, in order; nothing where there is no such folder."""
        try:
            return sorted((self.root / path).glob(pattern))
        except OSError:
            return []

    def ask(self, command: list[str]) -> Child:
        """Start a program; it ends with the visit at the latest."""
        child = Child(command, self._patience)
        self._children.append(child)
        return child

    @cached_property
    def container(self) -> str:
        """What kind of container this is, as far as it says; "" where there is no sign of one."""
        if os.path.exists(self.root / "run/.containerenv"):
            return "podman"
        if os.path.exists(self.root / ".dockerenv"):
            return "docker"
        # systemd's convention, in lower case
        return os.environ.get("container", "")  # noqa: SIM112 - systemd and podman write it small
