"""`hint tutor [TOPIC]`: a lesson, on a screen or in lines."""

from __future__ import annotations

import difflib
import os
import sys
from typing import TYPE_CHECKING

import click

from hinterland.errors import InputError

if TYPE_CHECKING:
    from hinterland.plugins.tutoring.sitting import Wish


@click.command()
@click.argument("topic", nargs=-1)
@click.option(
    "--pupil", metavar="NAME", default="", help="Who learns; may be left out where there is one."
)
@click.option(
    "--plain", is_flag=True, help="Lines instead of a screen: for serial consoles and pipes."
)
@click.option("-m", "--model", help="The model that words hints: an id, or a GGUF file.")
@click.option("--no-model", is_flag=True, help="The lessons' own hints, and no model.")
@click.option(
    "--language",
    metavar="CODE",
    default="",
    help="Of lessons and of the tutor's words, such as fr.",
)
@click.pass_context
def learn(
    ctx: click.Context,
    topic: tuple[str, ...],
    pupil: str,
    plain: bool,
    model: str | None,
    no_model: bool,
    language: str,
) -> int:
    """Learn: the same as without this word, also for a topic that is called as a command is."""
    from hinterland.plugins import languages
    from hinterland.plugins.tutoring.sitting import Wish

    if model and no_model:
        raise InputError("--model and --no-model exclude each other.", "Give one of them.")
    wish = Wish(
        topic=" ".join(topic),
        pupil=pupil,
        language=languages.find(language).code if language else "",
        model=model,
        with_model=not no_model,
    )
    _check(ctx, wish)
    if plain or os.environ.get("TERM", "dumb") == "dumb" or not _is_terminal():
        from hinterland.plugins.tutoring.commands import lines

        return lines.run(wish)

    def screen() -> object:
        from hinterland.plugins.tutoring.screen.lesson import LessonScreen

        return LessonScreen(wish=wish)

    code, told = ctx.find_root().obj(screen)
    if told:
        click.echo(str(told), err=True)
    return int(code)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _check(ctx: click.Context, wish: Wish) -> None:
    """Raise what is wrong with a topic or a pupil before a screen hides the command line."""
    from hinterland.plugins.tutoring.sitting import Sitting

    sitting = Sitting(wish)
    if wish.topic:
        try:
            sitting.find(wish.topic)
        except InputError as error:
            raise InputError(error.message, _hint(ctx, wish.topic, error.hint)) from error
    if wish.pupil:
        sitting.box.look(wish.pupil)


def _hint(ctx: click.Context, topic: str, hint: str) -> str:
    """Return what to do about an unknown topic, which may be a command with a letter missing."""
    assert ctx.parent is not None and isinstance(ctx.parent.command, click.Group)
    near = difflib.get_close_matches(topic, ctx.parent.command.commands, 1)
    return f"Did you mean `hint tutor {near[0]}`?" if near else hint
