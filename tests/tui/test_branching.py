"""Other answers, changed prompts, branches, and the rest of an answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hinterland.conversation import Conversation
from hinterland.engine.client import EngineClient
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Failed, FinishReason, Sampling, TextDelta
from hinterland.history import History
from hinterland.paths import Paths
from tests.answers import collect
from tests.running import Hint, wait_until
from tests.tui.chatting import Person, PromptedEngine, chat, scene
from tests.tui.terminals import PATIENCE, RealTerminal


async def ask(person: Person, engine: PromptedEngine, prompt: str, answer: str) -> None:
    await person.ask(prompt)
    engine.answer(answer)
    await person.answered()


def asked(engine: PromptedEngine) -> list[str]:
    return [message.content for message in engine.requests[-1].messages]


@scene
async def test_another_answer() -> None:
    """You should see another answer in the place of the last, and be able to go back to it."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.press("f5")
        await person.sees("Nothing was asked yet.")
        await person.answered()
        await ask(person, engine, "Why?", "Because.")
        await person.type("a draft")
        await person.press("f5")
        await person.sees("> ‹2/2› Why?", "waiting")
        assert "Because." not in person.screen
        engine.answer("For a reason.")
        await person.answered()
        assert asked(engine) == ["Why?"]
        await person.sees("> ‹2/2› Why?", "For a reason.")
        await person.press("f7")
        await person.sees("> ‹1/2› Why?", "Because.", "Branch 1 of 2.")
        assert "For a reason." not in person.screen
        await person.press("f7")
        await person.sees("> ‹2/2› Why?", "For a reason.")
        await person.press("f8")
        await person.sees("Because.")
        assert person.chat.prompt.text == "a draft"
        await person.press(*["backspace"] * 7)
        await person.ask("/branch")
        await person.sees("Branch 1 of 2;", "* 1  “Why?” → Because.", "  2  “Why?” → For a reason.")
        await person.ask("/branch 2")
        await person.sees("> ‹2/2› Why?")
        await person.answered()
        await ask(person, engine, "And?", "No more.")
        assert asked(engine) == ["Why?", "For a reason.", "And?"]


@scene
async def test_another_answer_that_fails() -> None:
    """You should see the answer there was, and why there is no other."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await ask(person, engine, "Why?", "Because.")
        await person.ask("/retry")
        await person.sees("‹2/2›")
        engine.say(Failed("EngineError", "It broke."))
        await person.answered()
        await person.sees("> Why?", "Because.", "! It broke.")
        assert "‹" not in person.screen
        assert person.chat.prompt.text == "/retry"
        await person.press("enter")
        await person.sees("‹2/2›")
        await person.press("escape")  # before the first word
        await person.answered()
        await person.sees("> Why?", "Because.")
        assert "‹" not in person.screen


@scene
async def test_changing_an_earlier_prompt() -> None:
    """You should get an earlier prompt back with F6, further up each time, and ask it changed."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await ask(person, engine, "one", "1")
        await ask(person, engine, "/etc/fstab", "2")
        await ask(person, engine, "three", "3")
        await person.type("a draft")
        await person.press("f6")
        await person.sees("changing prompt 3 of 3", "esc Cancel")
        assert person.chat.prompt.text == "three"
        await person.press("f6", "f6")
        assert person.chat.prompt.text == "one"
        await person.sees("changing prompt 1 of 3")
        await person.press("f6")  # and round again
        assert person.chat.prompt.text == "three"
        await person.press("escape")
        assert person.chat.prompt.text == "a draft"
        await person.sees("ready")
        assert "esc Cancel" not in person.screen
        await person.press("f6", "f6", "f6")
        await person.press("!", "enter")
        await person.sees("> ‹2/2› one!")
        assert "fstab" not in person.screen
        engine.say(Failed("EngineError", "It broke."))
        await person.answered()
        await person.sees("> one", "> /etc/fstab", "> three", "! It broke.")
        assert person.chat.prompt.text == "one!"
        await person.press("enter")
        engine.answer("1!")
        await person.answered()
        await person.sees("> ‹2/2› one!", "1!")
        assert asked(engine) == ["one!"]
        assert person.chat.prompt.text == "a draft"
        await person.press("f6", "f8")  # another branch ends the change
        await person.sees("> ‹1/2› one", "> three")
        assert person.chat.prompt.text == "a draft"
        await person.press("f7")
        await person.sees("> ‹2/2› one!")
        await person.press("ctrl+u")
        await ask(person, engine, "two", "2!")  # no change any more
        assert asked(engine) == ["one!", "1!", "two"]


