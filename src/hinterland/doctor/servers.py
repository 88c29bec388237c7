"""Native llama-servers: the one that runs the models, those that might, and why one is not used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from hinterland import measured
from hinterland.doctor.findings import Area, Finding, In
from hinterland.doctor.visit import Visit
from hinterland.engine import programs
from hinterland.errors import EngineError

if TYPE_CHECKING:
    from hinterland.engine.smoke import Verdict

_say = In(Area.ENGINE)

_TUNE = "`hint engine bench --tune` measures what is here and keeps the fastest that works."
_BACK = "`hint config set engine.server auto` goes back to what works."


def servers(visit: Visit) -> Iterator[Finding]:
    """Say which program runs the models, and which of them failed the test before first use."""
    setting, known = visit.config.engine.server, measured.load(visit.paths)
    try:
        wanted = programs.wanted(setting, known.program)
    except EngineError as error:
        yield _say.problem("server-missing", error.message, error.hint, server=setting)
        return
    available = programs.available(visit.paths)
    if wanted.note:
        yield _say.note("server-gone", f"{wanted.note}; the bundled engine is used.", _TUNE)
    elif wanted.program:
        yield _say.ok(
            "server-used",
            f"Models are run by the llama-server {wanted.program}.",
            server=wanted.program,
            setting=setting,
        )
    elif available and setting == programs.AUTO and known.threads is None:
        yield _say.note(
            "server-not-measured",
            f"There is a llama-server, {available[0]}, and it was not measured: the bundled engine "
            "is used.",
            _TUNE,
            available=available,
        )
    if wanted.program:
        for verdict in _verdicts(visit):
            if not verdict.passed and os.path.realpath(verdict.program) == os.path.realpath(
                wanted.program
            ):
                yield _not_trusted(verdict, stands_in=wanted.fallback)


def _not_trusted(verdict: Verdict, *, stands_in: bool) -> Finding:
    sentence = f"{verdict.program} is not used with {verdict.model}: {verdict.reason}."
    facts = {"server": verdict.program, "model": verdict.model, "reason": verdict.reason}
    if stands_in:
        return _say.note("server-not-trusted", f"{sentence} The bundled one is.", _TUNE, **facts)
    return _say.problem("server-not-trusted", sentence, f"{_TUNE} {_BACK}", **facts)


def _verdicts(visit: Visit) -> list[Verdict]:
    """Return what trying the programs came to; nothing where none was tried."""
    from hinterland.engine.smoke import Verdict

    try:
        content = (visit.paths.state / "smoke.json").read_bytes()
        return list(msgspec.json.decode(content, type=dict[str, Verdict]).values())
    except (OSError, msgspec.MsgspecError):
        return []
