"""The tutor's screen, as a pupil meets it: who are you, a lesson, hints, working, leaving, coming back."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hinterland import config, paths
from hinterland.plugins.tutoring.screen.lesson import LessonScreen
from hinterland.plugins.tutoring.screen.view import Page
from hinterland.plugins.tutoring.session import Wants
from hinterland.plugins.tutoring.sitting import Wish
from hinterland.tui.alone import AloneApp
from hinterland.tui.screens.chat import ChatScreen
from tests.hostile import DONE, Call, Hostile, chunk, serving, stream
from tests.running import Hint
from tests.tui.chatting import PATIENCE, Person, PromptedEngine, chat, scene, told_of_class
from tests.tui.terminals import RealTerminal
from tests.tutor_lessons import JUGS, pupils, shelved

pytestmark = pytest.mark.usefixtures("home")


class Pupil(Person):
    """Sits before the tutor's screen, in the chat or alone."""

    @property
    def lesson(self) -> LessonScreen:
        screen = self.app.screen
        assert isinstance(screen, LessonScreen), screen
        return screen

    async def write(self, text: str, *keys: str) -> None:
        """Put text into the box as a paste does, and press keys."""
        self.lesson.box.insert(text)
        await self.pilot.pause()
        await self.press(*keys)

    async def waits(self, wants: Wants, page: Page = Page.LESSON) -> None:
        """Wait until the tutor wants something, and nothing is under way."""
        await self.until(
            lambda: (
                isinstance(self.app.screen, LessonScreen)
                and not self.lesson.busy
                and self.lesson.wants is wants
                and self.lesson.page is page
            )
        )

    async def exercise(self) -> None:
        """Go on to the first exercise."""
        await self.waits(Wants.GO)
        while self.lesson.wants is Wants.GO:
            await self.press("enter")
            await self.until(lambda: not self.lesson.busy)
        await self.waits(Wants.ANSWER)


@asynccontextmanager
async def alone(wish: Wish, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pupil]:
    """Open the screen as `hint tutor` does."""
    settings = config.load(paths.find().config_file)
    app = AloneApp(lambda: LessonScreen(wish=wish), settings)
    async with app.run_test(size=size) as pilot:
        pupil = Pupil(app, pilot)  # type: ignore[arg-type] # all it needs of the chat
        await pupil.until(lambda: isinstance(app.screen, LessonScreen))
        yield pupil


JUG = Wish(topic="jugs", with_model=False)


@scene
async def test_somebody_new_begins_in_the_chat_and_comes_back() -> None:
    """You should be asked for your name, learn with the keyboard alone on a screen of any size, and
    after leaving at any time be at the same exercise with what was said to it."""
    shelved()
    async with chat(PromptedEngine()) as person:
        pupil = Pupil(person.app, person.pilot)
        await person.ask("/tutor jugs")
        await pupil.sees("What is your name?")
        await pupil.write("أمينة", "enter")
        await pupil.sees("In which language?", "> English", "français")
        await pupil.press("enter")
        await pupil.waits(Wants.GO)
        await pupil.sees("Water in jugs", "Litres can be added")
        await pupil.exercise()
        await pupil.sees("> How much are 1 L and 4 L?", "Your answer:", "1 of ")
        await pupil.press("question_mark")
        await pupil.sees("? Which two amounts are there?")
        await pupil.pilot.resize_terminal(40, 12)
        await pupil.sees("? Which two amounts are there?", "Your answer:", "? Hint")
        assert all(len(row) <= 40 for row in pupil.screen.split("\n"))
        await pupil.write("6 L", "enter")
        await pupil.sees("✗ ")
        await pupil.press("escape")
        await pupil.until(lambda: isinstance(person.app.screen, ChatScreen))
        await person.ask("/tutor")
        await pupil.waits(Wants.ANSWER)
        await pupil.sees("How much are 1 L and 4 L?", "? Which two amounts are there?")
        await pupil.write("5 L", "enter")
        await pupil.sees("✓ ")
        await pupil.waits(Wants.ANSWER)
        await pupil.sees("How much are 2 L and 6 L?")


