"""Which key does what: every binding of the chat by its id, and the settings' `[keys]` held against it.

The bindings are read from the classes that have them. That imports every screen, so it is done when
somebody sets or lists keys, and not to open the chat.
"""

from __future__ import annotations

import difflib
import importlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys, format_key
from textual.widget import Widget

from hinterland.config import Config
from hinterland.errors import ConfigError
from hinterland.language import N_, _

NO_KEY = "unbound"
"""Stands for the key of what has none; no terminal sends it."""
PLACES = {
    "app": N_("Everywhere"),
    "chat": N_("In the chat"),
    "prompt": N_("In the box"),
    "choice": N_("When you are asked what to do"),
}
"""Headings for the first part of ids; others are headed by that part itself."""
VIM = "vim"
"""The first part of the ids of keys that hold only with `ui.vim`."""

_HOMES = ("hinterland.tui", "hinterland.tui.screens", "hinterland.tui.widgets")
_TOGETHER = ({"chat", "prompt"}, {"chat", "choice"})
"""Places whose keys hold at the same time; those of `app` hold everywhere."""
_WITH_A_LINE = {"app", "conversations", "files", "palette"}
"""Places with a line to write in that is Textual's own; the keys of the chat's box have names."""
_MODIFIERS = ("ctrl", "alt", "shift", "super")
_NAMED = {each.value.rpartition("+")[2] for each in Keys} | {f"f{n}" for n in range(1, 25)}
_WRITTEN = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
    "del": "delete",
    "ins": "insert",
    "control": "ctrl",
    "option": "alt",
    "meta": "alt",
}
_SAME_BYTE = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
"""Keys that most terminals cannot tell from others, and those others."""
_SPOKEN = {
    "escape": N_("Esc"),
    "enter": N_("Enter"),
    "tab": N_("Tab"),
    "space": N_("Space"),
    "backspace": N_("Backspace"),
    "delete": N_("Del"),
    "pageup": N_("Page Up"),
    "pagedown": N_("Page Down"),
}
"""How sentences write keys that are not written as they are."""
_CHARACTERS = {*KEY_TO_UNICODE_NAME, *KEY_NAME_REPLACEMENTS.values()}
"""Names of keys that put a character into a box, besides letters and digits."""


@dataclass(frozen=True)
class Action:
    """Something that a key does."""

    id: str
    keys: tuple[str, ...]
    description: str
    """As it stands in the source, in English."""
    first: bool = False
    """Whether it has its keys before whatever has the focus, a line to write in too."""

    @property
    def place(self) -> str:
        """Where its keys hold: the first part of its id."""
        return self.id.partition(".")[0]


@cache
def actions() -> dict[str, Action]:
    """Return what keys do in the chat, by id, with the keys they have unless the settings differ."""
    found: dict[str, Action] = {}
    for binding in _bindings():
        if binding.id is None:
            continue
        known = found.get(binding.id)
        keys = (*(known.keys if known else ()), *split(binding.key))
        said = known.description if known else binding.description
        first = binding.priority or (known is not None and known.first)
        found[binding.id] = Action(binding.id, tuple(dict.fromkeys(keys)), said, first)
    return found


def _bindings() -> Iterator[Binding]:
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                for each in vars(value).get("BINDINGS", ()):
                    yield each if isinstance(each, Binding) else Binding(*each)


def _modules() -> Iterator[ModuleType]:
    import pkgutil

    for home in _HOMES:
        module = importlib.import_module(home)
        yield module
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            yield importlib.import_module(f"{home}.{found.name}")


def at(widget: Widget, bindings: BindingsMap, key: str) -> Sequence[Binding]:
    """Return what a key does in a widget that has these bindings, by the settings."""
    config = getattr(widget.app, "config", None)
    if isinstance(config, Config) and config.keys:
        bindings = bindings.copy()
        bindings.apply_keymap(keymap(config.keys))
    return bindings.key_to_bindings.get(key, ())


