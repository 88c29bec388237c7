"""`hint plugins`: what is there, where it comes from, and whether it is on."""

from __future__ import annotations

import click
import msgspec

from hinterland import config as configuration
from hinterland.errors import PluginError
from hinterland.paths import find
from hinterland.plugin_host import Plugin, State, plugins
from hinterland.text import clean_line, escape_json


@click.group(name="plugins")
def command() -> None:
    """List plugins and turn them on or off."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the plugins, without importing any."""
    known = plugins(configuration.load(find().config_file))
    if as_json:
        rows = [
            {
                "name": plugin.name,
                "state": plugin.state,
                "shipped": plugin.shipped,
                "distribution": plugin.distribution,
                "version": plugin.version,
                "summary": plugin.summary,
            }
            for plugin in known
        ]
        click.echo(escape_json(msgspec.json.format(msgspec.json.encode(rows)).decode()))
        return
    width = max((len(plugin.name) for plugin in known), default=0)
    for plugin in known:
        source = f"{plugin.distribution} {plugin.version}".strip() or "no installed package"
        line = f"{plugin.name:<{width}}  {plugin.state:<10}  {source}  {plugin.summary}"
        click.echo(line.rstrip())
    if not known:
        click.echo("There are no plugins.", err=True)


@command.command()
@click.argument("name")
def enable(name: str) -> None:
    """Turn a plugin on: from now on its code runs inside hint."""
    from hinterland.config_change import change

    path = find().config_file
    config = configuration.load(path)
    plugin = _named(name, plugins(config))
    if plugin.shipped:
        left = tuple(other for other in config.disabled_plugins if other != name)
        change(path, "disabled_plugins", left)
    elif name not in config.plugins:
        change(path, "plugins", (*config.plugins, name))
    click.echo(f"{name} is on ({plugin.distribution} {plugin.version}).", err=True)


@command.command()
@click.argument("name")
def disable(name: str) -> None:
    """Turn a plugin off; its package stays installed."""
    from hinterland.config_change import change

    path = find().config_file
    config = configuration.load(path)
    if name in config.plugins:
        change(path, "plugins", tuple(other for other in config.plugins if other != name))
    elif _named(name, plugins(config)).shipped and name not in config.disabled_plugins:
        change(path, "disabled_plugins", (*config.disabled_plugins, name))
    click.echo(f"{name} is off.", err=True)


def _named(name: str, known: list[Plugin]) -> Plugin:
    for plugin in known:
        if plugin.name == name and plugin.state is not State.MISSING:
            return plugin
    raise PluginError(
        f"There is no plugin {clean_line(name)}.", "`hint plugins list` shows those there are."
    )
