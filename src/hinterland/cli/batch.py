"""`hint batch`: a file of prompts in, a file of answers out, however often it is interrupted."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hinterland.cli.sampling_options import sampling_options
from hinterland.engine.protocol import Sampling, Think
from hinterland.errors import InputError, JobError, ModelError
from hinterland.language import _, n_

if TYPE_CHECKING:
    from hinterland.batch.rows import Defaults
    from hinterland.batch.running import Target
    from hinterland.batch.sources import Lines
    from hinterland.config import Config
    from hinterland.paths import Paths

_INTERRUPTED = 130
_TOOLS_AT_ONCE = 4
"""Rows that are given to a tool at once: nobody knows what it does with them."""


class _Concurrency(click.ParamType[int | None]):
    name = "N|auto"

    def convert(self, value: Any, param: Any, ctx: Any) -> int | None:
        if value is None or value == "auto":
            return None
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is no number of rows; say 4, or auto.", param, ctx)
        return number


@click.command(name="batch")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-o",
    "--output",
    "out",
    metavar="OUT",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of results; where it is there, the work is gone on with.",
)
@click.option("-m", "--model", help="The model to ask: an id, or a GGUF file.")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    metavar="NAME",
    help="Spread the rows over several: ids of models or remote engines; may be repeated.",
)
@click.option(
    "--ray",
    is_flag=False,
    flag_value="auto",
    metavar="[ADDRESS]",
    help="Spread the rows over the nodes of a Ray cluster; after IN, see docs/ray.md.",
)
@click.option("-s", "--system", help="A system prompt for every row.")
@click.option(
    "--template",
    type=click.Path(path_type=Path),
    help="A prompt file that makes the prompts of the rows' fields.",
)
@click.option("--tool", metavar="NAME", help="Have a plugin's tool do every row.")
@click.option(
    "--schema",
    type=click.Path(path_type=Path),
    help="A JSON Schema file that the answers have to follow.",
)
@sampling_options
@click.option("--prompt-column", metavar="NAME", help="IN is CSV, with the prompts in this column.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["hinterland", "openai"]),
    default="hinterland",
    help="How rows and results are written: ours, or as in OpenAI's batch files.",
)
@click.option(
    "--concurrency",
    type=_Concurrency(),
    default="auto",
    help="Rows at once in each engine; auto takes as many as pay.",
)
@click.option("--ordered", is_flag=True, help="Put the results in the order of IN at the end.")
@click.option("--resume", is_flag=True, help="Go on with OUT; that is done by itself, too.")
@click.option("--retry-failed", is_flag=True, help="Do the rows again that failed earlier.")
@click.option(
    "--redo-changed", is_flag=True, help="Do the rows again that have changed since, or the model."
)
@click.option(
    "--retries",
    type=click.IntRange(0, 100),
    default=3,
    show_default=True,
    help="How often a row is tried again after the engine failed.",
)
@click.option("--json-progress", is_flag=True, help="Progress as lines of JSON on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only what goes wrong.")
def command(source: Path, out: Path, **wished: Any) -> int:
    """Answer every row of IN: JSON lines, CSV with --prompt-column, or a folder of texts.

    Each result is on the disk before it is counted. After an interruption the same command goes on.
    """
    from hinterland import config, paths
    from hinterland.batch.answering import Answering
    from hinterland.batch.formats import Format, OpenAi, Own
    from hinterland.batch.job import Job, Wishes
    from hinterland.batch.rows import Maker
    from hinterland.cli.batch_progress import Progress

    found = paths.find()
    settings = config.load(found.config_file)
    lines = _lines(source, out, wished)
    models = _models(wished)
    answering = Answering(_tools(wished, settings), found.config)
    defaults = _defaults(source, wished, models, found, settings)
    own = Own(fields=wished["template"] is not None)
    form: Format = OpenAi(wished["model"]) if wished["form"] == "openai" else own
    progress = Progress(as_json=wished["json_progress"], quiet=wished["quiet"])
    wishes = Wishes(
        wished["ordered"], wished["retry_failed"], wished["redo_changed"], wished["retries"]
    )
    with Job(
        lines, out, form, Maker(defaults), wishes, say=progress.say, paused=progress.paused
    ) as job:
        progress.watch(job, None if _is_read_once(source) else lines)
        with _engines(models, wished, progress) as (targets, late):
            complete = asyncio.run(_run(job, targets, late, answering, progress))
        summary = job.summary(complete=complete)
        place = job.keep_summary(summary)
        progress.end(summary, place)
        if not complete:
            return _INTERRUPTED
        if job.failed:
            raise JobError(
                n_(
                    "{failed:,} row failed; its reason is in {file}.",
                    "{failed:,} rows failed; their reasons are in {file}.",
                    job.failed,
                ).format(failed=job.failed, file=out),
                _("`--retry-failed` does them again."),
            )
    return 0


async def _run(
    job: Any,
    targets: Callable[[], Any],
    late: Callable[[], Any] | None,
    answering: Any,
    progress: Any,
) -> bool:
    """Do the work; return False when it was told to stop."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    assert task is not None
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(told, task.cancel)
    try:
        wanted: list[Target] = await targets()
        progress.watch_line([target.engine for target in wanted])
        with progress.shown():
            await job.run(wanted, answering, late)
    except asyncio.CancelledError:
        return False
    return True


