"""The models that are installed: one folder for each, with the GGUF file and model.json beside it.

The account's own models lie in its data folder; the machine's data folders may hold more, for all
accounts, which are only read. A file is hashed when it is installed; later a look at its size and
time says whether it is still that file.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland.errors import ModelError, NoModelError, StorageError
from hinterland.models.formats import NO_WISHES, Backend, Wishes
from hinterland.models.header import Facts
from hinterland.models.progress import Progress, Silent
from hinterland.paths import Paths

RECORD = "model.json"
VERSION = 1


class ProjectorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The image projector (mmproj) that lies beside a model's file."""

    file: str
    bytes: int
    sha256: str
    pinned: bool
    source: str
    mtime_ns: int
    type: str = ""
    """llama.cpp's name for its kind."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """model.json."""

    version: int = VERSION
    id: str
    file: str
    bytes: int
    sha256: str
    """64 hex digits; empty for a file that is used where it lies, which nobody hashed."""
    pinned: bool
    """Whether the hash is one that the catalogue pins."""
    source: str
    """Where the bytes came from, for people."""
    licence: str = ""
    task: tuple[str, ...] = ("chat",)
    installed: float
    """Seconds since the epoch."""
    mtime_ns: int
    """The file's time of change when it was hashed."""
    backend: Backend = Backend.LLAMACPP
    type: str = ""
    """For ctransformers: what it calls such a model, `gguf` for a GGUF file."""
    template: str = ""
    """For ctransformers: a chat template's name or its Jinja2 text, instead of the model's own."""
    facts: Facts
    projector: ProjectorRecord | None = None
    """None for a model that cannot see."""


class InstalledModel(Record, frozen=True, kw_only=True):
    """A model that can be loaded."""

    path: Path
    shared: bool = False
    """Whether it is the machine's, not the account's."""

    @property
    def projector_path(self) -> Path | None:
        return self.path.parent / self.projector.file if self.projector else None

    @classmethod
    def of(cls, record: Record, path: Path, *, shared: bool = False) -> InstalledModel:
        return cls(**msgspec.structs.asdict(record), path=path, shared=shared)

    @property
    def record(self) -> Record:
        return Record(**{name: getattr(self, name) for name in Record.__struct_fields__})


class ModelStore:
    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def installed(self) -> list[InstalledModel]:
        """Return the models that can be used, the one installed last first."""
        return self._scan()[0]

    def problems(self) -> list[str]:
        """Return a sentence for every folder that should hold a model and does not."""
        return self._scan()[1]

    def find(self, name: str | None, default: str = "") -> InstalledModel:
        """Return the model called `name`, else `default`, else the one installed last.

        A name is an id, the start of only one id, or the path of a GGUF file, which is then used
        where it lies. Raises ModelError.
        """
        name = name or default
        if _is_path(name):
            return model_at(Path(name).expanduser())
        models, problems = self._scan()
        if not models and not name:
            if problems:
                raise ModelError(problems[0], "`hint models pull starter` installs a sound one.")
            raise NoModelError("No model is installed.", "`hint models pull starter` fetches one.")
        if not name:
            return models[0]
        exact = [model for model in models if model.id == name.lower()]
        starting = exact or [model for model in models if model.id.startswith(name.lower())]
        if len(starting) == 1:
            return starting[0]
        if starting:
            names = ", ".join(sorted(model.id for model in starting))
            raise ModelError(
                f"More than one model starts with {name}: {names}.", "Name one of them."
            )
        raise self._unknown(name, models, problems)

    def check(self, model: InstalledModel) -> None:
        """Return if the model's files still have the size and time they were installed with; raises
        ModelError."""
        for part in _parts(model):
            try:
                now = part.path.stat()
            except OSError as error:
                raise ModelError(
                    f"The file of {part.name} is gone: {part.path}.",
                    f"`hint models pull {model.id}` fetches it again, if the catalogue knows it.",
                ) from error
            if (now.st_size, now.st_mtime_ns) != (part.bytes, part.mtime_ns):
                raise ModelError(
                    f"The file of {part.name} has changed since it was installed.",
                    f"`hint models verify {model.id}` compares its hash.",
                )

    def verify(self, model: InstalledModel, progress: Progress | None = None) -> None:
        """Return if the model's files still have the hashes they were installed with; raises
        ModelError."""
        from hinterland.models.hashing import sha256, short

        fresh = model.record
        for part in _parts(model):
            try:
                found = sha256(part.path, progress or Silent(), f"Checking {part.name}")
                changed = part.path.stat().st_mtime_ns
            except OSError as error:
                raise ModelError(
                    f"The file of {part.name} cannot be read: {error.strerror or error}.",
                    f"`hint models remove {model.id}` and pull it again.",
                ) from error
            if not part.sha256:
                raise ModelError(
                    f"{part.path} was never installed, so there is no hash to compare with "
                    f"(it has {short(found)}).",
                    f"`hint models add {part.path}` installs it.",
                )
            if found != part.sha256:
                raise ModelError(
                    f"The file of {part.name} is damaged: "
                    f"its SHA-256 is {short(found)}, not {short(part.sha256)}.",
                    f"`hint models remove {model.id}` and pull it again.",
                )
            if fresh.projector and part.path == model.projector_path:
                projector = msgspec.structs.replace(fresh.projector, mtime_ns=changed)
                fresh = msgspec.structs.replace(fresh, projector=projector)
            else:
                fresh = msgspec.structs.replace(fresh, mtime_ns=changed)
        if fresh != model.record and not model.shared:
            write_record(model.path.parent, fresh)

    def own(self, name: str) -> InstalledModel:
        """Return a model that this account may change; raises ModelError."""
        model = self.find(name)
        if not model.path.is_relative_to(self._paths.models):
            raise ModelError(
                f"The model {model.id} is not this account's: it lies at {model.path}.",
                "Whoever put it there can change or remove it.",
            )
        return model

    def remove(self, name: str) -> InstalledModel:
        """Delete a model's file and record, and return what it was; raises ModelError."""
        import shutil

        model = self.own(name)
        folder = model.path.parent
        away = folder.with_name(f".removed-{model.id}")
        try:
            shutil.rmtree(away, ignore_errors=True)
            folder.rename(away)  # a crash must not leave half a model under its name
            shutil.rmtree(away)
        except OSError as error:
            raise StorageError(
                f"The model {model.id} cannot be removed: {error.strerror}.",
                f"Mend the permissions of {folder}.",
            ) from error
        return model

    def add(
        self,
        path: Path,
        name: str | None = None,
        progress: Progress | None = None,
        projector: Path | None = None,
        wishes: Wishes = NO_WISHES,
    ) -> InstalledModel:
        """Copy a model file, and its image projector if there is one, into the store and return the
        model; raises ModelError, StorageError."""
        from hinterland.models.pull import add

        return add(
            path, self._paths, name=name, progress=progress, projector=projector, wishes=wishes
        )

    def _scan(self) -> tuple[list[InstalledModel], list[str]]:
        models: dict[str, InstalledModel] = {}
        problems: list[str] = []
        own = self._paths.models
        for folder in (own, *(each / "models" for each in self._paths.system_data)):
            try:
                names = sorted(os.listdir(folder))
            except OSError:
                continue
            for name in names:
                if name.startswith(".") or name in models or not (folder / name).is_dir():
                    continue
                try:
                    models[name] = _open(folder / name, shared=folder != own)
                except ModelError as error:
                    problems.append(error.message)
        newest_first = sorted(models.values(), key=lambda model: model.installed, reverse=True)
        return newest_first, problems

    def _unknown(self, name: str, models: list[InstalledModel], problems: list[str]) -> ModelError:
        import difflib

        from hinterland.models import catalog

        broken = next((each for each in problems if f" {name} " in each), "")
        if broken:
            return ModelError(
                broken, f"`hint models pull {name}` mends it, if the catalogue knows it."
            )

        known = catalog.load(self._paths).entries
        here = [model.id for model in models]
        if name.lower() in known:
            hint = f"`hint models pull {name.lower()}` fetches it."
        elif starting := [each for each in known if each.startswith(name.lower())]:
            hint = f"`hint models pull NAME` fetches one of: {', '.join(starting[:4])}."
        elif close := difflib.get_close_matches(name.lower(), here, 3, 0.5):
            hint = f"Did you mean {' or '.join(close)}?"
        elif close := difflib.get_close_matches(name.lower(), known, 3):
            hint = (
                f"`hint models pull NAME` fetches a model of the catalogue: {' or '.join(close)}?"
            )
        else:
            hint = "`hint models list` shows what is installed."
        return ModelError(f"No model called {name} is installed.", hint)


