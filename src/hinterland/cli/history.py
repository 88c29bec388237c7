"""`hint history`: list, read, search, mark, export and delete conversations."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland import paths
from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.history import History, Summary

NOTHING_YET = "There are no conversations yet: `hint ask` begins one."
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


_id = click.argument("conversation_id", metavar="ID")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("history")
def command() -> None:
    """List, read, search, mark and export the conversations kept on this computer.

    An ID may be shortened as long as only one conversation begins with it.
    """


@command.command("list")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--archived", is_flag=True, help="Those that are archived, and only those.")
@click.option("--pinned", is_flag=True, help="Those that are pinned, and only those.")
@click.option("--tag", metavar="TAG", help="Those that have this tag.")
@_json
def list_(limit: int, archived: bool, pinned: bool, tag: str | None, as_json: bool) -> None:
    """List conversations, spoken in last first."""
    from hinterland.history.short_ids import short_ids

    history = _history()
    summaries = history.list(archived=archived, pinned=pinned or None, tag=tag)
    if as_json:
        _print_json({"version": 1, "conversations": summaries[:limit]})
    elif not summaries:
        click.echo("There are none like that." if history.list(1) else NOTHING_YET, err=True)
    else:
        # Of all, also of those that are not shown: what is typed must name one conversation.
        short = short_ids([summary.id for summary in history.list()])
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
@click.option("--since", type=_DAY, metavar="DAY", help="Said on that day or later: 2026-03-31.")
@click.option("--until", type=_DAY, metavar="DAY", help="Said on that day or earlier.")
@click.option(
    "--model", default="", help="Answered by this model; the beginning of its id will do."
)
@click.option("--tool", default="", help="Answered by this tool of a plugin.")
@click.option("--tag", default="", help="In conversations with this tag.")
@_json
def search(
    words: tuple[str, ...],
    limit: int,
    since: datetime | None,
    until: datetime | None,
    model: str,
    tool: str,
    tag: str,
    as_json: bool,
) -> None:
    """Find the prompts and answers that hold every one of WORDS, newest first.

    A word is found by its beginning; case and accents do not count.
    """
    from hinterland.history.export import when
    from hinterland.history.search import Only
    from hinterland.history.short_ids import short_ids
    from hinterland.text import clean, clean_line

    history = _history()
    only = Only(
        since.timestamp() if since else None,
        (until + timedelta(days=1)).timestamp() if until else None,
        model,
        tag.lstrip("#"),
        tool.lstrip("/"),
    )
    hits = history.search(" ".join(words), limit, only)
    if as_json:
        _print_json({"version": 1, "hits": hits})
    elif not hits:
        click.echo(_("Nothing found."), err=True)
    else:
        short = short_ids([summary.id for summary in history.list()])
        for hit in hits:
            short_id = short.get(hit.conversation_id, hit.conversation_id)
            click.echo(f"{short_id}  {when(hit.created)}  {clean_line(hit.title)}")
            match = click.style(clean(hit.match), bold=True)
            click.echo(f"    {clean(hit.before)}{match}{clean(hit.after)}")


@command.command()
@click.argument("conversation_id", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="All conversations and images, into a zip.")
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
def export(
    conversation_id: str | None, every: bool, form: str, output: Path | None, force: bool
) -> None:
    """Write a conversation as Markdown or JSON, or --all of them into a zip."""
    from hinterland.cli.history_files import export_all
    from hinterland.errors import InputError
    from hinterland.history import export

    if every == bool(conversation_id):
        raise InputError("Name one conversation to export, or say --all.", "`hint history list`")
    if conversation_id is None:
        export_all(_history(), output, overwrite=force)
        return
    found = _history().whole(conversation_id)
    is_json = form == "json"
    content = export.as_json(*found) if is_json else export.as_markdown(*found).encode()
    if output is None or str(output) == "-":
        _print_bytes(content)
    else:
        export.save(output, content, overwrite=force)


@command.command()
@_id
@click.argument("title", nargs=-1, required=True)
def rename(conversation_id: str, title: tuple[str, ...]) -> None:
    """Give a conversation a title."""
    _history().rename(conversation_id, " ".join(title))


@command.command()
@_id
def pin(conversation_id: str) -> None:
    """Keep a conversation at the top of the chat's list."""
    _history().pin(conversation_id)


@command.command()
@_id
def unpin(conversation_id: str) -> None:
    """Keep it there no longer."""
    _history().pin(conversation_id, False)


@command.command()
@_id
def archive(conversation_id: str) -> None:
    """Leave a conversation out of the lists; it is found and kept as before."""
    _history().archive(conversation_id)


@command.command()
@_id
def unarchive(conversation_id: str) -> None:
    """Have it in the lists again."""
    _history().archive(conversation_id, False)


@command.command()
@_id
@click.argument("tags", nargs=-1, required=True)
def tag(conversation_id: str, tags: tuple[str, ...]) -> None:
    """Give a conversation tags: words to find it by."""
    history = _history()
    history.tag(conversation_id, (*history.conversation(conversation_id).tags, *tags))


@command.command()
@_id
@click.argument("tags", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Take all of them.")
def untag(conversation_id: str, tags: tuple[str, ...], every: bool) -> None:
    """Take tags from a conversation."""
    from hinterland.errors import InputError

    history = _history()
    has = history.conversation(conversation_id).tags
    going = {each.lstrip("#").casefold() for each in (has if every else tags)}
    if not every and not tags:
        raise InputError("No tag was named.", "Name those that go, or say --all.")
    if missing := going - {each.casefold() for each in has}:
        raise InputError(f"It has no tag {min(missing)!r}.", f"It has: {', '.join(has) or 'none'}.")
    history.tag(conversation_id, [each for each in has if each.casefold() not in going])


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


@command.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_(files: tuple[Path, ...]) -> None:
    """Take in conversations from exports: ours, ChatGPT's, and those of `llm`.

    What is here already is not taken in twice.
    """
    from hinterland.cli.history_files import import_all

    import_all(_history(), files)


@command.command()
@click.option("--repair", is_flag=True, help="Save what can be read of what is damaged.")
def check(repair: bool) -> int:
    """Read every conversation, and say which are damaged."""
    from hinterland.cli.history_files import check as check_all

    return check_all(_history(), repair=repair)


@command.command()
@click.option(
    "--days",
    type=click.IntRange(1),
    help="Without a word for so many days; else as the setting keep_days says.",
)
@click.option("--dry-run", is_flag=True, help="Only say which they are.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def prune(days: int | None, dry_run: bool, yes: bool) -> None:
    """Delete conversations that nobody spoke in for long; those that are pinned stay."""
    from hinterland.cli.history_files import prune as prune_all

    prune_all(_history(), days, dry_run=dry_run, yes=yes)


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
    tags = "".join(f" #{clean_line(tag)}" for tag in summary.tags)
    pinned = "* " if summary.pinned else ""
    title = f"{pinned}{clean_line(summary.title)}{tags}{marks}"
    return f"{short_id}  {when(summary.updated)} {summary.turns:4}  {title}"


def _print_json(document: object) -> None:
    from hinterland.history.export import readable_json

    _print_bytes(readable_json(document))


def _print_bytes(content: bytes) -> None:
    click.echo(content, nl=False)
