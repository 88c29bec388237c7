"""`hint tutor` as a pupil uses it: in lines, on a real terminal and through a pipe, without a model."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from hinterland.paths import find
from hinterland.plugins.tutoring.lessons import Posed, shelf
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.pupils.done import Card, Done, Rating
from hinterland.plugins.tutoring.session import desk
from hinterland.plugins.tutoring.session.place import Open, Place, Stage
from hinterland.plugins.tutoring.words import load
from tests.running import Hint
from tests.tui.terminals import RealTerminal

LESSON = "fractions-equal"
WORDS = load("en")
_ENTER = " "
"""A line with nothing on it."""
_PROMPTS = (b"[Enter] ", b"\n> ", b"\n| ")
_MORE = b"(Enter shows more)\r\n[Enter] "
_LAST = b"learnt this:"


class Kept:
    """What the disk holds of a pupil at one moment."""

    def __init__(self, name: str) -> None:
        pupil = PupilBox(find().pupils, lambda: datetime.now(UTC)).look(name)
        place = pupil.place(Place)
        assert place is not None
        self.place = place
        self.cards: dict[str, Card] = {each.exercise: each for each in pupil.cards}
        self.done: list[Done] = [each.done for each in pupil.history()]
        (log,) = find().pupils.rglob("log.jsonl") if self.done else [None]
        self.log = log.read_bytes() if log is not None else b""

    @property
    def open(self) -> Open:
        assert self.place.open is not None
        return self.place.open

    @property
    def posed(self) -> Posed:
        """The exercise that is open, as the pupil sees it."""
        posed = desk.again(shelf.of(find()), self.open)
        assert posed is not None
        return posed

    @property
    def unlike(self) -> str:
        """An answer of the right kind that is not the right one."""
        return next((each for each in self.posed.options if each != self.posed.answers[0]), "-77")


def tutor(*arguments: str, columns: int = 80, term: str = "xterm-256color") -> RealTerminal:
    command = ("tutor", *arguments, "--plain", "--no-model")
    return RealTerminal(*command, columns=columns, TERM=term)


def killed(terminal: RealTerminal) -> None:
    os.kill(terminal.process.pid, signal.SIGKILL)
    terminal.process.wait()


def goes_on(before: Kept, after: Kept) -> bool:
    """Whether a pupil is at the same step, with the same schedule; only the greeting is another."""
    turns = {**after.place.turns}
    turns.pop("welcome-back", None)
    if "welcome-back" in before.place.turns:
        turns["welcome-back"] = before.place.turns["welcome-back"]
    place = msgspec.structs.replace(after.place, turns=turns)
    return (place, after.cards, after.done, after.log) == (
        before.place, before.cards, before.done, before.log,
    )  # fmt: skip


def one_of(key: str, text: str) -> bool:
    """Whether one of the texts of a key was said."""
    plain = " ".join(text.split())
    return any(each in plain for each in WORDS.all(key))


def said(terminal: RealTerminal, typed: str = "", since: int = 0) -> str:
    """Type a line, if there is one, and return what is said until the next is waited for, all pages
    of it; what stands before `since` was said before."""
    start = since
    if typed:
        terminal.until(lambda: terminal.written.endswith(_PROMPTS))
        start = since = len(terminal.written)
        terminal.type(f"{typed}\n")

    def waits() -> bool:
        written = terminal.written
        return len(written) > since and (written.endswith(_PROMPTS) or _LAST in written)

    while True:
        terminal.until(waits)
        if not terminal.written.endswith(_MORE):
            return terminal.written[start:].decode().replace("\r\n", "\n")
        since = len(terminal.written)
        terminal.type("\n")


def test_a_lesson_that_is_killed_goes_on_at_the_same_step_with_the_same_schedule(
    home: Path,
) -> None:
    """You should see a lesson from its explanation to its end, killed with -9 while it explains, in
    the middle of an exercise, and while an answer is shown; each time it goes on just there."""
    with tutor(LESSON) as terminal:
        terminal.sees("What is your name?")
        assert "Equal fractions" in said(terminal, "Ann")
        explaining = Kept("Ann")
        assert explaining.place.stage is Stage.EXPLAINING
        killed(terminal)
    with tutor() as terminal:  # no topic: where she was
        assert "Equal fractions" in said(terminal)
        assert goes_on(explaining, Kept("Ann"))
        assert "18/24" in said(terminal, _ENTER)
        said(terminal, _ENTER)
        posed = Kept("Ann").posed
        said(terminal, posed.answers[0])
        before = Kept("Ann")
        assert before.done[0].rating is Rating.GOOD
        posed, unlike = before.posed, before.unlike
        assert f"Hint: {posed.hints[0][:30]}" in said(terminal, "?")
        said(terminal, unlike)
        assert one_of("try-once-more", said(terminal, "!"))
        before = Kept("Ann")
        assert (before.open.answers, before.open.hints) == ((unlike,), (0,))
        killed(terminal)
    with tutor() as terminal:
        again = said(terminal)
        assert one_of("welcome-back", again)
        assert posed.prompt[:30] in again
        assert f"Hint: {posed.hints[0][:30]}" in again
        assert goes_on(before, Kept("Ann"))
        assert one_of("same-again", said(terminal, unlike))
        for line in ("w", "-7 = -7", _ENTER, "-78"):  # the second attempt, with working
            said(terminal, line)
        assert f"This is the answer: {posed.answers[0]}" in said(terminal, "!")
        before = Kept("Ann")
        killed(terminal)
    with tutor(LESSON) as terminal:
        assert f"This is the answer: {posed.answers[0]}" in said(terminal)
        assert goes_on(before, Kept("Ann"))
        said(terminal, _ENTER)
        while (now := Kept("Ann")).place.stage is not Stage.ENDED:
            said(terminal, now.posed.answers[0])
        assert terminal.ended() == 0
    last = Kept("Ann")
    assert last.log.startswith(before.log)
    assert [each.rating for each in last.done][:2] == [Rating.GOOD, Rating.AGAIN]
    assert {each.rating for each in last.done[2:]} == {Rating.GOOD}
    assert [each.exercise for each in last.done].count(posed.id) == 2  # it came back
    assert len({(each.exercise, each.seed) for each in last.done}) == len(last.done)


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 0), (".\n", 0)])
def test_each_way_to_end_keeps_the_place_and_says_so(home: Path, key: str, code: int) -> None:
    """You should see on a dumb terminal of 40 columns a sentence that says goodbye, and no escapes."""
    PupilBox(find().pupils, lambda: datetime.now(UTC)).add("Ann")
    with tutor(LESSON, columns=40, term="dumb") as terminal:
        said(terminal)
        said(terminal, _ENTER)
        terminal.type(key)
        assert terminal.ended() == code
        written = terminal.written.decode()
    assert one_of("stopped", written)
    assert "\x1b" not in written
    assert "Traceback" not in written
    assert all(len(line) <= 40 for line in written.splitlines())
    kept = Kept("Ann").place
    assert (kept.stage, kept.stopped) == (Stage.EXAMPLE, True)


def test_through_a_pipe_it_ends_where_the_pipe_does(home: Path, hint: Hint) -> None:
    PupilBox(find().pupils, lambda: datetime.now(UTC)).add("Ann")
    ended = hint("tutor", LESSON, "--no-model", input="\n\n\nidk\n?\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "> idk\n" in ended.stdout
    assert "Hint: " in ended.stdout
    assert one_of("stopped", ended.stdout)
    again = hint("tutor", "astrology", "--no-model", input="")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("hint: There is no lesson on 'astrology'.")
