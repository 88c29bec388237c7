"""What `sh install.sh` runs: verify the kit around it, install it, and open the chat."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hinterland.errors import HinterlandError, InputError
from hinterland.kit.carried import installing, placing, receipt
from hinterland.kit.carried.checking import Kit, check, open_kit
from hinterland.kit.carried.placing import Places
from hinterland.kit.carried.signature import is_fingerprint
from hinterland.models.progress import LineProgress, Progress, size
from hinterland.text import clean_line


def main(place: Path, arguments: list[str]) -> int:
    """Do what the arguments of install.sh say with the kit at `place`; return the exit code."""
    wanted = _parser().parse_args(arguments)
    try:
        with LineProgress() as progress:
            return _run(place, wanted, progress)
    except HinterlandError as error:
        _say(f"hint: {clean_line(error.message, 600)}")
        if error.hint:
            _say(f"      {clean_line(error.hint, 600)}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("hint: Stopped. Nothing was put to use; install.sh begins again.")
        return 130


def tell(kit: Kit, progress: Progress) -> None:
    """Say what a kit is and who signed it."""
    files = len(kit.manifest.files)
    progress.note(f"The kit {kit.id}: {files} files, {size(kit.size)}.")
    progress.note(
        f"Signed by {kit.signer.fingerprint}. Compare that with what the kit's maker tells you."
    )


def expect(kit: Kit, fingerprint: str) -> None:
    """Return if the kit's signer has this fingerprint, or none is expected; raises InputError."""
    if fingerprint and not is_fingerprint(fingerprint):
        raise InputError(f"{fingerprint} is no fingerprint.", "One looks like SHA256:….")
    if fingerprint and kit.signer.fingerprint != fingerprint:
        raise InputError(
            f"The kit was signed by {kit.signer.fingerprint}, not by {fingerprint}.",
            "Ask its maker for the fingerprint again, or for the kit.",
        )


def _run(place: Path, wanted: argparse.Namespace, progress: LineProgress) -> int:
    places = placing.find(shared=os.geteuid() == 0 and not wanted.user)
    if wanted.undo:
        receipt.undo(places, progress)
        progress.note("What the kit installed is gone. Conversations stay.")
        return 0
    kit = open_kit(place)
    tell(kit, progress)
    expect(kit, wanted.signer)
    if wanted.verify:
        check(kit, progress)
        progress.note("Every byte is the one that was signed.")
        return 0
    installing.install(kit, places, progress, signer=wanted.signer)
    tell_installed(places, progress)
    if wanted.open and sys.stdin.isatty() and sys.stdout.isatty():
        os.execv(places.command, [str(places.command)])  # noqa: S606 - it takes our place
    return 0


def tell_installed(places: Places, progress: Progress) -> None:
    """Say how to begin."""
    if places.shared and Path("/etc/hinterland/box.toml").exists():
        progress.note("The shared box goes on with the old release until `hint box setup` ran.")
    progress.note(f"Hinterland is installed in {places.program}.")
    on_path = str(places.command.parent) in os.environ.get("PATH", "").split(os.pathsep)
    if not on_path:
        progress.note(
            f"{places.command.parent} is not on your PATH yet: log in again, or type "
            f"{places.command} in full."
        )
    progress.note("`hint` opens the chat; `hint ask QUESTION` answers one question.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sh install.sh",
        description="Verify this kit and install it: for the whole machine as root, else for "
        "your account alone. No network is needed or used.",
    )
    parser.add_argument("--verify", action="store_true", help="only check the kit")
    parser.add_argument("--user", action="store_true", help="for this account, even as root")
    parser.add_argument("--undo", action="store_true", help="remove what was installed")
    parser.add_argument(
        "--signer", default="", metavar="SHA256:…", help="refuse a kit that another key signed"
    )
    parser.add_argument("--no-open", dest="open", action="store_false", help="do not open the chat")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
