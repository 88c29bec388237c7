"""`hint engine`: look at the engine, start it, stop it, read its log, measure it, build one."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

import click

from hinterland.cli.engine_bench import command as bench
from hinterland.cli.engine_bench import threads
from hinterland.cli.engine_build import command as build
from hinterland.errors import EngineError, by_name
from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.engine.status import WorkerStatus
    from hinterland.paths import Paths


@click.group(name="engine")
def command() -> None:
    """Look at, start, stop and measure the engine."""


command.add_command(bench)
command.add_command(build)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print what the service says, as JSON.")
def status(as_json: bool) -> None:
    """Say whether the engine runs, which models are loaded and who waits."""
    import msgspec

    from hinterland.cli import shared_box
    from hinterland.engine.client import EngineClient
    from hinterland.paths import find
    from hinterland.text import clean_line

    found = asyncio.run(EngineClient(find()).status())
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    about = list(shared_box.lines())
    for line in about:
        click.echo(line)
    if found is None:
        if not about:
            click.echo(_("The engine is not running; the next question starts it."))
        return
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.started))
    click.echo(f"running since {since}, process {found.pid}, {_mb(found.resident_bytes)}")
    click.echo(
        f"{found.answered} answered, {found.running} running or waiting, "
        f"idle {found.idle_seconds:.0f} s of {found.keep_alive * 60:.0f} s"
    )
    if found.trouble:
        click.echo(f"last failure: {clean_line(found.trouble, 500)}")
    for worker in found.workers:
        click.echo(_remote(worker) if worker.url else _local(worker))
        click.echo(f"  {_callers(worker)}")
        if worker.program:
            click.echo(f"  run by {clean_line(worker.program, 300)}")
        if worker.note:
            click.echo(f"  {clean_line(worker.note, 500)}")


def _callers(worker: WorkerStatus) -> str:
    window = f"{worker.context:,} tokens of context each" if worker.context else "context unknown"
    busy = f"{worker.running} of {worker.slots} slots busy, {worker.waiting} waiting, {window}"
    if not worker.expected:
        return busy
    from hinterland.progress_line import duration

    return f"{busy}; a question asked now would wait about {duration(worker.expected)}"


def _local(worker: WorkerStatus) -> str:
    return (
        f"{worker.model}: {worker.state}, process {worker.pid}, {_mb(worker.resident_bytes)}, "
        f"{threads(worker.threads)}"
    )


def _remote(worker: WorkerStatus) -> str:
    from hinterland import address
    from hinterland.text import clean_line

    at = address.parse(worker.url)
    place = "this machine" if at.here else "the words leave this machine"
    safety = "" if at.encrypted or at.here else ", unencrypted"
    return clean_line(
        f"{worker.model}: {worker.state}, remote at {at.place} ({place}{safety}), "
        f"{worker.server or 'not looked at'}"
    )


@command.command()
@click.option("-m", "--model", help="The model to load; the configured one if none is named.")
def start(model: str | None) -> None:
    """Start the engine and load a model, so that the next question finds it warm."""
    from hinterland.cli import shared_box

    shared_box.refuse()
    asyncio.run(_load(model))


async def _load(model: str | None) -> None:
    from hinterland.engine.client import EngineClient
    from hinterland.engine.protocol import Done, Failed
    from hinterland.paths import find
    from hinterland.progress_line import ProgressLine

    progress = ProgressLine()
    async for event in EngineClient(find()).load(model):
        progress.show(event)
        if isinstance(event, Failed):
            raise by_name(event.kind, event.message, event.hint)
        if isinstance(event, Done):
            click.echo(_("{model} is ready.").format(model=event.model), err=True)


@command.command()
def stop() -> None:
    """Stop the engine; answers that are being written are kept as far as they got."""
    from hinterland.cli import shared_box
    from hinterland.paths import find

    shared_box.refuse()
    ran = asyncio.run(stop_and_wait(find()))
    if ran and shared_box.is_there():
        click.echo(_("The shared box was told to stop; what keeps it up starts it anew."), err=True)
        return
    click.echo(_("The engine has stopped.") if ran else _("The engine was not running."), err=True)


_PATIENCE = 10.0  # seconds for workers to end and journals to be written


async def stop_and_wait(paths: Paths) -> bool:
    """Stop the engine and return, when it is gone, whether one ran; raises EngineError."""
    from hinterland.engine.client import EngineClient
    from hinterland.engine.launcher import is_running

    if not await EngineClient(paths).stop():
        return False
    patience = time.monotonic() + _PATIENCE
    while is_running(paths):
        if time.monotonic() > patience:
            raise EngineError("The engine did not stop in time.", "See `hint engine logs`.")
        await asyncio.sleep(0.02)
    return True


@command.command()
@click.option("-n", "--lines", type=click.IntRange(min=1), default=50, help="How many lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is added.")
def logs(lines: int, follow: bool) -> None:
    """Print the end of the engine's log. It never holds prompts or answers."""
    from hinterland.cli import shared_box
    from hinterland.text import clean_line

    log = shared_box.whose().logs / "engine.log"
    if not log.exists():
        click.echo(_("There is no log yet: the engine has not run."), err=True)
        return
    with log.open(encoding="utf-8", errors="replace") as file:
        for line in file.readlines()[-lines:]:
            click.echo(clean_line(line, 1000))
        if follow:
            for line in _growing(file):
                click.echo(clean_line(line, 1000))
                sys.stdout.flush()


def _growing(file: TextIO) -> Iterator[str]:
    while True:
        line = file.readline()
        if line:
            yield line
        else:
            time.sleep(0.3)


def _mb(size: int | None) -> str:
    return "memory unknown" if size is None else f"{size / 1e6:,.0f} MB"
