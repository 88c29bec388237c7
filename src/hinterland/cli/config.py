"""`hint config`: show, read and change the settings."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from hinterland import config as configuration
from hinterland.config import Config, Value
from hinterland.config_words import from_words
from hinterland.errors import ConfigError
from hinterland.language import N_, _
from hinterland.paths import find
from hinterland.text import clean, escape_json

_LATER = N_("The engine takes it up when it starts next (`hint engine stop`).")


@click.group(name="config")
def command() -> None:
    """Show and change settings."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """Print every setting that holds, and whether it was set or is the default."""
    path = find().config_file
    text = configuration.read(path)
    settings = configuration.parse(text, path)
    chosen = set(configuration.flat_table(configuration.table(text, path)))
    if as_json:
        _print_json({"path": str(path), "settings": settings, "set": sorted(chosen)})
    else:
        click.echo(f"# {clean(str(path))}\n\n{clean(as_toml(settings, chosen))}", nl=False)


@command.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def get(key: str, as_json: bool) -> None:
    """Print one setting, such as engine.context."""
    settings = configuration.load(find().config_file)
    values = configuration.flat(settings)
    if key.startswith("keys.") and key not in values:
        from hinterland.tui import keys

        values |= {f"keys.{name}": ",".join(each.keys) for name, each in keys.actions().items()}
    if key not in values:
        raise ConfigError(f"There is no setting {key}.", configuration.suggestion(key))
    value = values[key]
    if as_json:
        _print_json(value)
    else:
        click.echo(clean(value if isinstance(value, str) else toml_value(value)))


@command.command(name="set", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("value")
def set_(key: str, value: str) -> None:
    """Change one setting; comments in the file stay.

    A list is written a,b and a switch true or false.
    """
    from hinterland.config_change import change

    path = find().config_file
    typed = from_words(key, value)
    if key.startswith("keys."):
        _check_keys(key.removeprefix("keys."), value)
    settings = change(path, key, typed)
    click.echo(_("{key} is set in {path}.").format(key=key, path=clean(str(path))), err=True)
    if key.startswith("engines.") and key.endswith(".url"):
        _tell_where(settings, key.split(".")[1])
    if key.startswith("engine."):
        click.echo(_(_LATER), err=True)


@command.command()
@click.argument("key")
def unset(key: str) -> None:
    """Take one setting out of the file, so that its default holds again; or a section, whole.

    `engines.NAME` takes a remote engine away.
    """
    from hinterland.config_change import undo

    path = find().config_file
    if undo(path, key):
        said = _("{key} is no longer set in {path}.")
        click.echo(said.format(key=key, path=clean(str(path))), err=True)
        if key.startswith("engine."):
            click.echo(_(_LATER), err=True)
        return
    known = configuration.flat(Config())
    if key not in known and not any(name.startswith(f"{key}.") for name in known):
        raise ConfigError(f"There is no setting {key}.", configuration.suggestion(key))
    click.echo(_("{key} is not set: its default holds.").format(key=key), err=True)


def _check_keys(name: str, wanted: str) -> None:
    """Raise ConfigError for what cannot be a key of the chat, with the keys that are set already."""
    from hinterland.tui import keys

    try:
        known = configuration.load(find().config_file).keys
    except ConfigError:
        known = {}  # `change` says what is wrong with the file
    keys.check(known | {name: wanted}, keys.of_plugins)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def keys(as_json: bool) -> None:
    """List what keys do in the chat, by the names that `hint config set keys.NAME` takes."""
    from hinterland.tui import keys as bindings

    settings = configuration.load(find().config_file).keys
    bindings.check(settings, bindings.of_plugins)
    rows = bindings.now(settings)
    if as_json:
        _print_json({name: list(each.keys) for name, each in rows.items()})
        return
    width = max(map(len, rows))
    for name, each in rows.items():
        click.echo(f"{name:<{width}}  {','.join(each.keys) or '-':<24}  {_(each.description)}")


def _tell_where(settings: Config, name: str) -> None:
    address = settings.engines[name].address
    if address.here:
        return
    said = _("What {name} is asked leaves this machine, for {place}.")
    click.echo(said.format(name=name, place=address.place), err=True)
    if not address.encrypted:
        click.echo(_("The connection is not encrypted: others on the way can read it."), err=True)


@command.command()
def path() -> None:
    """Print where the settings file is, or would be."""
    click.echo(clean(str(find().config_file)))


def as_toml(settings: Config, chosen: set[str]) -> str:
    """Return the settings as TOML; a comment tells those that were set from defaults."""
    lines: list[str] = []
    section = ""
    for key, value in configuration.flat(settings).items():
        above, _, name = key.rpartition(".")
        if above != section:
            lines.append(f"\n[{above}]")
            section = above
        origin = "set" if key in chosen else "default"
        lines.append(f"{name} = {toml_value(value)}  # {origin}")
    return "\n".join(lines) + "\n"


def toml_value(value: Value) -> str:
    """Return a value as it is written in TOML, on one line."""
    import tomlkit

    return tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()


def _print_json(value: Any) -> None:
    click.echo(escape_json(msgspec.json.format(msgspec.json.encode(value)).decode()))
