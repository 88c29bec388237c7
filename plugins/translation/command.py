"""`hint translate`: documents in, documents out, with nothing changed but the words."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hinterland.errors import InputError, JobError
from hinterland.language import _, n_
from hinterland.plugins.translation.formats import FORMATS

if TYPE_CHECKING:
    from hinterland.plugins.languages import Language
    from hinterland.plugins.translation.formats.document import Wishes
    from hinterland.plugins.translation.job import Flagged
    from hinterland.plugins.translation.setting import Setting
    from hinterland.plugins.translation.written import Written

_INTERRUPTED = 130


@click.command(name="translate")
@click.argument("names", metavar="[FILE|-]...", nargs=-1)
@click.option("--to", metavar="LANG", help="The language to translate into, such as fr or French.")
@click.option("--from", "origin", metavar="LANG", help="The language of the documents.")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="The file or folder to write to; - is standard output.",
)
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="What the documents are.")
@click.option("--columns", metavar="NAMES", help="Columns of a table, by name or number: a,b,3.")
@click.option(
    "--keys", multiple=True, metavar="PATTERN", help="Of JSON and TOML only these: menu.*.label."
)
@click.option("-m", "--model", help="The model that translates: an id, or a GGUF file.")
@click.option(
    "--terms",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A term base that is kept to: CSV, TSV or TBX; may be repeated.",
)
@click.option(
    "--review",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what is flagged to a PO file, to be put right.",
)
@click.option(
    "--reviewed",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take what was put right in such a file.",
)
@click.option(
    "--back-translate",
    is_flag=True,
    help="Translate back too, and list the segments that come back least like they were.",
)
@click.option(
    "--score",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REF",
    help="Compare with a translation that people made: chrF and BLEU.",
)
@click.option("--overwrite", is_flag=True, help="Replace a translation that is there already.")
@click.option("--stream", is_flag=True, help="Write as it is translated, not whole at the end.")
@click.option("--redo", is_flag=True, help="Translate again what a PO file has a translation of.")
@click.option("--retry-flagged", is_flag=True, help="Ask again for what was flagged before.")
@click.option("--force", is_flag=True, help="Translate languages that the model does not cover.")
@click.option("--no-memory", is_flag=True, help="Look nothing up, and remember nothing.")
@click.option("--memory", is_flag=True, help="Say what is remembered, and do nothing else.")
@click.option(
    "--forget",
    type=click.Choice(["models", "all"]),
    help="Forget what models did, or also what people wrote; with --to only of that language.",
)
@click.option(
    "--concurrency", type=click.IntRange(1, 64), help="Segments at once; else the engine's slots."
)
@click.option("--temperature", type=click.FloatRange(0, 5), help="Instead of the model's own.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only what is flagged.")
def command(names: tuple[str, ...], **wished: Any) -> int:
    """Translate documents: text, Markdown, SRT, WebVTT, PO, JSON, TOML, CSV, HTML, DOCX, EPUB.

    FILE gets its translation beside it, as guide.fr.md of guide.md; standard input goes to standard
    output. What was translated before is remembered, so the same command goes on after a stop.
    """
    from hinterland.plugins.translation import placing, setting
    from hinterland.plugins.translation.telling import Progress

    if wished["memory"] or wished["forget"]:
        _look_after_memory(wished)
        return 0
    progress = Progress(quiet=wished["quiet"])
    if not names and sys.stdin.isatty():
        progress.tell(_("Type or paste what is to be translated; Ctrl+D ends it."))
    documents = list(names) or ["-"]
    if len(set(documents)) < len(documents):
        raise InputError("The same document is named twice.", "Name it once.")
    found = setting.find(
        to=wished["to"],
        origin=wished["origin"],
        model=wished["model"],
        term_files=wished["terms"],
        force=wished["force"],
        remember=not wished["no_memory"],
        redo_flagged=wished["retry_flagged"],
        concurrency=wished["concurrency"],
        temperature=wished["temperature"],
    )
    _check_review(wished)
    earlier = _earlier(found, wished)
    documents, left_out = placing.without_translations(documents, found.target, wished["output"])
    places = placing.places(
        documents,
        found.target,
        wished["output"],
        form=wished["form"],
        overwrite=wished["overwrite"],
        stream=wished["stream"],
        ours=lambda source, place: not wished["stream"] and earlier.has(source, place),
    )
    progress.tell(*left_out)
    if not wished["overwrite"] and (again := sum(bool(each and each.exists()) for each in places)):
        said = n_(
            "{count:,} translation of an earlier run, unchanged since, is written anew.",
            "{count:,} translations of an earlier run, unchanged since, are written anew.",
            again,
        )
        progress.tell(said.format(count=again))
    if found.chosen.url:
        said = _("The text will leave this machine, to {url}.")
        progress.say(said.format(url=found.chosen.url))
    flagged: list[Flagged] = []
    try:
        complete = asyncio.run(_run(documents, places, wished, found, earlier, progress, flagged))
    finally:  # what is flagged in one document is kept where the next cannot be translated
        if wished["review"] is not None and flagged:
            for file in _keep_for_review(wished["review"], flagged, found.target.code):
                progress.tell(_("What is flagged is in {file}.").format(file=file))
    if not complete:
        progress.tell(_("Stopped. The same command goes on from here."))
        return _INTERRUPTED
    if flagged:
        raise JobError(
            n_(
                "{count:,} segment is flagged.", "{count:,} segments are flagged.", len(flagged)
            ).format(count=len(flagged)),
            _("Put it right in that file and give it back with --reviewed FILE.")
            if wished["review"]
            else _("--review FILE writes what is flagged to a file that can be put right."),
        )
    return 0


def _check_review(wished: dict[str, Any]) -> None:
    review = wished["review"]
    if review is not None and review.exists():
        raise InputError(
            f"There is a file {review}, which may hold somebody's work.",
            "Give it back with --reviewed, or name another file.",
        )
    if review is not None and not review.parent.is_dir():
        raise InputError(f"There is no folder {review.parent}.", "Make it first.")
    if wished["reviewed"] and wished["no_memory"]:
        raise InputError(
            "What --reviewed takes goes into the memory, and --no-memory keeps nothing.",
            "Leave one of them out.",
        )


def _earlier(found: Setting, wished: dict[str, Any]) -> Written:
    """Return what earlier runs of the same command wrote; nothing where nothing is remembered."""
    from hinterland.plugins.translation.written import Written, made_by

    made = made_by(found, _wishes(found, wished), wished["form"])
    return Written(found.places.translations if found.remember else None, made)


def _wishes(found: Setting, wished: dict[str, Any]) -> Wishes:
    from hinterland.plugins.translation.formats.document import Wishes

    return Wishes(
        target=found.target.code,
        columns=tuple(
            each.strip() for each in (wished["columns"] or "").split(",") if each.strip()
        ),
        keys=wished["keys"],
        redo=wished["redo"],
    )


def _look_after_memory(wished: dict[str, Any]) -> None:
    """Say what is remembered, or forget it; raises InputError and StorageError."""
    from hinterland.plugins.translation import kept

    if wished["forget"]:
        count = kept.remove(wished["forget"], wished["to"])
        click.echo(
            n_("{count:,} segment forgotten.", "{count:,} segments forgotten.", count).format(
                count=count
            )
        )
        return
    told = list(kept.lines())
    click.echo("\n".join(told) if told else _("Nothing is remembered."))


async def _run(
    documents: list[str],
    places: list[Path | None],
    wished: dict[str, Any],
    found: Setting,
    earlier: Written,
    progress: Any,
    flagged: list[Flagged],
) -> bool:
    """Translate one document after the other, and add what is flagged; return whether that came to
    its end."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    assert task is not None
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(told, task.cancel)
    try:
        for path in wished["reviewed"]:
            count = await found.take_reviewed(path)
            said = n_(
                "{count:,} segment taken from {file}.",
                "{count:,} segments taken from {file}.",
                count,
            )
            progress.tell(said.format(count=count, file=path))
        for name, place in zip(documents, places, strict=True):
            flagged += await _one(name, place, wished, found, earlier, progress)
    except asyncio.CancelledError:
        return False
    return True


