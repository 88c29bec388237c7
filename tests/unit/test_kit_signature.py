"""Signatures: what ssh-keygen signed is accepted, and nothing else is."""

from __future__ import annotations

import base64
import random
import subprocess
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.kit import signing
from hinterland.kit.carried import ed25519
from hinterland.kit.carried.signature import NAMESPACE, armoured, is_fingerprint, verify
from hinterland.paths import Paths

# RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        """e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
        5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b""",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        """92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00""",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard(key: str, message: str, signature: str) -> None:
    public, said, proof = (bytes.fromhex(each) for each in (key, message, signature))
    assert ed25519.verify(public, said, proof)
    assert not ed25519.verify(public, said + b"!", proof)
    # The same signature with another number that means the same modulo the group's order.
    scalar = int.from_bytes(proof[32:], "little") + ORDER
    assert not ed25519.verify(public, said, proof[:32] + scalar.to_bytes(32, "little"))


def test_a_key_that_accepts_whatever_nobody_signed_is_refused() -> None:
    neutral = b"\1" + bytes(31)  # a point of order 1, with which every challenge is nothing
    assert not ed25519.verify(neutral, b"anything", neutral + bytes(32))


def test_whatever_ssh_keygen_signs_is_accepted(paths: Paths) -> None:
    chosen = random.Random(8)
    for size in (0, 1, 70, 5000):
        manifest = chosen.randbytes(size)
        signature = signing.sign(manifest, paths)
        signer = verify(manifest, signature)
        assert signer == signing.own_signer(paths)
        with pytest.raises(InputError, match="not what was signed"):
            verify(manifest + b"!", signature)


def test_the_fingerprint_is_the_one_that_ssh_keygen_tells(paths: Paths) -> None:
    key = signing.own_key(paths)
    told = subprocess.run(
        ["ssh-keygen", "-lf", key], capture_output=True, text=True, check=True
    ).stdout
    signer = signing.own_signer(paths)
    assert signer
    assert signer.fingerprint in told.split()
    assert is_fingerprint(signer.fingerprint)
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700


def test_no_byte_of_a_signature_may_change(paths: Paths) -> None:
    signature = signing.sign(b"manifest", paths)
    for at in range(len(signature)):
        for other in {signature[at] ^ 1, ord("\n")} - {signature[at]}:
            changed = signature[:at] + bytes([other]) + signature[at + 1 :]
            with pytest.raises(InputError):
                verify(b"manifest", changed)
    for changed in (b"", signature[:-1], signature + b"\n", b"\n" + signature, signature[:100]):
        with pytest.raises(InputError):
            verify(b"manifest", changed)


def test_a_signature_for_another_purpose_is_none(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "letter"
    file.write_bytes(b"manifest")
    key = signing.own_key(paths)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "file", file], check=True)
    signature = file.with_name("letter.sig").read_bytes()
    with pytest.raises(InputError, match="something else"):
        verify(b"manifest", signature)
    blob = base64.b64decode(b"".join(signature.splitlines()[1:-1]))
    renamed = blob.replace(b"\0\0\0\4file", len(NAMESPACE).to_bytes(4, "big") + NAMESPACE.encode())
    with pytest.raises(InputError, match="not what was signed"):
        verify(b"manifest", armoured(renamed))


def test_known_signers_have_names(paths: Paths) -> None:
    signing.own_key(paths)
    own = signing.own_signer(paths)
    assert own
    other = own.key[:-4] + "AAAA"
    (paths.config / "kit/allowed_signers").write_text(
        f'# people\nana@example.org namespaces="hinterland-kit" {other} her stick\n\nbroken line\n'
    )
    assert signing.known(paths) == {own.key: "", other: "ana@example.org"}
