"""Small models written again, when the box starts, so that they are computed faster for many at once
(docs/adr/035)."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from hinterland.engine.service.writer import Resolve
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import StorageError
from hinterland.models import widening
from hinterland.models.formats import Backend
from hinterland.models.store import InstalledModel
from hinterland.paths import private_folder

log = logging.getLogger("hinterland.engine")

_LARGEST = 300_000_000
"""Bytes of a model's file: of a larger one the memory decides how fast it is, and wide weights take
more."""
_GROWTH = 2
"""A file never grows by more: 34 bytes a block for 20."""


class ForMany:
    """Models in a folder of the service's own, by the SHA-256 of the files that they were made of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self, models: Iterable[InstalledModel]) -> None:
        """Write again what is worth it and not there yet, and remove what is of no model any more.
        What fails is logged: the model is run as it is."""
        wanted = {self._path(model.sha256): model for model in models if _is_worth(model)}
        for path in set(self._folder.glob("*")) - set(wanted):
            try:
                path.unlink()
            except OSError as error:
                log.warning("%s is of no model and stays: %s.", path, error.strerror)
        for path, model in wanted.items():
            try:
                if not path.exists():
                    self._write(model, path)
            except (OSError, StorageError) as error:
                why = error.message if isinstance(error, StorageError) else error.strerror
                log.warning("%s could not be written again for many: %s", model.id, why)

    def resolving(self, resolve: Resolve) -> Resolve:
        """Return `resolve` with the files that were prepared."""

        def resolved(name: str | None) -> WorkerSpec:
            spec = resolve(name)
            path = self._path(spec.sha256)
            if not spec.sha256 or not path.exists():
                return spec
            now = path.stat()
            more = now.st_size - spec.bytes
            return msgspec.structs.replace(
                spec,
                path=str(path),
                bytes=now.st_size,
                mtime_ns=now.st_mtime_ns,
                memory=spec.memory + more,
            )

        return resolved

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.gguf"

    def _write(self, model: InstalledModel, path: Path) -> None:
        private_folder(self._folder)
        if shutil.disk_usage(self._folder).free < 2 * _GROWTH * model.bytes:
            log.warning("%s is not written again for many: the disk is nearly full.", model.id)
            return
        command = (sys.executable, "-P", "-m", widening.__name__, str(model.path), str(path))
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            log.info("%s is written again in Q8_0, for many at once.", model.id)
        else:
            why = done.stderr.strip().rpartition("\n")[2]
            log.warning("%s could not be written again for many: %s", model.id, why)


def _is_worth(model: InstalledModel) -> bool:
    try:
        now = model.path.stat()
    except OSError:
        return False  # that it is gone is said when it is asked
    return (
        model.backend is Backend.LLAMACPP
        and model.facts.file_type == widening.NARROW_FILE
        and model.bytes <= _LARGEST
        and bool(model.sha256)
        # Or what is written again would be of another file than its name says.
        and (now.st_size, now.st_mtime_ns) == (model.bytes, model.mtime_ns)
    )
