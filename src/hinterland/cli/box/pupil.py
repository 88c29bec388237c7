"""What a pupil's own `hint` does about the rules of its class: which commands run, whether a history is
kept. Hours, models, limits and what the model is told are the box's affair, and hold for any program."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from hinterland import config, notices, site
from hinterland.errors import ConfigError, HinterlandError

if TYPE_CHECKING:
    from hinterland.box.roles import Role
    from hinterland.site import Site

_TELLS_ITSELF = frozenset({"ask", "chat"})
"""Commands that show with every answer what the box has to tell of it; the others read answers by the
dozen, or inside a screen of their own."""
_PLUGINS = {"diagnose": "diagnosis", "translate": "translation", "tutor": "tutoring"}


def obey(command: str) -> None:
    """Keep to the rules of the class that the caller is in, if any; raises ConfigError for a command
    that its role file leaves out, and for rules that cannot be read."""
    from hinterland.box.roles import Keep, Tool

    asks = any(command == tool for tool in Tool)
    try:
        found = site.find()
        role = None if found is None else _in_force(found)
    except HinterlandError:
        if asks:
            raise
        return
    if asks and found is not None and command not in _TELLS_ITSELF:
        notices.follow(_say)  # also for who is in no class: one may be made meanwhile
    if role is None:
        return
    if not role.may_use(command):
        raise ConfigError(
            f"{role.called} does not use `hint {command}`.",
            "`hint box class show` tells what it uses.",
        )
    if role.keep is Keep.TRANSCRIPTS and asks:
        from hinterland.box.classes import notice

        notices.hear(notice(role))
    off = [plugin for tool, plugin in _PLUGINS.items() if not role.may_use(tool)]
    keeps_history = role.keep is not Keep.NOTHING
    config.impose(keeps_history=keeps_history, disabled_plugins=off)


def _say(notice: str) -> None:
    """Tell what has to be told from now on, or that it holds no more."""
    import sys

    from hinterland.cli.tables import say
    from hinterland.sentences import translated

    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        sys.stderr.write("\r\x1b[K")  # where a line may stand that tells of progress
    say(translated(notice or notices.OVER))


def _in_force(found: Site) -> Role | None:
    """Return the role that holds for the caller; raises HinterlandError where nobody can tell.

    While its file has a mistake the box knows what it said before.
    """
    from hinterland.box import asking, members
    from hinterland.box.class_routes import Mine
    from hinterland.box.classes import Classes

    uid, now = os.getuid(), datetime.now()  # noqa: DTZ005 - lessons are in local time
    classes, groups = Classes(found), members.groups_of(uid)
    if not classes.broken:
        return classes.holds_for(uid, groups, now)
    try:  # whose class a mistake is about is not always seen in the file: it may be in the group
        mine = asking.ask("GET", "/hint/class", Mine)
    except HinterlandError:
        if classes.broken_for(uid, groups) is not None:
            raise
        return classes.holds_for(uid, groups, now)
    if mine.rules is None and mine.closed:
        raise ConfigError(mine.closed, "`hint box class check` names the line.")
    return mine.rules
