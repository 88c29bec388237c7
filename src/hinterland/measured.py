"""What was measured on this box: the threads and the program that suit it, and how fast models write."""

from __future__ import annotations

import os

import msgspec

from hinterland.errors import StorageError
from hinterland.paths import Paths, private_folder


class Measured(msgspec.Struct, frozen=True):
    """`measured.json` in the state folder; losing it costs a measurement."""

    threads: int | None = None
    speeds: dict[str, float] = {}
    """Tokens written a second, by model id."""
    program: str = ""
    """The llama-server that was the fastest with them; empty for the bundled one."""


def load(paths: Paths) -> Measured:
    """Return what was measured; nothing when nothing was, or when it cannot be read."""
    try:
        return msgspec.json.decode((paths.state / "measured.json").read_bytes(), type=Measured)
    except (OSError, msgspec.MsgspecError):
        return Measured()


def keep_fastest(paths: Paths, threads: int, program: str) -> None:
    """Keep the thread count and the program that workers start with unless the config says else."""
    _save(paths, msgspec.structs.replace(load(paths), threads=threads, program=program))


def keep_speed(paths: Paths, model: str, tokens_per_second: float) -> None:
    """Keep how fast a model writes here."""
    known = load(paths)
    speeds = known.speeds | {model: round(tokens_per_second, 1)}
    _save(paths, msgspec.structs.replace(known, speeds=speeds))


def _save(paths: Paths, measured: Measured) -> None:
    path = private_folder(paths.state) / "measured.json"
    partial = path.with_suffix(".partial")
    try:
        partial.write_bytes(msgspec.json.encode(measured))
        os.replace(partial, path)
    except OSError as error:
        raise StorageError(
            f"What was measured cannot be kept: {error.strerror}.", "Free some space."
        ) from error
