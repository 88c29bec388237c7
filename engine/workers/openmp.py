"""The OpenMP library that llama.cpp is linked against, where a kit brought it and the system has none."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

NAME = "libgomp.so.1"


def load() -> None:
    """Load the kit's library, so that the loader finds it when llama.cpp asks for one by this name.

    Call it before xllamacpp is imported. Does nothing where the system has the library.
    """
    brought = Path(sys.prefix) / "lib/hinterland" / NAME
    if not brought.is_file():
        return
    try:
        ctypes.CDLL(NAME)
    except OSError:
        with suppress(OSError):  # importing xllamacpp says what is missing
            ctypes.CDLL(str(brought), mode=ctypes.RTLD_GLOBAL)
