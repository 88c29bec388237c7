"""`hint box run`: the shared box in the foreground."""

from __future__ import annotations

import click

from hinterland.language import _


class _Telling:
    """Tells on standard error, line by line, as a log would."""

    def listening(self) -> None:
        click.echo(_("The box listens. Ctrl-C ends it."), err=True)

    def died(self, how: str, pause: float) -> None:
        click.echo(
            _("The service died ({how}); it starts again in {pause} s.")
            .format(how=how, pause=f"{pause:g}"),
            err=True,
        )  # fmt: skip


@click.command()
def command() -> None:
    """Run the shared box in the foreground, where systemd does not run it. Root only.

    The service is the same: a system user of its own, no network, a read-only system. It is started
    again when it dies.
    """
    from hinterland.box import running, setup

    setup.check_root()
    running.run(_Telling())
