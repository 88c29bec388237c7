"""The shared box of a machine: whether this account may use it, and how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec

from hinterland import __version__
from hinterland.box import mistakes
from hinterland.doctor.findings import Area, Finding, In
from hinterland.doctor.visit import Visit
from hinterland.engine import shared
from hinterland.errors import HinterlandError
from hinterland.models.progress import size
from hinterland.site import Site

_say = In(Area.ENGINE)
_PATIENCE = 5.0  # seconds for a box that many ask


def box(visit: Visit) -> Iterator[Finding]:
    """Say how the shared box is, where the machine has one; nothing where it has none."""
    found = shared.find()
    if found is None:
        return
    visit.shared = not found.own_engine
    yield from _mistakes(found)
    if (why := asyncio.run(shared.trouble(found))) is not None:
        remedy = why.hint + (" Until then your own engine answers." if found.own_engine else "")
        say = _say.note if found.own_engine else _say.problem
        yield say("shared-box-unusable", why.message, remedy, socket=found.socket)
        return
    visit.shared = True
    yield from _status(visit)


def _mistakes(box: Site) -> Iterator[Finding]:
    if mistakes.may_mend(box):
        for each in mistakes.found(box):
            yield _say.problem(
                "shared-box-settings", each.message, f"{each.hint} {mistakes.GOES_ON}"
            )


def _status(visit: Visit) -> Iterator[Finding]:
    from hinterland.engine.client import EngineClient

    answer = None
    try:
        answer = asyncio.run(asyncio.wait_for(EngineClient(visit.paths).status(), _PATIENCE))
    except (TimeoutError, msgspec.MsgspecError):
        pass
    except HinterlandError as error:
        yield _say.problem("shared-box-refuses", error.message, error.hint)
        return
    if answer is None:
        yield _say.problem(
            "shared-box-does-not-answer",
            "The shared box is there and does not answer as this release understands.",
            "Wait a moment and look again. If it stays so, ask who looks after this machine.",
        )
        return
    visit.engine_status = answer
    memory = "" if answer.resident_bytes is None else f", {size(answer.resident_bytes)}"
    yield _say.ok(
        "shared-box",
        f"The engine is the shared box of this machine; it runs (process {answer.pid}{memory}).",
        pid=answer.pid,
        version=answer.version,
        running=answer.running,
    )
    if answer.version != __version__:
        yield _say.note(
            "shared-box-of-another-release",
            f"The shared box is of release {answer.version}, and this is {__version__}.",
            "Ask who looks after this machine to have the same release for all.",
            running=answer.version,
        )