@scene
async def test_nothing_written_is_lost_while_a_prompt_is_changed() -> None:
    """You should find your draft again before what you typed while the changed prompt was answered,
    and both in the box when you begin another conversation meanwhile."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await ask(person, engine, "one", "1")
        await person.type("a draft")
        await person.press("f6", "!", "enter")
        await person.sees("> ‹2/2› one!")
        await person.type("more")
        assert person.chat.written == "a draft\nmore"
        engine.answer("2")
        await person.answered()
        assert person.chat.prompt.text == "a draft\nmore"
        await person.press("f6")
        assert person.chat.written == "a draft\nmore"
        await person.press("?")
        first = person.chat.conversation
        await person.press("ctrl+n")
        await person.until(lambda: person.chat.conversation is not first)
        assert person.chat.prompt.text == "a draft\nmore\none!?"
        assert person.chat.editing is None


@scene
async def test_changing_a_prompt_by_a_command() -> None:
    """You should be able to type the new prompt after the command, or get the old one to change."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await ask(person, engine, "one", "1")
        await ask(person, engine, "two", "2!")
        await person.ask("/edit 1 zwei")
        await person.sees("‹2/2› zwei")
        engine.answer("2?")
        await person.answered()
        await person.ask("/edit 2")
        await person.until(lambda: person.chat.prompt.text == "one")
        await person.sees("changing prompt 1 of 2")
        await person.press("escape")
        await person.press("f8")  # from the last branch to the first
        await person.sees("> one", "> ‹1/2› two", "2!")


@scene
async def test_a_prompt_changed_by_a_command_keeps_its_documents(tmp_path: Path) -> None:
    """You should see the documents again, each once, with those that you attached since."""
    for name in ("pump.txt", "well.txt"):
        (tmp_path / name).write_text(f"About the {name}.")
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask(f"/file {tmp_path / 'pump.txt'} What is broken?")
        await person.sees("> [file: pump.txt", "What is broken?")
        engine.answer("It.")
        await person.answered()
        await person.ask(f"/file {tmp_path / 'well.txt'}")
        await person.sees("Attached: well.txt")
        await person.answered()
        await person.ask("/edit 1 Who mends it?")
        await person.sees("‹2/2› [file: pump.txt", "[file: well.txt", "Who mends it?")
        engine.answer("She.")
        await person.answered()
        assert "Attached" not in person.screen
        sent = engine.requests[-1].messages[-1].content
        assert [sent.count(f"About the {name}.") for name in ("pump.txt", "well.txt")] == [1, 1]
        assert "What is broken?" not in sent
        await person.ask("/edit")  # the documents are in the box's line now, and in the turn
        await person.sees("Attached: pump.txt", "well.txt")
        await person.answered()
        person.chat.prompt.load_text("/edit 1 Why?")
        await person.press("enter")
        await person.sees("‹3/3› [file: pump.txt")
        engine.answer("Rust.")
        await person.answered()
        sent = engine.requests[-1].messages[-1].content
        assert [sent.count(f"About the {name}.") for name in ("pump.txt", "well.txt")] == [1, 1]


@pytest.mark.parametrize("key", ["f5", "f6", "f7"])
@scene
async def test_not_while_an_answer_comes(key: str) -> None:
    """You should be told to stop the answer first."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Why?")
        engine.say(TextDelta("Be"))
        await person.sees("Be")
        await person.press(key)
        await person.sees("Esc stops the answer first.")
        engine.answer("cause")
        await person.answered()
        await person.sees("Because")


@scene
async def test_going_on_with_an_answer() -> None:
    """You should see the rest of a stopped answer come where it was cut."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Tell me a story")
        engine.say(TextDelta("Once **upon"))
        await person.sees("upon", "esc Stop")
        await person.press("escape")
        await person.answered()
        await person.sees("! Stopped.")
        await person.ask("/continue")
        await person.sees("Once", "waiting")
        assert "Stopped." not in person.screen
        engine.answer(" a time** there was a mill.")
        await person.answered()
        await person.sees("Once upon a time there was a mill.")
        assert asked(engine) == ["Tell me a story", "Once **upon"]
        assert person.chat.conversation is not None
        (turn,) = person.chat.conversation.turns
        assert turn.answer == "Once **upon a time** there was a mill."
        await person.ask("/continue")
        await person.sees("was not cut off")


def test_a_branch_that_outgrows_the_window(paths: Paths) -> None:
    """You should be asked what is to go, and see your changed prompt answered then."""
    echo = EchoEngine(answer=lambda request: "yes " * 30, context=256)
    conversation = Conversation(echo, History(paths), model="echo")

    @scene
    async def see() -> None:
        for number in range(3):
            await collect(conversation.ask(f"question {number} " + "word " * 28))
        async with chat(echo, conversation) as person:
            await person.press("f6")
            await person.type(" and more" * 40)
            await person.press("enter")
            await person.sees("no longer be seen")
            await person.press("escape")
            await person.until(lambda: not person.chat.choice.asking)
            await person.press("enter")
            await person.sees("no longer be seen")
            await person.press("d")
            await person.answered()
            await person.sees("> ‹2/2› question 2", "yes yes")
        assert len(conversation.tree.branches()) == 2
        assert not any("question 0" in each.content for each in echo.requests[-1].messages)

    see()


