"""`hint models add`: a model from a file, with what only whoever brings it can say about it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland import config, paths
from hinterland.cli import shared_box
from hinterland.cli.tables import say
from hinterland.errors import ConfigError, InputError, ModelError
from hinterland.models.progress import LineProgress, Silent
from hinterland.models.store import InstalledModel, ModelStore

if TYPE_CHECKING:
    from hinterland.models.formats import Wishes


@click.command()
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
def command(
    path: Path,
    name: str | None,
    mmproj: Path | None,
    kind: str | None,
    backend: str | None,
    template: str | None,
    quiet: bool,
) -> None:
    """Install a model file, GGUF or of the GGML era, from a disk or a USB stick."""
    shared_box.refuse_models()
    found = paths.find()
    store = ModelStore(found)
    before = store.installed()
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
    if not quiet:
        tell_default(model, before, store, found)


def default_of(wanted: str, models: Sequence[InstalledModel]) -> str:
    """Return the id of the model that is used when none is named: the one that the settings want, or
    the one that was installed last. Empty where there is none."""
    return wanted or (models[0].id if models else "")


def tell_default(
    model: InstalledModel, before: Sequence[InstalledModel], store: ModelStore, found: paths.Paths
) -> None:
    """Say whether a model that was just installed is the one that is used when none is named."""
    with suppress(ConfigError):  # the model is here; other commands say what ails the settings
        wanted = config.load(found.config_file).model
        old, new = default_of(wanted, before), default_of(wanted, store.installed())
        if new != model.id:
            say(f"{new} stays the default; `hint config set model {model.id}` changes that.")
        elif old and old != new:
            say(f"{new} is the default now; `hint config set model {old}` goes back.")
        else:
            say(f"{new} is the default: it is used when no model is named.")


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
