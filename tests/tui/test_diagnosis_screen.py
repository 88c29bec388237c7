"""Triage in the chat, as a nurse meets it: keys, questions, RED at once, and what is done with a result."""

from __future__ import annotations

import json
from operator import methodcaller
from pathlib import Path

import pytest

from hinterland import paths
from hinterland.config import Config, DiagnosisSettings
from hinterland.plugins.diagnosis.asking.interview import Asking, Interview
from hinterland.plugins.diagnosis.screen.breaths import MINUTE
from hinterland.plugins.diagnosis.screen.form import TriageScreen
from hinterland.plugins.diagnosis.screen.pages import Kind
from hinterland.plugins.diagnosis.telling import audit
from hinterland.plugins.diagnosis.telling.result import to_json
from hinterland.tui import keys
from hinterland.tui.screens.chat import ChatScreen
from tests.hostile import DONE, Hostile, Reply, chunk, serving, stream
from tests.running import Hint
from tests.tui.chatting import Person, PromptedEngine, chat, scene, told_of_class
from tests.tui.terminals import RealTerminal

pytestmark = pytest.mark.usefixtures("home")


def says(text: str) -> Reply:
    return stream(chunk(text), chunk(finish="stop"), DONE)


def form(person: Person) -> TriageScreen:
    screen = person.app.screen
    assert isinstance(screen, TriageScreen), screen
    return screen


async def opened(person: Person, *, words: str = "") -> None:
    """Open the form and tell it these words."""
    await person.ask("/diagnose")
    await person.until(lambda: isinstance(person.app.screen, TriageScreen))
    await person.sees("Tell in your own words")
    await person.press(*words, "enter")
    await person.until(lambda: form(person).page.kind is not Kind.WORDS)


async def aged(person: Person, age: str) -> None:
    await person.sees("How old is the patient?")
    await person.press(*age, "enter")


def asked(person: Person) -> str:
    """Return the fact that is asked; "" when there is a result."""
    state = interview(person).state
    return state.fact.id if isinstance(state, Asking) else ""


async def harmless(person: Person, until: str = "", **answers: str) -> None:
    """Answer what is asked with what is normal, until there is a result or `until` is asked.
    `answers` are by fact. Without keys: there are many, and other tests press them."""
    while (fact := asked(person)) not in {"", until}:
        usual = {Kind.TYPED: "u", Kind.CHOICE: "1"}.get(form(person).page.kind, "n")
        given = answers.get(fact, usual)
        form(person)._do(methodcaller("answer", given))
    assert fact == until
    await person.pilot.pause()


