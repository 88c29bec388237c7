"""What the box says now is what every open screen of a pupil says: a role file changes in mid-lesson."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hinterland.box import house
from tests.box.classes import TEACHER, lessons, until
from tests.box.conftest import need_root
from tests.box.throwaway import Root
from tests.tui.terminals import RealTerminal

HISTORY = 'group = "class-6b"\nkeep = "history"\n'
TRANSCRIPTS = HISTORY.replace("history", "transcripts")
PUPILS = dict.fromkeys(("ben", "bea", "bo", "bill", "bob", "babs", "bert", "bela"), "class-6b")
ROLE = "/etc/hinterland/roles/6b.toml"
TOLD = "Your teacher can read what you ask and what is answered here (6b)."
BEGINS = "Your teacher can read"
OVER = "is not kept for your teacher"
SHOWN = {"TERM": "xterm-256color"}


@pytest.fixture(scope="module")
def school() -> Iterator[Root]:
    need_root()
    with lessons({"6b": HISTORY}, PUPILS, 'models = ["echo", "echo:40"]\n') as root:
        yield root


@pytest.fixture
def box(school: Root) -> Root:
    """A box whose class keeps no transcripts, and everybody under these rules by now."""
    says(school, HISTORY)
    return school


def says(box: Root, role: str) -> None:
    """Have the role file say something, and wait until the box goes by it, for every pupil."""
    file = box.path(ROLE)
    file.with_suffix(".new").write_text(role)
    file.with_suffix(".new").rename(file)
    time.sleep(house._KEPT + 0.5)


def kept(box: Root, login: str) -> list[str]:
    """Return what a teacher reads that somebody asked."""
    return [each["prompt"] for each in _read(box, login)]


def _read(box: Root, login: str) -> list[dict[str, Any]]:
    read = box.must("hint", "box", "class", "transcripts", "6b", "--json", user=TEACHER)
    found: list[dict[str, Any]] = json.loads(read)["transcripts"]
    uid = int(box.must("id", "-u", login))
    return [each for each in found if each["uid"] == uid]


def terminal(box: Root, user: str, *arguments: str) -> RealTerminal:
    command = box.command("hint", *arguments, user=user, env=SHOWN)
    return RealTerminal(instead=command)


def asks(chat: RealTerminal, prompt: str) -> None:
    """Ask in the chat, and wait for the echo."""
    before = chat.screen.count(prompt)
    chat.type(f"{prompt}\r")
    chat.until(lambda: chat.screen.count(prompt) >= before + 2)


def tells(chat: RealTerminal, words: str) -> None:
    """Open triage, tell it of an illness, and confirm what was read."""
    chat.type("/diagnose\r")
    chat.sees("Tell in your own words")
    chat.type(f"{words}\r")
    for sign in ("3 year old", "cough"):
        chat.sees(f"You wrote “{sign}”")
        chat.type("y")
    chat.until(lambda: "You wrote" not in chat.screen)


def leaves(chat: RealTerminal) -> None:
    chat.type("\x1b")
    chat.sees("The answers are lost.")
    chat.type("y")
    chat.sees("ready")


def test_triage_in_a_chat_says_what_the_box_says_now(box: Root) -> None:
    """You should not tell a form of an illness while a teacher reads along and no screen says so."""
    ill = "my 3 year old has a cough"
    with terminal(box, "ben", "chat", "-m", "echo") as chat:
        chat.sees("ready")
        asks(chat, "one")
        tells(chat, ill)
        assert BEGINS not in chat.screen
        says(box, TRANSCRIPTS)
        chat.type("m")
        chat.sees(BEGINS, "Triage")
        assert kept(box, "ben") == [], "it was asked before anything told of it"
        leaves(chat)
        assert TOLD in chat.screen
        asks(chat, "two")
        assert kept(box, "ben") == ["two"]
        tells(chat, ill)
        assert BEGINS in chat.screen
        chat.type("m")
        until(lambda: len(kept(box, "ben")) == 2, "what is told triage is kept")
        shown = box.must("hint", "box", "class", "transcripts", "6b", user=TEACHER)
        assert "(it failed)" in shown, "the echo engine follows no schema"
        leaves(chat)
        tells(chat, ill)
        says(box, HISTORY)
        assert BEGINS in chat.screen
        chat.type("m")
        chat.until(lambda: BEGINS not in chat.screen)
        leaves(chat)
        asks(chat, "three")
        assert BEGINS not in chat.screen
        assert len(kept(box, "ben")) == 2


def test_a_chat_in_lines_says_what_the_box_says_now(box: Root) -> None:
    with terminal(box, "bea", "chat", "--plain", "-m", "echo") as chat:
        chat.sees("Type a prompt")
        asks(chat, "one")
        says(box, TRANSCRIPTS)
        asks(chat, "two")
        chat.sees(TOLD)
        assert kept(box, "bea") == []
        asks(chat, "three")
        until(lambda: kept(box, "bea") == ["three"], "it is kept")
        says(box, HISTORY)
        asks(chat, "four")
        chat.sees(OVER)
        says(box, TRANSCRIPTS)
        asks(chat, "five")
        chat.until(lambda: chat.screen.count(BEGINS) == 2)
        assert kept(box, "bea") == ["three"]
        says(box, TRANSCRIPTS + "until = never\n")  # a mistake leaves the class as it was
        asks(chat, "six")
        box.path(ROLE).unlink()
        time.sleep(house._KEPT + 0.5)
        asks(chat, "seven")
        chat.until(lambda: chat.screen.count(OVER) == 2)
        says(box, HISTORY)
        assert kept(box, "bea") == ["three", "six"]


def test_a_chat_that_is_opened_says_it_before_anything_is_asked(box: Root) -> None:
    says(box, TRANSCRIPTS)
    for options in ((), ("--plain",)):
        with terminal(box, "bo", "chat", "-m", "echo", *options) as chat:
            chat.sees(BEGINS)


@pytest.mark.soak
def test_a_translation_that_is_open_says_what_the_box_says_now(box: Root) -> None:
    with terminal(box, "bill", "chat", "-m", "echo") as chat:
        chat.sees("ready")
        chat.type("/translate\r")
        chat.sees("Type or paste")
        for key, language in (("\x1bOQ", "en"), ("\x1bOR", "fr")):
            chat.type(key)
            chat.sees("A code or a name")
            chat.type(f"{language}\r")
            chat.until(lambda: "A code or a name" not in chat.screen)
        chat.type("It is late.")
        chat.sees("It is late.")
        assert BEGINS not in chat.screen
        says(box, TRANSCRIPTS)
        chat.type("\x14")
        chat.sees(BEGINS, "Done.")
        assert kept(box, "bill") == []


@pytest.mark.soak
def test_the_tutor_that_is_open_says_what_the_box_says_now(box: Root) -> None:
    """You should not tell a tutor what you think while a teacher reads along and no screen says so."""
    with terminal(box, "bela", "tutor", "fractions", "-m", "echo") as tutor:
        tutor.sees("What is your name?")
        tutor.type("\r")
        tutor.sees("In which language?")
        tutor.type("\r")
        tutor.sees("Your answer:", "Begin now")
        tutor.type("\x1b[21~")
        tutor.sees("or ask a question.")
        assert BEGINS not in tutor.screen
        says(box, TRANSCRIPTS)
        tutor.type("Why is that so?\r")
        tutor.sees(BEGINS)
        assert kept(box, "bela") == []


@pytest.mark.soak
def test_a_run_of_many_says_what_the_box_says_now(box: Root) -> None:
    """You should read on standard error what changed while rows are done; those that were asked before
    are not kept."""
    rows = "".join(f'{{"prompt": "row {n} {"la " * 300}"}}\n' for n in range(40))
    box.path("/home/bob/rows.jsonl").write_text(rows)
    run = ("hint", "batch", "/home/bob/rows.jsonl", "-m", "echo:40", "-o", "/home/bob/out.jsonl")
    with box.start(*run, user="bob", stderr=subprocess.PIPE) as batch:
        try:
            until(lambda: _answered(box) > 0, "a row is done")
            assert kept(box, "bob") == []
            says(box, TRANSCRIPTS)
            until(lambda: bool(kept(box, "bob")), "rows are kept")
            says(box, HISTORY)
            before = len(kept(box, "bob"))
            done = _answered(box)
            until(lambda: _answered(box) > done + 4, "rows are done")
            assert len(kept(box, "bob")) - before <= 4, "only what was being written"
        finally:
            batch.terminate()
            assert batch.stderr is not None
            said = batch.stderr.read().decode()
    assert said.index(BEGINS) < said.index(OVER)


def _answered(box: Root) -> int:
    out = box.path("/home/bob/out.jsonl")
    return len(out.read_text().splitlines()) if out.exists() else 0


@pytest.mark.soak
def test_who_leaves_the_class_is_told_that_it_is_over(box: Root) -> None:
    says(box, TRANSCRIPTS)
    with terminal(box, "babs", "chat", "-m", "echo") as chat:
        chat.sees("ready", BEGINS)
        asks(chat, "one")
        asks(chat, "two")
        assert kept(box, "babs") == ["two"]
        box.must("gpasswd", "-d", "babs", "class-6b")
        time.sleep(house._KEPT + 0.5)
        asks(chat, "three")
        chat.until(lambda: TOLD not in chat.screen)
        assert kept(box, "babs") == ["two"]
        box.must("gpasswd", "-d", "babs", "hinterland")
        time.sleep(house._KEPT + 0.5)
        chat.type("four\r")
        chat.sees("You are not in the group of people who may use this box")


@pytest.mark.soak
def test_a_class_that_ends_in_mid_answer_lets_it_end(box: Root) -> None:
    """You should read an answer to its end though the lesson is over, and be told so at the next."""
    says(box, TRANSCRIPTS)
    with terminal(box, "bert", "chat", "-m", "echo:40") as chat:
        chat.sees("ready")
        asks(chat, "one")
        chat.type("la " * 200 + "end\r")
        chat.until(lambda: chat.screen.count("la la") > 10)
        says(box, TRANSCRIPTS + "until = 2020-01-01\n")
        until(lambda: len(kept(box, "bert")) == 1, "the answer is whole")
        chat.type("two\r")
        chat.sees("6b has ended on 2020-01-01")
        (said,) = _read(box, "bert")
        assert said["answer"].endswith("end")
