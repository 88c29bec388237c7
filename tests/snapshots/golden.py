"""Golden screens: what the chat shows, as text that can be read and reviewed, with its styles below.

    @golden(turn("Why?", "Because."), sizes=[(40, 12)])
    async def test_reasoning(person: Person, engine: PromptedEngine) -> None:
        await person.press("ctrl+t")

compares the screen after that with screens/reasoning-40x12.txt. `make golden` writes the files anew;
look at what git says has changed before it is committed.
"""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from hinterland.conversation import Conversation
from hinterland.engine.protocol import Engine, FinishReason
from hinterland.history import Record
from hinterland.tui.app import ChatApp
from hinterland.turns import Turn
from tests.tui.chatting import Person, PromptedEngine

SCREENS = Path(__file__).parent / "screens"
TERMINAL = (80, 24)
_A_WHILE = 10.0
"""Seconds in which the screen has to become the golden one."""
_STILL = 0.5
"""Seconds without a change after which a new golden screen is taken."""
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")

# Any engine will do that a conversation can be held with; a test's own one comes to it as it is.
Act = Callable[[Person, Any], Awaitable[None]]


def turn(prompt: str, answer: str, reason: FinishReason = FinishReason.STOP, **more: Any) -> Turn:
    """Return a turn of the conversation that a screen begins with."""
    return Turn(
        id=prompt,
        created=1.0,
        prompt=prompt,
        answer=answer,
        finish_reason=reason,
        model="small-model",
        **more,
    )


def golden(
    *turns: Turn,
    sizes: Sequence[tuple[int, int]] = (TERMINAL,),
    engine: Callable[[], Engine] = PromptedEngine,
    **environment: str,
) -> Callable[[Act], Callable[..., None]]:
    """Make a test of what a person does in a chat of `turns`: its screen has to be the golden one."""

    def decorate(act: Act) -> Callable[..., None]:
        @pytest.mark.parametrize("size", sizes, ids=lambda size: f"{size[0]}x{size[1]}")
        def test(
            size: tuple[int, int],
            monkeypatch: pytest.MonkeyPatch,
            tmp_path: Path,
            pytestconfig: pytest.Config,
        ) -> None:
            monkeypatch.setattr(ChatApp, "NOTIFICATION_TIMEOUT", 3600.0)  # it stays for the picture
            monkeypatch.chdir(tmp_path)
            for name in ("NO_COLOR", "TEXTUAL", "TEXTUAL_ANIMATIONS", "COLORTERM"):
                monkeypatch.delenv(name, raising=False)
            everywhere = {
                "HINTERLAND_HOME": str(tmp_path),
                "LC_ALL": "C",
                "TERM": "xterm-256color",
                "TZ": "UTC",
                "XDG_DATA_DIRS": str(tmp_path),
            }
            for name, value in (everywhere | environment).items():
                monkeypatch.setenv(name, value)
            time.tzset()
            name = act.__name__.removeprefix("test_")
            file = SCREENS / f"{name}-{size[0]}x{size[1]}.txt"
            renew = bool(pytestconfig.getoption("--golden", default=False))
            try:
                asyncio.run(_compare(act, turns, engine(), size, file, renew=renew))
            finally:
                monkeypatch.undo()
                time.tzset()

        test.__name__ = act.__name__
        test.__doc__ = act.__doc__
        test.__module__ = act.__module__
        return test

    return decorate


async def _compare(
    act: Act,
    turns: Sequence[Turn],
    engine: Engine,
    size: tuple[int, int],
    file: Path,
    *,
    renew: bool,
) -> None:
    record = Record("c1", "Water", 1.0, 1.0, list(turns)) if turns else None
    conversation = Conversation(engine, None, record=record, model="small-model")
    app = ChatApp(lambda: conversation, conversation)
    async with app.run_test(size=size, notifications=True) as pilot:
        person = Person(app, pilot)
        await person.sees("ready")
        await person.until(lambda: person.chat.transcript.shows_markdown)
        await act(person, engine)
        await pilot.pause()
        if renew:
            await _still(person)
            file.parent.mkdir(exist_ok=True)
            file.write_text(picture(person), encoding="utf-8")
            return
        assert file.exists(), f"there is no {file.name} yet: `make golden` takes it"
        wanted = file.read_text(encoding="utf-8")
        await _becomes(person, wanted)
        shown = picture(person)
        changes = "\n".join(difflib.unified_diff(wanted.splitlines(), shown.splitlines(), n=1))
        assert shown == wanted, f"{file.name} looks otherwise now:\n{changes}"


async def _becomes(person: Person, wanted: str) -> None:
    deadline = asyncio.get_running_loop().time() + _A_WHILE
    while picture(person) != wanted and asyncio.get_running_loop().time() < deadline:
        await person.pilot.pause(0.02)


async def _still(person: Person) -> None:
    before = ""
    while (now := picture(person)) != before:
        before = now
        await person.pilot.pause(_STILL)


def picture(person: Person) -> str:
    """Return the screen as text: its rows, then the styles that each row has at which columns."""
    rows = person.app.screen._compositor.render_strips()
    text = "\n".join("".join(segment.text for segment in row).rstrip() for row in rows)
    styles = [f"{number:>3}: {said}" for number, row in enumerate(rows) if (said := _styles(row))]
    return f"{text}\n\n--- styles\n" + "".join(f"{line}\n" for line in styles)


def _styles(row: Iterable[Segment]) -> str:
    """Return the styles of a row, such as `0-4 bold red; 5-9 on blue`."""
    runs: list[tuple[int, int, str]] = []
    column = 0
    for segment in row:
        end = column + segment.cell_length
        said = " ".join(_words(segment.style)) if segment.style else ""
        if runs and runs[-1][1] == column and runs[-1][2] == said:
            runs[-1] = (runs[-1][0], end, said)
        else:
            runs.append((column, end, said))
        column = end
    return "; ".join(f"{start}-{end - 1} {said}" for start, end, said in runs if said)


def _words(style: Style) -> Iterator[str]:
    yield from (name for name in _ATTRIBUTES if getattr(style, name))
    if style.color is not None and not style.color.is_default:
        yield _named(style.color)
    if style.bgcolor is not None and not style.bgcolor.is_default:
        yield f"on {_named(style.bgcolor)}"


def _named(color: Color) -> str:
    return color.name if color.triplet is None else color.triplet.hex
