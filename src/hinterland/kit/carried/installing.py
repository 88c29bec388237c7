"""The installation of a kit: everything is checked, laid beside what is there, and then put to use
in one step, so that a power cut leaves the old release or the new one."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hinterland.errors import HinterlandError, InputError, StorageError
from hinterland.kit.carried import receipt as receipts
from hinterland.kit.carried import texts
from hinterland.kit.carried.alone import alone
from hinterland.kit.carried.checking import Kit, check
from hinterland.kit.carried.fitting import fitting
from hinterland.kit.carried.manifest import Wheels
from hinterland.kit.carried.models import install_models
from hinterland.kit.carried.placing import Places
from hinterland.kit.carried.receipt import COMPLETE, Receipt
from hinterland.kit.carried.writing import fresh, put, room
from hinterland.models.progress import Progress, size

_UNPACKED = 5
"""How much larger an environment is than its wheels, with what Python compiles."""
_RELEASES = 2
"""Releases that stay: an engine that runs goes on with the one it was started from."""


def install(kit: Kit, places: Places, progress: Progress, *, signer: str = "") -> Receipt:
    """Install a kit that opened, and return the receipt.

    Where a kit was installed before, only one of the same signer is taken, unless `signer` is the
    fingerprint of the new one. Raises InputError for a kit that is refused or
    does not fit, StorageError when the disk fails.
    """
    try:
        with alone(places), _umask(~places.mode & 0o777):
            before = receipts.read(places) or Receipt()
            _agree(kit, before, signer)
            wheels = fitting(kit.manifest)
            check(kit, progress)
            if before.made > kit.manifest.made:
                progress.note("This kit is older than the one that was installed.")
            return _install(kit, wheels, places, before, progress)
    except OSError as error:
        raise _failed(error) from error


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    """Have files made with the mode that the places ask for, by pip too, whoever installs."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _agree(kit: Kit, before: Receipt, signer: str) -> None:
    if before.signer not in ("", kit.signer.key) and signer != kit.signer.fingerprint:
        raise InputError(
            "The kit was signed by somebody else than the one installed before: by "
            f"{kit.signer.fingerprint}.",
            f"If its maker confirms that, add --signer {kit.signer.fingerprint}.",
        )


def _install(
    kit: Kit, wheels: Wheels, places: Places, receipt: Receipt, progress: Progress
) -> Receipt:
    _room_for_the_command(places)
    _make_room(kit, wheels, places)
    receipts.make_folder(places, receipt, places.program)
    receipts.make_folder(places, receipt, places.command.parent)
    release = places.program / kit.id
    if kit.id not in receipt.releases:
        receipt.releases.append(kit.id)
    receipts.write(places, receipt)
    if not (release / COMPLETE).exists():
        shutil.rmtree(release, ignore_errors=True)
        try:
            _lay(kit, wheels, release, progress)
        except BaseException:  # Ctrl-C and a full disk too: it is of no use to anybody
            shutil.rmtree(release, ignore_errors=True)
            raise
    install_models(kit, places, receipt, progress)
    texts.put_all(kit, places, receipt, progress)
    used = _in_use(places)
    _put_to_use(places, release)
    texts.withdraw(kit, places, receipt, progress)
    receipt.kit, receipt.version = kit.id, kit.manifest.version
    receipt.made, receipt.signer = kit.manifest.made, kit.signer.key
    _remove_old(places, receipt, used)
    receipts.write(places, receipt)
    return receipt


def _lay(kit: Kit, wheels: Wheels, release: Path, progress: Progress) -> None:
    """Make a release that works, not yet in use."""
    _environment(kit, wheels, release, progress)
    _documents(kit, release)
    _openmp(kit, wheels, release)
    _try(release)
    os.sync()  # a power cut must not leave the mark without what it vouches for
    (release / COMPLETE).touch()


def _remove_old(places: Places, receipt: Receipt, used: str) -> None:
    """Remove all releases but the last of the receipt and the one that was in `used` before it, from
    which something may still run."""
    last = receipt.kit
    if used != last and used in receipt.releases:
        receipt.releases.remove(used)
        receipt.releases.append(used)
    receipt.releases.remove(last)
    receipt.releases.append(last)
    whole = [each for each in receipt.releases if (places.program / each / COMPLETE).exists()]
    for old in [each for each in receipt.releases if each not in whole[-_RELEASES:]]:
        if not receipts.served(places, old):
            receipts.remove_release(places, old)
            receipt.releases.remove(old)


