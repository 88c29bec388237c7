"""The class that a command is about."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from hinterland.errors import ConfigError, HinterlandError, InputError
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.box.roles import Role
    from hinterland.site import Site


def the_class(name: str) -> tuple[Role, Site]:
    """Return the class of that name and the site; raises InputError where there is none, and
    ConfigError for a file that cannot be used."""
    from hinterland.box import members, roles
    from hinterland.box.asking import settings

    site = settings()
    known = roles.names(roles.folder())
    if name not in known:
        raise unknown(name, known)
    return roles.load(roles.folder(), name, members.writers(site)), site


def the_class_in_force(name: str) -> tuple[Role, Site]:
    """Return the same for a teacher who only looks: where the file has a mistake, that is said, and the
    class is what the box goes on with."""
    from hinterland.box import asking, roles
    from hinterland.cli.tables import say
    from hinterland.sentences import sentence

    try:
        return the_class(name)
    except ConfigError as mistake:
        site = asking.settings()
        if not roles.NAME.fullmatch(name):
            raise
        try:
            role = asking.ask("GET", f"/hint/class/{name}/rules", roles.Role)
        except HinterlandError:
            raise mistake from None
        say(sentence(mistake))
        return role, site


def unknown(name: str, known: Collection[str]) -> InputError:
    """Return what to say of a class that there is not, where those are `known`."""
    names = clean_line(", ".join(sorted(known)), 600)
    there = f"There are: {names}." if known else "There are no classes."
    return InputError(f"There is no class {clean_line(name, 60)!r}.", there)
