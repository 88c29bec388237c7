"""Ed25519 signatures, verified as RFC 8032 (section 5.1.7) describes it.

A bare machine has neither ssh-keygen nor a cryptographic library, and a library out of the kit that
is to be verified would vouch for itself. Nothing here is secret, so that time tells nobody anything.
"""

from __future__ import annotations

import hashlib

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
"""A square root of -1."""

_Point = tuple[int, int, int, int]
"""(X, Y, Z, T) with x = X/Z, y = Y/Z and x·y = T/Z."""
_NEUTRAL: _Point = (0, 1, 1, 0)


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) is that of `message` by the holder of `key` (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, commitment = _decoded(key), _decoded(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or commitment is None or scalar >= _L or _small(public):
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % _L
    return _equal(_times(scalar, _BASE), _plus(commitment, _times(challenge, public)))


def _plus(first: _Point, second: _Point) -> _Point:
    a = (first[1] - first[0]) * (second[1] - second[0]) % _P
    b = (first[1] + first[0]) * (second[1] + second[0]) % _P
    c = 2 * first[3] * second[3] * _D % _P
    d = 2 * first[2] * second[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(scalar: int, point: _Point) -> _Point:
    total = _NEUTRAL
    while scalar:
        if scalar & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        scalar >>= 1
    return total


def _equal(first: _Point, second: _Point) -> bool:
    return (
        not (first[0] * second[2] - second[0] * first[2]) % _P
        and not (first[1] * second[2] - second[1] * first[2]) % _P
    )


def _small(point: _Point) -> bool:
    """Whether a point has an order of 8 or less: such a key would accept what nobody signed."""
    return _equal(_times(8, point), _NEUTRAL)


def _decoded(encoded: bytes) -> _Point | None:
    """Return the point of 32 bytes; None for bytes that are none, or not in their only form."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    x = _x(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _base() -> _Point:
    y = 4 * pow(5, -1, _P) % _P
    x = _x(y, 0)
    assert x is not None
    return (x, y, 1, x * y % _P)


_BASE = _base()
