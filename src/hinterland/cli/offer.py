"""The first run: no model is installed, and a person is there to say yes to one."""

from __future__ import annotations

import sys

import click

from hinterland import site
from hinterland.language import _
from hinterland.paths import Paths


def offer_starter(paths: Paths) -> bool:
    """Offer the starter model on a terminal and install it; return whether one is installed now.

    Without a terminal it asks nothing and returns False, and on a machine with a shared box: that runs
    no model of one account.
    """
    if site.find() is not None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from hinterland.cli.models import pull_with_progress
    from hinterland.models.pull import starter

    entry = starter(paths)
    size = f" ({entry.bytes / 1e6:,.0f} MB)" if entry.bytes else ""
    said = _("No model is installed yet. The starter for this box is {model}{size}.")
    click.echo(said.format(model=entry.id, size=size), err=True)
    if not click.confirm(_("Download it now?"), default=True, err=True):
        return False
    pull_with_progress(entry.id, paths)
    return True
