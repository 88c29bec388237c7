"""The plugins: which are on, which are named and not there, and which do not load."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hinterland import config
from hinterland.doctor import plugin_probe
from hinterland.doctor.findings import Area, Finding, In
from hinterland.doctor.visit import Visit
from hinterland.errors import ConfigError
from hinterland.plugin_host import State, plugins

_say = In(Area.PLUGINS)


def loading(visit: Visit) -> Iterator[Finding]:
    """Say of each plugin that is enabled whether it can be used; they load in another process."""
    try:
        config.load(visit.paths.config_file)
    except ConfigError:
        return  # told with the settings; which plugins are on is not known
    known = plugins(visit.config)
    for plugin in known:
        if plugin.name in visit.config.plugins and plugin.state is State.MISSING:
            yield _say.problem(
                "plugin-missing",
                f"The plugin {plugin.name} is enabled, and no installed package has it.",
                f"Install it, or `hint plugins disable {plugin.name}`.",
                plugin=plugin.name,
            )
        elif plugin.state is State.NAME_TAKEN and plugin.name in visit.config.plugins:
            yield _say.problem(
                "plugin-name-taken",
                f"Several packages have a plugin called {plugin.name}, so it cannot be used.",
                f"Uninstall all but one, or `hint plugins disable {plugin.name}`.",
                plugin=plugin.name,
            )
    on = [plugin.name for plugin in known if plugin.state is State.ON]
    done, begun = set(), []
    broken = 0
    for line in visit.plugin_probe.answer().splitlines():
        name, step, *warnings = msgspec.json.decode(line)
        if step == plugin_probe.BEGUN:
            begun.append(name)
            continue
        done.add(name)
        for warning in warnings[0]:
            broken += 1
            said = str(warning).partition("; `hint")[0].rstrip(".")
            yield _say.problem(
                "plugin-broken", f"{said}.", f"`hint plugins disable {name}`", plugin=name
            )
    for name in begun:
        if name not in done:
            broken += 1
            failure = visit.plugin_probe.failure
            how = (
                "does not end loading"
                if failure == "timeout"
                else f"ends what loads it ({failure})"
            )
            yield _say.problem(
                "plugin-broken",
                f"The plugin {name} {how}: it may stop every command.",
                f"`hint plugins disable {name}`",
                plugin=name,
            )
    if not broken and len(done) == len(on):
        yield _say.ok("plugins", f"Plugins that are on load: {', '.join(on) or 'none'}.", on=on)
    elif not begun and visit.plugin_probe.failure:
        yield _say.note(
            "plugins-not-tried",
            f"Whether the plugins load could not be tried: {visit.plugin_probe.failure}.",
            "Run `hint doctor` again when this box is less busy.",
        )
