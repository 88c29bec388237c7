"""Which model translates: its family, whether it covers a pair of languages, and its engine's part."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from hinterland import address
from hinterland.api import connect
from hinterland.batch.running import Target
from hinterland.config import Config
from hinterland.engine.protocol import Event
from hinterland.errors import InputError
from hinterland.models import catalog
from hinterland.models.store import ModelStore
from hinterland.paths import Paths
from hinterland.plugins.translation import profiles
from hinterland.plugins.translation.pipeline.asking import Pair
from hinterland.plugins.translation.profiles import Profile
from hinterland.text import clean_line
from hinterland.worker_specs import resolver

_NAMED = 4
"""Models named in a sentence."""


class Chosen(msgspec.Struct, frozen=True):
    """The model that translates."""

    wished: str | None
    """What the engine is asked for; None is the usual model."""
    name: str
    """What it is called, for people."""
    identity: str
    """What tells it from every other, for the memory: its file's hash, or where it is."""
    profile: Profile
    url: str = ""
    """Where the words go, where they leave this machine."""

    async def target(
        self, concurrency: int | None, told: Callable[[Event], None] | None = None
    ) -> Target:
        """Return its engine's part in a run, with the model in memory; raises what asking raises."""
        found = await connect(self.wished).target(concurrency, told)
        found.model = self.wished
        return found


def choose(wished: str | None, settings: Config, paths: Paths) -> Chosen:
    """Return the model that is wished for, else that of the settings, else the usual one.

    Raises ModelError where it is not there, ConfigError for a family of the user's that is none.
    """
    name = wished or settings.translation.model or None
    spec = resolver(paths, settings)(name)
    names = [spec.model, os.path.basename(spec.path)]
    if spec.remote is not None:
        names += [spec.remote.model]
    profile = profiles.profile_of([each for each in names if each], paths.config)
    if spec.remote is None:
        identity = spec.sha256 or f"{spec.model} {spec.bytes} {spec.mtime_ns}"
        return Chosen(name, spec.model, identity, profile)
    to = address.parse(spec.remote.url)
    identity = f"{spec.remote.url} {spec.remote.model}"
    return Chosen(name, spec.model, identity, profile.elsewhere(), "" if to.here else to.place)


def doubt(chosen: Chosen, pair: Pair) -> str:
    """Return why the model may not know a pair of languages, in a sentence; "" where it does."""
    unknown = [each for each in (pair.source, pair.target) if not chosen.profile.covers(each.code)]
    if not unknown:
        return ""
    if not chosen.profile.languages:
        return f"Nobody knows which languages {clean_line(chosen.name, 80)} covers."
    names = " or ".join(each.name for each in unknown)
    return f"{clean_line(chosen.name, 80)} does not cover {names}."


def refused(chosen: Chosen, pair: Pair, paths: Paths) -> InputError:
    """Return the error for a pair of languages that a model does not cover, which names those that
    do; raises ConfigError for a catalogue of the user's that cannot be read."""
    here = _covering([each.id for each in ModelStore(paths).installed()], pair, paths.config)
    known = catalog.load(paths).entries
    there = _covering([each for each in known if each not in here], pair, paths.config)
    said = []
    if here:
        said.append(f"Installed here, and covering both: {', '.join(here[:_NAMED])}.")
    if there:
        said.append(f"`hint models pull` has {', '.join(there[:_NAMED])}.")
    said.append("--force translates all the same, and flags every segment.")
    return InputError(doubt(chosen, pair), " ".join(said))


def _covering(names: list[str], pair: Pair, config_folder: Path) -> list[str]:
    """Return which models cover a pair, those made to translate first."""
    families = {name: profiles.profile_of([name], config_folder) for name in names}
    found = [
        name
        for name, family in families.items()
        if family.covers(pair.source.code, pair.target.code)
    ]
    return sorted(found, key=lambda name: not families[name].made_for_it)
