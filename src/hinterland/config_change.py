"""Changing or unsetting one setting in the file, with its comments and layout kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hinterland import config as configuration
from hinterland.config import Config, Value
from hinterland.durable import locked, replace_file
from hinterland.errors import ConfigError
from hinterland.paths import private_folder


def change(path: Path, key: str, value: Value) -> Config:
    """Set `key` in the file, which is made if need be, and return the settings that now hold.

    The result is checked before it is written, and the file is replaced as a whole. Raises
    ConfigError, and StorageError where nothing can be written; then the file is as it was.
    """
    path = path.resolve()  # a link to a file that is kept elsewhere stays a link
    private_folder(path.parent)
    with locked(path):
        before = configuration.read(path)
        after = _edited(before, path, key, value)
        config = configuration.parse(after, path)
        _check_nothing_else_changed(before, after, path, key)
        replace_file(path, after)
    return config


def undo(path: Path, key: str) -> bool:
    """Take `key`, or all of a section, out of the file; return False when it is not there.

    Raises ConfigError, also where what is left could not be used, and StorageError; then the file is
    as it was.
    """
    path = path.resolve()
    if not path.exists():
        return False
    with locked(path):
        before = configuration.read(path)
        document = _parsed(before, path)
        *sections, name = key.split(".")
        at = document
        for section in sections:
            at = at.get(section)
            if not isinstance(at, dict):
                return False
        if name not in at:
            return False
        at.remove(name)
        after = document.as_string().encode("utf-8")
        configuration.parse(after, path)
        _check_nothing_else_changed(before, after, path, key)
        replace_file(path, after)
    return True


def _edited(text: bytes, path: Path, key: str, value: Value) -> bytes:
    import tomlkit
    from tomlkit.container import Container

    document = _parsed(text, path)
    *sections, name = key.split(".")
    at = document
    whole = key.removeprefix("keys.")
    if whole != key and whole in document.get("keys", {}):
        sections, name = ["keys"], whole  # an id in quotation marks
    for section in sections:
        if section not in at:
            if isinstance(at, Container) and at.body:
                at.add(tomlkit.nl())
            at[section] = tomlkit.table()
        at = at[section]
        if not isinstance(at, dict):
            raise ConfigError(
                f"The settings file {path} cannot be used: {section} has to be a section.",
                f"Write it as [{section}] on a line of its own.",
            )
    at[name] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document).encode("utf-8")


def _parsed(text: bytes, path: Path) -> Any:
    configuration.table(text, path)  # its errors are ours; the editor's are not
    import tomlkit

    return tomlkit.parse(text.decode("utf-8"))


def _check_nothing_else_changed(before: bytes, after: bytes, path: Path, key: str) -> None:
    """Guard against an edit that does more than it should: TOML can be laid out in odd ways."""
    old = configuration.flat_table(configuration.table(before, path))
    new = configuration.flat_table(configuration.table(after, path))
    for name in list(old | new):
        if name == key or name.startswith(f"{key}."):
            old.pop(name, None)
            new.pop(name, None)
    if old != new:
        raise ConfigError(
            f"The settings file {path} is laid out in a way that cannot be edited safely.",
            f"Set {key} in it by hand.",
        )
