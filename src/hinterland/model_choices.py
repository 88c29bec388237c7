"""The models a conversation can go on with, as a person weighs them: size, memory, speed, licence,
and where the words go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from hinterland import measured, site
from hinterland.config import Config
from hinterland.engine.client import EngineClient
from hinterland.engine.echo import is_echo
from hinterland.engine.status import ServiceStatus, WorkerStatus
from hinterland.errors import ConfigError, HinterlandError
from hinterland.language import N_, _
from hinterland.models import catalog, fit
from hinterland.models.catalog import Catalog
from hinterland.models.fit import Fit
from hinterland.models.progress import size
from hinterland.models.store import InstalledModel, ModelStore
from hinterland.paths import Paths
from hinterland.text import clean_line

OFFLINE = N_("offline")
"""Where words go to a model of this box: nowhere."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model or a remote engine, seen from this box."""

    name: str
    bytes: int | None = None
    """The size of its files; None for what is elsewhere."""
    fit: Fit = Fit.UNKNOWN
    """How it goes into the memory that is free, or can be had from models that rest."""
    speed: float | None = None
    """Tokens a second, measured here or to be expected."""
    measured: bool = False
    licence: str = ""
    thinks: bool | None = None
    """None where nobody looked."""
    sees: bool = False
    where: str = OFFLINE
    """Where the words go, as the status line says it."""
    obstacle: str = ""
    """Why it cannot be chosen."""
    loaded: bool = False
    """Whether it is in memory."""
    unloads: tuple[str, ...] = ()
    """Models that rest in memory, of which some have to go before this one is loaded."""

    @property
    def facts(self) -> list[str]:
        """What is known of it, a few words each."""
        if self.bytes is None or self.obstacle:
            return [self.obstacle or self.where]
        speed = _("speed unknown")
        if self.speed is not None:
            about = "" if self.measured else "~"
            speed = _("{speed} tokens/s").format(speed=f"{about}{self.speed:.0f}")
        known = [
            size(self.bytes),
            _("in memory") if self.loaded else _(self.fit.value),
            speed,
            clean_line(self.licence) or _("licence unknown"),
        ]
        known += [_("thinks")] if self.thinks else []
        known += [_("sees")] if self.sees else []
        known.append(_(self.where))
        known += (
            [_("unloads {names}").format(names=", ".join(self.unloads))] if self.unloads else []
        )
        return known


async def choices(paths: Paths, config: Config) -> list[ModelChoice]:
    """Return the installed models, the one installed last first, and then the remote engines.

    Raises HinterlandError when they cannot be read; an engine that does not answer is not waited for.
    """
    status: ServiceStatus | None = None
    with suppress(HinterlandError):
        status = await EngineClient(paths).status()
    return await asyncio.to_thread(_choices, paths, config, status.workers if status else [])


def names(paths: Paths, config: Config) -> list[str]:
    """Return what can be chosen, by name alone."""
    remotes = [] if config.offline else list(config.engines)
    return [model.id for model in ModelStore(paths).installed() if _chats(model)] + remotes


def resolve(name: str, paths: Paths, config: Config) -> str:
    """Return the name of the model or remote engine that `name` means; raises HinterlandError for
    none, and for a remote engine that the settings forbid."""
    if is_echo(name) or config.remote(name) is not None:
        return name
    if "/" in name or name.lower().endswith((".gguf", ".bin")):
        return str(ModelStore(paths).find(name).path)
    return ModelStore(paths).find(name).id


def _chats(model: InstalledModel) -> bool:
    return set(model.task) != {"embedding"}


def _choices(paths: Paths, config: Config, workers: Sequence[WorkerStatus]) -> list[ModelChoice]:
    box = _Box(paths, config, [worker for worker in workers if not worker.url])
    elsewhere = _not_on_the_shared_box()
    found = [
        replace(box.choice(model), obstacle=elsewhere(model))
        for model in ModelStore(paths).installed()
        if _chats(model)
    ]
    for name, engine in config.engines.items():
        obstacle = ""
        try:
            config.remote(name)
        except ConfigError:
            obstacle = _("forbidden: the settings say offline")
        found.append(ModelChoice(name, where=engine.address.mark, obstacle=obstacle))
    return found


def _not_on_the_shared_box() -> Callable[[InstalledModel], str]:
    """Return what says why the machine's shared box does not run a model; "" where it does, and where
    there is no such box, or one's own engine may stand in for it."""
    decided = site.find()
    if decided is None or decided.own_engine:
        return lambda model: ""

    def obstacle(model: InstalledModel) -> str:
        allowed = not decided.models or model.id in decided.models
        return "" if model.shared and allowed else _("not on the shared box")

    return obstacle


class _Box:
    """What models are held against."""

    def __init__(self, paths: Paths, config: Config, workers: Sequence[WorkerStatus]) -> None:
        self._settings = config.engine
        self._workers = workers
        self._free = fit.free_memory()
        self._speeds = measured.load(paths).speeds
        self._catalog: Catalog = catalog.load(paths)
        self._read = {
            each.id: each.bytes * each.active
            for each in self._catalog.entries.values()
            if each.bytes
        }

    def choice(self, model: InstalledModel) -> ModelChoice:
        loaded = any(worker.model == model.id for worker in self._workers)
        others = [worker for worker in self._workers if worker.model != model.id]
        everything = self._free + sum(worker.resident_bytes or 0 for worker in others)
        need = self._need(model, everything)
        speed = self._speeds.get(model.id)
        crowded = not loaded and fit.judge(need, self._free) is Fit.TOO_BIG
        return ModelChoice(
            name=model.id,
            bytes=model.bytes + (model.projector.bytes if model.projector else 0),
            fit=fit.judge(need, everything),
            speed=self._expected(model) if speed is None else speed,
            measured=speed is not None,
            licence=model.licence,
            thinks=None if model.facts.thinking is None else bool(model.facts.thinking),
            sees=model.projector is not None,
            loaded=loaded,
            unloads=tuple(worker.model for worker in others) if crowded else (),
        )

    def _need(self, model: InstalledModel, free: int) -> int:
        context = min(self._settings.context, model.facts.context_length or self._settings.context)
        slots = self._settings.slots or fit.slots_for(model, context, free)
        return fit.needed(model, context, slots)

    def _expected(self, model: InstalledModel) -> float:
        entry = self._catalog.by_sha256(model.sha256) if model.pinned else None
        read = model.bytes * (entry.active if entry else 1.0)
        return fit.expected_speed(read, self._speeds, self._read)