class _Part(msgspec.Struct, frozen=True):
    """One file of a model."""

    name: str
    path: Path
    bytes: int
    mtime_ns: int
    sha256: str


def _parts(model: InstalledModel) -> Iterator[_Part]:
    yield _Part(f"the model {model.id}", model.path, model.bytes, model.mtime_ns, model.sha256)
    if (projector := model.projector) and (path := model.projector_path):
        name = f"the image projector of {model.id}"
        yield _Part(name, path, projector.bytes, projector.mtime_ns, projector.sha256)


def _open(folder: Path, *, shared: bool) -> InstalledModel:
    problem = f"The model {folder.name} in {folder.parent} cannot be used: "
    try:
        record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Record)
    except OSError as error:
        raise ModelError(f"{problem}its {RECORD} cannot be read ({error.strerror}).") from error
    except msgspec.MsgspecError as error:
        raise ModelError(f"{problem}its {RECORD} is damaged ({error}).") from error
    if record.version != VERSION:
        raise ModelError(f"{problem}its {RECORD} is of another release (form {record.version}).")
    if record.id != folder.name or Path(record.file).name != record.file:
        raise ModelError(f"{problem}its {RECORD} speaks of another model.")
    path = folder / record.file
    if not path.is_file():
        raise ModelError(f"{problem}its file is gone.")
    projector = record.projector
    if projector and Path(projector.file).name != projector.file:
        raise ModelError(f"{problem}its {RECORD} speaks of another model.")
    if projector and not (folder / projector.file).is_file():
        raise ModelError(f"{problem}its image projector is gone.")
    return InstalledModel.of(record, path, shared=shared)


def model_at(path: Path) -> InstalledModel:
    """Return the model in a file that is used where it lies; raises ModelError."""
    from hinterland.models import formats

    path = path.absolute()
    found = formats.read(path)
    now = path.stat()
    return InstalledModel(
        id=id_from(path.name),
        file=path.name,
        bytes=now.st_size,
        sha256="",
        pinned=False,
        source=f"the file {path}",
        installed=time.time(),
        mtime_ns=now.st_mtime_ns,
        backend=found.backend,
        type=found.type,
        facts=found.facts,
        path=path,
    )


def id_from(name: str) -> str:
    """Return an id made of a file's name: lower case letters, digits, dots, dashes and underscores."""
    stem = re.sub(r"\.(gguf|bin)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:64].strip("-._") or "model"


def write_record(folder: Path, record: Record) -> None:
    """Put model.json on the disk in one step; raises OSError."""
    content = msgspec.json.format(msgspec.json.encode(record), indent=1)
    fresh = folder / f".{RECORD}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / RECORD)


def _is_path(name: str) -> bool:
    return "/" in name or name.lower().endswith((".gguf", ".bin"))