@scene
async def test_what_a_class_keeps_is_told_for_as_long_as_the_screen_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """You should see that a teacher can read along on every page, on a narrow screen too."""
    told = told_of_class(monkeypatch)
    pupils("Ann", "Ben")
    shelved(JUGS)

    async with alone(Wish(topic="jugs", model="echo"), size=(40, 12)) as pupil:
        await pupil.until(lambda: pupil.lesson.page is Page.PUPIL)
        assert told in pupil.words
        await pupil.press("enter")
        await pupil.exercise()
        assert told in pupil.words
        await pupil.press("f1")
        await pupil.until(lambda: pupil.lesson.page is Page.HELP)
        assert told in pupil.words
    async with alone(JUG, size=(40, 12)) as pupil:  # no model is asked
        await pupil.until(lambda: pupil.lesson.page is Page.PUPIL)
        assert told not in pupil.words


@scene
async def test_working_is_written_below_the_lesson_and_goes_with_the_answer() -> None:
    """You should write as many steps as you like, see the question above them, and find them again
    when you come back to them; the answer takes them along."""
    shelved()
    pupils("Wei")
    async with alone(JUG, size=(40, 12)) as pupil:
        await pupil.exercise()
        await pupil.press("f4")
        await pupil.sees("Your working", "How much are 1 L and 4 L?")
        await pupil.press("1", "plus", "4", "enter", "equals_sign", "5", "escape")
        await pupil.waits(Wants.ANSWER)
        await pupil.sees("steps written: 2")
        await pupil.press("f4")
        await pupil.sees(["1+4", "=5"][0], "=5")
        await pupil.press("f4")
        await pupil.write("5 L", "enter")
        await pupil.until(lambda: "✓ " in pupil.screen or "✗ " in pupil.screen)
        assert "1+4\n=5\n5 L" in pupil.lesson.said.text
        await pupil.waits(Wants.ANSWER)
        assert pupil.lesson.working == ()


@scene
async def test_one_of_many_pupils_is_found_and_shows_a_pin() -> None:
    """You should find yourself by a part of your name, in any script, be told of a wrong PIN without
    it being shown, and be somebody new where you are not in the list."""
    shelved()
    pupils(*(f"Pupil {number}" for number in range(40)), "王小明", pin="2468")
    async with alone(JUG, size=(40, 12)) as pupil:
        await pupil.sees("Who are you?", "> Pupil 0")
        await pupil.press("down", "pagedown")
        assert "> Pupil 0" not in pupil.screen
        await pupil.write("小明", "enter")
        await pupil.sees("The PIN of 王小明")
        await pupil.write("1234")
        await pupil.sees("****")
        assert "1234" not in pupil.screen
        await pupil.press("enter")
        await pupil.sees("is not 王小明's PIN")
        await pupil.press("escape")
        await pupil.sees("Who are you?")
        await pupil.write("小明", "enter")
        await pupil.sees("The PIN of")
        await pupil.write("2468", "enter")
        await pupil.waits(Wants.GO)
        await pupil.sees("王小明")
    async with alone(JUG) as pupil:
        await pupil.sees("Who are you?")
        await pupil.write("somebody new", "enter")
        await pupil.sees("What is your name?")
        await pupil.press("ctrl+u")
        await pupil.write("Pupil 3", "enter")
        await pupil.sees("In which language?")
        await pupil.press("enter")
        await pupil.sees("There is a pupil Pupil 3 already", "Who are you?")


@scene
async def test_a_topic_is_chosen_and_progress_help_and_text_are_at_hand() -> None:
    """You should choose what to learn from a list, and read your progress, the help and the text of a
    question over the exercise, without losing what you were writing."""
    shelved()
    pupils("Wei")
    async with alone(Wish(with_model=False)) as pupil:
        await pupil.waits(Wants.CHOICE, Page.CHOICE)
        await pupil.sees("What do you want to learn?")
        await pupil.write("jug", "enter")
        await pupil.exercise()
        await pupil.write("4")
        await pupil.press("f5")
        await pupil.sees("Wei", "hint tutor")
        await pupil.press("escape")
        await pupil.sees("How much are 1 L and 4 L?")
        await pupil.press("f1")
        await pupil.sees("never gives the answer away", "? f2", "Hint")
        await pupil.press("escape")
        await pupil.sees("How much are 1 L and 4 L?")
        assert pupil.lesson.box.text == "4"
        await pupil.press("exclamation_mark")
        assert pupil.lesson.box.text == "4!"
        await pupil.press("ctrl+u", "exclamation_mark")
        await pupil.until(lambda: not pupil.lesson.busy)
        assert "5 L" not in pupil.lesson.said.text
        for _each in range(2):
            await pupil.press("ctrl+n")
            await pupil.waits(Wants.ANSWER)
        await pupil.until(lambda: "Chinese word" in pupil.screen)
        await pupil.write("水", "enter")
        await pupil.sees("✓ ")


