"""The process: load the model, say so, serve until the service goes away."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from hinterland.engine import asgi
from hinterland.engine.workers import lifeline
from hinterland.engine.workers.ctransformers import chat_template
from hinterland.engine.workers.ctransformers.app import app
from hinterland.engine.workers.ctransformers.model import LegacyModel, LibraryMissingError
from hinterland.engine.workers.llamacpp import MISSING_LIBRARY
from hinterland.engine.workers.spec import decode
from hinterland.errors import ModelError


def main() -> None:
    """Run the worker that the first argument describes."""
    say_ready = lifeline.hold()
    os.umask(0o177)
    os.environ["HF_HUB_OFFLINE"] = "1"  # the library imports the hub's client; it is not used
    spec = decode(sys.argv[1])
    try:
        model = LegacyModel(spec)
        template = chat_template.find(spec.template, spec.type)
    except LibraryMissingError as error:
        sys.exit(f"{MISSING_LIBRARY} {error}")
    except ModelError as error:
        sys.exit(f"error : {error.message}")
    _close_native_log()
    server = asgi.server(app(spec.model, model, template))
    listener = asgi.listen(Path(spec.socket))
    say_ready()
    asyncio.run(server.serve(sockets=[listener]))


def _close_native_log() -> None:
    """Keep standard error for Python alone: the library writes pieces of prompts to it."""
    sys.stderr.flush()
    ours = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(ours, "w", buffering=1)


if __name__ == "__main__":
    main()
