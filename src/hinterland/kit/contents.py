"""What goes into a kit besides the program: models, lessons, rule packs and the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from hinterland.errors import InputError
from hinterland.kit.carried.manifest import portable
from hinterland.kit.gathered import Content
from hinterland.models.store import InstalledModel, ModelStore
from hinterland.paths import Paths


def models(names: Sequence[str], paths: Paths) -> Iterator[Content]:
    """Yield the files of installed models; raises ModelError, InputError."""
    store = ModelStore(paths)
    seen = set()
    for name in names:
        model = store.find(name)
        if model.id in seen:
            continue
        seen.add(model.id)
        store.check(model)
        yield from _model(model)


def _model(model: InstalledModel) -> Iterator[Content]:
    import msgspec

    if not model.sha256:
        raise InputError(
            f"The model at {model.path} is not installed, so nobody knows its hash.",
            f"`hint models add {model.path}` installs it.",
        )
    above = f"models/{model.id}"
    yield f"{above}/{_portable(model.file)}", model.path
    if model.projector and model.projector_path:
        yield f"{above}/{_portable(model.projector.file)}", model.projector_path
    yield f"{above}/model.json", msgspec.json.format(msgspec.json.encode(model.record), indent=1)


def lessons(places: Sequence[Path]) -> Iterator[Content]:
    """Yield the lessons in files and folders; raises InputError where there are none."""
    for place in places:
        yield from _texts(place, "lessons", ".md")


def packs(places: Sequence[Path]) -> Iterator[Content]:
    """Yield the rule packs in folders with a `pack.toml`; raises InputError."""
    for place in places:
        if not (place / "pack.toml").is_file():
            raise InputError(f"There is no rule pack in {place}.", "It needs a pack.toml.")
        for file in sorted(place.rglob("*.toml")):
            yield _path("packs", place.absolute().name, file.relative_to(place)), file


def documents() -> Iterator[Content]:
    """Yield the documentation, where it came along with this Hinterland."""
    import sys

    for root in (Path(__file__).parents[3], Path(sys.prefix) / "share"):
        folder = root / "docs"
        if (folder / "kit.md").is_file():
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    yield _path("docs", file.relative_to(folder)), file
            return


def _texts(place: Path, room: str, suffix: str) -> Iterator[Content]:
    if place.is_file():
        yield _path(room, place.name), place
        return
    found = sorted(each for each in place.rglob(f"*{suffix}") if each.is_file())
    if not found:
        raise InputError(f"There are no {room} in {place}.", f"They are files *{suffix}.")
    for file in found:
        yield _path(room, place.absolute().name, file.relative_to(place)), file


def _path(*parts: str | Path) -> str:
    """Return a path that any stick can hold: other characters as `%C3%A9`."""
    joined = "/".join(Path(each).as_posix() for each in parts)
    path = joined if portable(joined) else quote(joined, safe="/ ._+-")
    return _portable(path)


def _portable(path: str) -> str:
    if not portable(path):
        raise InputError(f"{path!r} cannot be written to every stick.", "Rename it.")
    return path