@scene
async def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path) -> None:
    """You should be told of a lesson that cannot be read, of a pupil who sits in another window, and
    of a topic that nobody knows, and go on from there."""
    shelved()
    shelved(JUGS.replace("- answer: 8 L\n", "").replace("id: jugs", "id: cups"), "cups")
    with pupils("Wei").open("Wei"):
        async with alone(JUG) as pupil:
            await pupil.sees("Wei has a lesson open in another window", "Who are you?")
            assert "cups.md, line" in pupil.lesson.said.text
    async with alone(Wish(topic="jgs", with_model=False)) as pupil:
        await pupil.waits(Wants.CHOICE, Page.CHOICE)
        await pupil.sees("There is no lesson on 'jgs'", "What do you want to learn?")
        await pupil.press("escape")
        await pupil.until(lambda: not isinstance(pupil.app.screen, LessonScreen))


class Model:
    """Answers on the other side of a connection, when it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked: list[str] = []

    def __call__(self, call: Call) -> None:
        self.asked.append(json.loads(call.body)["messages"][-1]["content"])
        assert self.may_answer.wait(PATIENCE)
        words = ("Because a litre ", "is a litre, ", "wherever it is.")
        stream(*(chunk(each) for each in words), chunk(finish="stop"), DONE)(call)


def test_a_slow_model_holds_nothing_up(hint: Hint) -> None:
    """You should be able to write while the tutor thinks, and to wait no longer; a question gets its
    answer as it comes, and you are told where your words go."""
    shelved()
    pupils("Wei")
    model = Model()

    @scene
    async def story() -> None:
        async with alone(Wish(topic="jugs", model="far")) as pupil:
            await pupil.waits(Wants.GO)
            assert "may leave this machine" in pupil.lesson.said.text
            model.may_answer.set()
            await pupil.write("Why is that so?", "enter")
            await pupil.sees("Why is that so?", "a litre is a litre, wherever it is.")
            await pupil.exercise()
            model.may_answer.clear()
            before = len(model.asked)
            await pupil.press("question_mark")
            await pupil.until(lambda: len(model.asked) > before)
            await pupil.sees("One moment …", "Stop waiting")
            await pupil.write("5", "enter")
            await pupil.sees("the tutor is thinking")
            assert pupil.lesson.box.text == "5"
            await pupil.press("escape")
            await pupil.waits(Wants.ANSWER)
            await pupil.write(" L", "enter")
            await pupil.sees("✓ ")

    with serving(Hostile()) as remote:
        remote.chat = [model]
        assert hint("config", "set", "engines.far.url", remote.url).returncode == 0
        story()
        model.may_answer.set()


def test_a_terminal_of_24_lines_without_colour() -> None:
    """You should see the verdicts in words and marks, and no colour where NO_COLOR is set; the
    screen is left as it was found, and the command ends with 0."""
    shelved()
    pupils("Mariam")
    with RealTerminal("tutor", "jugs", "--no-model", NO_COLOR="1") as terminal:
        terminal.sees("Water in jugs", "Litres can be added", "Enter goes on")
        terminal.type("\r")
        terminal.sees("1 L and 2 L are together 3 L", "Enter goes on")
        terminal.type("\r")
        terminal.sees("> How much are 1 L and 4 L?", "Mariam")
        terminal.type("7 L\r")
        terminal.sees("✗ ")
        terminal.type("?")
        terminal.sees("? Which two amounts are there?")
        terminal.type("5 L\r")
        terminal.sees("✓ ", "> How much are 2 L and 6 L?")
        assert not re.search(rb"\x1b\[[\d;]*\b(3[0-8]|4[0-8]|9\d)\b[\d;]*m", terminal.written)
        terminal.type("\x1b")
        assert terminal.ended() == 0
    with RealTerminal("tutor", "--no-model") as terminal:
        terminal.sees("> How much are 2 L and 6 L?")
        terminal.hang_up().wait(timeout=PATIENCE)