def said(node: DOMNode, name: str) -> str:
    """Return the key that does something by the settings, as sentences write it: `Ctrl+Z`; what is
    done, in quotation marks, where it has no key. `node` has the binding, or an ancestor of it."""
    config = getattr(node.app, "config", None)
    settings = config.keys if isinstance(config, Config) else {}
    chain = [each for parent in (*node.ancestors_with_self, node.app) for each in _of(parent, name)]
    keys = split(keymap(settings).get(name, chain[0].key))
    return spoken(keys[0]) if keys else f"“{_(chain[0].description)}”"


def _of(node: DOMNode, name: str) -> list[Binding]:
    return [
        each
        for kind in type(node).__mro__
        for each in vars(kind).get("BINDINGS", ())
        if isinstance(each, Binding) and each.id == name
    ]


def spoken(key: str) -> str:
    """Return a key as sentences write it: `Ctrl+Z`, `F3`, `Esc`."""
    *modifiers, base = key.split("+")
    shown = _(_SPOKEN[base]) if base in _SPOKEN else format_key(base)
    if len(base) > 1 or modifiers:
        shown = shown[:1].upper() + shown[1:]
    return "+".join([*map(str.capitalize, modifiers), shown])


def split(keys: str) -> tuple[str, ...]:
    """Return the keys of a list such as `f5,ctrl+r`."""
    return tuple(key for each in keys.split(",") if (key := each.strip()) and key != NO_KEY)


def now(settings: Mapping[str, str]) -> dict[str, Action]:
    """Return what keys do with these settings, which were checked."""
    return {
        each.id: replace(each, keys=split(keymap(settings).get(each.id, ",".join(each.keys))))
        for each in actions().values()
    }


