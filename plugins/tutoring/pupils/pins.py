"""The PIN that keeps one pupil's lessons from being taken for another's.

It is a courtesy, not security: whoever can read the account's files reads them without it, and four
digits are soon tried. It is hashed only because people use one number for many things.
"""

from __future__ import annotations

import unicodedata

import msgspec

from hinterland.errors import InputError

SHORTEST, LONGEST = 4, 12
_COST = 2**12  # 4 MB and a few milliseconds: see above


class Pin(msgspec.Struct, frozen=True):
    """What is kept of a PIN."""

    salt: bytes
    hash: bytes


def made(pin: str) -> Pin:
    """Return what is kept of a PIN of 4 to 12 digits in any script; raises InputError."""
    digits = _digits(pin)
    if digits is None or not SHORTEST <= len(digits) <= LONGEST:
        raise InputError(
            f"A PIN has {SHORTEST} to {LONGEST} digits and nothing else.", "Choose another one."
        )
    import secrets

    salt = secrets.token_bytes(16)
    return Pin(salt, _hash(digits, salt))


def fits(pin: str, kept: Pin) -> bool:
    """Whether `pin` is the one that was kept."""
    import hmac

    digits = _digits(pin)
    return digits is not None and hmac.compare_digest(_hash(digits, kept.salt), kept.hash)


def _hash(digits: str, salt: bytes) -> bytes:
    import hashlib

    return hashlib.scrypt(digits.encode(), salt=salt, n=_COST, r=8, p=1, dklen=32)


def _digits(pin: str) -> str | None:
    found = [unicodedata.decimal(letter, None) for letter in pin if not letter.isspace()]
    return None if None in found else "".join(map(str, found))
