"""Which models the service of a shared box runs: those of the machine, by name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from hinterland.engine import echo
from hinterland.engine.service.writer import Resolve
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import ModelError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")
_FILES = (".gguf", ".bin")


def installed_only(resolve: Resolve, default: str, named: Sequence[str]) -> Resolve:
    """Return `resolve` for strangers: it opens no file of theirs, and every worker keeps and logs
    nothing of what is said.

    The echo engine, which takes any number in its name and a process for each, is there only where
    the settings name it: as the `default` model or among those `named`.
    """

    def resolved(name: str | None) -> WorkerSpec:
        if name is not None and (not _NAME.fullmatch(name) or name.lower().endswith(_FILES)):
            raise ModelError(
                "The shared box runs the models that are installed on it, and no other files.",
                "`hint models list` names them.",
            )
        if name is not None and echo.is_echo(name) and name not in {default, *named}:
            raise ModelError(
                f"The model {name} is not on this box.", "`hint models list` names those that are."
            )
        return msgspec.structs.replace(resolve(name), prefixes="", shared=True)

    return resolved