def keymap(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings' keys in Textual's words; what cannot be a key stays as it is."""
    return {
        name: ",".join(dict.fromkeys(_lenient(key) for key in split(keys))) or NO_KEY
        for name, keys in settings.items()
    }


def _lenient(key: str) -> str:
    try:
        return normal(key)
    except ValueError:
        return key


def normal(key: str) -> str:
    """Return a key that somebody wrote as Textual names it: `Ctrl+R` is `ctrl+r`, `?` is
    `question_mark`. Raises ValueError with a reason."""
    *before, base = key.split("+") if not key.endswith("+") else [*key[:-2].split("+"), "+"]
    modifiers = {
        _WRITTEN.get(each.strip().lower(), each.strip().lower()) for each in before if each
    }
    base = base.strip()
    if len(base) > 1:
        base = _WRITTEN.get(base.lower(), base.lower())
    if base.startswith("^") and len(base) == 2:
        modifiers, base = modifiers | {"ctrl"}, base[1]
    if modifiers and len(base) == 1:
        base = base.lower()
    if unknown := modifiers - set(_MODIFIERS):
        raise ValueError(f"there is no key called {min(unknown)}+…")
    if len(base) == 1 and not base.isalnum():
        base = _name_of(base)
    elif len(base) != 1 and base not in _NAMED | _CHARACTERS:
        close = difflib.get_close_matches(base, _NAMED, 1)
        said = f"; {close[0]}?" if close else ""
        raise ValueError(f"there is no key called {base or 'nothing'}{said}")
    written = "+".join([*sorted(modifiers), base])
    if same := _SAME_BYTE.get(written):
        raise ValueError(f"{key} is {same} to most terminals: write {same}")
    return written


def _name_of(character: str) -> str:
    from textual.keys import _character_to_key

    if not character.isprintable() or not unicodedata.name(character, ""):
        raise ValueError("it names no key")
    return _character_to_key(character)


def display(keys: Iterable[str]) -> str:
    """Return keys for people, short: `^p`, `f5`, `esc`."""
    return " ".join(_short(key) for key in keys)


def _short(key: str) -> str:
    *modifiers, base = key.split("+")
    shown = format_key(base)
    if modifiers == ["ctrl"]:
        return f"^{shown}"
    return "+".join([*modifiers, shown])


def of_plugins() -> Iterable[str]:
    """Return the places of the screens that plugins bring; this imports plugins."""
    from hinterland import plugin_host

    return plugin_host.additions().screens


def check(settings: Mapping[str, str], others: Callable[[], Iterable[str]] = tuple) -> None:
    """Return when the settings' `[keys]` can be used; raises ConfigError for an id that is not
    known, a key that is none, and a key that would do two things.

    `others` returns the places of screens that plugins bring, whose ids nobody knows before they
    open; it is asked where an id is not one of ours.
    """
    known = actions()
    for name, keys in settings.items():
        if name not in known and name.partition(".")[0] not in others():
            raise _unknown(name, known)
        for key in split(keys):
            try:
                written = normal(key)
            except ValueError as error:
                raise ConfigError(
                    f"keys.{name} cannot be {keys!r}: {error}.",
                    "Keys are written f5, ctrl+r, alt+enter or pageup; several with commas.",
                ) from error
            if name in known and _types(written) and not any(map(_types, known[name].keys)):
                raise ConfigError(
                    f"keys.{name} cannot be {keys!r}: {key} is a letter to write with.",
                    "Add ctrl+ or alt+, or take a function key; /keys shows which are free.",
                )
    _check_conflicts(settings)


def _types(key: str) -> bool:
    """Whether a key puts a character into a box."""
    return "+" not in key and (len(key) == 1 or key in _CHARACTERS or key == "space")


def _unknown(name: str, known: Mapping[str, Action]) -> ConfigError:
    close = [each for each in known if each.endswith(f".{name}")]
    close += [each for each in difflib.get_close_matches(name, known, 2, 0.6) if each not in close]
    hint = f"Did you mean keys.{' or keys.'.join(close)}?" if close else ""
    return ConfigError(
        f"There is nothing called {name} that a key could do (keys.{name}).",
        hint or "`hint config keys` lists what there is.",
    )


def _check_conflicts(settings: Mapping[str, str]) -> None:
    before, after = actions(), list(now(settings).values())
    order = {name: number for number, name in enumerate(settings)}
    for number, one in enumerate(after):
        for other in after[number + 1 :]:
            if not {one.id, other.id} & set(settings) or not _meet(one.place, other.place):
                continue
            shared = set(one.keys) & set(other.keys)
            meant = set(before[one.id].keys) & set(before[other.id].keys)
            for key in sorted(shared - meant):
                mine, theirs = sorted((one, other), key=lambda each: order.get(each.id, -1))[::-1]
                raise ConfigError(
                    f"keys.{mine.id} cannot have {key}: it is the key of {theirs.id} "
                    f"({theirs.description}).",
                    f'Give {theirs.id} another key first, or none: keys.{theirs.id} = "".',
                )
    for each in after:
        taken = set(each.keys) - set(before[each.id].keys)
        if (
            each.id in settings
            and each.first
            and (lost := sorted(taken & _writing_keys(each.place)))
        ):
            raise ConfigError(
                f"keys.{each.id} cannot have {lost[0]}: it changes or moves in what you write there.",
                "Take a function key, or one with ctrl+ or alt+ that does nothing else.",
            )


def _writing_keys(place: str) -> set[str]:
    """Return the keys that a line to write in has where those of a place hold."""
    if place not in _WITH_A_LINE:
        return set()
    from textual.widgets import Input

    return {key for each in Input.BINDINGS if isinstance(each, Binding) for key in split(each.key)}


def _meet(one: str, other: str) -> bool:
    return one == other or "app" in (one, other) or {one, other} in _TOGETHER


def listed(settings: Mapping[str, str], *, vim: bool) -> str:
    """Return all keys as they are now for people, under a heading for each place."""
    rows = [each for each in now(settings).values() if each.keys and (vim or each.place != VIM)]
    width = max(len(display(each.keys)) for each in rows)
    lines: list[str] = []
    for place in dict.fromkeys([*PLACES, *(each.place for each in rows)]):
        of_place = [each for each in rows if each.place == place]
        if of_place:
            lines += ["", _(PLACES.get(place, place.capitalize()))]
        lines += [f"  {display(each.keys):<{width}}  {_(each.description)}" for each in of_place]
    return "\n".join(lines[1:])
