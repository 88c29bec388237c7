"""Loads the plugins that are on, one after the other, and says on one line each how that went.

A process of its own: a plugin is somebody else's code, and may end, hang or fill whatever loads it.
"""

from __future__ import annotations

import os

import msgspec

from hinterland import config
from hinterland.paths import find
from hinterland.plugin_host import PluginHost, State, plugins

BEGUN, DONE = "begun", "done"


def main() -> None:
    """Write [name, "begun"], then [name, "done", warnings] for each plugin, as lines of JSON."""
    told = os.dup(1)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)  # what a plugin prints is no answer of ours
    settings = config.load(find().config_file)
    shipped = tuple(plugin.name for plugin in plugins(config.Config()) if plugin.shipped)
    for plugin in plugins(settings):
        if plugin.state is not State.ON:
            continue
        _tell(told, [plugin.name, BEGUN])
        warnings: list[str] = []
        alone = msgspec.structs.replace(
            settings,
            plugins=() if plugin.shipped else (plugin.name,),
            disabled_plugins=tuple(name for name in shipped if name != plugin.name),
        )
        host = PluginHost(alone, warnings.append)
        host.commands()
        host.tools()
        host.screens()
        host.prompts()
        _tell(told, [plugin.name, DONE, warnings])


def _tell(told: int, line: list[object]) -> None:
    os.write(told, msgspec.json.encode(line) + b"\n")


if __name__ == "__main__":
    main()
