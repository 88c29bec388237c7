"""Remedies for somebody who may not look after the machine: a command that only root may run is no
advice to a pupil, but it is to whom the pupil asks."""

from __future__ import annotations

import os
import pwd
import re
from contextlib import suppress

import msgspec

from hinterland import remedies
from hinterland.doctor import disk
from hinterland.doctor.findings import Finding
from hinterland.text import clean_line

_ROOTS = re.compile(r"\bsudo |`(?:apt|dnf) ")
_DRIVERS = {"gpu-blocked"}
_FULL = {"disk-full", "disk-short"}
_THE_BOXS = re.compile(
    r"`hint (?:engine (?:build|bench|stop|start|logs)|config set engine|models (?:pull|add|recommend))\b"
)
"""What is refused on a shared box, or is of no use there."""


def adapted(finding: Finding) -> Finding:
    """Return a finding with a remedy that its reader can carry out, or hand on."""
    remedy = finding.remedy
    if not remedy or remedy.startswith(remedies.ASK) or remedies.may_become_root():
        return finding
    if remedies.is_for_box():
        if finding.kind in _FULL or remedy == disk.FREE:
            return msgspec.structs.replace(finding, remedy=remedies.FULL)
        if "HINTERLAND_HOME" in remedy:
            return msgspec.structs.replace(finding, remedy=remedies.ASK)
    of_the_box = remedies.is_for_box() and _THE_BOXS.search(remedy)
    if of_the_box or _ROOTS.search(remedy) or finding.kind in _DRIVERS or _is_of_another(finding):
        remedy = remedy.replace("$USER", _login())  # in whose shell it would be another
        return msgspec.structs.replace(finding, remedy=remedies.for_them(remedy))
    return finding


def _is_of_another(finding: Finding) -> bool:
    """Whether a finding is about a file that somebody else has to mend."""
    with suppress(OSError):  # there is no file, or none that can be looked at
        return os.lstat(finding.facts.get("file", "")).st_uid != os.geteuid()
    return False


def _login() -> str:
    try:
        return clean_line(pwd.getpwuid(os.geteuid()).pw_name)
    except KeyError:
        return str(os.geteuid())
