"""`hint history` with many at once: import, export of all, check, and what is too old."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland import config, paths
from hinterland.errors import HinterlandError, InputError, StorageError
from hinterland.language import _, n_
from hinterland.sentences import sentence, translated
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.history import History

_DAMAGED = 5


def import_all(history: History, files: Iterable[Path]) -> None:
    """Take in what is in `files`, and say how much that was; raises InputError, StorageError."""
    from hinterland.history import importing

    for path in files:
        conversations = turns = known = left_out = 0
        for found in importing.read(path, _warn):
            new = history.take_in(found)
            conversations += 1
            turns += new
            known += not new
            left_out += found.left_out
        said = n_(
            "{file}: {count:,} conversation with {turns:,} new messages.",
            "{file}: {count:,} conversations with {turns:,} new messages.",
            conversations,
        ).format(file=path, count=conversations, turns=turns)
        if known:
            already = n_(
                "{known:,} conversation was here already.",
                "{known:,} conversations were here already.",
                known,
            )
            said = f"{said} {already.format(known=known)}"
        if left_out:
            missing = n_(
                "{left_out:,} image or sound was left out.",
                "{left_out:,} images or sounds were left out.",
                left_out,
            )
            said = f"{said} {missing.format(left_out=left_out)}"
        _say(said)


def export_all(history: History, output: Path | None, *, overwrite: bool) -> None:
    """Write all conversations into a zip; raises InputError, StorageError."""
    from hinterland.history import archive

    if output is None:
        raise InputError("All conversations go into a file.", "Name it: --all -o history.zip")
    count, unreadable = archive.save_all(history, history.list(), output, overwrite=overwrite)
    said = n_("{count:,} conversation in {file}.", "{count:,} conversations in {file}.", count)
    _say(said.format(count=count, file=output))
    if unreadable:
        raise StorageError(
            _("{count:,} conversations could not be read and are not in it.").format(
                count=len(unreadable)
            ),
            _("`hint history check` says which."),
        )


def check(history: History, *, repair: bool) -> int:
    """Say which conversations are damaged, and mend them where that is wanted; return 5 when some
    are left that way. Raises StorageError."""
    findings = history.check()
    left = 0
    for finding in findings:
        click.echo(f"{finding.id}  {clean_line(translated(finding.reason), 300)}")
        if finding.newer:
            left += 1
        elif repair:
            kept = history.mend(finding)
            said = n_(
                "    {count:,} message saved; the damaged file is {file}",
                "    {count:,} messages saved; the damaged file is {file}",
                finding.turns,
            )
            click.echo(said.format(count=finding.turns, file=kept))
        else:
            left += 1
            said = n_(
                "    {count:,} message can be saved with --repair",
                "    {count:,} messages can be saved with --repair",
                finding.turns,
            )
            click.echo(said.format(count=finding.turns))
    count = len(history.list())
    said = n_("{count:,} conversation can be read.", "{count:,} conversations can be read.", count)
    _say(said.format(count=count))
    return _DAMAGED if left else 0


def prune(history: History, days: int | None, *, dry_run: bool, yes: bool) -> None:
    """Delete what nobody spoke in for so many days; raises InputError, StorageError."""
    if days is None:
        days = config.load(paths.find().config_file).keep_days
        if not days:
            raise InputError(
                "Nothing says after how many days a conversation goes.",
                "Say --days 365, or `hint config set keep_days 365`.",
            )
    expired = history.expired(days, time.time())
    for each in expired:
        click.echo(f"{each.id}  {clean_line(each.title)}")
    said = n_(
        "{count:,} conversation without a word for {days} days.",
        "{count:,} conversations without a word for {days} days.",
        len(expired),
    ).format(count=len(expired), days=days)
    _say(said)
    if dry_run or not expired:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("Nobody can be asked whether to delete.", "Add --yes to delete.")
        click.confirm(_("Delete them for good?"), abort=True, err=True)
    for each in expired:
        history.delete(each.id)


def _warn(error: HinterlandError) -> None:
    _say(clean_line(sentence(error), 400))


def _say(told: str) -> None:
    click.echo(f"hint: {told}", err=True)
