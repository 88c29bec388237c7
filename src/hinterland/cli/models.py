"""`hint models`: what is installed, what could be, and getting, checking and removing it.

`hint models list` is on the way of many scripts, so what only other commands need is imported there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hinterland import config, paths
from hinterland.errors import InputError, ModelError
from hinterland.models.progress import LineProgress, Silent, size
from hinterland.models.store import InstalledModel, ModelStore
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.models.catalog import Catalog, Entry
    from hinterland.models.formats import Wishes
    from hinterland.models.recommend import Choice

as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def command() -> None:
    """List, fetch, add and check models."""


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
    default = _default(settings.model, models)
    if as_json:
        _write_json(
            [_record(model) | {"default": model.id == default} for model in models]
            + [_remote(name, each, name == default) for name, each in settings.engines.items()]
        )
    elif models:
        _list_installed(models, default)
    else:
        _say("No model is installed. `hint models pull starter` fetches one.")
    if settings.engines and not as_json:
        if models:
            click.echo()
        _list_remotes(settings, default)
    for problem in store.problems():
        _say(problem)


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
    _write_table(tuple(headings), map(tuple, rows))


def _origin(model: InstalledModel) -> str:
    """Return where a model came from in a word or two; `show` has it whole."""
    if model.shared:
        return "shared"
    source = model.source.partition(":")[0]
    known = {"the Hugging Face hub": "hub", "the Python package index": "index"}
    return known.get(source, "a file" if source.startswith("the file ") else source)


def _list_remotes(settings: config.Config, default: str) -> None:
    _write_table(
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
        _write_json([_entry(entry) | {"installed": entry.id in installed} for entry in entries])
        return
    _write_table(
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
                else " or ".join(_sources(entry)),
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
        _write_json(
            {
                "free_memory": box.free,
                "models": [_choice(name, choice, top) for name, choice, top in rows if choice],
            }
        )
        return
    _write_table(
        ("TASK", "", "MODEL", "SIZE", "NEEDS", "MEMORY", "TOKENS/S", "LICENCE"),
        (_choice_row(name, choice, top) for name, choice, top in rows),
    )
    _say(
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
    from hinterland.models import pull as pulling

    found = paths.find()
    entry = _catalogue(found).entries.get(name.lower())
    if entry and entry.needs_consent and not entry.obstacle and not accept_licence and _asks():
        _say(pulling.consent_needed(entry))
        accept_licence = click.confirm("Do you accept them?", err=True)
        if not accept_licence:
            raise ModelError(f"{entry.id} was not fetched.", "Its licence was not accepted.")
    pull_with_progress(name, found, quiet=quiet, accept_licence=accept_licence)


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
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", help="What to call it; its file's name by default.")
@click.option(
    "--mmproj",
    type=click.Path(path_type=Path),
    help="The image projector that lets it see; PATH may then be an installed model.",
)
@click.option("--type", "kind", help="What a .bin of the GGML era is: gpt2, mpt, falcon, …")
@click.option(
    "--backend", help="What runs it, llamacpp or ctransformers; the file decides by default."
)
@click.option("--template", help="For ctransformers: a chat template's name, or a file with one.")
@click.option("--quiet", is_flag=True, help="Tell nothing but errors.")
def add(
    path: Path,
    name: str | None,
    mmproj: Path | None,
    kind: str | None,
    backend: str | None,
    template: str | None,
    quiet: bool,
) -> None:
    """Install a model file, GGUF or of the GGML era, from a disk or a USB stick."""
    found = paths.find()
    store = ModelStore(found)
    wishes = _wishes(kind, backend, template)
    with LineProgress() as line:
        progress = Silent() if quiet else line
        if mmproj and not path.exists() and path.name == str(path):
            from hinterland.models.pull import add_projector

            model = add_projector(str(path), mmproj, found, progress=progress)
        else:
            model = store.add(path, name, progress, mmproj, wishes)
            progress.note(
                f"{model.id} is installed: SHA-256 {model.sha256}; {_known(model.pinned)}."
            )
        if mmproj and model.projector:
            projector = model.projector
            progress.note(
                f"{model.id} has an image projector: SHA-256 {projector.sha256}; "
                f"{_known(projector.pinned)}."
            )


def _known(pinned: bool) -> str:
    return "it is the file the catalogue pins" if pinned else "no catalogue pins it"


def _wishes(kind: str | None, backend: str | None, template: str | None) -> Wishes:
    from hinterland.models.formats import Backend, Wishes

    if backend and backend not in list(Backend):
        raise InputError(
            f"There is no backend called {backend}.", f"Backends: {', '.join(Backend)}."
        )
    return Wishes(kind or "", Backend(backend) if backend else None, _template(template))


def _template(wanted: str | None) -> str:
    """Return a chat template's name, or the text of the file that is named, once it is known to work."""
    if not wanted:
        return ""
    from hinterland.engine.workers.ctransformers import chat_template

    file = Path(wanted).expanduser()
    try:
        text = file.read_text("utf-8") if file.is_file() else wanted
        chat_template.find(text, "")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The template {wanted} cannot be read.", "It has to be UTF-8.") from error
    except ModelError as error:
        raise InputError(
            f"The template {wanted} cannot be used: {error.message}.",
            "docs/models.md says what a template is given.",
        ) from error
    return text


