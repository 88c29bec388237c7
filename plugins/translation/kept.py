"""What the memory holds, for people, and how they get rid of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hinterland import paths
from hinterland.language import _, n_
from hinterland.models.progress import size
from hinterland.plugins import languages
from hinterland.plugins.translation import written
from hinterland.plugins.translation.memory import Usage, forget, usage

MODELS, ALL = "models", "all"
"""What is forgotten: what models did, or also what people wrote."""


def lines() -> Iterator[str]:
    """Yield a line for each pair of languages that something is remembered of; raises StorageError."""
    by_pair: dict[tuple[str, str], list[Usage]] = defaultdict(list)
    for each in _usage():
        by_pair[each.keyed.source, each.keyed.target].append(each)
    for (source, target), several in sorted(by_pair.items()):
        count = sum(each.translations for each in several)
        said = n_("{count:,} segment", "{count:,} segments", count).format(count=count)
        people = sum(each.translations for each in several if each.reviewed)
        if people:
            said += " " + _("({count:,} reviewed)").format(count=people)
        yield f"{_name(source)} → {_name(target)}: {said}, {size(sum(each.size for each in several))}"


def remove(what: str, target: str | None) -> int:
    """Forget it, only of what was translated into `target` where that is given, and return how many
    segments are gone; raises InputError for a language that is none, and StorageError."""
    code = languages.find(target).code if target else None

    def wanted(each: Usage) -> bool:
        return (what == ALL or not each.reviewed) and code in {None, each.keyed.target}

    folder = paths.find().translations
    written.forget(folder)
    return sum(each.translations for each in forget(folder, wanted)) if folder.is_dir() else 0


def _usage() -> list[Usage]:
    folder = paths.find().translations
    return usage(folder) if folder.is_dir() else []


def _name(code: str) -> str:
    known = languages.known().get(code)
    return known.name if known is not None else code