def test_a_hang_up_in_the_middle_of_another_answer(hint: Hint, paths: Paths) -> None:
    """You should find the other answer, whole, on its branch."""
    words = " ".join(f"w{number}" for number in range(30))
    assert hint("ask", "-m", "echo", "first").returncode == 0
    assert hint("ask", "--continue", "-m", "echo", words).returncode == 0
    with RealTerminal("chat", "--continue", "-m", "echo:20") as terminal:
        terminal.sees("> first", "w29", "ready")
        terminal.type("\x1b[15~")  # F5
        terminal.sees("‹2/2›", "tokens/s")
        running = terminal.hang_up()
        running.wait(timeout=PATIENCE)
    history = History(paths)
    wait_until(lambda: not history.running(), "the answer ends")
    shown = hint("history", "show").stdout
    assert "1 other branch" in shown
    assert "‹2/2›" in shown
    record = history.conversation(history.list()[0].id)
    first, *answers = record.turns
    assert [turn.answer for turn in record.turns] == ["first", words, words]
    assert [turn.parent for turn in answers] == [first.id] * 2


def test_branches_in_lines(hint: Hint, paths: Paths) -> None:
    """You should do the same in the plain chat."""
    with RealTerminal("chat", "--plain", "-m", "echo", rows=40) as terminal:
        terminal.sees("Type a prompt")
        terminal.type("one\r")
        terminal.until(lambda: terminal.screen.count("one") == 2)
        terminal.type("/edit\r")
        terminal.sees("> /edit 1 one")
        terminal.type(" more\r")
        terminal.sees("‹2/2› one more\none more".replace("\n", " " * 66 + "\n"))
        terminal.type("/retry\r")
        terminal.sees("‹3/3› one more")
        terminal.type("/branch\r")
        terminal.sees("Branch 3 of 3;", "  1  “one” → one", "* 3  “one more” → one more")
        terminal.type("/branch next\r")
        terminal.sees("Branch 1 of 3.", "> ‹1/3› one")
        terminal.type("/branch 9\r")
        terminal.sees("'9' is no branch.")
        terminal.type("/continue\r")
        terminal.sees("was not cut off")
        terminal.type("/quit\r")
        assert terminal.ended() == 0
    piped = hint("chat", "--plain", "-c", input="two\n/edit 1 three\n/retry\n/branch previous\n")
    assert (piped.stdout, piped.stderr, piped.returncode) == ("two\nthree\nthree\n", "", 0)


def test_documents_stay_with_a_changed_prompt_in_lines(
    hint: Hint, paths: Paths, tmp_path: Path
) -> None:
    """You should type the new question only, and the model reads the document again."""
    note = tmp_path / "note.txt"
    note.write_text("The pump is broken.")
    with RealTerminal("chat", "--plain", "-m", "echo", rows=40) as terminal:
        terminal.sees("Type a prompt")
        terminal.type(f"/file {note} What?\r")
        terminal.sees("What?", "> ")
        terminal.until(lambda: "The pump is broken." in terminal.screen)
        terminal.type("/edit\r")
        terminal.sees("> /edit 1 What?")
        terminal.type(" Why?\r")
        terminal.sees("‹2/2› [file: note.txt, 19 characters]")
        terminal.until(lambda: terminal.screen.count("The pump is broken.") == 2)
        terminal.type("/quit\r")
        assert terminal.ended() == 0
    prompts = [
        turn.prompt for turn in History(paths).conversation(History(paths).list()[0].id).turns
    ]
    assert ["The pump is broken." in prompt for prompt in prompts] == [True, True]
    assert prompts[1].endswith("What? Why?")


@pytest.mark.model
def test_a_real_answer_goes_on(small_model: str, paths: Paths) -> None:
    """You should see one text, with nothing said twice where it was cut."""
    conversation = Conversation(EngineClient(paths), History(paths), model=small_model)
    prompt = "Count from one to twenty in English words."

    async def talk() -> None:
        conversation.sampling = Sampling(temperature=0, max_tokens=12)
        await collect(conversation.ask(prompt))
        (cut,) = conversation.turns
        assert cut.finish_reason is FinishReason.LENGTH
        start = cut.answer
        await collect(conversation.continue_())
        (longer,) = conversation.turns
        assert longer.answer.startswith(start)
        assert len(longer.answer) > len(start)
        conversation.sampling = Sampling(temperature=0, max_tokens=24)
        await collect(conversation.retry())
        whole = conversation.turns[0].answer
        assert whole.startswith(longer.answer[: len(start) + 8]), "as if it had never been cut"

    asyncio.run(talk())
    record = History(paths).conversation(conversation.id)
    assert [turn.answer for turn in record.turns] == [
        turn.answer for turn in conversation.siblings(conversation.turns[0])
    ]
