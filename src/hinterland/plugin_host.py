"""Which plugins there are, which of them are on, and what those that are on have registered.

Names are read from the metadata of installed packages; a plugin is imported only when it is on and
something asks for what plugins have. One that did not ship with Hinterland is off until somebody
enables it: installing a package is not yet consent to run it in every command.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hinterland.config import Config, load
from hinterland.errors import PluginError
from hinterland.paths import find
from hinterland.sentences import translated
from hinterland.text import clean_line

if TYPE_CHECKING:
    import click

    from hinterland.hookspecs import ChatTool, PromptFolder, Screen

GROUP = "hinterland.plugins"
DISTRIBUTION = "hinterland"

SHIPPED = {
    "diagnosis": "Triage of the sick, by rules: `hint diagnose`.",
    "translation": "Translation of documents that come back intact: `hint translate`.",
    "tutoring": "Lessons, exercises that are checked by computing, reviews: `hint tutor`.",
}
"""What the plugins that ship with Hinterland are, told without importing them."""


class State(StrEnum):
    ON = "on"
    OFF = "off"
    MISSING = "missing"
    """Enabled in the settings, but no installed package has it."""
    NAME_TAKEN = "name taken"
    """Several packages have a plugin of that name, so that only a shipped one can be used."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as the metadata of its package tells of it."""

    name: str
    state: State
    distribution: str = ""
    """The package it comes from."""
    version: str = ""
    """The version of that package."""
    summary: str = ""
    entry: importlib.metadata.EntryPoint | None = None

    @property
    def shipped(self) -> bool:
        return self.distribution == DISTRIBUTION


def plugins(config: Config) -> list[Plugin]:
    """Return all plugins, the shipped ones first; imports none."""
    found = [_plugin(entry) for entry in importlib.metadata.entry_points(group=GROUP)]
    found.sort(key=lambda plugin: (not plugin.shipped, plugin.name, plugin.distribution))
    shipped = {plugin.name for plugin in found if plugin.shipped}
    strangers = Counter(plugin.name for plugin in found if not plugin.shipped)
    listed = [
        replace(plugin, state=_state(plugin, config))
        if plugin.shipped or (plugin.name not in shipped and strangers[plugin.name] == 1)
        else replace(plugin, state=State.NAME_TAKEN)
        for plugin in found
    ]
    names = {plugin.name for plugin in found}
    return listed + [Plugin(name, State.MISSING) for name in config.plugins if name not in names]


def _plugin(entry: importlib.metadata.EntryPoint) -> Plugin:
    about: Any = entry.dist.metadata if entry.dist else {}
    distribution = _field(about, "Name").lower()
    name = clean_line(entry.name)
    shipped = distribution == DISTRIBUTION
    summary = SHIPPED.get(name, "") if shipped else _field(about, "Summary")
    return Plugin(name, State.OFF, distribution, _field(about, "Version"), summary, entry)


def _field(about: Any, name: str) -> str:
    return clean_line(str(about[name])) if name in about else ""


def _state(plugin: Plugin, config: Config) -> State:
    if plugin.shipped:
        return State.OFF if plugin.name in config.disabled_plugins else State.ON
    return State.ON if plugin.name in config.plugins else State.OFF


class PluginHost:
    """The plugins that are on, loaded. What one of them does wrong is told in one line by `warn`
    and costs only that plugin."""

    def __init__(self, config: Config, warn: Callable[[str], None] | None = None) -> None:
        import pluggy

        from hinterland import hookspecs

        self._warn = warn or _to_stderr
        self._manager = pluggy.PluginManager("hinterland")
        self._manager.add_hookspecs(hookspecs)
        for plugin in plugins(config):
            if plugin.state is State.ON and plugin.entry is not None:
                self._load(plugin.name, plugin.entry)
            elif plugin.name in config.plugins:
                self._warn(
                    f"The plugin {plugin.name} is enabled but cannot be used: {plugin.state}."
                )

    def commands(self) -> dict[str, click.Command]:
        """Return the commands of plugins by name."""
        return self._by_name("register_commands", lambda command: command.name)

    def tools(self) -> dict[str, ChatTool]:
        """Return the chat tools by name."""
        return self._by_name("register_tools", lambda tool: tool.name)

    def screens(self) -> dict[str, Screen]:
        """Return the screens by name."""
        return self._by_name("register_screens", lambda screen: screen.name)

    def prompts(self) -> list[PromptFolder]:
        """Return the folders of prompt files, in the order of the plugins."""
        return list(self._by_name("register_prompts", lambda folder: str(folder.path)).values())

    def _load(self, name: str, entry: importlib.metadata.EntryPoint) -> None:
        try:
            self._manager.register(entry.load(), name=name)
            self._manager.check_pending()
        # A plugin is somebody else's code: whatever it does, the program it is added to goes on.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody else's code
            self._warn(
                f"The plugin {name} cannot be loaded and is left out ({_shown(error)}); "
                f"`hint plugins disable {name}` turns it off."
            )
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)

    def _by_name(self, hook: str, name_of: Callable[[Any], str | None]) -> dict[str, Any]:
        """Ask one plugin at a time for what it has, and return that by its name."""
        owner: dict[str, str] = {}
        found: dict[str, Any] = {}
        for plugin, module in self._manager.list_name_plugin():
            others = [other for other in self._manager.get_plugins() if other is not module]
            given: dict[str, Any] = {}

            def register(thing: Any, given: dict[str, Any] = given) -> None:
                name = name_of(thing)
                if not isinstance(name, str) or not name:
                    raise TypeError(f"{thing!r} has no name")
                given[name] = thing

            try:
                self._manager.subset_hook_caller(hook, others)(register=register)
            # As above. What it registered before it failed is not used.
            except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
                self._warn(
                    f"The plugin {plugin} failed in {hook} and is left out ({_shown(error)}); "
                    f"`hint plugins disable {plugin}` turns it off."
                )
                continue
            for name, thing in given.items():
                if name in found:
                    self._warn(
                        f"The plugin {plugin} also has {name}; that of {owner[name]} is used."
                    )
                else:
                    owner[name], found[name] = plugin, thing
        return found


def _shown(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


@dataclass(frozen=True, slots=True)
class Additions:
    """What the plugins that are on add to the chat."""

    tools: Mapping[str, ChatTool]
    screens: Mapping[str, Screen]
    prompt_folders: tuple[Path, ...]
    warnings: tuple[str, ...]
    """What is wrong with plugins, a sentence each."""


@cache
def additions() -> Additions:
    """Return what plugins add to the chat, by the settings as they were when it was first asked for.

    This imports plugins, which may take its time. Raises ConfigError.
    """
    warnings: list[str] = []
    host = PluginHost(load(find().config_file), warnings.append)
    folders = tuple(folder.path for folder in host.prompts())
    return Additions(host.tools(), host.screens(), folders, tuple(warnings))


def find_command(name: str) -> click.Command | None:
    """Return the command of that name which a plugin has, if any.

    Raises PluginError when a plugin of that very name is there but off.
    """
    config = load(find().config_file)
    command = PluginHost(config).commands().get(name)
    if command is None and any(p.name == name and p.state is State.OFF for p in plugins(config)):
        raise PluginError(
            f"The plugin {name} is off.", f"Turn it on with `hint plugins enable {name}`."
        )
    return command


def _to_stderr(warning: str) -> None:
    print(f"hint: {clean_line(translated(warning), 600)}", file=sys.stderr)  # noqa: T201 - a warning