@contextmanager
def _engines(
    models: list[str | None], wished: dict[str, Any], progress: Any
) -> Iterator[tuple[Callable[[], Any], Callable[[], Any] | None]]:
    """Give what returns the engines that take part, and what returns those that have joined since,
    where some can; raises HinterlandError."""
    if wished["ray"] is None:
        ready = _without_a_model if wished["tool"] else _targets
        yield partial(ready, models, wished["concurrency"], progress), None
        return
    import hinterland
    from hinterland.batch import ray_cluster

    if wished["engines"]:
        raise InputError(
            "--ray asks the engine of each node, and --engine names others.", "Give one of them."
        )
    with ray_cluster.connected(wished["ray"]) as ray:
        cluster = ray_cluster.Cluster(
            ray, hinterland.connect, models[0], wished["concurrency"], progress.say
        )
        yield cluster.targets, cluster.joined


async def _targets(
    models: list[str | None], concurrency: int | None, progress: Any
) -> list[Target]:
    import hinterland

    several = len(models) > 1
    found = []
    for model in models:
        target = await hinterland.connect(model).target(concurrency, progress.loading)
        # One engine leaves it to the rows which model they want; several share all rows.
        target.model = model if several else None
        found.append(target)
    return found


async def _without_a_model(
    models: list[str | None], concurrency: int | None, _progress: Any
) -> list[Target]:
    """Return what rows of a tool are given to: the tool may do without a model, so none is loaded."""
    import hinterland
    from hinterland.batch.running import Target

    return [Target(hinterland.connect().engine, models[0], concurrency or _TOOLS_AT_ONCE)]


def _models(wished: dict[str, Any]) -> list[str | None]:
    if wished["engines"] and wished["model"]:
        raise InputError("--model and --engine both name what is asked.", "Give one of them.")
    return [*dict.fromkeys(wished["engines"])] or [wished["model"]]


def _lines(source: Path, out: Path, wished: dict[str, Any]) -> Callable[[], Iterator[Lines]]:
    """Return what reads the input; raises InputError when that cannot be."""
    from hinterland.batch import sources

    column = wished["prompt_column"]
    if _is_read_once(source) and (wished["ordered"] or wished["redo_changed"] or column):
        raise InputError(
            "A pipe is read once: it cannot be put in order, compared, or be CSV.",
            "Keep it in a file first.",
        )
    if str(source) == "-":
        return partial(sources.json_lines, Path("/dev/stdin"))
    if not source.exists():
        raise InputError(f"There is no input {source}.", "Check its name.")
    if out.exists() and os.path.samefile(source, out):
        raise InputError("The results would overwrite the input.", "Name another file with -o.")
    if source.is_dir():
        if column:
            raise InputError(f"{source} is a folder, and --prompt-column is for CSV.", "")
        if source.resolve() in out.resolve().parents:
            raise InputError(
                "The results would be among the texts that are read.", "Name a file elsewhere."
            )
        return partial(sources.texts, source)
    if column:
        fields = wished["template"] is not None
        rows = partial(sources.csv_rows, source, column, fields=fields)
        next(rows(), None)  # a table without that column is no reason to make a file of results
        return rows
    if source.suffix.lower() == ".csv":
        raise InputError(
            f"{source} is CSV, and nothing says where its prompts are.",
            "Name their column with --prompt-column.",
        )
    if not _is_read_once(source):
        sources.look_at(source)
    return partial(sources.json_lines, source)


def _is_read_once(source: Path) -> bool:
    """Whether the input is a pipe, which gives its rows to whoever reads first."""
    return str(source) == "-" or (source.exists() and not (source.is_dir() or source.is_file()))


def _defaults(
    source: Path,
    wished: dict[str, Any],
    models: list[str | None],
    paths: Paths,
    settings: Config,
) -> Defaults:
    from hinterland import prompts, schemas
    from hinterland.batch.rows import Defaults

    template = wished["template"]
    system = wished["system"]
    if system is None and wished["form"] == "hinterland":
        system = settings.system or prompts.load("default", paths.config).system or None
    think = wished["think"] or settings.think
    return Defaults(
        model=models[0] if len(models) == 1 else None,
        system=system,
        schema=schemas.load(wished["schema"]) if wished["schema"] else None,
        sampling=Sampling(
            wished["max_tokens"],
            wished["temperature"],
            wished["top_p"],
            wished["top_k"],
            wished["seed"],
        ),
        think=Think(think) if think else None,
        tool=wished["tool"],
        template=prompts.read_template(template) if template else None,
        identity=_identity(models, paths, settings, needed=not wished["tool"]),
        folder=source if source.is_dir() else source.parent,
    )


def _identity(models: list[str | None], paths: Paths, settings: Config, *, needed: bool) -> str:
    """Return what tells the models from others of their names; raises ModelError where one is
    `needed` and is not there."""
    from hinterland.worker_specs import resolver

    resolve = resolver(paths, settings)
    try:
        specs = [resolve(model) for model in models]
    except ModelError:
        if needed:
            raise
        return ""
    return "\n".join(
        f"{spec.model} {spec.sha256 or spec.bytes} {spec.remote.url if spec.remote else ''}"
        for spec in specs
    )


def _tools(wished: dict[str, Any], settings: Config) -> Any:
    from hinterland import plugin_host

    tools = plugin_host.PluginHost(settings).tools()
    if wished["tool"] and wished["tool"] not in tools:
        known = ", ".join(sorted(tools))
        none = "No plugin that is on brings a tool; `hint plugins list` shows them."
        raise InputError(
            f"There is no tool {wished['tool']!r}.", f"There are: {known}." if known else none
        )
    return tools
