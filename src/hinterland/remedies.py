"""What to do where nothing can be kept. Another folder (`HINTERLAND_HOME`) helps somebody with an engine
of their own; on a shared box it takes them off the box, and somebody else looks after the disk, and
after models."""

from __future__ import annotations

import errno
import os
import re

from hinterland.language import N_, _

FULL = N_("Delete what you no longer need, or ask who looks after this machine.")
ASK = N_("Ask who looks after this machine.")
_HANDED_ON = N_("{ask} Tell them: {remedy}")
_FETCHED = re.compile(r"`hint models (?:pull|add)\b")
_SET_UP = re.compile(_FETCHED.pattern + r"(?![^`]* --(?!accept-licence))")
"""Of those, what `hint box setup` does: it knows no projector, type or other name of a model."""
_ADMINS = {"sudo", "wheel", "admin"}
"""Groups whose members may become root on most systems."""


def for_disk(alone: str, error: OSError | None = None) -> str:
    """Return what to do about a folder or a disk that cannot be used: `alone`, or on a shared box what
    its people can do, for a disk that is full if there is no `error` that says otherwise."""
    if not is_for_box():
        return alone
    return FULL if error is None or error.errno in (errno.ENOSPC, errno.EDQUOT) else ASK


def is_for_box() -> bool:
    """Whether this account is one of the people of a shared box, who look after nothing of it."""
    return os.geteuid() != 0 and _is_on_box()


def _is_on_box() -> bool:
    place = os.environ.get("HINTERLAND_SITE")
    if os.environ.get("HINTERLAND_HOME") and not place:
        return False
    return os.path.exists(os.path.join(place or "/etc/hinterland", "box.toml"))


def for_them(remedy: str) -> str:
    """Return whom to ask on a shared box, and what to hand on: a remedy that is root's."""
    return _HANDED_ON.format(ask=ASK, remedy=remedy)


def of_error(hint: str) -> str:
    """Return the hint of an error, in the interface's language, for who reads it: on a shared box root
    fetches models, and gives them to everybody."""
    if not _FETCHED.search(hint) or not _is_on_box():
        return hint
    hint = _SET_UP.sub("`hint box setup --model", hint)
    return hint if may_become_root() else _(_HANDED_ON).format(ask=_(ASK), remedy=hint)


def no_model() -> str:
    """Return that no model is installed and what to do, in the interface's language, for who reads it."""
    return f"{_('No model is installed.')} {of_error(_('`hint models pull starter` fetches one.'))}"


def may_become_root() -> bool:
    """Whether this account is root's, or one that `sudo` lets become root."""
    import grp

    if os.geteuid() == 0:
        return True
    for number in {os.getegid(), *os.getgroups()}:
        try:
            if grp.getgrgid(number).gr_name in _ADMINS:
                return True
        except KeyError:
            continue
    return False