async def _one(
    name: str,
    place: Path | None,
    wished: dict[str, Any],
    found: Setting,
    earlier: Written,
    progress: Any,
) -> list[Flagged]:
    from hinterland.plugins.translation import job
    from hinterland.plugins.translation.apart import apart
    from hinterland.plugins.translation.pipeline import Tally
    from hinterland.plugins.translation.quality.checks import Checks

    wishes = _wishes(found, wished)
    source = await apart(lambda: job.read(name, wished["form"]))
    document = await asyncio.to_thread(source.open, wishes)
    no_others: tuple[Language, ...] = ()
    if found.origin is not None:
        origin, others = found.origin, no_others
    else:
        origin, others = await _told(source, document, found.target, progress)
    checks = await apart(
        lambda: Checks(source, wishes, back=wished["back_translate"], reference=wished["score"])
    )
    tally = Tally()
    streamed = wished["stream"] and place is None
    with checks:
        async with found.translator(
            origin,
            tally,
            mixed=found.target in others,
            say=progress.say,
            loading=progress.loading,
            paused=progress.paused,
        ) as translator:
            shown = nullcontext() if streamed else progress.shown(source.title, document, tally)
            with shown, job.written(place, source.path, stream=wished["stream"]) as out:
                flagged = await job.translate(
                    source.title,
                    document,
                    out,
                    translator,
                    told=checks.add,
                    stream=wished["stream"],
                )
                if not (wished["overwrite"] or wished["stream"]):
                    await apart(lambda: _check_unchanged(source.data, place, earlier))
        if place is not None:
            await apart(lambda: earlier.add(source.data, place))
        progress.end(str(place or source.title), tally, flagged, origin.name)
        if (scores := checks.scores(found.target)) is not None:
            progress.scores(scores)
        if (report := await checks.way_back(found, origin, progress.say)) is not None:
            progress.way_back(report)
    return flagged


def _check_unchanged(source: bytes, place: Path | None, earlier: Written) -> None:
    """Raise InputError where somebody made or changed what is at `place` while this ran."""
    from hinterland.plugins.translation import placing

    if place is not None and place.exists() and not earlier.has_of(source, place):
        raise placing.there_already(place)


def _keep_for_review(path: Path, flagged: list[Flagged], target: str) -> list[Path]:
    """Write what is flagged, a file for each language that is translated from; return them."""
    from hinterland.plugins.translation import reviewing

    written: list[Path] = []
    for origin in dict.fromkeys(each.origin for each in flagged):
        place = path.with_name(f"{path.stem}.{origin}{path.suffix}") if written else path
        items = [each.item for each in flagged if each.origin == origin]
        reviewing.write(place, items, origin, target)
        written.append(place)
    return written


async def _told(
    source: Any, document: Any, target: Language, progress: Any
) -> tuple[Language, tuple[Language, ...]]:
    """Return the language of a document as it seems, and which others it has, and say so; raises
    InputError."""
    from hinterland.plugins.translation import job

    language, others = await asyncio.to_thread(job.source_language, source, document, target)
    said = _("{name} is in {language}, it seems.")
    progress.tell(said.format(name=source.title, language=language.name))
    if others:
        said = _("{name} has text in other languages too: {others}.")
        names = ", ".join(each.name for each in others)
        progress.say(said.format(name=source.title, others=names))
    return language, others
