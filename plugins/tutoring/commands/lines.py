"""A lesson in lines, and who learns: where there is no screen, or `--plain` wants none."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.tutoring import sitting
from hinterland.plugins.tutoring.commands import printing

if TYPE_CHECKING:
    from hinterland.plugins.forms.typed_lines import TypedLines
    from hinterland.plugins.tutoring.sitting import Sitting, Wish

_TRIES = 3
"""PINs that may be typed."""


def run(wish: Wish) -> int:
    """Lead a pupil through a lesson and return the exit code; raises InputError and StorageError."""
    from hinterland.plugins.forms.typed_lines import TypedLines

    typed = TypedLines(sys.stdin.fileno())
    with asyncio.Runner() as runner:
        seat = sitting.Sitting(wish)
        if where := seat.goes_to():
            printing.say(_(sitting.LEAVES).format(url=where))
        try:
            name = _who(seat, typed)
            _enter(seat, name, runner)
            return _lead(seat, typed, runner)
        except EOFError:
            raise InputError(
                "There are several pupils.",
                "Name one with --pupil; `hint tutor pupils` lists them.",
            ) from None
        finally:
            runner.run(seat.close())


def _lead(seat: Sitting, typed: TypedLines, runner: asyncio.Runner) -> int:
    from hinterland.plugins.tutoring.dialogue import Dialogue

    assert seat.session is not None and seat.words is not None, "somebody sits here"
    dialogue = Dialogue(seat.session, seat.words, typed, sys.stdout, runner)
    return dialogue.run(seat.wish.topic or None)


def _who(seat: Sitting, typed: TypedLines) -> str:
    """Return who learns: who was named, the only one there is, or who says so; makes a new pupil
    where there is none. Raises EOFError where the input ends first."""
    names = [each.name for each in seat.box.list()]
    if seat.wish.pupil:
        return seat.box.look(seat.wish.pupil).name
    if len(names) == 1:
        return names[0]
    if names:
        for number, name in enumerate(names, 1):
            click.echo(f"{number}. {name}")
        while True:
            written = _ask(typed, _("Who are you? A number or a name:"))
            if written.isdecimal() and 0 < int(written) <= len(names):
                return names[int(written) - 1]
            try:
                return seat.box.look(written).name
            except InputError as error:
                click.echo(_sentence(error))
    name = sitting.account_name()
    if sys.stdin.isatty():
        name = _ask(typed, _("What is your name?")) or name
    if not name:
        raise InputError("Nobody learns here yet.", "Name a pupil: `hint tutor pupils add NAME`.")
    seat.add(name, seat.wish.language)
    return name


def _enter(seat: Sitting, name: str, runner: asyncio.Runner) -> None:
    if not seat.needs_pin(name):
        runner.run(seat.enter(name))
        return
    if not sys.stdin.isatty():
        raise InputError(f"{name} has a PIN.", "It is typed on a terminal.")
    for left in range(_TRIES - 1, -1, -1):
        pin = click.prompt(_("The PIN of {name}").format(name=name), hide_input=True, err=True)
        try:
            runner.run(seat.enter(name, pin))
        except InputError as error:
            if not left:
                raise
            click.echo(_sentence(error), err=True)
        else:
            return


def _ask(typed: TypedLines, question: str) -> str:
    click.echo(question)
    click.echo("> ", nl=False)
    sys.stdout.flush()
    return typed.line().strip()


def _sentence(error: InputError) -> str:
    from hinterland.sentences import sentence
    from hinterland.text import clean_line

    return clean_line(sentence(error), 600)
