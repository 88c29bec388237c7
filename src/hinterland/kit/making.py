"""`hint kit create`: gather, hash, sign, write."""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hinterland import __version__
from hinterland.kit import contents, openmp, signing, wheels
from hinterland.kit.carried.checking import Kit
from hinterland.kit.carried.manifest import Manifest, Wheels, decode, encode
from hinterland.kit.carried.signature import verify
from hinterland.kit.gathered import Content, Gathered
from hinterland.kit.own_wheel import own_wheel
from hinterland.kit.wheels import Target
from hinterland.models.progress import Progress
from hinterland.paths import Paths, private_folder

PART = 4_000_000_000
"""Bytes of the longest file in a kit: FAT32, which most sticks have, holds less than 4 GiB."""

_CARRIED = ("__init__.py", "errors.py", "text.py", "models/__init__.py", "models/progress.py")
"""What the installer uses of Hinterland besides `kit/carried`: all of it needs Python alone."""
_MAIN = """\
import sys

try:
    from pathlib import Path

    from hinterland.kit.carried.main import main
except ModuleNotFoundError as error:
    print(f"hint: This Python lacks a part of its own library: {error.name}.", file=sys.stderr)
    print("      Debian's package python3 brings all of it.", file=sys.stderr)
    sys.exit(2)

sys.exit(main(Path(sys.argv[0]).parent, sys.argv[1:]))
"""
_README = """\
Hinterland {version}: an AI that answers on your own machine, without a network.

To install it on Linux, open a terminal in this folder and type

    sh install.sh

As root it is installed for everybody on the machine, else for you alone. Every file here is checked
before it is used. `sh install.sh --verify` only checks; `sh install.sh --help` tells the rest.
The documentation is in docs/; kit.md is about this kit.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a kit is to hold."""

    targets: tuple[Target, ...]
    models: Sequence[str] = ()
    lessons: Sequence[Path] = ()
    packs: Sequence[Path] = ()
    part: int = PART


def make(wanted: Wanted, paths: Paths, progress: Progress) -> Kit:
    """Return a signed kit whose files are still where they were; `copying` writes it.

    Raises InputError, ModelError, StorageError.
    """
    media = Gathered()
    sets: list[Wheels] = []
    # What may fail quickly comes before what has to be fetched.
    media.add(contents.models(wanted.models, paths), wanted.part, progress)
    media.add(contents.lessons(wanted.lessons), wanted.part, progress)
    media.add(contents.packs(wanted.packs), wanted.part, progress)
    signing.own_key(paths)
    with tempfile.TemporaryDirectory(prefix="hinterland-") as folder:
        own = own_wheel(Path(folder))
        program = [(f"wheels/{own.name}", own.read_bytes())]
    fetched = [
        wheels.fetch(target, private_folder(paths.cache), progress) for target in wanted.targets
    ]
    by_name = {file.name: file for each in fetched for file in each.files}
    media.add(program, wanted.part, progress)
    media.add(
        ((f"wheels/{name}", by_name[name]) for name in sorted(by_name)), wanted.part, progress
    )
    for each in fetched:
        names = [own.name, *(file.name for file in each.files)]
        files = tuple(f"wheels/{name}" for name in names)
        sets.append(Wheels(each.target.machine, each.target.python, each.glibc, files))
    for machine in dict.fromkeys(each.machine for each in wanted.targets):
        found = openmp.fetch(machine, paths.cache)
        named = ((f"openmp/{machine}/{name}", content) for name, content in found.items())
        media.add(named, wanted.part, progress)
    media.add(contents.documents(), wanted.part, progress)
    media.add(installer_files(), wanted.part, progress)
    # The installer comes first in a tar: it is what somebody looks for.
    first = [each for each in media.files if "/" not in each.path]
    rest = [each for each in media.files if "/" in each.path]
    manifest = Manifest(
        __version__, int(time.time()), (*first, *rest), tuple(media.joined), tuple(sets)
    )
    media.manifest = encode(manifest)
    media.signature = signing.sign(media.manifest, paths)
    # What is written is what would be accepted.
    return Kit(media, decode(media.manifest), verify(media.manifest, media.signature))


def installer_files() -> Iterator[Content]:
    """Yield what is run on the machine that the kit is for."""
    here = Path(__file__).parent
    archive = installer()
    script = (here / "install.sh").read_text("utf-8")
    digest = hashlib.sha256(archive).hexdigest()
    yield "install.sh", script.replace("@PYZ_SHA256@", digest).encode()
    yield "install.pyz", archive
    yield "README.txt", _README.format(version=__version__).encode()


def installer() -> bytes:
    """Return the installer as one file that Python runs; the same bytes for the same sources."""
    root = Path(__file__).parents[1]
    carried = sorted(path.name for path in (root / "kit/carried").glob("*.py"))
    names = [*_CARRIED, "kit/__init__.py", *(f"kit/carried/{name}" for name in carried)]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(f"hinterland/{name}"), (root / name).read_bytes())
        archive.writestr(zipfile.ZipInfo("__main__.py"), _MAIN)
    return target.getvalue()
