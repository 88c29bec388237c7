"""Hinterland itself as a wheel: built from a checkout, or put together again from what is installed."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import zipfile
from pathlib import Path

from hinterland import __version__
from hinterland.errors import InputError

_EPOCH = (1980, 1, 1, 0, 0, 0)
_HINT = "Make the kit from a checkout of Hinterland, with `make` having set it up."


def own_wheel(folder: Path) -> Path:
    """Return the wheel of the running Hinterland, made in `folder`; raises InputError."""
    checkout = Path(__file__).parents[3]
    if (checkout / "pyproject.toml").is_file() and (checkout / "src/hinterland").is_dir():
        return _build(checkout, folder)
    return _repack(folder)


def _build(checkout: Path, folder: Path) -> Path:
    for old in folder.glob("hinterland-*.whl"):
        old.unlink()
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "pip", "wheel", "--quiet", "--no-input", "--no-deps"),
            *("--no-build-isolation", "--no-index", "--disable-pip-version-check"),
            *("--wheel-dir", str(folder), str(checkout)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    found = list(folder.glob("hinterland-*.whl"))
    if done.returncode != 0 or len(found) != 1:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(f"The wheel cannot be built: {said[-1] if said else 'pip failed'}.", _HINT)
    return found[0]


def _repack(folder: Path) -> Path:
    """Put an installed wheel together from the files that its record names."""
    try:
        distribution = importlib.metadata.distribution("hinterland")
    except importlib.metadata.PackageNotFoundError as error:
        raise InputError("This Hinterland was not installed as a package.", _HINT) from error
    about = f"hinterland-{__version__}.dist-info"
    left_out = {f"{about}/{name}" for name in ("INSTALLER", "REQUESTED", "direct_url.json")}
    names = [
        str(file)
        for file in distribution.files or ()
        if str(file).startswith(("hinterland/", f"{about}/"))
        and "__pycache__" not in str(file)
        and str(file) not in left_out | {f"{about}/RECORD"}
    ]
    if f"{about}/WHEEL" not in names:
        raise InputError("What is installed of Hinterland is not of this release.", _HINT)
    target = folder / f"hinterland-{__version__}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name in sorted(names):
            content = Path(str(distribution.locate_file(name))).read_bytes()
            wheel.writestr(zipfile.ZipInfo(name, _EPOCH), content)
            record.append(f"{name},{_digest(content)},{len(content)}\n")
        record.append(f"{about}/RECORD,,\n")
        wheel.writestr(zipfile.ZipInfo(f"{about}/RECORD", _EPOCH), "".join(record))
    return target


def _digest(content: bytes) -> str:
    import base64
    import hashlib

    digest = hashlib.sha256(content).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
