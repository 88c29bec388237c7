"""What an installation put where: written before each step, so that undoing it is exact."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hinterland.errors import InputError, StorageError
from hinterland.kit.carried.alone import alone
from hinterland.kit.carried.placing import Places
from hinterland.kit.carried.writing import fresh, incoming_and_outgoing, put
from hinterland.models.progress import Progress

_FORM = 1
_BLOCK = 1 << 20
COMPLETE = "complete"
"""A file in a release: there is one only while all of the release is there."""
LOCK = ".lock"
"""What the store of models is locked with."""


@dataclass(slots=True)
class Receipt:
    kit: str = ""
    """The kit that was installed last."""
    version: str = ""
    made: int = 0
    """When that kit was made, in seconds since the epoch."""
    signer: str = ""
    """The public key that it was signed with."""
    releases: list[str] = field(default_factory=list)
    """Folders below `program`."""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of what was put into the data folder, by path; while a file takes the place of another,
    those of both, with a space between."""
    folders: list[str] = field(default_factory=list)
    """Folders that were made, the outer before the inner ones."""

    def expect(self, file: Path, sha256: str) -> None:
        """Note that `file` is about to be put: until its one hash is noted, what is there is ours too,
        wherever a power cut comes."""
        known = self.files.get(str(file), "").split()
        self.files[str(file)] = " ".join(dict.fromkeys((*known, sha256)))

    def has(self, file: Path) -> bool:
        """Whether what is in `file` was put there by a kit; raises OSError."""
        return _sha256(file) in self.files.get(str(file), "").split()


def read(places: Places) -> Receipt | None:
    """Return the receipt of an installation, None where there is none; raises StorageError."""
    try:
        raw = json.loads(places.receipt.read_bytes())
        form, found = raw.pop("form"), Receipt(**raw)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f"The receipt {places.receipt} cannot be used: {error}.",
            f"Remove {places.program} and {places.command} by hand, and install anew.",
        ) from error
    if form != _FORM:
        raise StorageError(
            f"The receipt {places.receipt} is of another release.",
            "Install or undo with install.sh of a newer kit.",
        )
    return found


def write(places: Places, receipt: Receipt) -> None:
    """Put the receipt on the disk in one step; raises OSError."""
    content = json.dumps({"form": _FORM} | asdict(receipt), indent=1).encode()
    put(places.receipt, [content], places.mode & 0o666)


def make_folder(places: Places, receipt: Receipt, folder: Path) -> None:
    """Make a folder and the parents that it lacks, each noted in the receipt; raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()][::-1]
    receipt.folders += [str(each) for each in missing if str(each) not in receipt.folders]
    if missing and places.program.exists():
        write(places, receipt)
    for each in missing:
        each.mkdir(exist_ok=True)
        each.chmod(places.mode)


def is_somebodys(target: Path, receipt: Receipt) -> bool:
    """Whether something is at `target` that no kit put there, or that was changed since; raises
    OSError."""
    if not (target.exists() or target.is_symlink()):
        return False
    if target.is_symlink() or not target.is_file():
        return True
    return not receipt.has(target)


def undo(places: Places, progress: Progress) -> None:
    """Remove what was installed and nothing else; what somebody changed since stays, and is told.

    Raises InputError where nothing was installed, or where it is in use, StorageError where something
    cannot be removed.
    """
    try:
        with alone(places):
            _undo(places, progress)
    except OSError as error:
        raise StorageError(
            f"{error.filename} cannot be removed: {error.strerror}.",
            "Mend its permissions and undo it again.",
        ) from error


def served(places: Places, release: str) -> bool:
    """Whether the system starts its shared box from this release."""
    folder = str(places.program / release)
    return places.shared and any(
        folder in unit.read_text("utf-8", "replace")
        for unit in Path("/etc/systemd/system").glob("hinterland*.service")
    )


def remove_release(places: Places, name: str) -> None:
    """Remove a release; it is noted before it is made and until all of them are removed, so that it
    may not be there. Raises OSError."""
    with suppress(FileNotFoundError):
        (places.program / name / COMPLETE).unlink()
    with suppress(FileNotFoundError):
        shutil.rmtree(places.program / name)


def _undo(places: Places, progress: Progress) -> None:
    receipt = read(places)
    if receipt is None:
        raise InputError(
            f"Nothing was installed from a kit: {places.receipt} is not there.",
            "What pip installed, pip removes.",
        )
    if any(served(places, each) for each in receipt.releases):
        raise InputError(
            "The shared box of this machine runs from what the kit installed.",
            "`hint box setup --undo` comes first.",
        )
    for path in _kept(receipt):
        progress.note(f"{path} was changed since and stays.")
    if places.command.is_symlink() and _ours(places):
        places.command.unlink()
    for name in receipt.releases:
        remove_release(places, name)
    places.current.unlink(missing_ok=True)
    _remove_left_over(places, receipt)
    places.receipt.unlink()
    for folder in reversed(receipt.folders):
        if os.path.isdir(folder) and os.listdir(folder) == [LOCK]:
            os.unlink(os.path.join(folder, LOCK))
        with suppress(OSError):  # somebody has put something of their own there
            Path(folder).rmdir()


def _kept(receipt: Receipt) -> Iterator[str]:
    """Remove the files of the data folder; yield those that are not what was put there."""
    for path in receipt.files:
        file = Path(path)
        if not file.is_file() or file.is_symlink():
            continue
        if not receipt.has(file):
            yield path
            continue
        file.unlink()


def _remove_left_over(places: Places, receipt: Receipt) -> None:
    """Remove what an installation that was killed had under a passing name."""
    for file in (places.receipt, places.current, places.command, *map(Path, receipt.files)):
        fresh(file).unlink(missing_ok=True)
    for folder in map(Path, receipt.folders):
        if folder.parent == places.data / "models":
            for passing in incoming_and_outgoing(folder):
                shutil.rmtree(passing, ignore_errors=True)


def _ours(places: Places) -> bool:
    return Path(os.readlink(places.command)).is_relative_to(places.program)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
