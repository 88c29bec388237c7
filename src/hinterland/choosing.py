"""What a conversation is asked with from the next prompt on: /model, /system, /role and /think."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hinterland import config, paths, remedies
from hinterland.completion import Completion
from hinterland.engine.protocol import Think
from hinterland.errors import HinterlandError, InputError
from hinterland.language import _
from hinterland.sentences import translated
from hinterland.text import clean, clean_line

if TYPE_CHECKING:
    from pathlib import Path

    from hinterland.commanded import Chat
    from hinterland.model_choices import ModelChoice
    from hinterland.prompts import Prompt

OFF = "off"


async def model(chat: Chat, argument: str) -> None:
    """List the models, or have the next prompt answered by another; raises HinterlandError."""
    from hinterland import model_choices

    found = paths.find()
    settings = config.load(found.config_file)
    choices = await model_choices.choices(found, settings)
    if not argument:
        chat.say(_listed(choices, chat.talk.model))
        return
    name = await asyncio.to_thread(model_choices.resolve, argument, found, settings)
    chosen = next((each for each in choices if each.name == name), None)
    chat.talk.model = name
    chat.switched(name, chosen.where if chosen else model_choices.OFFLINE)
    said = _("The next prompt goes to {model}.").format(model=clean_line(name))
    if chosen is not None and chosen.bytes is None:
        said += " " + _("Words go elsewhere: {where}.").format(where=chosen.where)
    if chosen is not None and chosen.unloads:
        names = ", ".join(chosen.unloads)
        said += " " + _("That unloads what is in its place: {names}.").format(names=names)
    chat.say(said)


def _listed(choices: list[ModelChoice], current: str | None) -> str:
    if not choices:
        return remedies.no_model()
    rows = [
        f"{'*' if each.name == current else ' '} {clean_line(each.name)}\n"
        f"    {' · '.join(each.facts)}"
        for each in choices
    ]
    return "\n".join([*rows, _("/model NAME has the next prompt answered by another.")])


async def system(chat: Chat, argument: str) -> None:
    """Show the system prompt, or set another, or none."""
    if argument:
        chat.talk.system = None if argument == OFF else argument
    chat.say(
        _("The system prompt: {text}").format(text=clean(chat.talk.system))
        if chat.talk.system
        else _("There is no system prompt; the model's own holds.")
    )


async def think(chat: Chat, argument: str) -> None:
    """Say how much the model thinks before it answers, or set that; raises InputError."""
    if argument:
        try:
            chat.talk.think = Think(argument.lower())
        except ValueError as error:
            raise InputError(
                f"{argument!r} is not how much a model may think.", "Type off, low or high."
            ) from error
    says = {
        None: _("The model thinks as much as it likes, where it can."),
        Think.OFF: _("The model thinks not at all, where it can."),
        Think.LOW: _("The model thinks a little, where it can."),
        Think.HIGH: _("The model thinks at length, where it can."),
    }
    chat.say(says[chat.talk.think or chat.talk.usual_think])


async def role(chat: Chat, argument: str) -> None:
    """List the roles, or take one, those of plugins too; raises InputError, ConfigError."""
    from hinterland import plugin_host  # not before somebody asks for a role
    from hinterland.prompts import roles

    folder = paths.find().config
    if not argument:
        added = await asyncio.to_thread(plugin_host.additions)
        known, problems = await asyncio.to_thread(roles, folder, added.prompt_folders)
        problems = [*added.warnings, *problems]
        rows = [(each.name, each.description) for each in known]
        rows.append((OFF, _("no role: the model as it is")))
        width = max(len(name) for name, _description in rows)
        lines = [f"/role {name:<{width}}  {clean_line(says, 200)}" for name, says in rows]
        chat.say("\n".join([*lines, *map(translated, problems)]))
        return
    if argument == OFF:
        chat.talk.system = None
        chat.say(_("No role holds from the next prompt on."))
        return
    if " " in argument:
        raise InputError(_("A role has a name of one word."), _("/role lists them."))
    chosen = await asyncio.to_thread(_role, argument, folder)
    chat.talk.system = chosen.system
    says = clean_line(chosen.description, 200)
    chat.say(_("From the next prompt on: {role}. {says}").format(role=chosen.name, says=says))


def model_names(typed: str) -> list[Completion]:
    """Return the models whose names begin so; none where they cannot be read, which /model tells."""
    from hinterland import model_choices

    found = paths.find()
    try:
        names = model_choices.names(found, config.load(found.config_file))
    except HinterlandError:
        return []
    return [Completion(name, clean_line(name)) for name in names if name.startswith(typed)]


def role_names(typed: str) -> list[Completion]:
    """Return the roles whose names begin so, and what ends one."""
    from hinterland.prompts import roles

    known, _problems = roles(paths.find().config)
    offered = [(each.name, clean_line(each.description, 200)) for each in known]
    offered.append((OFF, _("no role: the model as it is")))
    return [Completion(name, name, says) for name, says in offered if name.startswith(typed)]


def _role(name: str, folder: Path) -> Prompt:
    from hinterland import plugin_host
    from hinterland.prompts import load_role

    try:
        return load_role(name, folder)
    except InputError:  # plugins are imported for what nobody else has
        added = plugin_host.additions().prompt_folders
        if not added:
            raise
    return load_role(name, folder, added)
