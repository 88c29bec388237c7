"""`hint box class quiz`: the quiz of the day, in lines, handed in to the teacher in numbers."""

from __future__ import annotations

import asyncio
import os
import string
import sys
import time
from typing import TYPE_CHECKING

import click

from hinterland.cli.box.one_class import the_class
from hinterland.cli.tables import say
from hinterland.errors import HinterlandError, InputError
from hinterland.language import _
from hinterland.text import clean, clean_line

if TYPE_CHECKING:
    from pathlib import Path

    from hinterland.box.class_routes import Mine
    from hinterland.box.records import Handed
    from hinterland.plugins.forms.typed_lines import TypedLines
    from hinterland.plugins.tutoring.checking import Checker
    from hinterland.plugins.tutoring.classroom import Question

_TRIES = 3
"""Times that an answer may be typed which cannot be read as one."""
_STOP = "."


@click.command()
def quiz() -> int:
    """Do the quiz of the day of your class; how each question went is handed in, not what you typed.

    It can be left with `.` and gone on with on the same day.
    """
    import msgspec

    from hinterland.box.asking import ask
    from hinterland.box.class_routes import Mine
    from hinterland.box.records import Handed

    mine = ask("GET", "/hint/class", Mine)
    if mine.closed:
        raise InputError(mine.closed, "Ask your teacher.")
    if mine.quiz is None:
        raise InputError("There is no quiz for you here.", "Ask your teacher.")
    questions, sheet = _drawn(mine)
    kept = _Kept()
    begun = kept.read()
    asked = [each.posed.id for each in questions]
    if (
        begun is None
        or (begun.seed, begun.sheet) != (mine.seed, sheet)
        or [each.exercise for each in begun.questions] != asked[: len(begun.questions)]
    ):
        begun = Handed(mine.seed, sheet, 0, ())
    elif 0 < len(begun.questions) < len(asked):
        say(_("You go on with question {number}.").format(number=len(begun.questions) + 1))
    handed = _done(questions, begun, kept)
    if len(handed.questions) < len(questions):
        click.echo(_("What you have done is kept: `hint box class quiz` goes on with it today."))
        return 0
    try:
        ask("POST", "/hint/class/results", msgspec.Raw, handed)
    except HinterlandError:
        say(_("It is not handed in yet; `hint box class quiz` hands it in."))
        raise
    kept.remove()
    right = sum(each.right for each in handed.questions)
    told = _("Handed in: {right} of {count} right.")
    click.echo(told.format(right=right, count=len(questions)))
    wrong = [str(at) for at, each in enumerate(handed.questions, 1) if not each.right]
    if wrong:
        click.echo(_("Not right: {numbers}").format(numbers=", ".join(wrong)))
    return 0


def _drawn(mine: Mine) -> tuple[tuple[Question, ...], int]:
    """Return the questions of who asks, and the number of the sheet: neighbours have other numbers."""
    from hinterland import paths
    from hinterland.box import members
    from hinterland.plugins import languages
    from hinterland.plugins.tutoring import classroom
    from hinterland.plugins.tutoring.lessons import shelf
    from hinterland.plugins.tutoring.sitting import spoken

    wanted = mine.quiz
    assert wanted is not None, "there is one"
    role, site = the_class(mine.role)
    uids = [each.uid for each in members.pupils(role, site)]
    sheet = uids.index(os.getuid()) if os.getuid() in uids else os.getuid() % 1000
    code = languages.find(wanted.language).code if wanted.language else ""
    lessons = shelf.of(paths.find()).find(wanted.topic, code)
    if not code:  # one sheet is in one language
        codes = [each.language for each in lessons]
        code = next((each for each in codes if each.startswith(spoken())), codes[0])
        lessons = tuple(each for each in lessons if each.language == code)
    drawn = classroom.one_sheet(lessons, wanted.topic, wanted.questions, mine.seed, sheet)
    return drawn, sheet


def _done(questions: tuple[Question, ...], begun: Handed, kept: _Kept) -> Handed:
    """Ask what was not asked yet, and return how everything went, as far as it was done."""
    import msgspec

    from hinterland.box.records import Marked
    from hinterland.plugins.forms.typed_lines import TypedLines
    from hinterland.plugins.tutoring.checking import Checker

    typed, since, spent = TypedLines(sys.stdin.fileno()), time.monotonic(), begun.seconds
    passage = ""
    checker = Checker()
    with asyncio.Runner() as runner:
        try:
            for at, question in enumerate(questions[len(begun.questions) :], len(begun.questions)):
                if question.posed.passage not in ("", passage):
                    passage = question.posed.passage
                    _show(passage)
                _show(f"{at + 1}/{len(questions)}  {question.posed.prompt}")
                for letter, option in zip(
                    string.ascii_uppercase, question.posed.options, strict=False
                ):
                    click.echo(f"  {letter}. {clean(option)}")
                right = _answered(question, typed, runner, checker)
                mark = Marked(question.posed.id, right)
                seconds = spent + int(time.monotonic() - since)
                begun = msgspec.structs.replace(
                    begun, questions=(*begun.questions, mark), seconds=seconds
                )
                kept.write(begun)
        except (EOFError, KeyboardInterrupt):
            click.echo("")
        finally:
            runner.run(checker.aclose())
    return begun


def _answered(
    question: Question, typed: TypedLines, runner: asyncio.Runner, checker: Checker
) -> bool:
    """Return whether what is typed is right; raises EOFError where the pupil leaves."""
    from hinterland.plugins.tutoring.checking import Verdict

    for _try in range(_TRIES):
        click.echo("> ", nl=False)
        sys.stdout.flush()
        text = typed.line().strip()
        if not sys.stdin.isatty():
            click.echo(clean_line(text))
        if text == _STOP:
            raise EOFError
        if not text:
            return False
        verdict = runner.run(checker.judge(question.posed, text)).verdict
        if verdict is not Verdict.UNREADABLE:
            return verdict is Verdict.RIGHT
        click.echo(_("That cannot be read as an answer here; write it another way."))
    return False


def _show(markdown: str) -> None:
    from hinterland.plugins.forms.columns import width_of
    from hinterland.plugins.tutoring.dialogue import plain

    click.echo("\n".join(["", *plain.lines(clean(markdown), width_of(sys.stdout))]))


class _Kept:
    """How far the quiz of the day was done, in the pupil's own folder: marks, no answers."""

    def __init__(self) -> None:
        from hinterland import paths

        self._file: Path = paths.find().state / "quiz" / "today.json"

    def read(self) -> Handed | None:
        """Return it; None where there is nothing that can be used."""
        import msgspec

        from hinterland.box.records import Begun, Handed

        try:
            found = msgspec.json.decode(self._file.read_bytes(), type=Begun)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return Handed(found.seed, found.sheet, found.seconds, found.questions)

    def write(self, begun: Handed) -> None:
        import msgspec

        from hinterland import durable
        from hinterland.paths import private_folder

        private_folder(self._file.parent)
        durable.replace_file(self._file, msgspec.json.encode(begun))

    def remove(self) -> None:
        from hinterland import durable

        durable.remove_file(self._file)
