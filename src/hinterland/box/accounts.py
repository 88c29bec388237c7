"""The system's users and groups, through the programs that every Linux has for them."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess

from hinterland.errors import ConfigError, StorageError

_WHERE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # `su` leaves sbin out
_PROGRAMS = ("groupadd", "groupdel", "useradd", "userdel", "usermod", "gpasswd")
NOBODY = 65534
_FIRST_PERSON = 1000
"""Accounts from here on are people's, those below are the system's (login.defs, on all distributions
of today)."""


def run(program: str, *arguments: str) -> str:
    """Run one of the system's programs and return what it says; raises StorageError if it fails."""
    found = shutil.which(program, path=_WHERE)
    if found is None:
        raise ConfigError(
            f"The program {program} is missing.",
            "It comes with the package passwd or shadow-utils; systemctl with systemd.",
        )
    done = subprocess.run(
        [found, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={"PATH": _WHERE, "LC_ALL": "C"},
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        reason = said[-1].rstrip(".") if said else f"exit code {done.returncode}"
        raise StorageError(f"{program} failed: {reason}.", "Mend that, then run this again.")
    return done.stdout


def check_programs() -> None:
    """Return if users and groups can be made here; raises ConfigError."""
    for program in _PROGRAMS:
        if shutil.which(program, path=_WHERE) is None:
            raise ConfigError(
                f"Users and groups cannot be made here: {program} is missing.",
                "Install the package passwd (Debian) or shadow-utils.",
            )


def group_id(name: str) -> int | None:
    """Return the number of a group; None when there is none of that name."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def user(name: str) -> pwd.struct_passwd | None:
    """Return an account; None when there is none of that name."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def is_person(account: pwd.struct_passwd) -> bool:
    """Whether an account is one that a person logs in to."""
    return account.pw_uid >= _FIRST_PERSON and account.pw_uid != NOBODY


def is_member(name: str, group: str) -> bool:
    """Whether a user that exists is in a group, which may not exist."""
    gid, account = group_id(group), user(name)
    return gid is not None and account is not None and gid in os.getgrouplist(name, account.pw_gid)


def make_group(name: str) -> None:
    """Make a system group; raises StorageError, as all of these do."""
    run("groupadd", "--system", name)


def make_user(name: str, group: str, home: str) -> None:
    """Make an account that nobody can log in to."""
    run(
        "useradd",
        *("--system", "--gid", group, "--no-user-group"),
        *("--home-dir", home, "--no-create-home", "--shell", "/usr/sbin/nologin"),
        *("--comment", "the shared box", name),
    )


def remove_user(name: str, *, ours: set[str]) -> None:
    """Remove an account. `userdel` takes an empty group of the same name with it: it comes back, as
    it was, unless it is one of `ours`."""
    before = group_id(name)
    run("userdel", name)
    if before is not None and group_id(name) is None and name not in ours:
        run("groupadd", "--gid", str(before), name)


def remove_group(name: str) -> None:
    """Remove a group that is nobody's first."""
    run("groupdel", name)


def add_member(name: str, group: str) -> None:
    """Put an account into a group; its processes know from the next log-in on."""
    run("gpasswd", "--add", name, group)


def remove_member(name: str, group: str) -> None:
    """Take an account out of a group."""
    run("gpasswd", "--delete", name, group)
