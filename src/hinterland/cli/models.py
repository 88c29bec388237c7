"""`hint models`: what is installed, what could be, and getting, checking and removing it.

`hint models list` is on the way of many scripts, so what only other commands need is imported there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hinterland import config, paths, remedies
from hinterland.cli.models_add import command as add
from hinterland.cli.models_add import default_of, tell_default
from hinterland.cli.models_show import command as show
from hinterland.cli.models_show import entry as entry_record
from hinterland.cli.models_show import record, sources
from hinterland.cli.tables import asks, say, write_json, write_table
from hinterland.errors import InputError, ModelError
from hinterland.language import _
from hinterland.models.progress import LineProgress, Silent, size
from hinterland.models.store import InstalledModel, ModelStore
from hinterland.sentences import translated

if TYPE_CHECKING:
    from hinterland.models.catalog import Catalog
    from hinterland.models.recommend import Choice

as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def command() -> None:
    """List, fetch, add and check models."""


command.add_command(add, "add")
command.add_command(show, "show")


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="The whole catalogue, not what is here.")
@as_json
def list_(everything: bool, as_json: bool) -> None:
    """List the installed models; `*` marks the one that is used when none is named."""
    found = paths.find()
    store = ModelStore(found)
    models = store.installed()
    if everything:
        _list_catalogue(_catalogue(found), {model.id for model in models}, as_json)
        return
    settings = config.load(found.config_file)
    default = default_of(settings.model, models)
    if as_json:
        write_json(
            [record(model) | {"default": model.id == default} for model in models]
            + [_remote(name, each, name == default) for name, each in settings.engines.items()]
        )
    elif models:
        _list_installed(models, default)
    else:
        say(remedies.no_model())
    if settings.engines and not as_json:
        if models:
            click.echo()
        _list_remotes(settings, default)
    for problem in store.problems():
        say(translated(problem))


def _list_installed(models: list[InstalledModel], default: str) -> None:
    headings = ["", "NAME", "SIZE", "CONTEXT", "TASK", "LICENCE", "HASH", "FROM"]
    rows = [
        [
            "*" if model.id == default else "",
            model.id,
            size(model.bytes),
            str(model.facts.context_length or "?"),
            "+".join(model.task),
            model.licence or "?",
            "pinned" if model.pinned else "unpinned",
            _origin(model),
        ]
        for model in models
    ]
    if any(model.backend != "llamacpp" for model in models):  # 80 columns are few
        for row, engine in zip(
            [headings, *rows], ["ENGINE", *(model.backend.value for model in models)], strict=True
        ):
            row.insert(-1, engine)
    write_table(tuple(headings), map(tuple, rows))


def _origin(model: InstalledModel) -> str:
    """Return where a model came from in a word or two; `show` has it whole."""
    if model.shared:
        return "shared"
    source = model.source.partition(":")[0]
    known = {"the Hugging Face hub": "hub", "the Python package index": "index"}
    return known.get(source, "a file" if source.startswith("the file ") else source)


def _list_remotes(settings: config.Config, default: str) -> None:
    write_table(
        ("", "REMOTE ENGINE", "HOST", "MODEL THERE", "STATE"),
        (
            (
                "*" if name == default else "",
                name,
                engine.address.place,
                engine.model or "the only one",
                "forbidden: offline"
                if settings.offline
                else "remote, this machine"
                if engine.address.here
                else "remote, words leave"
                if engine.address.encrypted
                else "remote, words leave unencrypted",
            )
            for name, engine in settings.engines.items()
        ),
    )


def _list_catalogue(catalog: Catalog, installed: set[str], as_json: bool) -> None:
    entries = catalog.entries.values()
    if as_json:
        write_json(
            [entry_record(entry) | {"installed": entry.id in installed} for entry in entries]
        )
        return
    write_table(
        ("NAME", "SIZE", "RAM", "TASK", "STATE", "LICENCE"),
        (
            (
                entry.id,
                size(entry.bytes) if entry.bytes else "?",
                f"{entry.ram_gb} GB" if entry.ram_gb else "?",
                "+".join(entry.task),
                "installed"
                if entry.id in installed
                else "no pin"
                if entry.obstacle
                else " or ".join(sources(entry)),
                entry.licence or "?",
            )
            for entry in entries
        ),
    )


@command.command()
@click.option("--task", help="All models for one task: chat, translation, reasoning, vision, …")
@as_json
def recommend(task: str | None, as_json: bool) -> None:
    """Name the best model for each task that fits the free memory and is quick enough here."""
    from hinterland.models.recommend import Box, best

    found = paths.find()
    catalog = _catalogue(found)
    if task is not None and task not in catalog.tasks:
        raise InputError(
            f"The catalogue has no models for {task}.", f"Tasks are: {', '.join(catalog.tasks)}."
        )
    box = Box(catalog, found)
    rows: list[tuple[str, Choice | None, bool]] = []
    for name in [task] if task else catalog.tasks:
        choices = box.choices(name)
        top = best(choices)
        if task:
            rows += [(name, choice, choice is top) for choice in choices]
        else:
            rows.append((name, top, top is not None))
    if as_json:
        write_json(
            {
                "free_memory": box.free,
                "models": [_choice(name, choice, top) for name, choice, top in rows if choice],
            }
        )
        return
    write_table(
        ("TASK", "", "MODEL", "SIZE", "NEEDS", "MEMORY", "TOKENS/S", "LICENCE"),
        (_choice_row(name, choice, top) for name, choice, top in rows),
    )
    say(
        f"{size(box.free)} of memory are free. Memory is reckoned with 4,096 tokens of context; "
        "speeds marked ~ are estimates, `hint engine bench` measures."
    )


def _choice_row(task: str, choice: Choice | None, top: bool) -> tuple[str, ...]:
    if choice is None:
        return (task, "", "none fits and is quick enough", "", "", "", "", "")
    speed = "?" if choice.speed is None else f"{choice.speed:.0f}"
    return (
        task,
        "*" if top else "",
        choice.entry.id,
        size(choice.entry.bytes) if choice.entry.bytes else "?",
        size(choice.need) if choice.need else "?",
        choice.fit.value,
        speed if choice.measured or choice.speed is None else f"~{speed}",
        choice.entry.licence or "?",
    )


@command.command()
@click.argument("name")
@click.option("--accept-licence", is_flag=True, help="Accept the terms that its licence sets.")
@click.option("--quiet", is_flag=True, help="Tell nothing but errors.")
def pull(name: str, accept_licence: bool, quiet: bool) -> None:
    """Fetch a model of the catalogue, or `starter`: the best general one for this box."""
    from hinterland.cli import shared_box
    from hinterland.models import pull as pulling

    shared_box.refuse_models()
    found = paths.find()
    entry = _catalogue(found).entries.get(name.lower())
    if entry and entry.needs_consent and not entry.obstacle and not accept_licence and asks():
        say(translated(pulling.consent_needed(entry)))
        accept_licence = click.confirm(_("Do you accept them?"), err=True)
        if not accept_licence:
            raise ModelError(f"{entry.id} was not fetched.", "Its licence was not accepted.")
    store = ModelStore(found)
    before = store.installed()
    model = pull_with_progress(name, found, quiet=quiet, accept_licence=accept_licence)
    if not quiet and model.id not in {each.id for each in before}:
        tell_default(model, before, store, found)


def pull_with_progress(
    name: str, found: paths.Paths, *, quiet: bool = False, accept_licence: bool = False
) -> InstalledModel:
    """Pull a model, telling about it on standard error, and return it; raises as `pull` does."""
    from hinterland.models import pull as pulling

    with LineProgress() as line:
        progress = Silent() if quiet else line
        try:
            return pulling.pull(name, found, progress=progress, accept_licence=accept_licence)
        except KeyboardInterrupt:
            progress.note("Stopped. The same command goes on where it was.")
            raise


@command.command()
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Compare the hash of a model, or of all models, with the one it was installed with."""
    store = ModelStore(paths.find())
    models = [store.find(name)] if name else store.installed()
    faults = [] if name else [(problem, "") for problem in store.problems()]
    with LineProgress() as progress:
        for model in models:
            try:
                store.verify(model, progress)
            except ModelError as error:
                faults.append((error.message, error.hint))
            else:
                progress.note(f"{model.id} is sound.")
    for message, _hint in faults[:-1]:
        say(translated(message))
    if faults:
        message, hint = faults[-1]
        raise ModelError(message, hint or "`hint models list` shows the models that can be used.")
    if not models:
        say(_("No model is installed."))


@command.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Delete a model from this account."""
    store = ModelStore(paths.find())
    model = store.own(name)
    if not yes:
        if not asks():
            raise InputError(f"Removing {model.id} wants a yes.", "Add `--yes`.")
        if not click.confirm(f"Delete {model.id} ({size(model.bytes)})?", err=True):
            return
    store.remove(model.id)
    said = _("{model} is removed; {size} of disk are free again.")
    say(said.format(model=model.id, size=size(model.bytes)))


def _catalogue(found: paths.Paths) -> Catalog:
    from hinterland.models import catalog

    return catalog.load(found)


def _remote(name: str, engine: config.RemoteEngine, default: bool) -> dict[str, Any]:
    return {
        "id": name,
        "remote": engine.address.place,
        "model": engine.model,
        "leaves": not engine.address.here,
        "encrypted": engine.address.encrypted,
        "default": default,
    }


def _choice(task: str, choice: Choice, top: bool) -> dict[str, Any]:
    return {
        "task": task,
        "id": choice.entry.id,
        "best": top,
        "bytes": choice.entry.bytes,
        "needed_memory": choice.need,
        "fit": choice.fit.value,
        "tokens_per_second": choice.speed,
        "measured": choice.measured,
        "licence": choice.entry.licence,
    }
