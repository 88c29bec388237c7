"""`hint engine bench`: how fast a model is on this box."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from hinterland.errors import InputError

if TYPE_CHECKING:
    from hinterland.engine import bench
    from hinterland.paths import Paths


@click.command(name="bench")
@click.option("-m", "--model", help="The model to measure; the configured one if none is named.")
@click.option("--runs", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option(
    "--tune", is_flag=True, help="Find the fastest program and thread count first, and keep them."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(model: str | None, runs: int, tune: bool, as_json: bool) -> None:
    """Measure prefill, decode, time to first token and memory. Stops and starts the engine."""
    import msgspec

    from hinterland import config, measured
    from hinterland.cli import shared_box
    from hinterland.cli.engine import stop_and_wait
    from hinterland.engine import bench
    from hinterland.engine.client import EngineClient
    from hinterland.paths import find

    shared_box.refuse()
    paths = find()
    settings = config.load(paths.config_file)
    if (name := model or settings.model) in settings.engines:
        raise InputError(f"{name} is a remote engine.", "This measures the models of this box.")

    async def measure() -> tuple[bench.Figures, list[bench.ThreadFigure]]:
        await stop_and_wait(paths)
        tried = await _tune(paths, model, runs) if tune else []
        return await bench.measure(EngineClient(paths), model, runs, cold=True), tried

    figures, tried = asyncio.run(measure())
    measured.keep_speed(paths, figures.model, figures.decode_per_second)
    if as_json:
        click.echo(msgspec.json.encode({"figures": figures, "tune": tried}).decode())
        return
    for figure in tried:
        click.echo(
            f"{threads(figure.threads):>10}: prefill {figure.prefill_per_second:8.1f} tokens/s, "
            f"decode {figure.decode_per_second:8.1f} tokens/s, {figure.program or 'bundled'}"
        )
    rows = [
        ("model", f"{figures.model}, {threads(figures.threads)}, median of {figures.runs}"),
        ("prefill", f"{figures.prefill_per_second:.1f} tokens/s ({figures.prefill_tokens} tokens)"),
        ("decode", f"{figures.decode_per_second:.1f} tokens/s"),
        ("first token, cold", _seconds(figures.first_token_cold)),
        ("first token, warm", _seconds(figures.first_token_warm)),
        ("memory, service", _mb(figures.service_bytes)),
        ("memory, worker", _mb(figures.worker_bytes)),
        ("memory, client", _mb(figures.client_bytes)),
    ]
    for label, value in rows:
        click.echo(f"{label:<20}{value}")


async def _tune(paths: Paths, model: str | None, runs: int) -> list[bench.ThreadFigure]:
    """Measure every program that works here, with every sensible thread count, and keep the best."""
    from hinterland import config, measured, serve, worker_specs
    from hinterland.engine import bench
    from hinterland.errors import EngineError
    from hinterland.paths import private_folder

    settings = config.load(paths.config_file)
    sockets = private_folder(paths.socket.parent)
    tried: list[bench.ThreadFigure] = []
    for spec in worker_specs.ways_to_run(paths, settings, model):
        name = spec.program or "bundled"
        if spec.program:
            verdict = await serve.smoke_test(paths).test(spec)
            if not verdict.passed:
                click.echo(f"{name} is not used: {verdict.reason}.", err=True)
                continue
        try:
            async for figure in bench.tune(spec, sockets, runs):
                click.echo(f"{name}: {threads(figure.threads)} tried", err=True)
                tried.append(figure)
        except EngineError as error:
            click.echo(f"{name} is not used: {error.message}", err=True)
    if not tried:
        raise EngineError("Nothing that was tried can run this model.", "See `hint engine logs`.")
    chosen = bench.best(tried)
    measured.keep_fastest(paths, chosen.threads, chosen.program)
    click.echo(
        f"{chosen.program or 'The bundled engine'} with {threads(chosen.threads)} is kept for this box.",
        err=True,
    )
    return tried


def threads(number: int) -> str:
    """Return a number of threads in words."""
    return f"{number} thread{'' if number == 1 else 's'}"


def _seconds(value: float | None) -> str:
    return "not measured" if value is None else f"{value * 1000:,.0f} ms"


def _mb(size: int | None) -> str:
    return "unknown" if size is None else f"{size / 1e6:,.0f} MB"
