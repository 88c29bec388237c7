"""Who is in a class, as the system's own groups tell."""

from __future__ import annotations

import grp
import os
import pwd
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hinterland.text import clean_line, clean_name

if TYPE_CHECKING:
    from hinterland.box.roles import Role
    from hinterland.site import Site


_NUMBER = re.compile(r"[0-9]{1,10}")


class Member(msgspec.Struct, frozen=True):
    """A user of this machine."""

    uid: int
    gid: int
    login: str
    home: str
    called: str = ""
    """Their name, where the machine knows it."""


def gid_of(group: str) -> int | None:
    """Return the number of a system group; None where there is none of that name."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def groups_of(uid: int) -> frozenset[str]:
    """Return the names of the groups that the machine says a user is in; none for a stranger."""
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return frozenset()
    names = set()
    for gid in os.getgrouplist(user.pw_name, user.pw_gid):
        try:
            names.add(grp.getgrgid(gid).gr_name)
        except KeyError:  # a group that was removed
            continue
    return frozenset(names)


def is_in_one_of(uid: int, gids: Collection[int]) -> bool:
    """Whether a user is in one of those groups; a stranger is in none."""
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return False
    return not set(gids).isdisjoint(os.getgrouplist(user.pw_name, user.pw_gid))


def teachers_of(role: Role, site: Site) -> str:
    """Return the system group of a class's teachers."""
    return role.teachers or site.teachers


def writers(site: Site) -> tuple[int, ...]:
    """Return the numbers of the groups that may write role files besides their owner: the teachers."""
    gid = gid_of(site.teachers)
    return () if gid is None else (gid,)


def teaches(uid: int, groups: Collection[str], role: Role, site: Site) -> bool:
    """Whether a user, who is in those groups, is a teacher of a class; root is one of all."""
    return uid == 0 or teachers_of(role, site) in groups


def pupils(role: Role, site: Site) -> list[Member]:
    """Return the pupils of a class by login: its group without teachers, root and the site's teachers."""
    found: dict[int, Member] = {}
    for user in _in_group(role.group):
        groups = groups_of(user.pw_uid)
        if not teaches(user.pw_uid, groups, role, site) and site.teachers not in groups:
            found[user.pw_uid] = _member(user)
    return sorted(found.values(), key=lambda each: each.login)


def _in_group(name: str) -> Iterator[pwd.struct_passwd]:
    """Yield who is in a group; a directory of accounts may know more users than it lists."""
    try:
        group = grp.getgrnam(name)
    except KeyError:
        return
    for login in group.gr_mem:
        with suppress(KeyError):
            yield pwd.getpwnam(login)
    for user in pwd.getpwall():
        if user.pw_gid == group.gr_gid:
            yield user


def member(uid: int) -> Member:
    """Return a user by number, with the number for a name where the machine has none."""
    try:
        return _member(pwd.getpwuid(uid))
    except KeyError:
        return Member(uid, -1, str(uid), "")


def uid_of(login: str) -> int | None:
    """Return the number of an account, or of one that is gone, which is called by it; None where there is
    none of that name. A number that is somebody's now may have been another's, and names nobody."""
    with suppress(KeyError, ValueError):  # a null in it
        return pwd.getpwnam(login).pw_uid
    if not _NUMBER.fullmatch(login):
        return None
    try:
        pwd.getpwuid(int(login))
    except KeyError:
        return int(login)
    return None


def _member(user: pwd.struct_passwd) -> Member:
    called = clean_line(user.pw_gecos.partition(",")[0], 60)
    return Member(user.pw_uid, user.pw_gid, clean_name(user.pw_name, 60), user.pw_dir, called)
