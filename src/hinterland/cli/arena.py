"""`hint arena`: two models answer the same prompt, blind; which is better is for the person to say."""

from __future__ import annotations

import asyncio
import sys
import termios
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland import paths
from hinterland.arena import Bout, Outcome, Side, Vote, Votes, fight, pair, strengths
from hinterland.cells import padded, wrapped
from hinterland.cli.tables import say, write_json, write_table
from hinterland.errors import InputError, ModelError
from hinterland.language import _, n_
from hinterland.text import clean, clean_line

if TYPE_CHECKING:
    from hinterland.engine.protocol import Event

_LONGEST = 400
"""Tokens of an answer, where nobody says otherwise: two have to be read."""
_GAP = "  │  "
_WIDE_ENOUGH = 80
_KEYS = {
    "1": Outcome.FIRST,
    "2": Outcome.SECOND,
    "=": Outcome.TIE,
    "0": Outcome.NEITHER,
}
_LARGEST = 1_000_000  # bytes of a file of prompts


@click.command(name="arena")
@click.argument("prompt", nargs=-1)
@click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    help="A model to compare; give two or more. Without it all that are installed.",
)
@click.option(
    "--task", default="", metavar="NAME", help="What the prompts are for, such as summary."
)
@click.option("--language", default="", metavar="LANG", help="Their language; else it is detected.")
@click.option(
    "--prompts",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Ask the prompts in a file, one in each line.",
)
@click.option("--system", help="A system prompt for both.")
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=_LONGEST,
    show_default=True,
    help="The longest answer, in tokens.",
)
@click.option(
    "--table", "show_table", is_flag=True, help="Show how strong each model is by the votes."
)
@click.option("--json", "as_json", is_flag=True, help="With --table: print JSON.")
@click.option("--forget", is_flag=True, help="Remove all votes.")
def command(
    prompt: tuple[str, ...],
    models: tuple[str, ...],
    task: str,
    language: str,
    prompts: Path | None,
    system: str | None,
    max_tokens: int,
    show_table: bool,
    as_json: bool,
    forget: bool,
) -> int:
    """Let two models answer the same prompt, and vote without knowing which is which.

    The votes say which model suits your people and your box, for each task and language.
    """
    found = paths.find()
    votes = Votes(found)
    code = _code(language)
    if forget:
        count = votes.forget()
        say(n_("Forgotten: {count} vote.", "Forgotten: {count} votes.", count).format(count=count))
        return 0
    if show_table:
        _show_table(votes, task, code, as_json=as_json)
        return 0
    if as_json:
        raise InputError("--json is for the table.", "Add --table.")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "Votes are given by a person on a terminal.",
            "`hint arena --table` shows those there are.",
        )
    names = _models(found, models)
    asked = iter([" ".join(prompt)]) if prompt else _from_file(prompts) if prompts else _typed()
    for text in asked:
        if not _compare(votes, names, text, task, code, system, max_tokens):
            break
    return 0


def _compare(
    votes: Votes,
    names: Sequence[str],
    prompt: str,
    task: str,
    language: str,
    system: str | None,
    max_tokens: int,
) -> bool:
    """Let two answer and take the vote; False where no more is wanted."""
    from hinterland.progress_line import ProgressLine

    known = votes.all()
    two = pair(
        names, lambda one, other: sum({each.first, each.second} == {one, other} for each in known)
    )
    waiting = ProgressLine()

    def told(event: Event) -> None:
        waiting.say(
            _("the models answer …")
        )  # which one is loaded would tell whose answer is whose

    try:
        bout = asyncio.run(fight(two, prompt, system=system, max_tokens=max_tokens, told=told))
    finally:
        waiting.clear()
    for line in _shown(bout, _columns()):
        click.echo(line)
    outcome = _vote()
    if not isinstance(outcome, Outcome):
        return outcome is not None
    votes.add(
        Vote(
            first=bout.first.model,
            second=bout.second.model,
            outcome=outcome,
            task=" ".join(task.split()).casefold(),
            language=language or _detected(prompt),
            seconds=(bout.first.seconds, bout.second.seconds),
        )
    )
    for number, side in ((1, bout.first), (2, bout.second)):
        click.echo(
            _("{number} was {model}: {tokens} tokens in {seconds} s").format(
                number=number,
                model=clean_line(side.model, 60),
                tokens=side.tokens,
                seconds=f"{side.seconds:.1f}",
            )
        )
    return True


