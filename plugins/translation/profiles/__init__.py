"""How each family of models is asked to translate, and which languages it covers: data files.

A file is a family; one of the same name in the config folder's `translation/` takes its place, and
others there are added. What a model's family is, is told by its names.
"""

from __future__ import annotations

import fnmatch
import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import msgspec

from hinterland import toml_text
from hinterland.engine.protocol import Sampling
from hinterland.errors import ConfigError

GENERAL = "general"
"""The family of a model that belongs to none."""
ANY = "*"
"""Stands for every language."""
FOLDER = "translation"
"""Where in the config folder a user's own families are."""
NEIGHBOURS_BELOW = 60
"""A short text is often ambiguous; a long one says enough itself, and to read its neighbours takes a
small model longer than to write the translation (`benchmarks/translation.py --only throughput`)."""
_SHIPPED = Path(__file__).parent
_SHORTEST = Annotated[str, msgspec.Meta(min_length=1)]


class _Sampling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    temperature: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, msgspec.Meta(ge=0)] | None = None
    repeat_penalty: Annotated[float, msgspec.Meta(ge=0.5, le=2)] | None = None


class Prompts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said to a model; the fields in braces are those of `FIELDS`."""

    plain: _SHORTEST
    terms: str = ""
    """With words whose translation is prescribed; empty where the family has no such prompt."""
    context: str = ""
    """With what is known of the text; empty where the family has no such prompt."""
    background: str = ""
    """The same as a system prompt, before one of the others; empty where the family has none."""
    marked: str = ""
    """For a text with marks in it; empty asks as always."""
    term: str = "{source_term} = {target_term}"
    either: tuple[str, ...] = ()
    """Languages: these prompts are for pairs with one of them; none is for all pairs."""
    names: dict[str, str] = {}
    """What the prompts call languages, by code, instead of by their English names."""


FIELDS = (
    "text",
    "source",
    "target",
    "source_code",
    "target_code",
    "terms",
    "context",
    "source_term",
    "target_term",
)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: _SHORTEST
    models: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    like: str = ""
    lenient: bool = False
    neighbours_below: int = NEIGHBOURS_BELOW
    sampling: _Sampling | None = None
    prompts: tuple[Prompts, ...] = ()


class Profile(msgspec.Struct, frozen=True):
    """A family of models."""

    name: str
    title: str
    models: tuple[str, ...]
    """Patterns of names, in lower case, as of a shell."""
    languages: tuple[str, ...]
    """Codes of the languages that it covers; `ANY` for all."""
    prompts: tuple[Prompts, ...]
    sampling: Sampling = Sampling()
    own_prompts: bool = True
    """Whether it is asked in a form of its own, and not as chat models are."""
    lenient: bool = False
    """Whether what it says need not be in the language asked for."""
    neighbours_below: int = NEIGHBOURS_BELOW
    """Characters: what is longer is asked for without its neighbours."""

    def covers(self, *codes: str) -> bool:
        """Whether the family covers all these languages; a variant counts as its language."""
        return ANY in self.languages or all(
            code in self.languages or code.partition("-")[0] in self.languages for code in codes
        )

    def prompts_for(self, source: str, target: str) -> Prompts:
        """Return what is said to translate between two languages, given by their codes."""
        for prompts in self.prompts:
            if not prompts.either or source in prompts.either or target in prompts.either:
                return prompts
        return self.prompts[-1]

    def elsewhere(self) -> Profile:
        """Return the family as an engine elsewhere is asked: it may not know llama.cpp's words."""
        plainer = msgspec.structs.replace(self.sampling, top_k=None, repeat_penalty=None)
        return msgspec.structs.replace(self, sampling=plainer)

    @property
    def made_for_it(self) -> bool:
        """Whether the family was trained to translate."""
        return self.own_prompts and not self.lenient

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that change with whatever a model is told or sampled by."""
        said = msgspec.json.encode(
            [self.prompts, self.sampling, self.lenient, self.neighbours_below]
        )
        return hashlib.sha256(said).hexdigest()[:8]


def profile_of(names: Sequence[str], config_folder: Path | None = None) -> Profile:
    """Return the family of a model with these names: its id, its file, what a server calls it.

    The longest pattern that one of them follows decides. Raises ConfigError for a file of the
    user's own that is no family.
    """
    families = load(config_folder)
    found = [
        (len(pattern), -at, family)
        for family in families.values()
        for pattern in family.models
        for at, name in enumerate(names)
        if fnmatch.fnmatchcase(name.lower(), pattern)
    ]
    return max(found, key=lambda each: each[:2])[2] if found else families[GENERAL]


@cache
def load(config_folder: Path | None = None) -> dict[str, Profile]:
    """Return all families by name; raises ConfigError for a file that is none."""
    files = {path.stem: path for path in sorted(_SHIPPED.glob("*.toml"))}
    if config_folder is not None:
        files |= {path.stem: path for path in sorted((config_folder / FOLDER).glob("*.toml"))}
    read = {name: _read(path) for name, path in files.items()}
    return {name: _profile(name, each, read, files[name]) for name, each in read.items()}


def _read(path: Path) -> _File:
    try:
        return msgspec.convert(toml_text.loads(path.read_text(encoding="utf-8")), _File)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.", "") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise _wrong(path, str(error)) from error


def _profile(name: str, file: _File, files: dict[str, _File], path: Path) -> Profile:
    prompts, sampling = file.prompts, file.sampling
    if file.like:
        if file.like not in files:
            raise _wrong(path, f"it is like {file.like!r}, and there is no such family")
        model = files[file.like]
        prompts, sampling = prompts or model.prompts, sampling or model.sampling
    if not prompts or prompts[-1].either:
        raise _wrong(path, "it has no prompts for any pair of languages")
    for each in prompts:
        _check(each, path)
    wished: dict[str, Any] = msgspec.to_builtins(sampling or _Sampling())
    return Profile(
        name,
        file.title,
        file.models,
        file.languages,
        tuple(map(_trimmed, prompts)),
        Sampling(**wished),
        bool(file.prompts) and name != GENERAL,
        file.lenient,
        file.neighbours_below,
    )


def _texts(prompts: Prompts) -> Iterator[tuple[str, str]]:
    for field in ("plain", "terms", "context", "background", "marked"):
        if text := getattr(prompts, field):
            yield field, text


def _check(prompts: Prompts, path: Path) -> None:
    blank = dict.fromkeys(FIELDS, "")
    for field, text in (*_texts(prompts), ("term", prompts.term)):
        try:
            text.format(**blank)
        except (KeyError, ValueError, IndexError) as error:
            raise _wrong(path, f"{field} has a brace that is none of its fields") from error
        if field not in {"term", "background"} and "{text}" not in text:
            raise _wrong(path, f"{field} does not say where the {{text}} goes")


def _trimmed(prompts: Prompts) -> Prompts:
    """Return prompts without the line break that a TOML text in three quotes begins with."""
    return msgspec.structs.replace(
        prompts, **{field: text.lstrip("\n") for field, text in _texts(prompts)}
    )


def _wrong(path: Path, problem: str) -> ConfigError:
    return ConfigError(f"{path} is no family of models: {problem}.", "Mend it, or move it away.")
