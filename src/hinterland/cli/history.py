"""`hint history`: list, read, search, export and delete conversations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland import paths
from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.history import History, Summary

NOTHING_YET = "There are no conversations yet: `hint ask` begins one."
SHORTEST_ID = 8
"""Characters of an id that a list shows at least."""

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("history")
def command() -> None:
    """List, read, search and export the conversations kept on this computer.

    An ID may be shortened as long as only one conversation begins with it.
    """


@command.command("list")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True)
@_json
def list_(limit: int, as_json: bool) -> None:
    """List conversations, spoken in last first."""
    summaries = _history().list()
    if as_json:
        _print_json({"version": 1, "conversations": summaries[:limit]})
    elif not summaries:
        click.echo(NOTHING_YET, err=True)
    else:
        short = _short_ids([summary.id for summary in summaries])
        for summary in summaries[:limit]:
            click.echo(_row(summary, short[summary.id]))
        if len(summaries) > limit:
            click.echo(f"{len(summaries) - limit} more: --limit {len(summaries)}", err=True)


@command.command()
@click.argument("conversation_id", metavar="[ID]", required=False)
@_json
def show(conversation_id: str | None, as_json: bool) -> None:
    """Print a conversation; without ID the one spoken in last."""
    from hinterland.history import export

    history = _history()
    if conversation_id is None:
        conversation_id = history.latest()
    if conversation_id is None:
        click.echo(NOTHING_YET, err=True)
    elif as_json:
        _print_bytes(export.as_json(*history.whole(conversation_id)))
    else:
        text = export.as_text(*history.whole(conversation_id))
        click.echo(text, nl=False)


@command.command()
@click.argument("words", nargs=-1, required=True)
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True)
@_json
def search(words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find the prompts and answers that hold every one of WORDS, newest first.

    A word is found by its beginning; case and accents do not count.
    """
    from hinterland.history.export import when
    from hinterland.text import clean, clean_line

    history = _history()
    hits = history.search(" ".join(words), limit)
    if as_json:
        _print_json({"version": 1, "hits": hits})
    elif not hits:
        click.echo(_("Nothing found."), err=True)
    else:
        short = _short_ids([summary.id for summary in history.list()])
        for hit in hits:
            short_id = short.get(hit.conversation_id, hit.conversation_id)
            click.echo(f"{short_id}  {when(hit.created)}  {clean_line(hit.title)}")
            match = click.style(clean(hit.match), bold=True)
            click.echo(f"    {clean(hit.before)}{match}{clean(hit.after)}")


@command.command()
@click.argument("conversation_id", metavar="ID")
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "json"]),
    default="md",
    show_default=True,
    help="md to read, json to keep every character.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write; standard output if there is none.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def export(conversation_id: str, form: str, output: Path | None, force: bool) -> None:
    """Write a conversation as Markdown or JSON."""
    from hinterland.history import export

    found = _history().whole(conversation_id)
    is_json = form == "json"
    content = export.as_json(*found) if is_json else export.as_markdown(*found).encode()
    if output is None or str(output) == "-":
        _print_bytes(content)
    else:
        export.save(output, content, overwrite=force)


@command.command()
@click.argument("conversation_id", metavar="ID")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(conversation_id: str, yes: bool) -> None:
    """Delete a conversation and all that was derived from it."""
    from hinterland.errors import InputError, StorageError
    from hinterland.text import clean_line

    history = _history()
    conversation_id = history.resolve(conversation_id)
    try:
        title = clean_line(history.conversation(conversation_id).title)
    except StorageError:
        title = "a conversation that cannot be read"
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("Nobody can be asked whether to delete.", "Add --yes to delete.")
        click.confirm(_("Delete “{title}” for good?").format(title=title), abort=True, err=True)
    history.delete(conversation_id)
    click.echo(_("Deleted “{title}”.").format(title=title), err=True)


def _history() -> History:
    from hinterland.history import History

    return History(paths.find())


def _row(summary: Summary, short_id: str) -> str:
    from hinterland.history.export import STILL_WRITING, when
    from hinterland.text import clean_line

    marks = ""
    if summary.running:
        marks = f" [{STILL_WRITING}]"
    elif summary.incomplete:
        marks = " [incomplete]"
    turns = f"{summary.turns:4}"
    return f"{short_id}  {when(summary.updated)} {turns}  {clean_line(summary.title)}{marks}"


def _short_ids(ids: list[str]) -> dict[str, str]:
    """Return the shortest beginning of each id that no other id shares."""
    ordered = sorted(ids)
    short = {}
    for before, own, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        length = SHORTEST_ID
        while length < len(own) and own[:length] in (before[:length], after[:length]):
            length += 1
        short[own] = own[:length]
    width = max(map(len, short.values()), default=0)
    return {own: own[:width] for own in short}


def _print_json(document: object) -> None:
    from hinterland.history.export import readable_json

    _print_bytes(readable_json(document))


def _print_bytes(content: bytes) -> None:
    click.echo(content, nl=False)
