"""`hint doctor`: what of this box suits Hinterland, what does not, and what to do about it."""

from __future__ import annotations

import shutil

import click

from hinterland.errors import JobError


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Leave out what is in order.")
def command(as_json: bool, quiet: bool) -> int:
    """Look over this box and say what is wrong and what to do about it.

    Changes nothing, loads no model, starts no engine and asks no network. Ends with code 7 when it
    found a problem, with 0 when there are at most notes.
    """
    import msgspec

    from hinterland.doctor.examination import examine
    from hinterland.doctor.report import lines
    from hinterland.text import escape_json

    report = examine()
    if as_json:
        click.echo(escape_json(msgspec.json.format(msgspec.json.encode(report)).decode()))
    else:
        for line in lines(report, shutil.get_terminal_size().columns, quiet=quiet):
            click.echo(line)
    return JobError.exit_code if report.problems else 0
