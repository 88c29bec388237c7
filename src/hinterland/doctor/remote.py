"""Engines elsewhere: where words sent to them go, and whether they can be used. Nobody is asked there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hinterland.config import RemoteEngine
from hinterland.doctor.findings import Area, Finding, In
from hinterland.doctor.visit import Visit

_say = In(Area.SETTINGS)


def engines(visit: Visit) -> Iterator[Finding]:
    """Say of each engine elsewhere where words go that are typed to it."""
    config = visit.config
    for name, engine in config.engines.items():
        if config.offline:
            yield _say.ok(
                "remote-forbidden",
                f"The remote engine {name} is not used: the settings say offline.",
                engine=name,
            )
        else:
            yield from _engine(name, engine)
    if config.offline and config.model in config.engines:
        yield _say.problem(
            "remote-default-forbidden",
            f"The model in the settings, {config.model}, is a remote engine, and they say offline.",
            "`hint config set model ''` takes the model installed last; or "
            "`hint config set offline false`.",
        )


def _engine(name: str, engine: RemoteEngine) -> Iterator[Finding]:
    address = engine.address
    facts = {"engine": name, "place": address.place, "here": address.here}
    if address.here:
        yield _say.ok("remote-here", f"The engine {name} is {address.note}.", **facts)
    else:
        yield _say.note(
            "words-leave",
            f"Words typed to the engine {name} leave this machine and go to {address.place}"
            f"{'' if address.encrypted else ', unencrypted'}.",
            "If they may not: `hint config set offline true`."
            + ("" if address.encrypted else " Or give it an https:// address."),
            **facts,
            encrypted=address.encrypted,
        )
    if engine.api_key_env and not os.environ.get(engine.api_key_env):
        yield _say.note(
            "remote-key-missing",
            f"The key of the engine {name} is looked for in {engine.api_key_env}, which is not set "
            "here.",
            f"`export {engine.api_key_env}=…`, then `hint engine stop`.",
            engine=name,
            variable=engine.api_key_env,
        )
