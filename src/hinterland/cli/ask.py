"""`hint ask`: one answer on standard output.

Start-up time is this command's promise: what is not needed to put the request on the socket is
imported after it is there.
"""

from __future__ import annotations

import asyncio
import select
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hinterland.cli.sampling_options import sampling_options
from hinterland.engine.protocol import Sampling, Think
from hinterland.errors import InputError, NoModelError
from hinterland.language import _
from hinterland.sentences import translated

if TYPE_CHECKING:
    from hinterland.conversation import Conversation
    from hinterland.images import Picture


@click.command(name="ask")
@click.argument("words", nargs=-1, metavar="[PROMPT]...")
@click.option("-m", "--model", help="The model to ask: an id, or a GGUF file.")
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Attach a document (text, Markdown, PDF, Word); may be repeated.",
)
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Show an image (JPEG, PNG, WebP, GIF) to a model that sees; may be repeated.",
)
@click.option("-s", "--system", help="A system prompt for this conversation.")
@click.option("--role", metavar="NAME", help="A role for the model, from the folder of prompts.")
@click.option(
    "--schema",
    type=click.Path(path_type=Path),
    help="A JSON Schema file that the answer has to follow.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the text.")
@sampling_options
@click.option("--show-reasoning", is_flag=True, help="Show on standard error what it thinks.")
@click.option("-c", "--continue", "latest", is_flag=True, help="Go on with the last conversation.")
@click.option(
    "--compact",
    is_flag=True,
    help="With --continue: summarise the oldest turns if they no longer fit.",
)
@click.option(
    "--drop-oldest",
    is_flag=True,
    help="With --continue: send the oldest turns no more if they no longer fit.",
)
@click.option("--no-history", is_flag=True, help="Leave no trace of this on the disk.")
@click.option("--raw", is_flag=True, help="Print the model's bytes as they are, controls included.")
def command(
    words: tuple[str, ...],
    model: str | None,
    files: tuple[Path, ...],
    images: tuple[Path, ...],
    system: str | None,
    role: str | None,
    schema: Path | None,
    as_json: bool,
    max_tokens: int | None,
    temperature: float | None,
    top_p: float | None,
    top_k: int | None,
    seed: int | None,
    think: str | None,
    show_reasoning: bool,
    latest: bool,
    compact: bool,
    drop_oldest: bool,
    no_history: bool,
    raw: bool,
) -> int:
    """Answer PROMPT on standard output. Piped standard input is appended to it."""
    if any("\ud800" <= each <= "\udfff" for each in "".join([*words, system or "", model or ""])):
        raise InputError("The command line is not UTF-8 text.", "Set the terminal to UTF-8.")
    if (compact or drop_oldest) and not latest:
        raise InputError(
            "--compact and --drop-oldest are about earlier turns.", "Add --continue to have some."
        )
    if compact and drop_oldest:
        raise InputError(
            "--compact and --drop-oldest exclude each other.",
            "--compact sends a summary of the oldest turns, --drop-oldest leaves them out.",
        )
    from hinterland import config, paths
    from hinterland.cli.answering import Answering
    from hinterland.opening import open_conversation

    found = paths.find()
    prompt = _prompt(words, files, found.config)
    if role is not None:
        from hinterland.cli.role import system_prompt

        system = system_prompt(role, system, found)
    rules = _schema(schema)
    pictures = _pictures(images)
    conversation = open_conversation(
        found,
        config.load(found.config_file),
        latest=latest,
        model=model,
        system=system,
        sampling=Sampling(max_tokens, temperature, top_p, top_k, seed),
        keep_history=not no_history,
    )
    conversation.think = Think(think) if think else None
    if conversation.running is not None:
        waits = _("waiting for the last answer to finish …")
        if conversation.collecting:
            waits = _("looking whether the last answer went on in the shared box …")
        click.echo(f"hint: {waits}", err=True)
        asyncio.run(_drain(conversation))
    answering = partial(
        Answering,
        conversation,
        as_json=as_json,
        raw=raw,
        show_reasoning=show_reasoning,
        make_room="compact" if compact else "drop" if drop_oldest else None,
    )
    try:
        return asyncio.run(answering().ask(prompt, rules, pictures))
    except NoModelError:
        from hinterland.cli.offer import offer_starter

        if not offer_starter(found):
            raise
    return asyncio.run(answering().ask(prompt, rules, pictures))


async def _drain(conversation: Conversation) -> None:
    async for _event in conversation.follow():
        pass


def _prompt(words: tuple[str, ...], files: tuple[Path, ...], config_folder: Path) -> str:
    prompt = " ".join(words)
    piped = _standard_input(waiting=bool(prompt))
    if files or piped:
        from hinterland import documents

        attached = [documents.read(path) for path in files]
        if piped.strip():
            attached.append(documents.standard_input(piped))
        for document in attached:
            if document.note:
                click.echo(f"hint: {translated(document.note)}", err=True)
        if not prompt and not files and attached:
            return attached[0].text.rstrip("\n")
        if attached:
            return documents.attach(prompt, attached, config_folder)
    if not prompt.strip():
        raise InputError("There is no prompt.", 'Type one: hint ask "Why do we boil water?"')
    return prompt


def _standard_input(*, waiting: bool) -> bytes:
    """Return what is piped in; nothing on a terminal."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return b""
    if waiting and sys.stderr.isatty() and not select.select([sys.stdin], [], [], 2.0)[0]:
        said = _("reading standard input too; end it with Ctrl-D, or use < /dev/null")
        click.echo(f"hint: {said}", err=True)
    return sys.stdin.buffer.read()


def _pictures(paths: tuple[Path, ...]) -> list[Picture]:
    if not paths:
        return []
    from hinterland import images

    return [images.load(path) for path in paths]


def _schema(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    from hinterland import schemas

    return schemas.load(path)
