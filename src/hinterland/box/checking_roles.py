"""What is doubtful about a role file that can be used: groups, models, pupils of two classes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from hinterland import paths
from hinterland import site as settings
from hinterland.box import members, roles
from hinterland.box.roles import Keep, Role, Tool
from hinterland.language import _
from hinterland.models.store import ModelStore
from hinterland.site import Site

_NAMED = 5
"""Logins that a sentence names."""


def doubts(role: Role, site: Site, folder: Path) -> list[str]:
    """Return a sentence for everything about a role that its teacher may not have meant."""
    return [*_groups(role, site), *_models(role, site), *_others(role, site, folder), *_rules(role)]


def _groups(role: Role, site: Site) -> Iterator[str]:
    if members.gid_of(role.group) is None:
        told = _("There is no group {group} on this machine: it holds for nobody.")
        yield told.format(group=role.group)
    elif not (pupils := members.pupils(role, site)):
        yield _("Nobody but teachers is in the group {group}.").format(group=role.group)
    else:
        outside = [each for each in pupils if site.group not in members.groups_of(each.uid)]
        if outside:
            told = _("Not in the group {group}, so that the box is closed to them: {names}.")
            yield told.format(group=site.group, names=_named(outside))
    teachers = members.teachers_of(role, site)
    if members.gid_of(teachers) is None:
        told = _("There is no group {group} on this machine: only root can read results.")
        yield told.format(group=teachers)


def _models(role: Role, site: Site) -> Iterator[str]:
    store = ModelStore(paths.of_box(settings.folder()))
    installed = {"echo", *(model.id for model in store.installed())}
    for model in role.models:
        if model not in installed:
            yield _("The model {model} is not installed for the machine.").format(model=model)
        elif site.models and model not in site.models:
            yield _("The model {model} is not among those of this box.").format(model=model)


def _others(role: Role, site: Site, folder: Path) -> Iterator[str]:
    own = {each.uid: each for each in members.pupils(role, site)}
    others, _broken = roles.loaded(folder, members.writers(site))
    for other in others:
        if other.name != role.name:
            both = [own[each.uid] for each in members.pupils(other, site) if each.uid in own]
            if both:
                told = _(
                    "Also in the class {name}: {names}. One that is open holds, of several the "
                    "first by name."
                )
                yield told.format(name=other.name, names=_named(both))


def _rules(role: Role) -> Iterator[str]:
    if role.until is not None and role.until < datetime.now().date():  # noqa: DTZ005 - local
        yield _("Its last day was {day}.").format(day=role.until.isoformat())
    if role.quiz is not None and not role.may_use(Tool.TUTOR):
        yield _("It has a quiz, which can be done though the tools leave the tutor out.")
    if role.keep is Keep.TRANSCRIPTS:
        yield _("The teacher can read what pupils ask; they are told so with every answer.")


def _named(users: list[members.Member]) -> str:
    logins = [each.login for each in users]
    return ", ".join([*logins[:_NAMED], *(["…"] if len(logins) > _NAMED else [])])