def _environment(kit: Kit, wheels: Wheels, release: Path, progress: Progress) -> None:
    """Make a Python environment and install the wheels into it, with the pip among them."""
    _run("venv", "-m", "venv", "--without-pip", str(release))
    folder = release / "wheels"
    folder.mkdir()
    lines, pip = [], None
    done, total = 0, sum(kit.manifest.whole[path].bytes for path in wheels.files)
    for path in wheels.files:
        done += kit.manifest.whole[path].bytes
        progress.advance("Copying the program", done, total)
        file = put(folder / PurePosixPath(path).name, kit.read(path))
        name, version = file.name.split("-")[:2]
        lines.append(f"{name}=={version} --hash=sha256:{kit.manifest.whole[path].sha256}\n")
        pip = file if name == "pip" else pip
    if pip is None:
        raise InputError("The kit has no pip.", "Its maker has to make the kit again.")
    wanted = folder / "requirements.txt"
    wanted.write_text("".join(lines))
    progress.note("Installing the program. This takes a minute or two.")
    _run(
        *("pip", str(pip / "pip"), "--isolated", "--disable-pip-version-check", "--no-input"),
        *("--quiet", "install", "--no-index", "--no-deps", "--no-cache-dir", "--only-binary=:all:"),
        *("--no-warn-script-location", "--root-user-action=ignore", "--find-links", str(folder)),
        *("--require-hashes", "--requirement", str(wanted)),
        python=release / "bin/python",
    )
    shutil.rmtree(folder)


def _run(what: str, *arguments: str, python: Path | None = None) -> None:
    command = [str(python or sys.executable), "-I", *arguments]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # pip asks whatever compilers and tools it finds for their versions, even without an index.
        close_fds=False,
        env=quiet | {"PIP_CONFIG_FILE": os.devnull, "PATH": str(Path(command[0]).parent)},
        check=False,
    )
    if done.returncode != 0:
        text = done.stdout.decode("utf-8", "replace")
        for number in (errno.ENOSPC, errno.EDQUOT):
            if os.strerror(number) in text:
                raise OSError(number, os.strerror(number))
        said = text.strip().splitlines()
        raise HinterlandError(
            f"{what} failed: {said[-1] if said else f'it ended with {done.returncode}'}.",
            "Nothing was put to use. Please report it with all that was printed.",
        )


def _documents(kit: Kit, release: Path) -> None:
    for path in kit.manifest.whole:
        if path.startswith("docs/"):
            put(release / "share" / path, kit.read(path))


def _openmp(kit: Kit, wheels: Wheels, release: Path) -> None:
    """Put the OpenMP library where the engine looks for it on a system that has none."""
    above = f"openmp/{wheels.machine}/"
    for path in kit.manifest.whole:
        if path.startswith(above):
            put(release / "lib/hinterland" / PurePosixPath(path).name, kit.read(path))


def _try(release: Path) -> None:
    """Run the program once before it is put to use."""
    _run("hint", "-m", "hinterland", "--version", python=release / "bin/python")


def _put_to_use(places: Places, release: Path) -> None:
    _link(places.current, release)
    _link(places.command, places.current / "bin/hint")


def _room_for_the_command(places: Places) -> None:
    hint = places.command
    if hint.is_symlink() and Path(os.readlink(hint)) == places.current / "bin/hint":
        return
    if hint.exists() or hint.is_symlink():
        raise InputError(
            f"There is a {hint} already, which no kit put there.",
            "Move it away and install again.",
        )


def _in_use(places: Places) -> str:
    """Return the release that is in use; "" where there is none."""
    return Path(os.readlink(places.current)).name if places.current.is_symlink() else ""


def _link(link: Path, target: Path) -> None:
    passing = fresh(link)
    passing.unlink(missing_ok=True)
    passing.symlink_to(target)
    passing.replace(link)


def _make_room(kit: Kit, wheels: Wheels, places: Places) -> None:
    whole = kit.manifest.whole
    program = _UNPACKED * sum(whole[path].bytes for path in wheels.files)
    data = sum(
        file.bytes
        for path, file in whole.items()
        if path.startswith(("models/", "lessons/", "packs/")) and not (places.data / path).exists()
    )
    for place, needed in room((places.program, program), (places.data, data)):
        raise StorageError(
            f"The disk of {place} lacks room: {size(needed)} are needed.", "Free some space."
        )


def _failed(error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError("The disk is full.", "Free some space and install again.")
    about = f" ({error.filename})" if error.filename else ""
    return StorageError(
        f"The kit cannot be installed: {error.strerror or error}{about}.",
        "Mend the permissions there and install again.",
    )
