"""Triage of the sick, by rules that a clinician can read: `hint diagnose`.

Its hooks are in `hooks`, imported when plugins are asked for what they have: every module of the
plugin imports this one first, and pluggy would take a quarter of the time that a result may.
"""

from __future__ import annotations

from typing import Any

_HOOKS = ("register_commands", "register_screens")


def __getattr__(name: str) -> Any:
    if name in _HOOKS:
        from hinterland.plugins.diagnosis import hooks

        return getattr(hooks, name)
    raise AttributeError(name)


def __dir__() -> list[str]:
    return [*globals(), *_HOOKS]
