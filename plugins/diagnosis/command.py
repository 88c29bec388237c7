"""`hint diagnose`: triage by rules, one question at a time, from a file or from free words.

RED is printed before anything else is asked, and no model is needed for any of it.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland import config, paths
from hinterland.errors import InputError, JobError, StorageError
from hinterland.language import _
from hinterland.plugins.diagnosis import site
from hinterland.plugins.diagnosis.rules import parsed, triage, vocabulary
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.telling import result as results
from hinterland.plugins.diagnosis.telling import scripted
from hinterland.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hinterland.plugins.diagnosis.asking.dialogue import Dialogue
    from hinterland.plugins.diagnosis.asking.interview import Interview
    from hinterland.plugins.diagnosis.reading.story import Reader
    from hinterland.plugins.diagnosis.rules.pack import Pack
    from hinterland.plugins.diagnosis.telling.result import Result


@click.command(name="diagnose")
@click.option(
    "--case", "case_file", metavar="FILE", help="Take the answers from a JSON file; - is stdin."
)
@click.option(
    "--text", metavar="TEXT", help="Begin with what somebody says in free words; - is stdin."
)
@click.option(
    "--assume-confirmed",
    is_flag=True,
    help="With --text: take what the words seem to say as true, and ask nothing.",
)
@click.option(
    "--unmentioned",
    type=click.Choice(["unknown", "no"]),
    default="unknown",
    help="How to read what nobody mentioned: no is for evaluation, never for care.",
)
@click.option("--language", metavar="CODE", help="The language of the free words, such as en.")
@click.option(
    "--extract/--no-extract",
    default=None,
    help="Have a model read the free words too, unless they are RED without it.",
)
@click.option("-m", "--model", help="The model that reads them, instead of the usual one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option(
    "--note",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save a referral note: Markdown as FILE.md, else text to print.",
)
@click.option("--name", default="", help="The patient's name, for the note alone.")
@click.option(
    "--pack",
    "pack_names",
    multiple=True,
    metavar="NAME",
    help="Go by this rule pack instead of those of the setting; may be repeated.",
)
def command(
    case_file: str | None,
    text: str | None,
    assume_confirmed: bool,
    unmentioned: str,
    language: str | None,
    extract: bool | None,
    model: str | None,
    as_json: bool,
    note: Path | None,
    name: str,
    pack_names: tuple[str, ...],
) -> int:
    """Sort by urgency: RED, YELLOW or GREEN, by rules and never by a model.

    Without options it asks one question at a time.
    """
    if any("\ud800" <= each <= "\udfff" for each in f"{case_file}{text}{name}{note}"):
        raise InputError("The command line is not UTF-8 text.", "Set the terminal to UTF-8.")
    silence_is_no = unmentioned == "no"
    asking = case_file is None and not assume_confirmed
    _check(case_file, text, assume_confirmed=assume_confirmed, silence_is_no=silence_is_no)
    found = paths.find()
    settings = config.load(found.config_file)
    place = site.of(settings.diagnosis)
    session = _Session(place, pack_names, as_json=as_json, note=note, name=name)
    reader = None
    if asking or text is not None or silence_is_no:
        from hinterland.plugins.diagnosis.reading.story import Reader

        wanted = bool(model) if extract is None else extract
        spoken = (language or "", place.language)
        reader = Reader(session.vocabulary, spoken, model, found.config, extract=wanted)
        if where := reader.goes_to(settings):
            said = _("the free words will leave this machine, to {url}").format(
                url=clean_line(where)
            )
            click.echo(f"hint: {said}", err=True)
    case = Case(session.vocabulary)
    if case_file is not None:
        from hinterland.plugins.diagnosis.asking import case_file as files

        case = files.read(case_file, session.vocabulary)
    if asking and reader is not None:
        session.interview(case, text, reader)
    else:
        if reader is not None:
            case = session.with_words(case, text or "", reader, silence_is_no=silence_is_no)
        if case_file is not None:
            _check_age(session, case)
        session.judge(case)
    parsed.keep()
    return 0


def _check(
    case_file: str | None, text: str | None, *, assume_confirmed: bool, silence_is_no: bool
) -> None:
    if case_file == "-" and text == "-":
        raise InputError("Only one of --case and --text can be standard input.", "Name a file.")
    if assume_confirmed and text is None:
        raise InputError("--assume-confirmed is about free words.", "Add --text TEXT.")
    if text is not None and not assume_confirmed and (text == "-" or case_file is not None):
        raise InputError(
            "Nobody can confirm here what the words seem to say.",
            "--assume-confirmed takes it as true; --text TEXT alone asks.",
        )
    if silence_is_no and case_file is None and not assume_confirmed:
        raise InputError(
            "--unmentioned no is for scripts that evaluate.",
            "Add --case FILE, or --text TEXT and --assume-confirmed.",
        )


def _check_age(session: _Session, case: Case) -> None:
    """Raise InputError for a case without an age, but for an emergency, which is shown at once."""
    if case.value("age_months") is None and not session.assess(case).emergency:
        raise InputError(
            "The case has no age, and what is dangerous depends on it.",
            'Add it with its unit, such as "age": "3 years" or "age": "10 days".',
        )


class _Session:
    """What one run of the command goes by, and what it does with a result."""

    def __init__(
        self,
        place: site.Site,
        pack_names: Sequence[str],
        *,
        as_json: bool,
        note: Path | None,
        name: str,
    ) -> None:
        self.site = place
        self.vocabulary = vocabulary.load()
        self.packs: tuple[Pack, ...] = place.packs(self.vocabulary, pack_names)
        self.scripts = scripted.load(self.vocabulary)
        self._as_json = as_json
        self._note = note
        self._name = name
        if note is not None and note.exists():
            raise InputError(f"{note} is there already.", "Give the note a name of its own.")

    def assess(self, case: Case) -> triage.Triage:
        return triage.assess(case, self.packs, self.site.rules)

    def judge(self, case: Case) -> None:
        """Print the result of a case, and save and log what is asked for."""
        self._tell(results.of(case, self.assess(case), self.site, self.scripts))

    def with_words(self, case: Case, text: str, reader: Reader, *, silence_is_no: bool) -> Case:
        """Return a case with what free words seem to say, confirmed by nobody; a model is asked only
        where it is not RED without one."""
        from hinterland.plugins.diagnosis.asking import case_file
        from hinterland.plugins.diagnosis.reading import story

        words = case_file.text(text)
        read = reader.by_list(words)
        if reader.extract and words.strip():
            known = story.assumed(case, words, read, reader.language, silence_is_no=False)
            if not self.assess(known).emergency:
                try:
                    read = reader.by_both(words)
                except JobError as error:
                    from hinterland.sentences import sentence

                    said = _("the model's answer is of no use, only the word list counts ({why})")
                    why = clean_line(sentence(error), 300)
                    click.echo(f"hint: {said.format(why=why)}", err=True)
        return story.assumed(case, words, read, reader.language, silence_is_no=silence_is_no)

    def interview(self, case: Case, text: str | None, reader: Reader) -> None:
        """Ask until there is a result, beginning with free words, and print it."""
        from hinterland.plugins.diagnosis.asking.dialogue import Dialogue
        from hinterland.plugins.diagnosis.asking.interview import Interview
        from hinterland.plugins.forms.typed_lines import TypedLines

        attended = sys.stdin.isatty() and sys.stdout.isatty() and not self._as_json
        interview = Interview(case, self.packs, self.site.rules, self.scripts)
        dialogue = Dialogue(
            interview,
            TypedLines(sys.stdin.fileno()),
            sys.stdout if attended else sys.stderr,
            self.site.emergency_number,
        )
        more = reader.by_model if reader.extract else None
        dialogue.run(reader.by_list, reader.language_name, text or "", more)
        self.judge(interview.case)
        if attended:
            self._put_right(dialogue, interview)

    def _put_right(self, dialogue: Dialogue, interview: Interview) -> None:
        """Let answers be put right after the result, each time with a new one."""
        from hinterland.plugins.diagnosis.telling.wording import headline

        while True:
            result = self._result(interview.case)
            dialogue.say("")  # once more: it may have left a small screen
            dialogue.say(headline(result.level, provisional=result.provisional))
            dialogue.say(_("c puts an answer right, s FILE saves a referral note, Enter ends."))
            key, _space, rest = dialogue.ask("> ").partition(" ")
            if not key or key == "q":
                return
            try:
                if key == "s":
                    path = Path(
                        rest.strip() or f"referral-{datetime.now().astimezone():%Y%m%d-%H%M%S}.txt"
                    )
                    self._save_note(result, path)
                    dialogue.say(_("Saved: {file}").format(file=path))
                elif key == "c":
                    dialogue.correct(rest.strip())
                    if rest.strip():
                        dialogue.go_on()
                        self.judge(interview.case)
            except (InputError, StorageError) as error:
                dialogue.complain(error)

    def _result(self, case: Case) -> Result:
        return results.of(case, self.assess(case), self.site, self.scripts)

    def _tell(self, result: Result) -> None:
        if self._as_json:
            click.echo(results.to_json(result))
        else:
            from hinterland.plugins.diagnosis.telling.report import lines
            from hinterland.plugins.forms.columns import width_of

            told, about = self._translated(result)
            for line in lines(told, width_of(sys.stdout), about):
                click.echo(line)
        sys.stdout.flush()
        if self.site.audit:
            from hinterland.plugins.diagnosis.telling import audit

            audit.write(paths.find(), result)
        if self._note is not None:
            self._save_note(result, self._note)
            self._note = None

    def _save_note(self, result: Result, path: Path) -> None:
        from hinterland.plugins.diagnosis.telling import note

        told, _about = self._translated(result)
        note.save(path, told, self.packs, self.scripts.private, self._name)

    def _translated(self, result: Result) -> tuple[Result, str]:
        """Return a result for people, and what there is to say of its language."""
        from hinterland.plugins.diagnosis.rules import spoken
        from hinterland.plugins.diagnosis.telling import report

        if self.site.speaks == spoken.ENGLISH:
            return result, ""
        words = spoken.spoken(self.packs, self.site.speaks)
        return results.told_in(result, words), report.about_translation(result, words)
