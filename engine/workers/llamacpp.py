"""The llama.cpp worker: xllamacpp's HTTP server on an inner socket. The only importer of xllamacpp."""

from __future__ import annotations

import os
import sys
import threading

from hinterland.engine.workers import lifeline, openmp
from hinterland.engine.workers.spec import SPINS, WorkerSpec, decode

MISSING_LIBRARY = "missing library:"
"""How the worker's last line begins when the system lacks what llama.cpp is linked against."""

# llama.cpp's log levels: 2 is warnings. Level 3 adds six lines a request and no prompt text;
# level 4 and up would write prompts.
_VERBOSITY = 2


def main() -> None:
    """Load the model, say `ready` on standard output, serve until the service goes away."""
    say_ready = lifeline.hold()
    spec = decode(sys.argv[1])
    os.umask(0o177)
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    openmp.load()
    try:
        import xllamacpp
    except ImportError as error:
        sys.exit(f"{MISSING_LIBRARY} {error}")
    _serving = xllamacpp.Server(_parameters(spec))
    say_ready()
    threading.Event().wait()


def _parameters(spec: WorkerSpec) -> object:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = spec.path
    parameters.model_alias = {spec.model}
    parameters.hostnames = [spec.socket]
    parameters.n_ctx = spec.pool_tokens
    parameters.n_parallel = spec.slots
    # Each slot has its own KV cache: one that all share is scanned whole for every token (ADR 013).
    parameters.kv_unified = False
    parameters.cpuparams.n_threads = spec.threads
    parameters.cpuparams_batch.n_threads = spec.threads
    parameters.n_gpu_layers = spec.gpu_layers
    if spec.projector:
        parameters.mmproj.path = spec.projector
        parameters.mmproj_use_gpu = spec.gpu_layers != 0
    # The service has counted the memory; llama.cpp must not shrink the context behind its back.
    parameters.fit_params = False
    parameters.cache_ram_mib = spec.prompt_cache
    if spec.batch:
        parameters.n_batch = parameters.n_ubatch = max(spec.batch, spec.slots)
    parameters.endpoint_slots = True
    parameters.ctx_shift = False
    if spec.prefixes:
        parameters.slot_save_path = spec.prefixes + "/"
    parameters.ui = False
    parameters.offline = True
    parameters.verbosity = _VERBOSITY
    return parameters


if __name__ == "__main__":
    main()