@command.command()
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show what is known of a model, installed or not."""
    found = paths.find()
    catalog, store = _catalogue(found), ModelStore(found)
    model = next((each for each in store.installed() if each.id == name.lower()), None)
    entry = catalog.entries.get(name.lower())
    if model is None and entry is None:
        model = store.find(name)
    if model is not None:
        entry = catalog.by_sha256(model.sha256) if model.pinned else None
    if as_json:
        _write_json(
            {
                "installed": _record(model) if model else None,
                "catalogue": _entry(entry) if entry else None,
            }
        )
        return
    for label, value in _facts(model, entry):
        click.echo(f"{label + ':':<14}{clean_line(value, 400)}")


def _facts(model: InstalledModel | None, entry: Entry | None) -> Iterable[tuple[str, str]]:
    """Yield label and text for everything that is known, foreign text as it came."""
    if model:
        from hinterland.models import template as thinking
        from hinterland.models.quantisation import FILE_TYPES

        facts = model.facts
        yield "name", model.id
        yield "title", facts.name or "?"
        yield "file", str(model.path)
        yield "size", f"{size(model.bytes)} ({model.bytes:,} bytes)"
        yield "sha256", f"{model.sha256 or '?'} ({'pinned' if model.pinned else 'unpinned'})"
        yield "from", model.source
        yield "licence", model.licence or "?"
        yield "task", ", ".join(model.task)
        yield "engine", f"{model.backend} ({facts.form})" if facts.form else model.backend.value
        yield "architecture", facts.architecture
        if facts.parameters:
            yield "parameters", f"{facts.parameters / 1e6:,.0f} million"
        if facts.file_type is not None:
            yield "weights", FILE_TYPES.get(facts.file_type, str(facts.file_type))
        yield "context", f"{facts.context_length:,} tokens" if facts.context_length else "?"
        yield (
            "vocabulary",
            f"{facts.vocabulary:,} ({facts.tokenizer or '?'})" if facts.vocabulary else "?",
        )
        yield "template", _template_of(model)
        yield "images", _sight(model)
        yield "thinks", thinking.explained(facts.thinking)
        if facts.kv_bytes_per_token:
            yield "memory", f"{facts.kv_bytes_per_token / 1024:,.0f} KiB a token of context"
    elif entry:
        yield "name", entry.id
        yield "file", entry.file
        yield "size", f"{size(entry.bytes)} ({entry.bytes:,} bytes)" if entry.bytes else "?"
        yield "sha256", entry.sha256 or "?"
        yield "from", ", ".join(_sources(entry)) or "?"
        yield "licence", entry.licence or "?"
        yield "task", ", ".join(entry.task)
        yield "context", f"{entry.context:,} tokens" if entry.context else "?"
        if entry.mmproj:
            pulled = size(entry.mmproj.bytes or 0) + " more" if entry.projector else "no full pin"
            yield "projector", pulled
    if entry:
        yield "family", entry.family
        if entry.repo:
            yield "repository", f"{entry.repo} at {entry.revision or 'main'}"
        if entry.licence_note:
            yield "licence note", entry.licence_note
        yield "pins", entry.source or "?"
        if entry.note:
            yield "note", entry.note
        if entry.obstacle and not model:
            yield "pull", entry.obstacle


def _sight(model: InstalledModel) -> str:
    projector = model.projector
    if projector is None:
        return "it cannot see: no image projector"
    pinned = "pinned" if projector.pinned else "unpinned"
    return (
        f"it sees: {projector.type} projector, {size(projector.bytes)}, "
        f"SHA-256 {projector.sha256} ({pinned}), from {projector.source}"
    )


def _template_of(model: InstalledModel) -> str:
    """Return which chat template a model gets, for people."""
    if model.template:
        return "one given to it" if "{" in model.template else model.template
    if model.facts.has_chat_template:
        return "yes"
    if not model.type:
        return "no chat template"
    from hinterland.engine.workers.ctransformers import chat_template

    return f"{chat_template.named().types[model.type]}, the default for {model.type}"


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
    for message, _ in faults[:-1]:
        _say(message)
    if faults:
        message, hint = faults[-1]
        raise ModelError(message, hint or "`hint models list` shows the models that can be used.")
    if not models:
        _say("No model is installed.")


@command.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Delete a model from this account."""
    store = ModelStore(paths.find())
    model = store.own(name)
    if not yes:
        if not _asks():
            raise InputError(f"Removing {model.id} wants a yes.", "Add `--yes`.")
        if not click.confirm(f"Delete {model.id} ({size(model.bytes)})?", err=True):
            return
    store.remove(model.id)
    _say(f"{model.id} is removed; {size(model.bytes)} of disk are free again.")


def _catalogue(found: paths.Paths) -> Catalog:
    from hinterland.models import catalog

    return catalog.load(found)


def _default(wanted: str, models: Sequence[InstalledModel]) -> str:
    return wanted or (models[0].id if models else "")


def _sources(entry: Entry) -> list[str]:
    return ["hub"] * (entry.repo is not None) + ["index"] * (entry.wheels is not None)


def _record(model: InstalledModel) -> dict[str, Any]:
    import msgspec

    fields: dict[str, Any] = msgspec.to_builtins(model.record)
    return fields | {"path": str(model.path), "shared": model.shared}


def _remote(name: str, engine: config.RemoteEngine, default: bool) -> dict[str, Any]:
    return {
        "id": name,
        "remote": engine.address.place,
        "model": engine.model,
        "leaves": not engine.address.here,
        "encrypted": engine.address.encrypted,
        "default": default,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    import msgspec

    fields: dict[str, Any] = msgspec.to_builtins(entry)
    return fields | {"can_be_pulled": not entry.obstacle}


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


def _write_json(value: Any) -> None:
    """Write JSON in ASCII, in which no character of a foreign text can reach the terminal."""
    import json

    click.echo(json.dumps(value, indent=2))


def _write_table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = [headings, *(tuple(clean_line(cell, 60) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _say(sentence: str) -> None:
    click.echo(clean_line(sentence, 600), err=True)


def _asks() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
