"""Models out of a kit, as the store keeps them: a folder each, with a record beside the file."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hinterland.errors import InputError
from hinterland.kit.carried import receipt as receipts
from hinterland.kit.carried.checking import Kit
from hinterland.kit.carried.placing import Places
from hinterland.kit.carried.receipt import Receipt
from hinterland.kit.carried.writing import incoming_and_outgoing, put
from hinterland.models.progress import Progress

RECORD = "model.json"
_ROOM = "models"


def install_models(kit: Kit, places: Places, receipt: Receipt, progress: Progress) -> None:
    """Put the models of a kit into the store; those that are there with the same hash stay.

    Raises InputError for a record that cannot be used, OSError.
    """
    names = [
        path.split("/")[1]
        for path in kit.manifest.whole
        if path.startswith(f"{_ROOM}/") and path.endswith(f"/{RECORD}")
    ]
    if not names:
        return
    store = places.data / _ROOM
    receipts.make_folder(places, receipt, store)
    with _held(store / receipts.LOCK, places):
        _sweep(store)
        for name in names:
            record = _record(kit, name)
            if _is_there(store / name, record):
                progress.note(f"The model {name} is there already.")
                continue
            if (store / name).exists() and not _ours(store / name, receipt):
                progress.note(f"Another model is called {name} here; it stays as it is.")
                continue
            _install(kit, name, record, places, receipt, progress)
        _tell_of_others(places, names, receipt, progress)


def _install(
    kit: Kit,
    name: str,
    record: dict[str, Any],
    places: Places,
    receipt: Receipt,
    progress: Progress,
) -> None:
    folder = places.data / _ROOM / name
    incoming, outgoing = incoming_and_outgoing(folder)
    if str(folder) not in receipt.folders:
        receipt.folders.append(str(folder))
        receipts.write(places, receipt)
    try:
        laid = _lay(kit, name, record, incoming, places, progress)
    except BaseException:  # Ctrl-C and a full disk too: half a model is of no use
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    hashes = {folder / file: sha256 for file, sha256 in laid.items()}
    for file, sha256 in hashes.items():
        receipt.expect(file, sha256)
    receipts.write(places, receipt)
    if folder.exists():
        folder.rename(outgoing)
    incoming.rename(folder)
    shutil.rmtree(outgoing, ignore_errors=True)
    for path in [each for each in receipt.files if Path(each).parent == folder]:
        del receipt.files[path]
    receipt.files |= {str(file): sha256 for file, sha256 in hashes.items()}
    receipts.write(places, receipt)
    progress.note(f"The model {name} is installed.")


def _lay(
    kit: Kit,
    name: str,
    record: dict[str, Any],
    folder: Path,
    places: Places,
    progress: Progress,
) -> dict[str, str]:
    """Make a model's folder and return the hashes of its files by their names."""
    folder.mkdir()
    folder.chmod(places.mode)
    record = record | {"installed": time.time()}
    hashes = {}
    for part in _files(record):
        path = f"{_ROOM}/{name}/{part['file']}"
        content = _told(kit, path, part, progress)
        file = put(folder / part["file"], content, places.mode & 0o666)
        part["mtime_ns"] = file.stat().st_mtime_ns
        hashes[part["file"]] = part["sha256"]
    text = json.dumps(record, indent=1).encode()
    put(folder / RECORD, [text], places.mode & 0o666)
    return hashes | {RECORD: hashlib.sha256(text).hexdigest()}


def _sweep(store: Path) -> None:
    """Clear what a power cut left of an installation: under the store's lock nobody is at it. A model
    gets its name back where the cut came between its going and another's coming."""
    for entry in sorted(store.iterdir()):
        state, _, name = entry.name.partition("-")
        if not name or state not in (".incoming", ".outgoing"):
            continue
        if state == ".outgoing" and not (store / name).exists():
            entry.rename(store / name)
        else:
            shutil.rmtree(entry, ignore_errors=True)


def _tell_of_others(
    places: Places, names: Sequence[str], receipt: Receipt, progress: Progress
) -> None:
    """Say which models an older kit brought and this one does not, and what removes them: settings may
    name them."""
    store = places.data / _ROOM
    for file in map(Path, receipt.files):
        folder = file.parent
        if file == store / folder.name / RECORD and folder.name not in names and file.exists():
            shared = f"rm -r {shlex.quote(str(folder))}"
            remedy = shared if places.shared else f"hint models remove {folder.name}"
            progress.note(
                f"The model {folder.name} is of an older kit and stays; `{remedy}` removes it."
            )


def _told(kit: Kit, path: str, part: dict[str, Any], progress: Progress) -> Iterator[bytes]:
    """Yield a model's bytes while telling how many; raises InputError where they are not those that
    its record speaks of."""
    done, total = 0, kit.manifest.whole[path].bytes
    digest = hashlib.sha256()
    for block in kit.read(path):
        digest.update(block)
        done += len(block)
        progress.advance(f"Copying {part['file']}", done, total)
        yield block
    if (done, digest.hexdigest()) != (part["bytes"], part["sha256"]):
        raise InputError(
            f"{path} is not the file that its record speaks of.",
            "Its maker has to make the kit again.",
        )


def _record(kit: Kit, name: str) -> dict[str, Any]:
    """Return a model's record, once it is known to speak of this model's files."""
    try:
        record = json.loads(kit.content(f"{_ROOM}/{name}/{RECORD}"))
        _check(kit, name, record)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The record of the model {name} cannot be used: {error}.",
            "Its maker has to make the kit again.",
        ) from error
    return dict(record)


def _check(kit: Kit, name: str, record: dict[str, Any]) -> None:
    if record["id"] != name:
        raise ValueError("it speaks of another model")
    for part in _files(record):
        if f"{_ROOM}/{name}/{part['file']}" not in kit.manifest.whole:
            raise ValueError(f"there is no {part['file']}")
        if type(part["bytes"]) is not int or not isinstance(part["sha256"], str):
            raise ValueError(f"it does not describe {part['file']}")


def _files(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a record says of the model's file, and of its image projector's."""
    yield record
    if record.get("projector"):
        yield record["projector"]


def _ours(folder: Path, receipt: Receipt) -> bool:
    """Whether a kit put this model there."""
    return str(folder / RECORD) in receipt.files


def _is_there(folder: Path, wanted: dict[str, Any]) -> bool:
    """Whether the store has these very files, by the hash in its record and by their size."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        return all(
            (here["sha256"], here["bytes"]) == (there["sha256"], there["bytes"])
            and (folder / here["file"]).stat().st_size == there["bytes"]
            for here, there in zip(_files(record), _files(wanted), strict=True)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


@contextmanager
def _held(lock: Path, places: Places) -> Iterator[None]:
    """Hold the lock under which the store changes."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, places.mode & 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
