"""The models: which are here, whole, which is used, whether it fits, and what pulls have left behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from hinterland import measured
from hinterland.doctor.findings import Area, Finding, In, quoted
from hinterland.doctor.visit import Visit
from hinterland.errors import ConfigError, ModelError
from hinterland.models import catalog, fit
from hinterland.models.catalog import QUICK_ENOUGH
from hinterland.models.fit import Fit
from hinterland.models.formats import Backend
from hinterland.models.progress import size
from hinterland.models.store import InstalledModel, ModelStore

_say = In(Area.MODELS)

_STARTER = "`hint models pull starter` fetches one; without a network: `hint models add FILE.gguf`."
_SMALLER = "`hint models recommend` names models that fit."


def installed(visit: Visit) -> Iterator[Finding]:
    """Say of each model whether it can be used here, the one that is used by default first."""
    store = ModelStore(visit.paths)
    if os.path.isdir(visit.paths.data):  # otherwise that was told with the disk
        yield from _unreadable(visit.paths.models)
    models, problems = store.installed(), store.problems()
    for problem in problems:
        yield _say.problem(
            "model-unusable",
            problem,
            "`hint models pull NAME` mends it if the catalogue knows it; else remove its folder.",
        )
    elsewhere = visit.config.model in visit.config.engines
    wanted = "" if elsewhere else visit.config.model
    if not models and not problems and wanted != "echo" and not elsewhere:
        yield _say.problem("no-model", "No model is installed.", _STARTER)
        return
    default = None
    if wanted != "echo" and not elsewhere:
        try:
            default = store.find(wanted or None)
        except ModelError as error:
            named = f" The settings ask for it (model = {wanted!r})." if wanted else ""
            other = (
                " Or: `hint config set model ''` takes the one installed last." if models else ""
            )
            yield _say.problem("default-missing", error.message + named, error.hint + other)
    if default is not None and all(default.path != model.path for model in models):
        models = [default, *models]  # one that is used where it lies
    free = fit.free_memory() + _held_by_engine(visit)
    for model in sorted(models, key=lambda model: default is None or model.path != default.path):
        is_default = default is not None and model.path == default.path
        yield _model(visit, store, model, free, is_default=is_default)


def _unreadable(folder: Path) -> Iterator[Finding]:
    """Say when the store passes over the folder of models because it cannot look into it."""
    try:
        os.listdir(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        yield _say.problem(
            "models-unreadable",
            f"The folder of models cannot be read: {error.strerror} ({folder}).",
            f"`chmod u+rwx {quoted(folder)}`, or move it away if it is no folder.",
            folder=folder,
        )


def _held_by_engine(visit: Visit) -> int:
    """Return the memory that the running engine's models would give back."""
    from hinterland.engine.memory import private_bytes

    status = visit.engine_status
    return sum(private_bytes(worker.pid) for worker in status.workers) if status else 0


def _model(
    visit: Visit, store: ModelStore, model: InstalledModel, free: int, *, is_default: bool
) -> Finding:
    name = f"{model.id} (used by default)" if is_default else model.id
    try:
        store.check(model)
    except ModelError as error:
        kind = "model-changed" if os.path.exists(model.path) else "model-gone"
        return _say.problem(kind, error.message, error.hint, model=model.id, file=model.path)
    if not os.access(model.path, os.R_OK):
        return _say.problem(
            "model-unreadable",
            f"The file of the model {model.id} may not be read: {model.path}.",
            f"`chmod u+r {quoted(model.path)}`",
            model=model.id,
            file=model.path,
        )
    if model.backend is Backend.CTRANSFORMERS and find_spec("ctransformers") is None:
        sentence = f"{name} needs ctransformers, which is not installed."
        remedy = (
            "`pip install --no-binary ctransformers ctransformers` builds it, with a compiler. "
            "Or take another model: `hint models recommend`."
        )
        say = _say.problem if is_default else _say.note
        return say("model-without-library", sentence, remedy, model=model.id)
    settings = visit.config.engine
    context = min(settings.context, model.facts.context_length or settings.context)
    need = fit.needed(model, context, settings.slots or 1)
    fits = fit.judge(need, free)
    speed, is_measured = _speed(visit, model)
    facts = {
        "model": model.id,
        "default": is_default,
        "file": model.path,
        "bytes": model.bytes,
        "need": need,
        "free": free,
        "fit": fits.value,
        "context": context,
        "tokens_per_second": round(speed, 1),
        "measured": is_measured,
        "pinned": model.pinned,
    }
    pace = f"{speed:.0f} tokens/s {'measured' if is_measured else 'expected'}"
    numbers = f"needs {size(need)} of {size(free)} free, {pace}"
    if fits is Fit.TOO_BIG:
        sentence = f"{name} is too big: {numbers}."
        if is_default:
            return _say.problem("model-too-big", sentence, _SMALLER, **facts)
        return _say.note("model-too-big", sentence, _SMALLER, **facts)
    if is_default and speed < QUICK_ENOUGH:
        sentence = f"{name} is slow here: {numbers}."
        return _say.note("model-slow", sentence, _SMALLER, **facts)
    if fits is Fit.TIGHT:
        remedy = (
            "End other programs before using it, or take a smaller one: `hint models recommend`."
        )
        return _say.note("model-tight", f"{name} is tight: {numbers}.", remedy, **facts)
    return _say.ok("model", f"{name} fits: {numbers}.", **facts)


def _speed(visit: Visit, model: InstalledModel) -> tuple[float, bool]:
    """Return the tokens a second to expect, and whether they were measured here."""
    speeds = measured.load(visit.paths).speeds
    if model.id in speeds:
        return speeds[model.id], True
    try:
        known = catalog.load(visit.paths).entries
    except ConfigError:
        known = {}
    read = {each.id: each.bytes * each.active for each in known.values() if each.bytes}
    active = known[model.id].active if model.id in known else 1.0
    return fit.expected_speed(model.bytes * active, speeds, read), False


def left_over(visit: Visit) -> Iterator[Finding]:
    """Say what interrupted pulls and removals have left on the disk."""
    pulls = visit.paths.cache / "pulls"
    for name in _folders(pulls):
        if _is_held(pulls / f"{name}.lock"):
            yield _say.ok("pull-running", f"{name} is being fetched now.", model=name)
            continue
        held = _bytes_in(pulls / name)
        if held:
            yield _say.note(
                "pull-interrupted",
                f"Fetching {name} was interrupted; {size(held)} of it are here.",
                f"`hint models pull {name}` goes on; `rm -r {quoted(pulls / name)}` gives it up.",
                model=name,
                bytes=held,
            )
    if _is_held(visit.paths.models / ".lock"):
        return  # something is being installed now
    for name in _folders(visit.paths.models):
        if name.startswith((".incoming-", ".outgoing-", ".removed-")):
            folder = visit.paths.models / name
            yield _say.note(
                "install-interrupted",
                f"An interrupted command has left {size(_bytes_in(folder))} in {folder}.",
                f"`rm -r {quoted(folder)}`",
                folder=folder,
            )


def _folders(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if (folder / name).is_dir())
    except OSError:
        return []


def _bytes_in(folder: Path) -> int:
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(at, name)).st_size
            except OSError:  # it is gone meanwhile
                continue
    return total


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
