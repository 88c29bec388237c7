"""The key that kits are signed with, made on first use, and the names of signers that are known."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from hinterland import durable
from hinterland.errors import InputError, StorageError
from hinterland.kit import allowed
from hinterland.kit.allowed import Allowed
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


def known(paths: Paths) -> dict[str, Allowed]:
    """Return who is known, by public key: this account itself, without a name, and those in
    `allowed_signers` of the folder `kit` in the settings' folder.

    Raises InputError for a line that ssh-keygen would not understand, StorageError.
    """
    file = paths.config / "kit/allowed_signers"
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"The file {file} cannot be read.", "Mend or remove it.") from error
    found: dict[str, Allowed] = {}
    try:
        for each in allowed.read(text, NAMESPACE, time.time()):
            if each.key not in found or not found[each.key].holds:
                found[each.key] = each
    except ValueError as error:
        raise InputError(f"{file}, {error}.", "Mend or remove the line.") from error
    if own := own_signer(paths):
        found[own.key] = Allowed(own.key, "", holds=True)
    return found


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
