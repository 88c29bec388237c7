"""OpenSSH's file of allowed signers, read as `ssh-keygen -Y verify` reads it (ssh-keygen(1))."""

from __future__ import annotations

import base64
import binascii
import calendar
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES = re.compile(r'[ \t]*(?:"([^"]*)"|([^ \t"]+))[ \t]+')
_KEY = re.compile(r"([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]|$)")
_OPTION = re.compile(
    r'(cert-authority)|(namespaces|valid-after|valid-before)="((?:\\"|[^"\\]|\\(?!"))*)"',
    re.IGNORECASE,
)
_TIME = re.compile(r"(\d{8}(?:\d{4}(?:\d{2})?)?)(Z|UTC)?", re.IGNORECASE)
_FORMS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_ED25519 = "ssh-ed25519"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who holds an Ed25519 key, and whether their line is for this purpose and this time."""

    key: str
    """`ssh-ed25519 AAAA…`."""
    names: str
    """Whoever the line says, one or several with commas."""
    holds: bool


def read(text: str, namespace: str, now: float) -> Iterator[Allowed]:
    """Yield what the lines of a file say of signatures for `namespace` at `now` (seconds since the
    epoch). Keys of other kinds sign no kits and are passed over.

    Raises ValueError, which tells the line and what is wrong with it, for a line that ssh-keygen
    would not understand either: an option nobody knows may be a limit.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip(" \t").startswith("#"):
            continue
        try:
            found = _line(line.rstrip(), namespace, now)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        if found:
            yield found


def _line(line: str, namespace: str, now: float) -> Allowed | None:
    names = _NAMES.match(line)
    if names is None:
        raise ValueError("it has no name and key")
    rest = line[names.end() :]
    options: dict[str, str] = {}
    if not _key(rest):
        options, rest = _options(rest)
    key = _key(rest)
    if key is None:
        raise ValueError("its key cannot be read")
    # A key that signs certificates signs nothing itself for its holder.
    holds = "cert-authority" not in options and _in_time(options, now)
    if "namespaces" in options:
        holds = holds and _listed(namespace, options["namespaces"])
    if not key.startswith(f"{_ED25519} "):
        return None
    return Allowed(key, names[1] or names[2], holds)


def _key(text: str) -> str | None:
    """Return the key that a text begins with, as `kind base64`; None where it begins with none."""
    if not (found := _KEY.match(text)):
        return None
    kind = found[1].encode()
    try:
        blob = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        return None
    named = len(kind).to_bytes(4, "big") + kind
    if not blob.startswith(named) or (found[1] == _ED25519 and len(blob) != len(named) + 4 + 32):
        return None
    return f"{found[1]} {found[2]}"


def _options(text: str) -> tuple[dict[str, str], str]:
    """Return the options that a text begins with, by their names in small letters, and the rest."""
    options: dict[str, str] = {}
    at = 0
    while True:
        found = _OPTION.match(text, at)
        if found is None:
            raise ValueError(
                f"{text[at:].split(maxsplit=1)[0] if text[at:].split() else ''!r} is no option"
            )
        name = (found[1] or found[2]).lower()
        if name in options and name != "cert-authority":
            raise ValueError(f"{name} is there twice")
        options[name] = (found[3] or "").replace('\\"', '"')
        at = found.end()
        if text[at : at + 1] != ",":
            break
        at += 1
    if text[at : at + 1] not in (" ", "\t"):
        raise ValueError(
            f"{text[at:].split(maxsplit=1)[0] if text[at:] else 'its end'!r} is out of place"
        )
    _in_time(options, 0)
    return options, text[at:].lstrip(" \t")


def _in_time(options: dict[str, str], now: float) -> bool:
    after = _time(options["valid-after"]) if "valid-after" in options else None
    before = _time(options["valid-before"]) if "valid-before" in options else None
    if after is not None and before is not None and before <= after:
        raise ValueError("valid-before is not later than valid-after")
    return (after is None or now >= after) and (before is None or now <= before)


def _time(text: str) -> float:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time such as 20271231Z")
    parts = time.strptime(found[1], _FORMS[len(found[1])])
    seconds = calendar.timegm(parts) if found[2] else time.mktime(parts)
    if seconds <= 0:
        raise ValueError(f"{text!r} is before 1970")
    return seconds


def _listed(word: str, patterns: str) -> bool:
    """Whether a word is in a list of patterns with `*` and `?`, and not in one that `!` precedes."""
    listed = False
    for pattern in patterns.split(","):
        wanted = pattern.removeprefix("!")
        form = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in wanted)
        if re.fullmatch(form, word, re.DOTALL):
            if pattern.startswith("!"):
                return False
            listed = True
    return listed
