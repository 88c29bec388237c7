"""Where translations go: what would write over something else is refused before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.languages import Language
from hinterland.plugins.translation.job import STDIN, form_of, place_beside


def places(
    documents: Sequence[str],
    target: Language,
    output: str | None = None,
    *,
    form: str | None = None,
    overwrite: bool = False,
    stream: bool = False,
    ours: Callable[[Path, Path], bool] = lambda source, place: False,
) -> list[Path | None]:
    """Return where each document's translation goes, None for standard output.

    `ours` says of a document and a file there whether the same command wrote that, and nobody has
    changed it since: it may be written anew.

    Raises InputError where that cannot be, and where a document is not there or of no format.
    """
    for name in documents:
        form_of(name, form)
    found = _named(documents, target, output)
    if found.count(None) > 1:
        raise InputError("Only one document can go to standard output.", "Name a folder with -o.")
    files = [each for each in found if each is not None]
    if len(set(files)) < len(files):
        raise InputError("Two documents would have the same translation.", "Do one at a time.")
    for name, place in zip(documents, found, strict=True):
        if place is None:
            continue
        # What is streamed takes its place before all of its own source is translated.
        kept = [each for each in documents if each != STDIN and (stream or each != name)]
        may = overwrite or (name != STDIN and place.is_file() and ours(Path(name), place))
        _check(place, kept, overwrite=may)
    return found


def earlier_translations(
    documents: Sequence[str], target: Language, output: str | None = None
) -> dict[str, str]:
    """Return those of the documents that are where another one's translation goes, as `guide.fr.md`
    beside `guide.md`, each with that other one: what `*.md` names when it was translated before."""
    if len(documents) < 2:
        return {}
    places = zip(_named(documents, target, output), documents, strict=True)
    sources = {place.resolve(): name for place, name in places if place is not None}
    found: dict[str, str] = {}
    for name in documents:
        source = sources.get(Path(name).resolve())
        if name != STDIN and source not in (None, name) and Path(name).is_file():
            found[name] = source
    return found


def without_translations(
    documents: Sequence[str], target: Language, output: str | None = None
) -> tuple[list[str], list[str]]:
    """Return the documents without their `earlier_translations`, and what is to be said of these."""
    earlier = earlier_translations(documents, target, output)
    said = _("{name} is left out: it is where the translation of {source} goes.")
    left_out = [said.format(name=name, source=source) for name, source in earlier.items()]
    return [each for each in documents if each not in earlier], left_out


def _named(documents: Sequence[str], target: Language, output: str | None) -> list[Path | None]:
    if output is None:
        return [None if name == STDIN else place_beside(Path(name), target) for name in documents]
    if output == STDIN:
        return [None] * len(documents)
    if Path(output).is_dir() or output.endswith("/"):
        if STDIN in documents:
            raise InputError("Standard input has no name in a folder.", "Name a file with -o.")
        if not Path(output).is_dir():
            raise InputError(f"There is no folder {output}.", "Make it first.")
        return [place_beside(Path(name), target, Path(output)) for name in documents]
    if len(documents) > 1:
        raise InputError(
            f"{output} is one file, and there are {len(documents)} documents.",
            "Name a folder with -o.",
        )
    return [Path(output)]


def there_already(place: Path) -> InputError:
    """Return the error for a translation whose place is taken."""
    return InputError(
        f"{place} is there already.",
        "--overwrite replaces it; what was translated before is remembered.",
    )


def _check(place: Path, kept: Sequence[str], *, overwrite: bool) -> None:
    """Raise InputError where a translation cannot go there, or would write over one of `kept`."""
    if not place.parent.is_dir():
        raise InputError(f"There is no folder {place.parent}.", "Make it first.")
    if not place.exists():
        return
    if not place.is_file():
        raise InputError(f"{place} is not a file.", "Name a file with -o.")
    if not overwrite:
        raise there_already(place)
    if any(map(place.samefile, kept)):
        raise InputError(f"{place} is itself one of the documents.", "Name another file with -o.")
