"""The languages there are, from languages.toml, and how people name them."""

from __future__ import annotations

import difflib
import functools
import unicodedata
from importlib import resources

import msgspec

from hinterland.errors import InputError


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """A language that can be translated from or into."""

    code: str
    """BCP 47, such as `fr` or `zh-Hant`."""
    name: str
    """In English: what prompts call it."""
    native: str
    """In itself."""
    scripts: tuple[str, ...]
    """ISO 15924, the usual one first."""
    rtl: bool = False
    """Whether it is written from right to left."""
    spaced: bool = True
    """Whether spaces part its words."""
    decimal: str = "."
    """The sign before decimals."""
    names: tuple[str, ...] = ()
    """What else it is called."""

    @property
    def base(self) -> str:
        """The code without script and region: `zh` of `zh-Hant`."""
        return self.code.partition("-")[0]


class _Alike(msgspec.Struct, forbid_unknown_fields=True):
    codes: frozenset[str]


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    language: list[Language]
    alike: list[_Alike]


@functools.cache
def _table() -> _Table:
    data = resources.files(__package__).joinpath("languages.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Table)


@functools.cache
def known() -> dict[str, Language]:
    """Return the languages by their codes, in the order of the codes."""
    return {each.code: each for each in sorted(_table().language, key=lambda each: each.code)}


def are_alike(one: Language, other: Language) -> bool:
    """Whether two languages are hard to tell apart, or one."""
    pair = {one.base, other.base}
    return len(pair) == 1 or any(pair <= each.codes for each in _table().alike)


def find(text: str) -> Language:
    """Return the language of a code (`fr`, `pt-BR`, `zh_TW.UTF-8`) or of a name in English or in
    itself, whatever its case and accents; a region that makes no difference here is left out.

    Raises InputError with names that come near.
    """
    folded = _folded(text.partition(".")[0].partition("@")[0])
    names = _names()
    if found := names.get(folded) or names.get(_folded(text)):
        return found
    subtags = folded.replace("_", "-").split("-")
    for many in range(len(subtags), 0, -1):
        found = known_code("-".join(subtags[:many]))
        if found is not None and all(_is_subtag(each) for each in subtags[1:]):
            return found
    near = _near(folded)
    hint = f"Did you mean {near}?" if near else "Name it by a code such as fr, or in English."
    raise InputError(f"There is no language called {text.strip() or 'nothing'}.", hint)


def known_code(code: str) -> Language | None:
    """Return the language of a code, or None."""
    return _codes().get(code.lower().replace("_", "-"))


def _is_subtag(text: str) -> bool:
    """Whether this can be a script, a region or a variant of a language tag."""
    return text.isascii() and text.isalnum() and 1 <= len(text) <= 8


@functools.cache
def _codes() -> dict[str, Language]:
    codes: dict[str, Language] = {}
    for each in known().values():
        codes |= {name.lower(): each for name in each.names if _looks_like_code(name)}
        codes[each.code.lower()] = each
    return codes


def _looks_like_code(name: str) -> bool:
    return name.isascii() and len(name.partition("-")[0]) <= 3


@functools.cache
def _names() -> dict[str, Language]:
    names: dict[str, Language] = {}
    for each in known().values():
        for name in (*each.names, each.native, each.name):
            names.setdefault(_folded(name), each)
    for each in known().values():  # a code is never another's name
        names[_folded(each.code)] = each
    return names


def _folded(text: str) -> str:
    """Return a name without case and accents."""
    bare = unicodedata.normalize("NFKD", " ".join(text.split()))
    return "".join(each for each in bare if not unicodedata.combining(each)).casefold()


def _near(folded: str) -> str:
    found = difflib.get_close_matches(folded, _names(), n=6, cutoff=0.7)
    languages = list(dict.fromkeys(_names()[each].code for each in found))[:3]
    return " or ".join(f"{known()[code].name} ({code})" for code in languages)
