"""Lessons and rule packs out of a kit; what an older kit brought and this one lacks is taken away."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hinterland.kit.carried import receipt as receipts
from hinterland.kit.carried.checking import Kit
from hinterland.kit.carried.placing import Places
from hinterland.kit.carried.receipt import Receipt
from hinterland.kit.carried.writing import put
from hinterland.models.progress import Progress

_ROOMS = ("lessons", "packs")


def put_all(kit: Kit, places: Places, receipt: Receipt, progress: Progress) -> None:
    """Put the lessons and packs of a kit into the data folder; what is somebody's own there stays.

    Raises InputError where the stick has changed, OSError.
    """
    for path, file in kit.manifest.whole.items():
        if not path.startswith(tuple(f"{room}/" for room in _ROOMS)):
            continue
        target = places.data / path
        if receipts.is_somebodys(target, receipt):
            progress.note(f"{target} is somebody's own, or was changed, and stays as it is.")
            continue
        receipts.make_folder(places, receipt, target.parent)
        receipt.expect(target, file.sha256)
        receipts.write(places, receipt)
        put(target, kit.read(path), places.mode & 0o666)
        receipt.files[str(target)] = file.sha256


def withdraw(kit: Kit, places: Places, receipt: Receipt, progress: Progress) -> None:
    """Remove the lessons that an older kit brought and this one lacks, where it has any, and so with
    packs: a lesson twice, or a rule that was withdrawn, is worse than none. What somebody changed
    since stays. Raises OSError."""
    wanted = {places.data / path for path in kit.manifest.whole}
    for room in (places.data / name for name in _ROOMS):
        if not any(path.is_relative_to(room) for path in wanted):
            continue
        for path in [Path(each) for each in receipt.files]:
            if path in wanted or not path.is_relative_to(room):
                continue
            if receipts.is_somebodys(path, receipt):
                progress.note(f"{path} was changed since and stays.")
                continue
            if path.exists():
                path.unlink()
                progress.note(f"{path} is of an older kit and was removed.")
            del receipt.files[str(path)]
        for folder in reversed([Path(each) for each in receipt.folders]):
            if folder.is_relative_to(room):
                with suppress(OSError):  # something lies in it
                    folder.rmdir()
                    receipt.folders.remove(str(folder))
