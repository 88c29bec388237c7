"""Hinterland: an offline AI box in a terminal, over one warm local engine.

    async with hinterland.connect("qwen2.5-coder-1.5b") as h:
        answer = await h.ask("Why do we boil drinking water?")

See docs/python.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hinterland.api import Answer, Hinterland, NoteWarning, connect

__all__ = ["Answer", "Hinterland", "NoteWarning", "connect"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # The command line imports this package hundreds of times a day, and the interface never.
    if name in __all__:
        return getattr(importlib.import_module("hinterland.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
