"""The chat in other languages: in their words, and in the room there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from hinterland import language
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Failed, FinishReason, PromptProgress, TextDelta
from hinterland.tui.messages import AnswerAdvanced
from hinterland.tui.status import Status, of_progress
from tests.tui.chatting import PromptedEngine, chat, scene

WORDS = {
    "fr": ("Posez une question", "prêt", "hors ligne", "Envoyer", "Encore Ctrl+C"),
    "nl": ("Stel een vraag", "klaar", "offline", "Sturen", "Nog eens Ctrl+C"),
    "zh": ("输入问题", "就绪", "离线", "发送", "再按一次 Ctrl+C"),
}


@pytest.fixture(autouse=True)
def _back_to_english() -> Iterator[None]:
    yield
    language.choose("")


@pytest.mark.parametrize("code", list(WORDS))
@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_the_chat_speaks_it_at_every_size(code: str, size: tuple[int, int]) -> None:
    """You should see the box, the status and the keys in your language, each row within the width."""
    language.choose(code)
    box, ready, offline, send, again = WORDS[code]

    @scene
    async def in_it() -> None:
        async with chat(EchoEngine(), size=size) as person:
            await person.sees(box, ready, offline, send)
            await person.ask("Hello")
            await person.answered()
            await person.sees(ready, offline)
            rows = person.screen.split("\n")
            assert all(cell_len(row) <= size[0] for row in rows), person.screen
            await person.press("ctrl+c")
            await person.until(lambda: again in person.screen.replace("\n", " "))

    in_it()


@scene
async def test_errors_and_endings_are_told_in_it() -> None:
    """You should read in French what the engine, which speaks English, says went wrong."""
    language.choose("fr")
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Bonjour")
        engine.say(TextDelta("Bon"))
        engine.answer("jour", FinishReason.LENGTH)
        await person.answered()
        await person.sees("La réponse a été coupée")
        await person.ask("Encore")
        engine.say(
            Failed("EngineError", "The engine failed: out of memory.", "See `hint engine logs`.")
        )
        await person.answered()
        await person.sees("Le moteur a échoué", "out of memory", "Voir `hint engine logs`.")


@scene
async def test_slash_commands_are_explained_in_it() -> None:
    """You should read in Chinese what each command does."""
    language.choose("zh_CN")
    async with chat(EchoEngine(), size=(80, 40)) as person:
        await person.ask("/help")
        await person.sees("以斜杠开头的提示词", "新的对话", "/compact [N]")
        await person.ask("/nosuch")
        await person.sees("没有 /nosuch 这个命令")


@pytest.mark.parametrize("code", ["en", *WORDS])
def test_the_status_line_fits_whatever_it_says(code: str) -> None:
    """You should see what the engine does, and where the words go, at 40 columns."""
    language.choose(code)
    for width in (40, 80):
        for news in (
            AnswerAdvanced(waiting=PromptProgress(512, 2048)),
            AnswerAdvanced(text="x", tokens_per_second=12.3),
            AnswerAdvanced(reasoning="x", tokens_per_second=12.3),
        ):
            state = of_progress(news)
            line = Status(state, "small-model", fill="3500/4096").line(width)
            assert cell_len(line) == width
            assert state in line
            assert language._("offline") in line
