"""`hint models show`: what is known of a model, and the same as records for `--json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from hinterland import paths
from hinterland.cli.tables import write_json
from hinterland.models.progress import size
from hinterland.models.store import InstalledModel, ModelStore
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.models.catalog import Entry


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(name: str, as_json: bool) -> None:
    """Show what is known of a model, installed or not."""
    from hinterland.models import catalog as catalogue

    found = paths.find()
    catalog, store = catalogue.load(found), ModelStore(found)
    model = next((each for each in store.installed() if each.id == name.lower()), None)
    pinned = catalog.entries.get(name.lower())
    if model is None and pinned is None:
        model = store.find(name)
    if model is not None:
        pinned = catalog.by_sha256(model.sha256) if model.pinned else None
    if as_json:
        write_json(
            {
                "installed": record(model) if model else None,
                "catalogue": entry(pinned) if pinned else None,
            }
        )
        return
    for label, value in _facts(model, pinned):
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
        yield "from", ", ".join(sources(entry)) or "?"
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


def sources(entry: Entry) -> list[str]:
    """Return where a model of the catalogue can be fetched from."""
    return ["hub"] * (entry.repo is not None) + ["index"] * (entry.wheels is not None)


def record(model: InstalledModel) -> dict[str, Any]:
    """Return an installed model for `--json`."""
    import msgspec

    fields: dict[str, Any] = msgspec.to_builtins(model.record)
    return fields | {"path": str(model.path), "shared": model.shared}


def entry(known: Entry) -> dict[str, Any]:
    """Return a model of the catalogue for `--json`."""
    import msgspec

    fields: dict[str, Any] = msgspec.to_builtins(known)
    return fields | {"can_be_pulled": not known.obstacle}
