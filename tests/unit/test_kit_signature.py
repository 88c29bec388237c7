"""Signatures: what ssh-keygen signed is accepted, and nothing else is."""

from __future__ import annotations

import base64
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.kit import allowed, copying, signing
from hinterland.kit.carried import ed25519
from hinterland.kit.carried.signature import NAMESPACE, armoured, is_fingerprint, verify
from hinterland.models.progress import Silent
from hinterland.paths import Paths
from tests.kits import FILES, kit_of
from tests.running import Hint

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
    file = paths.config / "kit/allowed_signers"
    file.write_text(
        f'# people\nana@example.org namespaces="file" {other}\n'
        f'ana@example.org,ana namespaces="hinterland-kit" {other} her stick\n\n'
    )
    names = {each.key: (each.names, each.holds) for each in signing.known(paths).values()}
    assert names == {own.key: ("", True), other: ("ana@example.org,ana", True)}
    file.write_text(f"\nana@example.org stick-only {other}\n")
    with pytest.raises(InputError, match=r"line 2: 'stick-only' is no option"):
        signing.known(paths)


# What stands before the key, and whether ssh-keygen takes a signature with it.
LINES = [
    "ana",
    "  ana ",
    "ben,ana",
    "a*",
    '"ana"',
    'ana namespaces="hinterland-kit"',
    'ana NameSpaces="git,hinterland-*"',
    'ana namespaces="*,!hinterland-kit"',
    'ana namespaces="file"',
    'ana namespaces="Hinterland-kit"',
    'ana namespaces=""',
    "ana namespaces=hinterland-kit",
    'ana namespaces="hinterland-kit',
    'ana namespaces="a\\"',
    'ana namespaces="hinterland-kit",namespaces="hinterland-kit"',
    'ana namespaces="hinterland-kit",',
    'ana namespaces="hinterland-kit" valid-after="20200101"',
    "ana cert-authority",
    'ana valid-after="20200101"',
    'ana valid-after="20990101Z"',
    'ana valid-before="20200101"',
    'ana valid-before="20990101"',
    'ana valid-after="202001010000Z",valid-before="20990101000000Z"',
    'ana valid-after="20990101",valid-before="20200101"',
    'ana valid-after="20201301"',
    'ana valid-before="never"',
    'ana valid-after="19690101Z"',
    'ana valid-before="20990101235960"',
    'ana valid-before="99991231235959"',
    "ana no-touch-required",
    'ana namespaces="hinterland-kit"x',
]


@pytest.mark.parametrize("before", LINES)
def test_who_may_sign_is_whoever_ssh_keygen_takes(
    before: str, paths: Paths, tmp_path: Path
) -> None:
    signature = tmp_path / "manifest.sig"
    signature.write_bytes(signing.sign(b"manifest", paths))
    own = signing.own_signer(paths)
    assert own
    text = f"{before} {own.key} a comment\n"
    file = tmp_path / "allowed"
    file.write_text(text)
    asked = ["ssh-keygen", "-Y", "verify", "-f", str(file), "-I", "ana", "-n", NAMESPACE]
    done = subprocess.run(
        [*asked, "-s", str(signature)], input=b"manifest", capture_output=True, check=False
    )
    try:
        found = [each.holds for each in allowed.read(text, NAMESPACE, time.time())]
    except ValueError:
        found = []
    assert found.count(True) == (done.returncode == 0), done.stderr


@pytest.fixture
def far_west(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the clock go after UTC."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_west")
def test_the_last_day_that_can_be_written_is_one_in_the_west_too(paths: Paths) -> None:
    signing.own_key(paths)
    own = signing.own_signer(paths)
    assert own
    line = f'ana valid-before="99991231235959" {own.key}'
    assert [each.holds for each in allowed.read(line, NAMESPACE, time.time())] == [True]


def test_what_holds_at_a_time_holds_at_no_other(paths: Paths) -> None:
    signing.own_key(paths)
    own = signing.own_signer(paths)
    assert own
    line = f'ana valid-after="20260102Z",valid-before="202601030000Z" {own.key}'
    day = 24 * 3600
    first = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    for now, holds in ((first - 1, False), (first, True), (first + day, True)):
        assert [each.holds for each in allowed.read(line, NAMESPACE, now)] == [holds]
    assert [each.holds for each in allowed.read(line, NAMESPACE, first + day + 1)] == [False]


def test_keys_of_other_kinds_are_passed_over(paths: Paths, tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "key"], check=True
    )
    text = f"ana {(tmp_path / 'key.pub').read_text()}"
    assert list(allowed.read(text, NAMESPACE, 0)) == []
    for broken in ("ana ssh-ed25519 AAAA", "ana ssh-ed25519", "ana", "ana ssh-ed25519 !!!"):
        with pytest.raises(ValueError, match="line 1: "):
            list(allowed.read(broken, NAMESPACE, 0))


def test_a_kit_of_somebody_whose_time_is_over_is_refused(
    paths: Paths, hint: Hint, tmp_path: Path
) -> None:
    kit = copying.copy(kit_of(FILES.items(), paths), tmp_path / "kit.tar", Silent())
    own = signing.own_signer(paths)
    assert own
    shutil.rmtree(paths.config / "kit")
    (paths.config / "kit").mkdir()
    line = f'ana valid-before="20200101Z" {own.key}\n'
    (paths.config / "kit/allowed_signers").write_text(line)
    done = hint("kit", "verify", str(kit))
    assert done.returncode == 2
    assert "line of ana in allowed_signers does not let" in done.stderr