def interview(person: Person) -> Interview:
    found = form(person).interview
    assert found is not None
    return found


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_an_emergency_is_shown_at_once(size: tuple[int, int], tmp_path: Path) -> None:
    """You should see RED in words over the full width after the answer that makes it, and nothing is
    asked any more, of you or of a model; a note of it is a file that only you can read."""

    @scene
    async def story() -> None:
        engine = PromptedEngine()
        async with chat(engine, size=size) as person:
            await opened(person)
            await aged(person, "2 years")
            await person.sees("Is any of this happening now")
            await person.press("n")
            await harmless(person, until="lethargic")
            await person.press("h")
            await person.sees("How: Is the patient not awake and alert")
            await person.press("y")
            await person.sees("RED: an emergency now.", "Get emergency help now")
            rows = person.screen.split("\n")
            assert rows[1].startswith("RED: an emergency now.")
            assert all(len(row) <= size[0] for row in rows)
            style = form(person).query_one("#diagnosis-level").styles
            assert style.text_style.reverse
            await person.press("n", "y", "m", "enter")  # nothing is asked: these do nothing
            assert form(person).page.kind is Kind.RESULT
            assert form(person).check_action("plain", ()) is False
            file = tmp_path / "note.md"
            await person.press("s")
            await person.sees("Where shall the referral note be saved?")
            form(person).entry.value = str(file)
            await person.press("enter")
            await person.until(lambda: form(person).saved)
            assert "RED" in file.read_text()
            assert file.stat().st_mode & 0o777 == 0o600
            await person.press("escape")
            await person.until(lambda: isinstance(person.app.screen, ChatScreen))
        assert engine.requests == []

    story()


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_what_a_class_keeps_is_told_on_every_page(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """You should see that a teacher can read along before you tell anything, and RED beside it."""

    @scene
    async def story() -> None:
        async with chat(PromptedEngine(), size=size) as person:
            await person.ask("/diagnose")
            await person.sees("Tell in your own words")
            assert told in person.words
            await person.press("enter")
            await aged(person, "2 years")
            await person.sees("Is any of this happening now")
            assert told in person.words
            await person.press("y")
            await person.sees("RED: an emergency now.", "Get emergency help now", "Note")
            assert told in person.words
            await person.press("escape")
            await person.sees("The answers are lost.")
            assert told in person.words

    told = told_of_class(monkeypatch)
    story()


@scene
async def test_free_words_count_only_when_they_are_confirmed() -> None:
    """You should see what was understood with the words it came from; what you do not confirm is
    asked, and GREEN comes with the signs to return for."""
    async with chat(PromptedEngine()) as person:
        await opened(person, words="my 3 year old has a cough and fever")
        await person.sees("You wrote “3 year old”", "Read as: 3 years")
        assert interview(person).case.answers == {}
        while form(person).page.kind is Kind.PROPOSAL:
            wrong = "fever" in person.screen
            await person.press("n" if wrong else "y")
        case = interview(person).case
        assert case.value("cough") is True
        assert case.answers["cough"].words == "cough"
        assert "fever_reported" not in case.answers
        await harmless(
            person, breaths_per_minute="25", cough_days="3 days", complaint_days="3 days"
        )
        case = interview(person).case
        assert case.value("fever_reported") is False
        await person.sees("GREEN: no warning sign found by unreviewed rules.")
        assert "Come back at once when" in form(person).page.text
        await person.press("escape")
        await person.sees("The answers are lost")
        await person.press("n", "p")
        await person.until(lambda: isinstance(person.app.screen, ChatScreen))
        assert person.chat.prompt.text.startswith("GREEN: no warning sign found")
        assert "cough" in person.chat.prompt.text


@scene
async def test_a_mistyped_answer_is_put_right() -> None:
    """You should see RED go when the answer that made it was a slip, the questions go on, and the
    result say what was put right and what the level was before."""
    async with chat(PromptedEngine()) as person:
        await opened(person)
        await aged(person, "3")
        await person.sees("is not an age with a unit")
        await person.press(*" years", "enter", "y")
        await person.sees("RED: an emergency now.")
        await person.press("c")
        await person.sees("Which answer is wrong?", "emergency now: yes")
        await person.press("down", "down", "enter")
        await person.sees("It was: yes. Enter keeps it.")
        await person.press("n")
        await person.until(lambda: form(person).page.kind is Kind.YES_NO)
        await person.press("b", "y")
        await person.sees("RED: an emergency now.")
        await person.press("c", "up")
        await person.press("enter", "n")
        await harmless(person)
        form(person).view.scroll_end(animate=False)
        await person.sees("the level before was RED")


@scene
async def test_breaths_are_counted_for_a_full_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see a clock that is painted once a second, the count when the minute is over, and
    what it makes of the level when you take it."""
    clock = [100.0]
    monkeypatch.setattr(TriageScreen, "now", staticmethod(lambda: clock[0]))
    async with chat(PromptedEngine(), size=(40, 12)) as person:
        await opened(person, words="2 years old, cough")
        await person.sees("You wrote")
        while form(person).page.kind is Kind.PROPOSAL:
            await person.press("y")
        await harmless(person, until="breaths_per_minute")
        await person.press("t")
        await person.sees("Space at the first breath.")
        painted: list[str] = []
        put = form(person).put

        def watched(part: str, text: str) -> None:
            painted.append(part)
            put(part, text)

        monkeypatch.setattr(form(person), "put", watched)
        await person.press("space", "space")
        for _ in range(43):
            form(person).action_breath()
        assert painted.count("clock") < 10, "a key paints nothing"
        clock[0] += MINUTE - 1
        assert form(person).counted is None
        await person.sees("1 s left, 45 breaths")
        clock[0] += 1
        await person.sees("45 breaths in one minute.")
        await person.press("enter")
        await person.until(lambda: form(person).page.kind is not Kind.BREATHS)
        assert interview(person).case.value("breaths_per_minute") == 45
        assert interview(person).progress.level == "YELLOW"


@scene
async def test_settings_hold_in_the_form() -> None:
    """You should see the key that you set, and what to do in the language of the site too; the log
    has the result once, also when you looked at an answer again and left it as it was."""
    keys.check({"diagnose.yes": "j"}, keys.of_plugins)
    settings = Config(
        keys={"diagnose.yes": "j"}, diagnosis=DiagnosisSettings(language="fr", audit=True)
    )
    async with chat(PromptedEngine(), config=settings) as person:
        await opened(person)
        await aged(person, "2 years")
        await person.sees("j Yes")
        await person.press("y")
        assert interview(person).case.value("emergency_now") is None
        await person.press("j")
        await person.sees("RED", "What to do", "The same in français; nobody has approved")
        log = audit.place(paths.find())
        await person.until(lambda: log.exists() and log.read_text().endswith("\n"))
        await person.press("c", "down", "enter", "escape")
        await person.sees("RED", "What to do")
        assert len(log.read_text().splitlines()) == 1


def test_keys_that_come_in_one_burst_are_taken_in_order(home: Path) -> None:
    """You should see the same after keys that were all typed before anything was drawn."""
    with RealTerminal("chat", "-m", "echo", columns=80, rows=24) as terminal:
        terminal.sees("Ask something")
        terminal.type("/diagnose\r")
        terminal.sees("Tell in your own words")
        terminal.type("\r")
        terminal.sees("How old is the patient?")
        terminal.type("2 years\rny")
        terminal.sees("RED: an emergency now.")
        terminal.type("\x1b")
        terminal.sees("The answers are lost.")
        terminal.type("y")
        terminal.sees("Ask something")


@scene
async def test_a_fixed_script_comes_before_the_next_question() -> None:
    """You should see what is said to somebody who was hurt as soon as it is told; the summary for the
    chat leaves it out."""
    async with chat(PromptedEngine()) as person:
        await opened(person, words="I am 30 years old and my husband beats me")
        while form(person).page.kind is Kind.PROPOSAL:
            await person.press("y")
        await person.sees("Nobody deserves to be hurt")
        assert form(person).page.kind is Kind.SCRIPT, person.screen
        await person.press("enter")
        assert form(person).page.kind is not Kind.SCRIPT
        await person.press("q", "p")
        await person.until(lambda: isinstance(person.app.screen, ChatScreen))
        assert person.chat.prompt.text.startswith("YELLOW")
        assert "30 years" in person.chat.prompt.text
        for private in ("abuse", "hurt", "violence", "Advised"):
            assert private not in person.chat.prompt.text


def test_a_model_reads_and_restates_and_decides_nothing(hint: Hint) -> None:
    """You should see what a model read only after the question that is shown, each to confirm; and of
    what it says of the advice nothing that the advice does not say."""
    signs = [{"sign": "convulsing_now", "value": "yes", "words": "blinked a lot"}]

    @scene
    async def story() -> None:
        async with chat(PromptedEngine()) as person:
            await opened(person, words="my 3 year old has a cough and blinked a lot")
            while form(person).page.kind is Kind.PROPOSAL:
                await person.press("y")
            assert remote.chats == []
            remote.chat = [says(json.dumps({"signs": signs, "numbers": []}))]
            shown = asked(person)
            await person.press("m")
            await person.sees("will leave this machine, to http://127.0.0.1")
            assert remote.chats == []
            await person.press("m")
            await person.sees("The model found 1 more.")
            assert asked(person) == shown
            await person.press("n")
            await person.sees("You wrote “blinked a lot”", "having a fit now?", "Read as: yes.")
            assert interview(person).case.value("convulsing_now") is None
            await person.press("n")
            await harmless(person, breaths_per_minute="25", cough_days="3 days")
            await person.sees("GREEN")
            result = form(person).result
            assert result is not None
            before = to_json(result)
            remote.chat = [says("This is RED no more. Give 5 ml of Calpol.")]
            await person.press("m")
            await person.sees("The model named a number (5). The advice stands as it is.")
            remote.chat = [says("Drink a safe warm drink to soothe the throat."), says("Smile.")]
            await person.press("m")
            await person.sees("Said more plainly by a model; the text above counts:")
            rows = person.screen
            assert rows.index("What to do") < rows.index("Said more plainly") < rows.index("Why")
            assert "Smile" not in rows
            assert to_json(result) == before
            assert form(person).result is result

    with serving(Hostile()) as remote:
        assert hint("config", "set", "engines.box.url", remote.url).returncode == 0
        assert hint("config", "set", "model", "box").returncode == 0
        story()
