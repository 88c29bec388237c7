"""The key that kits are signed with, made on first use, and the names of signers that are known."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from hinterland import durable
from hinterland.errors import InputError, StorageError
from hinterland.kit.carried.signature import NAMESPACE, Signer
from hinterland.paths import Paths, private_folder

_HINT = "Debian's package openssh-client has it."


def sign(manifest: bytes, paths: Paths) -> bytes:
    """Return the signature of a manifest by this account's key, which is made where there is none.

    Raises InputError where ssh-keygen is missing or fails, StorageError.
    """
    key = own_key(paths)
    with tempfile.TemporaryDirectory(prefix="hinterland-") as folder:
        file = Path(folder) / "manifest"
        file.write_bytes(manifest)
        _keygen("-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file))
        return file.with_name("manifest.sig").read_bytes()


def own_key(paths: Paths) -> Path:
    """Return the file of this account's key, 0600; raises InputError, StorageError."""
    folder = private_folder(paths.config / "kit")
    key = folder / "signing_key"
    with durable.locked(key):
        if not key.exists():
            fresh = folder / ".signing_key.new"
            for each in (fresh, fresh.with_name(f"{fresh.name}.pub")):
                each.unlink(missing_ok=True)
            _keygen("-q", "-t", "ed25519", "-N", "", "-C", NAMESPACE, "-f", str(fresh))
            public = fresh.with_name(f"{fresh.name}.pub")
            public.replace(folder / "signing_key.pub")
            fresh.replace(key)
            durable.sync_folder(folder)
    return key


def known(paths: Paths) -> dict[str, str]:
    """Return names of signers by public key: this account's own, and those in `allowed_signers` of
    the folder `kit` in the settings' folder, as ssh-keygen reads such a file."""
    names: dict[str, str] = {}
    try:
        lines = (paths.config / "kit/allowed_signers").read_text("utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            f"The file {paths.config / 'kit/allowed_signers'} cannot be read.", "Mend or remove it."
        ) from error
    for line in lines:
        words = line.split()
        if line.startswith("#") or "ssh-ed25519" not in words[1:-1]:
            continue
        at = words.index("ssh-ed25519", 1)
        names[f"ssh-ed25519 {words[at + 1]}"] = words[0]
    if own := own_signer(paths):
        names[own.key] = ""
    return names


def own_signer(paths: Paths) -> Signer | None:
    """Return whoever this account signs as; None where it has no key yet."""
    try:
        words = (paths.config / "kit/signing_key.pub").read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return None
    return Signer(" ".join(words[:2])) if len(words) >= 2 else None


def _keygen(*arguments: str) -> None:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise InputError("A kit is signed with ssh-keygen, which is not on this machine.", _HINT)
    done = subprocess.run(
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"LC_ALL": "C"},
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(
            f"ssh-keygen failed: {said[-1] if said else f'it ended with {done.returncode}'}.", _HINT
        )
