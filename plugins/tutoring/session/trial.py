"""An exercise that is open: attempts, hints, and an answer that is shown only when it was earned."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from hinterland.errors import HinterlandError
from hinterland.plugins.tutoring.checking import Checker, Judgement, StepFault, Verdict
from hinterland.plugins.tutoring.hints import Guard, Guide, LessonGuide, Work
from hinterland.plugins.tutoring.lessons import Posed
from hinterland.plugins.tutoring.session import showing
from hinterland.plugins.tutoring.session.acts import Answer, SaidKind
from hinterland.plugins.tutoring.session.place import Open, Outcome, Stage
from hinterland.plugins.tutoring.session.scene import Scene
from hinterland.plugins.tutoring.words import Words

EARNED = 2
"""Honest attempts after which the answer may be asked for."""
_LONGEST = 400
"""Characters of an answer or a line of working that are kept; all of it is judged."""
_MOST_LINES = 60
"""Lines of working that are looked at."""
_NUDGES = frozenset({Verdict.FORM, Verdict.UNIT, Verdict.CLOSE})


class Trial:
    """Does what a pupil asks for while an exercise is open, and says how it ended once it did."""

    def __init__(self, checker: Checker, guide: Guide, words: Words) -> None:
        self._checker = checker
        self._guide = guide
        self._words = words

    async def answer(self, scene: Scene, act: Answer) -> Outcome | None:
        """Judge an answer, its working, or the working alone."""
        posed, open_ = scene.posed, scene.open
        assert posed is not None and open_ is not None
        text = act.text.strip()
        lines = tuple(line.strip() for line in act.working if line.strip())
        working = lines[:_MOST_LINES]
        if lines != working:
            self._note(scene, "many-lines", count=_MOST_LINES)
        if working:
            scene.change_open(working=tuple(line[:_LONGEST] for line in working))
        if not text:
            await self._look_at(scene, posed, working)
            return None
        try:
            judged = await self._checker.judge(posed, text)
        except HinterlandError:
            self._note(scene, "cannot-check")
            return None
        if judged.verdict is Verdict.RIGHT:
            return await self._right(scene, posed, open_, working)
        if scene.place.stage is Stage.PLACING and judged.verdict is Verdict.WRONG:
            scene.change_open(answers=(*open_.answers, text[:_LONGEST]))
            scene.say(SaidKind.NOT_YET, self._words.say("placing-not-yet"))
            return Outcome.SKIPPED
        if self._gives_up(text):
            self._note(scene, "placing-unknown" if _is_placing(scene) else "gives-up")
        elif judged.verdict is Verdict.WRONG:
            await self._wrong(scene, posed, open_, text, working, judged)
        elif judged.verdict in _NUDGES:
            why = self._why(judged.about, judged.fields)
            scene.say(SaidKind.NOT_YET, why or self._words.say("nearly"))
        else:
            if why := self._why(judged.about, judged.fields):
                scene.say(SaidKind.NOTE, why)
            self._note(scene, f"wanted-{posed.kind.value}")
        return None

    async def hint(self, scene: Scene) -> None:
        """Give the smallest hint that helps, if there is one left."""
        posed, open_ = scene.posed, scene.open
        assert posed is not None and open_ is not None
        if _is_placing(scene):
            self._note(scene, "placing-unknown")
            return
        unused = [n for n in range(len(posed.hints)) if n not in open_.hints]
        if not unused:
            self._note(scene, "may-see" if len(open_.answers) >= EARNED else "no-hints-left")
            return
        work = Work(
            answers=open_.answers,
            working=open_.working,
            mistake=open_.mistake,
            faulty_line=open_.faulty_line,
        )
        try:
            hint = await self._guide.hint(posed, work, unused)
        except HinterlandError:
            hint = await LessonGuide().hint(posed, work, unused)
        if hint.index not in unused:  # whatever a guide says, a hint is spent
            hint = await LessonGuide().hint(posed, work, unused)
        scene.change_open(hints=(*open_.hints, hint.index))
        scene.say(SaidKind.HINT, hint.text)

    def show(self, scene: Scene) -> Outcome | None:
        """Show the answer and the way to it, if it was tried often enough; else say what is needed."""
        posed, open_ = scene.posed, scene.open
        assert posed is not None and open_ is not None
        if _is_placing(scene):
            self._note(scene, "placing-unknown")
            return None
        if len(open_.answers) < EARNED:
            self._note(scene, "try-first" if not open_.answers else "try-once-more")
            return None
        scene.change_open(revealed=True)
        scene.said.append(showing.answer(posed, self._words))
        return Outcome.REVEALED

    async def _right(
        self, scene: Scene, posed: Posed, open_: Open, working: tuple[str, ...]
    ) -> Outcome:
        alone = not open_.answers and not open_.hints
        scene.say(SaidKind.RIGHT, self._words.say("right" if alone else "right-after-all"))
        fault = await self._fault(posed, working)
        if fault is not None:
            text = self._words.say("right-but-line", line=self._line(fault.line))
            scene.say(SaidKind.NOTE, text)
        return Outcome.ALONE if alone else Outcome.HELPED

    async def _wrong(
        self,
        scene: Scene,
        posed: Posed,
        open_: Open,
        text: str,
        working: tuple[str, ...],
        judged: Judgement,
    ) -> None:
        fault = await self._fault(posed, working, text)
        if _plain(text[:_LONGEST]) in map(_plain, open_.answers):
            if fault is None:
                self._note(scene, "same-again")
            else:  # the steps that were asked for after that answer
                scene.change_open(faulty_line=fault.line)
                scene.say(SaidKind.NOT_YET, self._faulty(posed, fault))
            return
        scene.change_open(
            answers=(*open_.answers, text[:_LONGEST]),
            mistake=judged.mistake,
            faulty_line=fault and fault.line,
        )
        said = []
        if fault is not None:
            said.append(self._faulty(posed, fault))
        if judged.mistake is not None:
            said.append(posed.mistakes[judged.mistake].told)
        if not said and (why := self._why(judged.about, judged.fields)):
            said.append(why)
        if not said:
            holds = working and posed.is_computed
            said.append(self._words.say("lines-hold" if holds else "not-yet"))
        for each in said:
            scene.say(SaidKind.NOT_YET, each)
        if not working and not open_.working and not open_.asked_for_steps:
            scene.change_open(asked_for_steps=True)
            self._note(scene, how_did_you(posed))
        elif len(open_.answers) + 1 >= EARNED:
            self._note(scene, "may-see")
        elif len(open_.hints) < len(posed.hints):
            self._note(scene, "offer-hint")

    async def _look_at(self, scene: Scene, posed: Posed, working: tuple[str, ...]) -> None:
        """Say what there is to say of lines without an answer."""
        if not working:
            self._note(scene, f"wanted-{posed.kind.value}")
            return
        fault = await self._fault(posed, working)
        scene.change_open(faulty_line=fault and fault.line)
        if fault is not None:
            scene.say(SaidKind.NOT_YET, self._faulty(posed, fault))
        else:
            computed = posed.is_computed
            self._note(scene, "lines-so-far" if computed else "thanks-for-thinking")

    async def _fault(
        self, posed: Posed, working: tuple[str, ...], answer: str = ""
    ) -> StepFault | None:
        if not working:
            return None
        try:
            return await self._checker.faulty_step(posed, working, answer)
        except HinterlandError:
            return None  # the answer itself was judged; nothing is said of the lines

    def _faulty(self, posed: Posed, fault: StepFault) -> str:
        """Return which line to look at, and why; without a reason where that would tell the answer."""
        line, why = self._line(fault.line), self._why(fault.about, fault.fields)
        if Guard(posed).leaks(why):
            why = ""
        return self._words.say("faulty-line", line=line, why=why).strip()

    def _line(self, number: int) -> str:
        ordinals = self._words.all("ordinals")
        if number <= len(ordinals):
            return ordinals[number - 1]
        return self._words.say("line-number", number=number)

    def _why(self, about: str, fields: Mapping[str, str]) -> str:
        """Return what the checker has to say; "" where it gives no reason."""
        key = f"check-{about}"
        shown = {name: showing.literal(value) for name, value in fields.items()}
        return self._words.say(key, **shown) if key in self._words else ""

    def _note(self, scene: Scene, key: str, **fields: object) -> None:
        scene.say(SaidKind.NOTE, self._words.say(key, **fields))

    def _gives_up(self, text: str) -> bool:
        return _plain(text) in map(_plain, self._words.all("giving-up"))


def how_did_you(posed: Posed) -> str:
    """Return the key of the words that ask how a pupil came to an answer; only where there is a
    text do they send the pupil back to it."""
    if posed.is_computed:
        return "how-did-you"
    return "how-did-you-words" if posed.passage or posed.quote else "how-did-you-why"


def _is_placing(scene: Scene) -> bool:
    return scene.place.stage is Stage.PLACING


def _plain(text: str) -> str:
    """Return what two answers have in common that differ in spaces, capitals and outer marks only."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(folded.split()).strip(".,;:!?'’\"")
