"""`hint kit`: everything that a machine without a network needs, on a stick."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland import paths
from hinterland.errors import InputError
from hinterland.language import _
from hinterland.models.progress import LineProgress, Progress

if TYPE_CHECKING:
    from hinterland.kit.carried.checking import Kit
    from hinterland.kit.carried.placing import Places

_PLACE = click.argument("kit", type=click.Path(path_type=Path), metavar="KIT")
_SIGNER = click.option(
    "--signer", default="", metavar="SHA256:…", help="Refuse a kit that another key signed."
)
_USER = click.option("--user", is_flag=True, help="For this account alone, even as root.")


@click.group(name="kit")
def command() -> None:
    """Carry everything to a machine without a network."""


@command.command()
@click.option("--models", multiple=True, metavar="ID", help="An installed model; give several.")
@click.option(
    "--lessons",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A lesson, or a folder of them.",
)
@click.option(
    "--packs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of a rule pack.",
)
@click.option(
    "--platform", "machines", multiple=True, help="x86_64 or aarch64; both where none is named."
)
@click.option(
    "--python", "pythons", multiple=True, metavar="3.N", help="A Python; without it 3.11 to 3.13."
)
@click.option(
    "--part-size",
    type=click.IntRange(min=1_000_000, max=8_000_000_000),
    default=4_000_000_000,
    show_default=True,
    help="The longest file, in bytes: FAT32 holds less than 4 GiB.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The tar to write, or the folder of a stick.",
)
def create(
    models: tuple[str, ...],
    lessons: tuple[Path, ...],
    packs: tuple[Path, ...],
    machines: tuple[str, ...],
    pythons: tuple[str, ...],
    part_size: int,
    output: Path,
) -> None:
    """Gather the program, models, lessons and packs into a signed kit.

    Packages come from the package index that pip asks; models have to be installed here.
    """
    from hinterland.kit.copying import copy, expect
    from hinterland.kit.making import Wanted, make
    from hinterland.kit.wheels import targets

    wanted = Wanted(
        targets(_split(machines), _split(pythons)), _split(models), lessons, packs, part_size
    )
    expect(output)
    with LineProgress() as progress:
        kit = make(wanted, paths.find(), progress)
        place = copy(kit, output, progress)
        _tell(kit, progress)
        progress.note(_("The kit is in {place}.").format(place=place))


@command.command(name="copy")
@_PLACE
@click.argument("destination", type=click.Path(path_type=Path))
def copy_to(kit: Path, destination: Path) -> None:
    """Write a kit to a stick's folder, or into a tar; goes on where it was interrupted."""
    from hinterland.kit.carried.checking import open_kit
    from hinterland.kit.copying import copy

    with LineProgress() as progress:
        found = open_kit(kit)
        _tell(found, progress)
        place = copy(found, destination, progress)
        progress.note(_("The kit is in {place}.").format(place=place))


@command.command()
@_PLACE
@_SIGNER
def verify(kit: Path, signer: str) -> None:
    """Compare every byte of a kit with what was signed."""
    from hinterland.kit.carried.checking import check

    with LineProgress() as progress:
        found = _open(kit, signer, progress)
        check(found, progress)
        progress.note(_("Every byte is the one that was signed."))


@command.command()
@click.argument("kit", type=click.Path(path_type=Path), metavar="KIT", required=False)
@_SIGNER
@_USER
@click.option("--undo", is_flag=True, help="Remove what a kit installed; needs no KIT.")
def install(kit: Path | None, signer: str, user: bool, undo: bool) -> None:
    """Install from a kit: for the whole machine as root, else for this account."""
    from hinterland.kit.carried import receipt

    with LineProgress() as progress:
        if undo:
            receipt.undo(_places(user), progress)
            progress.note(_("What the kit installed is gone. Conversations stay."))
        elif kit is None:
            raise InputError("Which kit is it?", "Name its folder or its tar.")
        else:
            _install(_open(kit, signer, progress), user, signer, progress)


@command.command()
@_PLACE
@_SIGNER
@_USER
def update(kit: Path, signer: str, user: bool) -> None:
    """Bring what a kit installed up to a newer kit of the same signer."""
    from hinterland.kit.carried import receipt

    with LineProgress() as progress:
        found = _open(kit, signer, progress)
        before = receipt.read(_places(user))
        if before is None:
            raise InputError("Nothing was installed from a kit here.", "`hint kit install` does.")
        if before.kit == found.id:
            progress.note(_("This kit is installed already; what is missing of it is put back."))
        elif before.made > found.manifest.made:
            raise InputError(
                "The kit is older than the one that is installed.",
                "`hint kit install` installs it all the same.",
            )
        _install(found, user, signer, progress)


def _open(place: Path, signer: str, progress: Progress) -> Kit:
    from hinterland.kit.carried.checking import open_kit
    from hinterland.kit.carried.main import expect

    kit = open_kit(place)
    _tell(kit, progress)
    expect(kit, signer)
    return kit


def _install(kit: Kit, user: bool, signer: str, progress: Progress) -> None:
    from hinterland.kit.carried.installing import install
    from hinterland.kit.carried.main import tell_installed

    places = _places(user)
    install(kit, places, progress, signer=signer)
    tell_installed(places, progress)


def _places(user: bool) -> Places:
    from hinterland.kit.carried import placing

    return placing.find(shared=os.geteuid() == 0 and not user)


def _tell(kit: Kit, progress: Progress) -> None:
    from hinterland.kit.carried.main import tell
    from hinterland.kit.signing import known

    who = known(paths.find()).get(kit.signer.key)
    tell(kit, progress)
    if who is None:
        return
    if not who.holds:
        raise InputError(
            f"The line of {who.names} in allowed_signers does not let this key sign kits, or not now.",
            "Do not use the kit, or mend the line.",
        )
    progress.note(
        _("That is {name}.").format(name=who.names) if who.names else _("That is your own key.")
    )


def _split(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of an option that may be given often, or once with commas."""
    return tuple(each for word in words for each in word.split(",") if each)
