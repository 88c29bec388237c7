"""The signature of a manifest, in the form `ssh-keygen -Y sign` writes (OpenSSH's PROTOCOL.sshsig)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from hinterland.errors import InputError
from hinterland.kit.carried import ed25519

NAMESPACE = "hinterland-kit"
"""What a signature is for: one made for another purpose is none of a kit's."""

_FIRST, _LAST = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
_MAGIC = b"SSHSIG"
_LARGEST = 4096
_COLUMNS = 70
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Signer:
    """Whoever holds the key that a kit was signed with."""

    key: str
    """The public key as ssh writes it: `ssh-ed25519 AAAA…`."""

    @property
    def fingerprint(self) -> str:
        """`SHA256:` and 43 characters, as `ssh-keygen -l` says it."""
        digest = hashlib.sha256(base64.b64decode(self.key.split()[1])).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def verify(manifest: bytes, signature: bytes) -> Signer:
    """Return who signed `manifest`; raises InputError where `signature` does not show that.

    A signature in any other form than the one it was written in is refused: no byte may change.
    """
    try:
        public, algorithm, signed = _parsed(_unarmoured(signature))
        key, proof = _ed25519(public, 32), _ed25519(signed, 64)
    except ValueError as error:
        raise _refused(str(error)) from error
    digest = _HASHES[algorithm](manifest).digest()
    fields = (NAMESPACE.encode(), b"", algorithm, digest)
    message = _MAGIC + b"".join(len(each).to_bytes(4, "big") + each for each in fields)
    if not ed25519.verify(key, message, proof):
        raise _refused("the manifest is not what was signed")
    return Signer(f"ssh-ed25519 {base64.b64encode(public).decode()}")


def armoured(blob: bytes) -> bytes:
    """Return a signature as ssh-keygen writes it into a file."""
    text = base64.b64encode(blob)
    lines = (text[at : at + _COLUMNS] + b"\n" for at in range(0, len(text), _COLUMNS))
    return _FIRST + b"".join(lines) + _LAST


def is_fingerprint(text: str) -> bool:
    """Whether `text` looks like what `Signer.fingerprint` returns."""
    return re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", text) is not None


def _unarmoured(signature: bytes) -> bytes:
    if len(signature) > _LARGEST:
        raise ValueError("it is too long")
    if not (signature.startswith(_FIRST) and signature.endswith(_LAST)):
        raise ValueError("it is torn")
    text = signature[len(_FIRST) : -len(_LAST)]
    try:
        blob = base64.b64decode(text.replace(b"\n", b""), validate=True)
    except binascii.Error as error:
        raise ValueError("it is damaged") from error
    if armoured(blob) != signature:
        raise ValueError("it is damaged")
    return blob


def _parsed(blob: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the public key, the hash's name and what was signed with it; raises ValueError."""
    rest = _Reader(blob)
    if rest.take(6) != _MAGIC or rest.number() != 1:
        raise ValueError("it is no SSH signature of version 1")
    public, purpose, reserved = rest.string(), rest.string(), rest.string()
    algorithm, signed = rest.string(), rest.string()
    rest.end()
    if purpose != NAMESPACE.encode():
        raise ValueError("it was made for something else than a kit")
    if algorithm not in _HASHES or reserved:
        raise ValueError("its hash is none that is used for kits")
    return public, algorithm, signed


def _ed25519(blob: bytes, length: int) -> bytes:
    rest = _Reader(blob)
    if rest.string() != b"ssh-ed25519":
        raise ValueError("it was not made with an Ed25519 key")
    found = rest.string()
    rest.end()
    if len(found) != length:
        raise ValueError("it is damaged")
    return found


def _refused(why: str) -> InputError:
    return InputError(
        f"The kit's signature cannot be accepted: {why}.",
        "Copy the kit again from where it was made.",
    )


class _Reader:
    """Takes the fields of SSH's binary form one after the other; raises ValueError."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._at = 0

    def take(self, count: int) -> bytes:
        found = self._blob[self._at : self._at + count]
        if len(found) != count:
            raise ValueError("it is damaged")
        self._at += count
        return found

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self._at != len(self._blob):
            raise ValueError("it is damaged")
