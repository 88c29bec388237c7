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
from hinterland.errors import InputError, StorageError
from hinterland.language import _
from hinterland.plugins.diagnosis import parsed, scripted, site, triage, vocabulary
from hinterland.plugins.diagnosis import result as results
from hinterland.plugins.diagnosis.case import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hinterland.plugins.diagnosis.dialogue import Dialogue
    from hinterland.plugins.diagnosis.interview import Interview
    from hinterland.plugins.diagnosis.pack import Pack
    from hinterland.plugins.diagnosis.result import Result


@click.command(name="diagnose")
@click.option(
    "--case", "case_file", metavar="FILE", help="Take the answers from a JSON file; - is stdin."
)
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
    as_json: bool,
    note: Path | None,
    name: str,
    pack_names: tuple[str, ...],
) -> int:
    """Sort by urgency: RED, YELLOW or GREEN, by rules and never by a model.

    Without options it asks one question at a time.
    """
    found = paths.find()
    place = site.of(config.load(found.config_file).diagnosis)
    session = _Session(place, pack_names, as_json=as_json, note=note, name=name)
    if case_file is not None:
        session.judge(_read(case_file, session))
    else:
        session.interview(Case(session.vocabulary))
    parsed.keep()
    return 0


def _read(case_file: str, session: _Session) -> Case:
    from hinterland.plugins.diagnosis import case_file as files

    case = files.read(case_file, session.vocabulary)
    if case.value("age_months") is None and not session.assess(case).emergency:
        raise InputError(
            "The case has no age, and what is dangerous depends on it.",
            'Add it with its unit, such as "age": "3 years" or "age": "10 days".',
        )
    return case


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

    def interview(self, case: Case) -> None:
        """Ask until there is a result, and print it."""
        from hinterland.plugins.diagnosis.dialogue import Dialogue
        from hinterland.plugins.diagnosis.interview import Interview
        from hinterland.plugins.diagnosis.typed_lines import TypedLines

        attended = sys.stdin.isatty() and sys.stdout.isatty() and not self._as_json
        interview = Interview(case, self.packs, self.site.rules, self.scripts)
        dialogue = Dialogue(
            interview,
            TypedLines(sys.stdin.fileno()),
            sys.stdout if attended else sys.stderr,
            self.site.emergency_number,
        )
        dialogue.run()
        self.judge(interview.case)
        if attended:
            self._put_right(dialogue, interview)

    def _put_right(self, dialogue: Dialogue, interview: Interview) -> None:
        """Let answers be put right after the result, each time with a new one."""
        while True:
            dialogue.say("")
            dialogue.say(_("c puts an answer right, s FILE saves a referral note, Enter ends."))
            key, _space, rest = dialogue.ask("> ").partition(" ")
            if not key or key == "q":
                return
            try:
                if key == "s":
                    path = Path(
                        rest.strip() or f"referral-{datetime.now().astimezone():%Y%m%d-%H%M%S}.txt"
                    )
                    self._save_note(self._result(interview.case), path)
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
            from hinterland.plugins.diagnosis.report import lines, width_of

            for line in lines(result, width_of(sys.stdout)):
                click.echo(line)
        sys.stdout.flush()
        if self.site.audit:
            from hinterland.plugins.diagnosis import audit

            audit.write(paths.find(), result)
        if self._note is not None:
            self._save_note(result, self._note)
            self._note = None

    def _save_note(self, result: Result, path: Path) -> None:
        from hinterland.plugins.diagnosis import note

        note.save(path, result, self.packs, self.scripts.private, self._name)
