"""The models of the machine: readable to everybody, and changed by root alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec

from hinterland import site
from hinterland.errors import ModelError
from hinterland.models.formats import Wishes
from hinterland.models.progress import Progress, Silent
from hinterland.models.store import InstalledModel, ModelStore
from hinterland.paths import Paths, find

FOLDER = Path("/usr/local/share/hinterland")
_WORK = FOLDER / ".fetching"


class Wanted(msgspec.Struct, frozen=True):
    """A model that is to be there for everybody."""

    id: str
    bytes: int = 0
    """0 where it is not known yet."""
    sha256: str = ""
    mine: InstalledModel | None = None
    """Where whoever runs setup has it already."""
    file: Path | None = None
    """A file that was named instead of a model."""


def _paths() -> Paths:
    return Paths(site.folder(), FOLDER, FOLDER, _WORK)


def installed() -> list[InstalledModel]:
    """Return the models in `FOLDER`, the one installed last first."""
    return ModelStore(_paths()).installed()


def for_everybody() -> list[InstalledModel]:
    """Return those in `FOLDER` and in the machine's other data folders."""
    everywhere = replace(_paths(), system_data=find().system_data)
    return ModelStore(everywhere).installed()


def resolve(name: str) -> Wanted:
    """Return what `name` means: a file, a model of the account that runs this, or of the catalogue.

    `starter` asks the network which one that is. Raises ModelError.
    """
    from hinterland.models import catalog, formats, hashing, pull, store

    if "/" in name or name.lower().endswith((".gguf", ".bin")):
        path = Path(name).expanduser().absolute()
        if not path.is_file():
            raise ModelError(f"There is no file {path}.")
        size = path.stat().st_size
        entered = None
        if any(entry.bytes == size for entry in catalog.load(_paths()).entries.values()):
            entered = catalog.load(_paths()).by_sha256(hashing.sha256(path, Silent(), ""))
        if entered is None:
            formats.read(path)  # before anything is made
        name, sha256 = (entered.id, entered.sha256) if entered else (store.id_from(path.name), "")
        return Wanted(name, size, sha256 or "", file=path)
    for model in for_everybody():
        if model.id == name:
            return Wanted(model.id, model.bytes, model.sha256)
    for model in ModelStore(find()).installed():
        if model.id == name:
            return Wanted(model.id, model.bytes, model.sha256, mine=model)
    known = catalog.load(_paths())
    entry = pull.starter(_paths()) if name == catalog.STARTER else known.find(name)
    return Wanted(entry.id, entry.bytes or 0, entry.sha256 or "")


def usual() -> Wanted | None:
    """Return the model to begin with where the machine has none: that of the account that runs
    this; None when it has none either."""
    mine = [model for model in ModelStore(find()).installed() if not model.shared]
    return Wanted(mine[0].id, mine[0].bytes, mine[0].sha256, mine=mine[0]) if mine else None


def place(wanted: Wanted, progress: Progress, *, accept_licence: bool) -> InstalledModel:
    """Copy or fetch a model for everybody and return it. Raises ModelError, StorageError."""
    from hinterland.models.pull import add, pull

    paths = _paths()
    if wanted.mine is not None:
        model = wanted.mine
        wishes = Wishes(backend=model.backend, type=model.type, template=model.template)
        model = add(
            model.path,
            paths,
            name=model.id,
            progress=progress,
            projector=model.projector_path,
            wishes=wishes,
        )
    elif wanted.file is not None:
        model = add(wanted.file, paths, name=wanted.id, progress=progress)
    else:
        model = pull(wanted.id, paths, progress=progress, accept_licence=accept_licence)
    if wanted.sha256 and model.sha256 != wanted.sha256:
        remove(model.id)
        raise ModelError(
            f"The file of {wanted.id} is damaged: its hash is not the one it was installed with.",
            f"`hint models verify {wanted.id}` looks at it.",
        )
    _open(model.path.parent)
    tidy()
    return model


def _open(folder: Path) -> None:
    for each in folder.iterdir():
        each.chmod(0o644)
    folder.chmod(0o755)


def tidy() -> None:
    """Remove what fetching needed while it ran."""
    shutil.rmtree(_WORK, ignore_errors=True)
    (FOLDER / "models" / ".lock").unlink(missing_ok=True)


def remove(name: str) -> None:
    """Remove one model's folder; raises OSError."""
    folder = FOLDER / "models" / name
    away = folder.with_name(f".removed-{name}")
    shutil.rmtree(away, ignore_errors=True)
    folder.rename(away)
    shutil.rmtree(away)
