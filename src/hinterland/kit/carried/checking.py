"""Whether a kit is, byte for byte, what somebody signed, and who that was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hinterland.errors import InputError
from hinterland.kit.carried import manifest as manifests
from hinterland.kit.carried import media, signature
from hinterland.kit.carried.manifest import File, Manifest
from hinterland.kit.carried.media import Media
from hinterland.kit.carried.signature import Signer
from hinterland.models.progress import Progress

BLOCK = 1 << 20
_NAMED = 5
"""Files that are named where many are wrong."""


@dataclass(frozen=True, slots=True)
class Kit:
    """A kit whose signature is sound; `check` says whether its files are."""

    media: Media
    manifest: Manifest
    signer: Signer

    @property
    def id(self) -> str:
        """The release and the first digits of the manifest's hash: no two kits have the same."""
        digest = hashlib.sha256(self.media.manifest).hexdigest()
        return f"{self.manifest.version}-{digest[:12]}"

    @property
    def size(self) -> int:
        return sum(each.bytes for each in self.manifest.files)

    def read(self, path: str) -> Iterator[bytes]:
        """Yield the contents of a file, whole where it lies in parts, hashed once more on the way:
        InputError at its end when a stick gives other bytes than it gave to `check`."""
        for part in self.manifest.parts(path):
            yield from self.read_file(part)

    def read_file(self, part: File) -> Iterator[bytes]:
        """Yield the contents of a file as it lies in the kit, as `read` does."""
        digest = hashlib.sha256()
        try:
            with self.media.read(part) as file:
                while block := file.read(BLOCK):
                    digest.update(block)
                    yield block
        except OSError as error:
            raise media.unreadable(self.media.place / part.path, error) from error
        if digest.hexdigest() != part.sha256:
            raise InputError(f"{part.path} has changed while it was read.", _HINT)

    def content(self, path: str) -> bytes:
        """Return the contents of a small file; raises InputError."""
        return b"".join(self.read(path))


_HINT = "Nothing of it is used. Copy the kit again from where it was made, or to another stick."


def open_kit(place: Path) -> Kit:
    """Return the kit at a place once its signature was verified; raises InputError."""
    found = media.at(place)
    signer = signature.verify(found.manifest, found.signature)
    manifest = manifests.decode(found.manifest)
    try:
        found.lay_out(manifest)
    except OSError as error:
        raise media.unreadable(place, error) from error
    return Kit(found, manifest, signer)


def check(kit: Kit, progress: Progress) -> None:
    """Return when every byte of the kit is the one that was signed; raises InputError, which names
    what is wrong."""
    try:
        problems = list(kit.media.problems(kit.manifest))
        if not problems:
            problems = list(_wrong(kit, progress))
    except OSError as error:
        raise media.unreadable(kit.media.place, error) from error
    if not problems:
        return
    for problem in problems[:_NAMED]:
        progress.note(f"{problem}.")
    if len(problems) > _NAMED:
        progress.note(f"… and {len(problems) - _NAMED} more.")
    raise InputError(f"The kit is refused: {problems[0]}.", _HINT)


def _wrong(kit: Kit, progress: Progress) -> Iterator[str]:
    done, total = 0, kit.size
    for each in kit.manifest.files:
        digest = hashlib.sha256()
        try:
            with kit.media.read(each) as file:
                while block := file.read(BLOCK):
                    digest.update(block)
                    done += len(block)
                    progress.advance("Checking the kit", done, total)
        except OSError as error:
            yield f"{each.path} cannot be read ({error.strerror or error})"
            continue
        if digest.hexdigest() != each.sha256:
            yield f"{each.path} is not what was signed"
