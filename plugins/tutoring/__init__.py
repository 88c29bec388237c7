"""A tutor that makes the pupil think, checks by computing and remembers: `hint tutor`.

Its hooks are in `hooks`, imported when plugins are asked for what they have: every module of the
plugin imports this one first.
"""

from __future__ import annotations


def __dir__() -> list[str]:
    # pluggy lists what a plugin has and then wants it there: it does not ask `__getattr__`.
    from hinterland.plugins.tutoring import hooks

    found = globals()
    for name in dir(hooks):
        if name.startswith("register_"):
            found[name] = getattr(hooks, name)
    return list(found)