def _vote() -> Outcome | str | None:
    """Return the vote; "skip" for none, None to end. What was typed while nothing could be read yet
    is no vote."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    while True:
        try:
            typed = input(
                _("Better: 1 or 2; = as good; 0 neither is of use; s no vote; q end > ")
            ).strip()
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return None
        if typed in _KEYS:
            return _KEYS[typed]
        if typed.lower() == "s":
            return "skip"
        if typed.lower() == "q":
            return None


def _models(found: paths.Paths, wished: Sequence[str]) -> list[str]:
    """Return the ids of the models to compare; raises ModelError, and InputError for fewer than two."""
    from hinterland import config
    from hinterland.models.store import ModelStore
    from hinterland.worker_specs import resolver

    if wished:
        resolve = resolver(found, config.load(found.config_file))
        names = list(dict.fromkeys(resolve(name).model for name in wished))
    else:
        names = [each.id for each in ModelStore(found).installed()]
    if len(names) < 2:
        raise ModelError(
            "Two different models are needed, and there is one."
            if names
            else "Two models are needed, and none is installed.",
            "`hint models list` shows those that are here, `hint models pull` fetches another.",
        )
    return names


def _from_file(file: Path) -> Iterator[str]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"The prompts {clean_line(str(file))} cannot be read: {error.strerror or error}.",
            "Is the name right?",
        ) from error
    if len(content) > _LARGEST:
        raise InputError("The file of prompts is too large.", f"It may have {_LARGEST:,} bytes.")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("The file of prompts is not UTF-8 text.", "Save it as UTF-8.") from error
    for line in lines:
        if line.strip():
            click.echo(f"> {clean_line(line, 2000)}")
            yield line.strip()


def _typed() -> Iterator[str]:
    while True:
        try:
            typed = input("> ").strip()
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return
        if typed:
            yield typed


def _shown(bout: Bout, width: int) -> Iterator[str]:
    """Yield the two answers side by side, or one below the other where there is too little room."""

    def lines(side: Side, room: int) -> list[str]:
        text = clean(side.text).strip() or _("(nothing)")
        if side.was_cut:
            text += " " + _("(cut off)")
        return [part for line in text.split("\n") for part in wrapped(line, room) or [""]]

    if width < _WIDE_ENOUGH:
        for number, side in ((1, bout.first), (2, bout.second)):
            yield f"── {number} ──"
            yield from lines(side, width)
            yield ""
        return
    room = (width - len(_GAP)) // 2
    left, right = lines(bout.first, room), lines(bout.second, room)
    yield f"{'1':<{room}}{_GAP}2"
    for at in range(max(len(left), len(right))):
        one = left[at] if at < len(left) else ""
        other = right[at] if at < len(right) else ""
        yield f"{padded(one, room)}{_GAP}{other}".rstrip()
    yield ""


def _show_table(votes: Votes, task: str, language: str, *, as_json: bool) -> None:
    wanted = " ".join(task.split()).casefold()
    counted = [
        vote
        for vote in votes.all()
        if (not wanted or vote.task == wanted) and (not language or vote.language == language)
    ]
    groups = sorted({(vote.task, vote.language) for vote in counted})
    tables = [("", "", counted)] if len(groups) != 1 else []
    tables += [
        (*group, [vote for vote in counted if (vote.task, vote.language) == group])
        for group in groups
    ]
    if as_json:
        write_json(
            {
                "version": 1,
                "tables": [
                    {
                        "task": of_task or None,
                        "language": of_language or None,
                        "votes": len(own),
                        "models": [
                            {name: getattr(each, name) for name in each.__struct_fields__}
                            for each in strengths(own)
                        ],
                    }
                    for of_task, of_language, own in tables
                ],
            }
        )
        return
    if not counted:
        say(_("There are no votes yet: hint arena begins."))
        return
    for number, (of_task, of_language, own) in enumerate(tables):
        if number:
            click.echo()
        named = ", ".join(filter(None, (clean_line(of_task, 40), of_language))) or _("All votes")
        count = n_("{count} vote", "{count} votes", len(own)).format(count=len(own))
        click.echo(f"{named}: {count}")
        write_table(
            (
                _("model"),
                _("preferred"),
                _("95 % between"),
                _("votes"),
                _("won"),
                _("as good"),
                _("useless"),
            ),
            (
                (
                    each.model,
                    f"{each.chance:.0%}",
                    f"{each.low:.0%} – {each.high:.0%}",
                    str(each.votes),
                    str(each.wins),
                    str(each.ties),
                    str(each.useless),
                )
                for each in strengths(own)
            ),
        )


def _code(language: str) -> str:
    if not language:
        return ""
    from hinterland.plugins import languages

    return languages.find(language).code


def _detected(prompt: str) -> str:
    from hinterland.plugins import languages

    found = languages.detect(prompt).language
    return found.code if found else ""


def _columns() -> int:
    from hinterland.progress_line import columns

    return columns()
