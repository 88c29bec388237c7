"""What a saved prefix and a worker must have in common, so that the one can serve the other."""

from __future__ import annotations

import functools
import hashlib
import os

import msgspec

from hinterland.engine.workers.spec import WorkerSpec


def key_of(spec: WorkerSpec) -> str:
    """Return what a state must have in common with a worker that is to use it: the engine's build,
    the model, and the settings that shape what is kept of a prompt."""
    model = spec.sha256 or spec.path
    shape = [model, spec.bytes, spec.mtime_ns, spec.projector, spec.gpu_layers, spec.shape]
    digest = hashlib.sha256(msgspec.json.encode(shape)).hexdigest()[:32]
    return f"{_build(spec)}/{digest}"


def _build(spec: WorkerSpec) -> str:
    """Return what tells one engine that may have made a state from another."""
    if not spec.program:
        return _bundled()
    try:
        status = os.stat(spec.program)
    except OSError:
        return spec.program
    return f"{spec.program} {status.st_size} {status.st_mtime_ns}"


def is_outdated(key: str) -> bool:
    """Whether a state was made by another build of the bundled engine, which never comes back."""
    name, _, _ = _bundled().partition(" ")
    return key.startswith(f"{name} ") and not key.startswith(f"{_bundled()}/")


@functools.cache
def _bundled() -> str:
    import platform
    from importlib import metadata

    try:
        version = metadata.version("xllamacpp")
    except metadata.PackageNotFoundError:
        version = "unknown"
    return f"xllamacpp {version} {platform.machine()}"
