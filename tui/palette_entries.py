"""What the palette offers: the bindings that hold now, the commands, models, roles, and what plugins
bring. It is all derived; nothing is listed here."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from hinterland import chat_commands, config, model_choices, paths, plugin_host
from hinterland.language import _
from hinterland.prompts import roles
from hinterland.text import clean_line
from hinterland.tui.keys import NO_KEY, display

_LONGEST = 200  # characters of foreign text in a row


@dataclass(frozen=True)
class Entry:
    """A row of the palette: chosen, it does an action, or it is typed as a command."""

    title: str
    detail: str = ""
    """The key, or what kind of thing it is."""
    action: str = ""
    node: DOMNode | None = field(default=None, compare=False)
    """What the action is one of."""
    typed: str = ""
    """The command as it would be typed; one that ends in a space waits for what follows."""


def of_bindings(screen: Screen[object]) -> list[Entry]:
    """Return what keys do on a screen now; what the line of keys leaves out comes last."""
    found: dict[str, tuple[Binding, DOMNode, list[str]]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id is None or not binding.description or not active.enabled:
            continue
        keys = found.setdefault(binding.id, (binding, active.node, []))[2]
        if binding.key != NO_KEY:
            keys.append(binding.key)
    found.pop("app.palette", None)
    ordered = sorted(found.values(), key=lambda each: not each[0].show)
    return [
        Entry(_(binding.description), display(keys[:2]), binding.action, node)
        for binding, node, keys in ordered
    ]


def of_commands() -> list[Entry]:
    """Return the slash commands."""
    return [
        Entry(
            f"/{each.name}: {_(each.help)}",
            _(each.argument),
            typed=f"/{each.name}{' ' if each.argument else ''}",
        )
        for each in chat_commands.COMMANDS
    ]


def of_this_box() -> tuple[list[Entry], list[str]]:
    """Return the models, the roles and what plugins bring, and sentences about what is wrong.

    It reads files and imports plugins.
    """
    found = paths.find()
    settings = config.load(found.config_file)
    entries: list[Entry] = []
    wrong: list[str] = []
    for name in model_choices.names(found, settings):
        title = _("Model: {name}").format(name=clean_line(name))
        entries.append(Entry(title, typed=f"/model {name}"))
    added = plugin_host.additions()
    wrong += added.warnings
    known, problems = roles(found.config, added.prompt_folders)
    wrong += problems
    for role in known:
        says = clean_line(role.description, _LONGEST)
        title = _("Role: {name}: {says}").format(name=role.name, says=says)
        entries.append(Entry(title, typed=f"/role {role.name}"))
    entries += [_of_plugin(tool.name, tool.summary, " ") for tool in added.tools.values()]
    entries += [_of_plugin(screen.name, screen.title) for screen in added.screens.values()]
    return entries, wrong


def _of_plugin(name: str, says: str, then: str = "") -> Entry:
    title = f"/{clean_line(name)}: {clean_line(says, _LONGEST)}"
    return Entry(title, _("plugin"), typed=f"/{name}{then}")
