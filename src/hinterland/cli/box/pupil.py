"""What a pupil's own `hint` does about the rules of its class: which commands run, whether a history is
kept. Hours, models, limits and what the model is told are the box's affair, and hold for any program."""

from __future__ import annotations

import os
from datetime import datetime

from hinterland import config, site
from hinterland.errors import ConfigError

_TELLS_ITSELF = frozenset({"ask", "chat"})
"""Commands that show with every answer what the box has to tell of it; the others read answers by the
dozen, or inside a screen of their own."""
_PLUGINS = {"diagnose": "diagnosis", "translate": "translation", "tutor": "tutoring"}


def obey(command: str) -> None:
    """Keep to the rules of the class that the caller is in, if any; raises ConfigError for a command
    that its role file leaves out, and for rules that cannot be read."""
    from hinterland.box.roles import Keep, Tool

    asks = any(command == tool for tool in Tool)
    found = site.find()
    if found is None:
        return
    from hinterland.box import members
    from hinterland.box.classes import Classes

    uid, now = os.getuid(), datetime.now()  # noqa: DTZ005 - lessons are in local time
    try:
        role = Classes(found).holds_for(uid, members.groups_of(uid), now)
    except ConfigError:
        if asks:
            raise
        return
    if role is None:
        return
    if not role.may_use(command):
        raise ConfigError(
            f"{role.called} does not use `hint {command}`.",
            "`hint box class show` tells what it uses.",
        )
    if role.keep is Keep.TRANSCRIPTS and asks and command not in _TELLS_ITSELF:
        from hinterland.box.classes import notice
        from hinterland.cli.tables import say
        from hinterland.sentences import translated

        say(translated(notice(role)))
    off = [plugin for tool, plugin in _PLUGINS.items() if not role.may_use(tool)]
    config.impose(keeps_history=role.keep is not Keep.NOTHING, disabled_plugins=off)
