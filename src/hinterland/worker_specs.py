"""A model's name turned into what its worker has to know: where config, models and engine meet."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import msgspec

from hinterland import config as configuration
from hinterland import machine, measured
from hinterland.engine import echo, programs
from hinterland.engine.service.writer import Resolve
from hinterland.engine.workers.spec import RemoteSpec, WorkerSpec, bundled
from hinterland.errors import ConfigError, ModelError
from hinterland.models import fit, gguf_chat, header, sharing
from hinterland.models.formats import Backend
from hinterland.models.store import InstalledModel, ModelStore
from hinterland.paths import Paths

_ECHO_SLOTS = 4
# The threads of ctransformers wait for each other without sleeping: on a busy box a model of 250 kB
# answered 250 times as fast with one thread as with two. Below this many bytes one is enough.
_WORTH_THREADS = 64 << 20


def resolver(paths: Paths, config: configuration.Config, *, shared: bool = False) -> Resolve:
    """Return the function that turns a model id into what its worker has to know.

    `shared` makes it one for many people at once, who must not learn of each other.
    """
    store = ModelStore(paths)
    settings = config.engine
    remotes = _Remotes(paths, config if shared else None)

    def resolve(name: str | None) -> WorkerSpec:
        wanted = name or config.model or None
        if spec := remotes.spec(wanted):
            return spec
        if echo.is_echo(wanted):
            slots = settings.slots or _ECHO_SLOTS
            return WorkerSpec(
                model=wanted or "echo",
                kind="echo",
                context=settings.context,
                slots=slots,
                shared=shared,
            )
        model = store.find(wanted)
        store.check(model)
        context = min(settings.context, model.facts.context_length or settings.context)
        if model.backend is Backend.CTRANSFORMERS:
            return legacy_worker(model, context, settings.threads)
        facts = _facts(model)
        known = measured.load(paths)
        if shared and not settings.slots:
            slots, context = sharing.room(model, context, fit.expected_speed(model.bytes))
        else:
            slots = settings.slots or fit.slots_for(model, context)
        server = programs.wanted(settings.server, known.program)
        memory = fit.needed(model, context, slots)
        return WorkerSpec(
            model=model.id,
            kind="native" if server.program else "llamacpp",
            program=server.program,
            fallback=server.fallback,
            note=server.note,
            path=str(model.path),
            sha256=model.sha256,
            bytes=model.bytes,
            mtime_ns=model.mtime_ns,
            context=context,
            slots=slots,
            threads=settings.threads or known.threads or machine.cores(),
            gpu_layers=settings.gpu_layers,
            projector=str(model.projector_path or ""),
            thinking=facts.thinking or (),
            stop=facts.stop,
            memory=memory,
            trained_context=facts.context_length or 0,
            bytes_per_token=fit.bytes_per_token(model),
            fewest_slots=settings.slots or 1,
            prefixes=str(paths.prefixes) if settings.saved_prefixes and not shared else "",
            shared=shared,
            batch=sharing.BATCH if shared else 0,
            shape="" if facts.rope_by_context is False else f"{context}x{slots}",
        )

    return resolve


def _facts(model: InstalledModel) -> header.Facts:
    """Return the model's facts; an earlier release did not look at its chat template."""
    known = model.facts if model.facts.thinking is not None else None
    return known or _looked_up(model.path, model.mtime_ns) or model.facts


@lru_cache
def _looked_up(path: Path, _mtime_ns: int) -> header.Facts | None:
    try:
        return header.read(path)
    except ModelError:
        return None  # what is wrong with it is said when it is loaded


def legacy_worker(model: InstalledModel, context: int, threads: int) -> WorkerSpec:
    """Return what a ctransformers worker has to know; it has one slot, and its callers queue.

    `threads` is what the config says, 0 when it says nothing.
    """
    chat = gguf_chat.read(model.path) if model.type == "gguf" else gguf_chat.Chat()
    # Most legacy loaders keep memory for all the context that the file names, whatever is asked for.
    kept = max(context, model.facts.context_length or 0) if model.type != "gguf" else context
    return WorkerSpec(
        model=model.id,
        kind="ctransformers",
        path=str(model.path),
        sha256=model.sha256,
        bytes=model.bytes,
        mtime_ns=model.mtime_ns,
        context=context,
        threads=threads or (machine.cores() if model.bytes >= _WORTH_THREADS else 1),
        trained_context=model.facts.context_length or 0,
        memory=fit.needed(model, kept, 1),
        type=model.type,
        template=model.template or chat.template,
        special_tokens=chat.special_tokens,
    )


class _Remotes:
    """The remote engines of the settings as they are now: what somebody forbids, adds or takes away
    must not wait until the engine starts anew.

    `began` are the settings that a shared engine was started with: it goes on with the last ones that
    were right while somebody mends the file.
    """

    def __init__(self, paths: Paths, began: configuration.Config | None) -> None:
        self._file = paths.config_file
        self._lasting = began is not None
        self._read: bytes | None = None
        self._config = began or configuration.Config()

    def spec(self, name: str | None) -> WorkerSpec | None:
        """Return what a remote engine is reached by; None when `name` is none.

        Raises ConfigError when they say `offline`, and, unless the engine is shared, when the settings
        cannot be used.
        """
        self._look()
        engine = self._config.remote(name) if name else None
        if name is None or engine is None:
            return None
        ca_file = engine.ca_file and os.path.join(
            self._file.parent, os.path.expanduser(engine.ca_file)
        )
        return WorkerSpec(
            model=name,
            kind="remote",
            context=engine.context,
            slots=engine.slots,
            remote=RemoteSpec(
                url=engine.url,
                model=engine.model,
                key_variable=engine.api_key_env,
                timeout=engine.timeout,
                ca_file=ca_file,
            ),
        )

    def _look(self) -> None:
        try:
            text = configuration.read(self._file)
            if text != self._read:
                self._config, self._read = configuration.parse(text, self._file), text
        except ConfigError:
            if not self._lasting:
                raise


def ways_to_run(paths: Paths, config: configuration.Config, name: str | None) -> list[WorkerSpec]:
    """Return the specs that `bench --tune` compares: one for each program that may run the model.

    Where `engine.server` names one, that is the only one. Raises what resolving the model raises.
    """
    spec = resolver(paths, config)(name)
    if config.engine.server != programs.AUTO or spec.kind not in {"llamacpp", "native"}:
        return [spec]
    return [bundled(spec), *(run_by(program, spec) for program in programs.available(paths))]


def run_by(program: str, spec: WorkerSpec) -> WorkerSpec:
    """Return `spec` as the native llama-server `program` would run it."""
    return msgspec.structs.replace(spec, kind="native", program=program, fallback=True, note="")
