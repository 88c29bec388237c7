"""The way through a lesson: which lesson fits, explanation, example, practice, reviews, the end."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.plugins.tutoring.lessons import Lesson
from hinterland.plugins.tutoring.lessons.shelf import Shelf
from hinterland.plugins.tutoring.lessons.trouble import LessonError
from hinterland.plugins.tutoring.pupils.pupil import Pupil
from hinterland.plugins.tutoring.session import desk, planning, showing, topics
from hinterland.plugins.tutoring.session.acts import Said, SaidKind
from hinterland.plugins.tutoring.session.place import Outcome, Place, Result, Stage
from hinterland.plugins.tutoring.session.scene import Scene
from hinterland.plugins.tutoring.words import Words

_BEFORE_PRACTICE = (Stage.EXPLAINING, Stage.EXAMPLE)


class Course:
    """Decides what comes next and says it; every method changes the scene alone."""

    def __init__(self, pupil: Pupil, shelf: Shelf, words: Words) -> None:
        self._pupil = pupil
        self._shelf = shelf
        self._words = words
        self._topics = topics.Topics(shelf, words.language)

    # Beginning

    def begin(self, scene: Scene, topic: str | None) -> None:
        """Begin with a topic; without one with what is due, where the pupil was, or an offer.

        Raises InputError for a topic that nobody knows.
        """
        if topic:
            lessons = self._topics.find(topic)
            if scene.place.lesson in [each.id for each in lessons] and self._is_on(scene.place):
                self._go_on(scene)
            else:
                self._start(scene, lessons)
            return
        if self._is_on(scene.place):
            self._go_on(scene)
            return
        scene.change(choices=(), stopped=False)
        if due := self._due(()):
            self._note(scene, "reviews-first")
            self._review(scene, due, Stage.CHOOSING)
        else:
            self._next_lesson(scene)

    def _go_on(self, scene: Scene) -> None:
        """Go on where the pupil was: at the same step if it was cut off, after what is due if it was
        ended between two steps."""
        place = scene.place
        between = place.stopped and place.open is None and place.stage in _BEFORE_PRACTICE
        scene.change(stopped=False)
        if between and (due := self._due(())):
            self._note(scene, "reviews-first")
            self._review(scene, due, place.stage)
            return
        self._note(scene, "welcome-back")
        self.say_again(scene)

    def say_again(self, scene: Scene) -> None:
        """Say the step that there is, as to somebody who comes back to it."""
        place = scene.place
        lesson = self._shelf.lesson(place.lesson)
        if place.open is not None:
            self._open_again(scene)
        elif place.stage is Stage.CHOOSING:
            self._offer(scene)
        elif place.stage in _BEFORE_PRACTICE and lesson is not None:
            self._explain(scene, lesson, place.stage)
        elif place.stage is Stage.REVIEWING or lesson is not None:
            self._following(scene)
        else:
            self._lost(scene)

    def _open_again(self, scene: Scene) -> None:
        open_ = scene.place.open
        assert open_ is not None
        if scene.posed is None:
            if self._shelf.exercise(open_.exercise) is None:
                self._lost(scene)
                return
            self._note(scene, "exercise-changed")
            scene.change(open=None)
            self._ask(scene, open_.exercise)
            return
        self._prompt(scene, passage=True)
        if open_.revealed:
            scene.said.append(showing.answer(scene.posed, self._words))
            return
        for index in open_.hints:
            scene.say(SaidKind.HINT, scene.posed.hints[index])

    def _lost(self, scene: Scene) -> None:
        """Go on where the lesson or the exercise that a place speaks of is gone."""
        place = scene.place
        self._note(scene, "exercise-gone")
        scene.change(open=None)
        scene.posed = None
        if place.stage is Stage.PLACING and any(map(self._shelf.lesson, place.lessons)):
            self._placed(scene)
        elif place.stage is Stage.REVIEWING or self._shelf.lesson(place.lesson) is not None:
            self._following(scene)
        else:
            self._offer(scene)

    def _is_on(self, place: Place) -> bool:
        if place.stage is Stage.CHOOSING:
            return not place.stopped
        return place.stage is not Stage.ENDED

    # Topics

    def _offer(self, scene: Scene, lessons: Sequence[Lesson] = ()) -> None:
        """Offer the topics of lessons; without any, those that were offered before, or all."""
        found = topics.names(lessons or self._topics.offered(scene.place.choices))
        scene.change(stage=Stage.CHOOSING, choices=found, open=None, lesson="", lessons=())
        scene.posed = None
        scene.said.append(showing.offer(found, self._words))

    def choose(self, scene: Scene, text: str) -> None:
        """Begin with the topic that was chosen, by its number or its name."""
        lessons = self._topics.chosen(text, scene.place.choices)
        if lessons:
            self._start(scene, lessons)
        else:
            self._note(scene, "no-such-topic")

    def _next_lesson(self, scene: Scene) -> None:
        """Begin with the lesson after the one that ended; offer topics where there is none."""
        lesson = self._lesson_after(scene.place)
        if lesson is not None:
            self._note(scene, "next-lesson")
            self._begin_lesson(scene, lesson)
        else:
            self._offer(scene)

    def _start(self, scene: Scene, lessons: Sequence[Lesson]) -> None:
        if len(topics.names(lessons)) > 1:
            self._offer(scene, lessons)
            return
        scene.change(
            lessons=tuple(each.id for each in lessons),
            choices=(),
            stopped=False,
            results=(),
            comebacks=(),
        )
        known = {card.lesson for card in self._pupil.cards}
        if len(lessons) == 1:
            self._begin_lesson(scene, lessons[0])
            needed = filter(None, map(self._shelf.lesson, set(lessons[0].needs) - known))
            if titles := ", ".join(sorted(f"“{each.title}”" for each in needed)):
                self._note(scene, "builds-on", titles=titles)
            return
        met = [at for at, each in enumerate(lessons) if each.id in known]
        scene.change(stage=Stage.PLACING, low=0, high=len(lessons) - 1, asked=0)
        scene.say(SaidKind.TITLE, lessons[0].topic)
        self._note(scene, "placing")
        self._place(scene, max(met, default=(len(lessons) - 1) // 2))

    # The placement

    def _place(self, scene: Scene, at: int) -> None:
        """Ask a question of the lesson `at` a place in the topic."""
        lesson = self._shelf.lesson(scene.place.lessons[at])
        if lesson is None:
            self._placed(scene)
            return
        scene.change(lesson=lesson.id, asked=scene.place.asked + 1)
        exercise = lesson.exercises[(scene.place.seed + scene.place.drawn) % len(lesson.exercises)]
        self._ask(scene, exercise.id)

    def _place_on(self, scene: Scene, *, right: bool) -> None:
        place = scene.place
        at = place.lessons.index(place.lesson) if place.lesson in place.lessons else place.low
        low, high = (at + 1, place.high) if right else (place.low, at - 1)
        scene.change(low=low, high=high)
        if low > high or place.asked >= planning.MOST_PLACING:
            self._placed(scene)
        else:
            self._place(scene, (low + high) // 2)

    def _placed(self, scene: Scene) -> None:
        """Begin with the easiest lesson that is not yet known."""
        ids = scene.place.lessons
        there = [
            each for each in map(self._shelf.lesson, ids[scene.place.low :] or ids[-1:]) if each
        ]
        if there:
            self._begin_lesson(scene, there[0])
        else:
            self._lost(scene)

    # The lesson

    def _begin_lesson(self, scene: Scene, lesson: Lesson) -> None:
        scene.change(
            lesson=lesson.id, open=None, results=(), comebacks=(), learnt=(), queue=(), told=()
        )
        scene.posed = None
        self._explain(scene, lesson, Stage.EXPLAINING)

    def _explain(self, scene: Scene, lesson: Lesson, stage: Stage) -> None:
        scene.change(stage=stage)
        if stage is Stage.EXPLAINING:
            scene.said += showing.explanation(lesson, self._words)
        else:
            scene.say(SaidKind.EXAMPLE, lesson.example)

    def go(self, scene: Scene) -> None:
        """Go on to the next step."""
        place = scene.place
        lesson = self._shelf.lesson(place.lesson)
        if place.stage is Stage.PLACING:
            scene.change(open=None)
            scene.posed = None
            self._placed(scene)
        elif place.open is not None and place.open.revealed:
            scene.change(open=None)
            scene.posed = None
            self._following(scene)
        elif place.stage is Stage.EXPLAINING and lesson is not None and lesson.example:
            self._explain(scene, lesson, Stage.EXAMPLE)
        elif place.stage in _BEFORE_PRACTICE:
            self._practise(scene)
        else:
            offered = place.stage is Stage.CHOOSING
            self._note(scene, "which-topic" if offered else "is-open")

    def skip(self, scene: Scene) -> None:
        """Leave out the explanation, or what is shown."""
        if scene.place.stage in _BEFORE_PRACTICE:
            self._practise(scene)
        else:
            self.go(scene)

    def _practise(self, scene: Scene) -> None:
        lesson = self._shelf.lesson(scene.place.lesson)
        scene.change(stage=Stage.PRACTISING)
        if lesson is None:
            self._lost(scene)
            return
        if lesson.passage:
            scene.say(SaidKind.PASSAGE, lesson.passage)
        self._following(scene)

    def over(self, scene: Scene, outcome: Outcome) -> None:
        """Go on after an exercise is over; one whose answer is shown waits until it was read."""
        open_, posed = scene.place.open, scene.posed
        assert open_ is not None and posed is not None
        place = scene.place
        if place.stage is Stage.PLACING:
            scene.change(open=None)
            scene.posed = None
            self._place_on(scene, right=outcome is Outcome.ALONE)
            return
        result = Result(open_.exercise, posed.objective, outcome, open_.print)
        results = (*place.results, result)
        scene.change(
            results=results,
            comebacks=planning.comes_back(place.comebacks, results, open_.exercise),
        )
        self._tell_held(scene, place.results)
        if outcome is Outcome.SKIPPED:
            self._note(scene, "left-out")
        if outcome is Outcome.REVEALED:
            self._note(scene, "comes-back")
            return
        scene.change(open=None)
        scene.posed = None
        self._following(scene)

    def _tell_held(self, scene: Scene, before: Sequence[Result]) -> None:
        lesson = self._shelf.lesson(scene.place.lesson)
        if scene.place.stage is Stage.PRACTISING and lesson is not None:
            known = planning.held(lesson, before)
            for name in planning.held(lesson, scene.place.results):
                if name not in known:
                    said = self._words.say("can-now", objective=lesson.objectives[name])
                    scene.say(SaidKind.PROGRESS, said)

    def _following(self, scene: Scene) -> None:
        """Ask what comes next, or end."""
        place = scene.place
        if place.stage is Stage.REVIEWING:
            self._next_review(scene)
            return
        lesson = self._shelf.lesson(place.lesson)
        if lesson is None:
            self._lost(scene)
            return
        exercise = planning.following(lesson, place.results, place.comebacks)
        if exercise is not None:
            self._ask(scene, exercise.id)
            return
        learnt = tuple(lesson.objectives[each] for each in planning.held(lesson, place.results))
        scene.change(learnt=learnt)
        if due := self._due([each.exercise for each in place.results]):
            self._note(scene, "reviews-now")
            self._review(scene, due, Stage.ENDED)
        else:
            self._end(scene)

    def _ask(self, scene: Scene, exercise_id: str) -> None:
        """Pose an exercise; one that cannot be posed is left out."""
        found = self._shelf.exercise(exercise_id)
        if found is None:
            self._lost(scene)
            return
        lesson, exercise = found
        asked = {each.print for each in scene.place.results if each.exercise == exercise_id}
        try:
            open_, posed, drawn = desk.fresh(scene.place, lesson, exercise, asked)
        except LessonError:
            result = Result(exercise.id, exercise.objective, Outcome.SKIPPED, "")
            results = (*scene.place.results, result)
            kept = planning.comes_back(scene.place.comebacks, results, exercise_id)
            scene.change(results=results, comebacks=kept)
            if scene.place.stage is Stage.PLACING:
                self._placed(scene)
            else:
                self._following(scene)
            return
        scene.posed = posed
        scene.change(open=open_, drawn=drawn)
        self._prompt(scene)

    def _prompt(self, scene: Scene, *, passage: bool = False) -> None:
        posed = scene.posed
        assert posed is not None
        passage = passage or scene.place.stage is not Stage.PRACTISING
        scene.said += showing.exercise(posed, passage=passage)
        if scene.place.stage is not Stage.PLACING and scene.first_time("think-aloud"):
            self._note(scene, "think-aloud" if posed.is_computed else "think-aloud-words")

    # Reviews and the end

    def _due(self, but: Sequence[str]) -> tuple[str, ...]:
        known = [each.id for lesson in self._shelf.lessons() for each in lesson.exercises]
        due = self._pupil.due(self._pupil.now(), known)
        left = tuple(card.exercise for card in due if card.exercise not in but)
        return left[: planning.MOST_REVIEWS]

    def _review(self, scene: Scene, due: tuple[str, ...], after: Stage) -> None:
        scene.change(
            stage=Stage.REVIEWING, after=after, queue=due, results=(), comebacks=(), reviewed=0
        )
        self._next_review(scene)

    def _next_review(self, scene: Scene) -> None:
        place = scene.place
        results, waiting = place.results, place.comebacks
        ready = next((each for each in waiting if each.after <= len(results)), None)
        if ready is None and not place.queue and waiting:
            ready = waiting[0]
        if ready is not None:
            self._ask(scene, ready.exercise)
        elif place.queue:
            scene.change(queue=place.queue[1:], reviewed=place.reviewed + 1)
            self._ask(scene, place.queue[0])
        elif place.after is Stage.ENDED:
            self._end(scene)
        elif place.after is Stage.CHOOSING:
            self._note(scene, "reviews-done")
            self._next_lesson(scene)
        else:
            self._note(scene, "reviews-done")
            scene.change(stage=place.after)
            self.say_again(scene)

    def _end(self, scene: Scene) -> None:
        scene.change(stage=Stage.ENDED, open=None, comebacks=(), queue=())
        scene.posed = None

    def farewell(self, place: Place) -> Said:
        """Return what is said at the end, when all is recorded."""
        return showing.farewell(place, self._pupil, self._lesson_after(place), self._words)

    def _lesson_after(self, place: Place) -> Lesson | None:
        ids = place.lessons
        after = ids[ids.index(place.lesson) + 1 :] if place.lesson in ids else ()
        return next(filter(None, map(self._shelf.lesson, after)), None)

    def _note(self, scene: Scene, key: str, **fields: object) -> None:
        scene.say(SaidKind.NOTE, self._words.say(key, **fields))
