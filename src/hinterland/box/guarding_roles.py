"""Whether a role file can be changed by root and teachers alone: a pupil who could write one would be
under rules of their own making."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from pathlib import Path

import msgspec

from hinterland.box import members
from hinterland.language import N_
from hinterland.text import clean_line

_OWN = N_("Look at what it says; `sudo chown root {path}` makes it root's.")
_CLOSE = N_("`sudo chmod {mode} {path}` forbids it.")
_NO_LINK = N_("Put files and folders themselves in their places, without links.")
_WAY = N_("the way to it leads through {place}, which others than teachers can change")
_MOST_LINKS = 40  # as many as Linux follows


class Flaw(msgspec.Struct, frozen=True):
    """Why others could change a role file, and what to do about it."""

    reason: str
    hint: str


def flaw(file: Path, found: os.stat_result, writers: Collection[int]) -> Flaw | None:
    """Return how others than root and teachers could change a role file; None where they cannot.

    `found` is of the file as it was read, and `writers` the numbers of the teachers' groups. Whoever
    owns the site's folder counts as root. Raises OSError.
    """
    folder = file.parent
    above, root = folder.stat(), folder.parent.stat().st_uid
    if above.st_mode & stat.S_IWOTH:
        return _open_to("o", N_("everybody can write its folder"), folder)
    if _is_of_group(above, writers):
        return _open_to("g", N_("a group can write its folder that is not the teachers'"), folder)
    if found.st_mode & stat.S_IWOTH:
        return _open_to("o", N_("everybody can write it"), file)
    if _is_of_group(found, writers):
        return _open_to("g", N_("a group can write it that is not the teachers'"), file)
    for about, path, reason in (
        (above, folder, N_("its folder belongs to {owner}, who is neither root nor a teacher")),
        (found, file, N_("it belongs to {owner}, who is neither root nor a teacher")),
    ):
        if not _may_own(about.st_uid, root, writers):
            owner = members.member(about.st_uid).login
            return Flaw(reason.format(owner=owner), _OWN.format(path=clean_line(str(path))))
    return _flaw_on_the_way(file, root, writers)


def _open_to(whom: str, reason: str, path: Path) -> Flaw:
    return Flaw(reason, _CLOSE.format(mode=f"{whom}-w", path=clean_line(str(path))))


def _is_of_group(about: os.stat_result, writers: Collection[int]) -> bool:
    return bool(about.st_mode & stat.S_IWGRP) and about.st_gid not in (0, *writers)


def _may_own(uid: int, root: int, writers: Collection[int]) -> bool:
    """Whether a role file may be a user's. It may be none's whom the machine does not know: a pupil may be
    65,536 such users (subuid(5))."""
    return uid in (0, root) or members.is_in_one_of(uid, writers)


def _flaw_on_the_way(file: Path, root: int, writers: Collection[int]) -> Flaw | None:
    """Return what is wrong with the first thing on the way to a file that others could change: a folder, a
    link, or what it leads to; None where there is none. Raises OSError."""
    at, links = Path("/"), 0
    left = list(reversed(file.absolute().parts[1:]))
    while True:
        about = at.lstat()
        # In a folder such as /tmp only its owner can change a thing, and that is looked at below.
        shared = stat.S_ISDIR(about.st_mode) and about.st_mode & stat.S_ISVTX
        written = about.st_mode & stat.S_IWOTH or _is_of_group(about, writers)
        if stat.S_ISLNK(about.st_mode):  # whose mode says nothing
            written = 0
        owned = _may_own(about.st_uid, root, writers)
        if (written and not shared) or not owned:
            place = clean_line(str(at))
            close = _CLOSE.format(mode="go-w", path=place) if owned else _OWN.format(path=place)
            return Flaw(_WAY.format(place=place), _NO_LINK if links else close)
        if stat.S_ISLNK(about.st_mode):
            links += 1
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(file))
            target = at.parent / os.readlink(at)  # which is the latter where that is absolute
            at, left = Path("/"), [*left, *reversed(target.parts[1:])]
        elif not left:
            return None
        else:
            name = left.pop()
            at = at.parent if name == ".." else at / name
