"""Classes on a real box, with real users: what a teacher can read, what holds for pupils, and wiping."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.box.classes import lessons
from tests.box.conftest import need_root
from tests.box.throwaway import PYTHON, Root
from tests.tui.terminals import RealTerminal

ROLES = {
    "5a": 'group = "class-5a"\nsystem = "Rhyme."\n[quiz]\ntopic = "fractions"\nquestions = 2\nseed = 7\n'
    'language = "en"\n',
    "6b": 'group = "class-6b"\nkeep = "transcripts"\n',
    "7c": 'group = "class-7c"\nkeep = "nothing"\ntools = ["ask"]\n',
    "8d": 'group = "class-8d"\nuntil = 2020-01-01\n',
}
PUPILS = {
    "amina": "class-5a",
    "ada": "class-5a",
    "ben": "class-6b",
    "cleo": "class-7c",
    "dan": "class-8d",
}
LEFT = "home/amina/.local/share/hinterland/history/conversations"
PLAIN = """
import http.client, json, socket
class Box(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/hinterland/box.sock")
box = Box("box")
body = {"model": "echo", "messages": [{"role": "user", "content": "unseen"}]}
box.request("POST", "/v1/chat/completions", json.dumps(body))
answer = box.getresponse()
print(answer.status, answer.read().decode())
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Root]:
    """A box with four classes and a teacher, whose service runs."""
    need_root()
    with lessons(ROLES, PUPILS) as root:
        yield root


@pytest.mark.soak
def test_a_teacher_finds_no_word_of_a_class_that_keeps_none(box: Root) -> None:
    asked = box.hint("ask", "my zebra is ill", user="amina")
    assert asked.returncode == 0, asked.stderr
    assert "teacher" not in asked.stderr
    read = box.hint("box", "class", "transcripts", "5a", user="tess")
    assert "zebra" not in read.stdout + read.stderr
    for command in ("box top --once", "engine status --json"):
        shown = box.hint(*command.split(), user="tess")
        assert "zebra" not in shown.stdout + shown.stderr
    for where in ("/home/amina", "/var/lib/hinterland", "/run/hinterland"):
        found = box.run("grep", "-rals", "zebra", where, user="tess")
        assert not found.stdout, found.stdout
    kept = box.run("grep", "-ral", "zebra", "/var/lib/hinterland", "/run/hinterland")
    assert not kept.stdout, "the box itself keeps words"
    assert "zebra" in box.must("hint", "history", "search", "zebra", user="amina")


@pytest.mark.soak
def test_pupils_of_a_class_that_keeps_transcripts_are_told_with_every_answer(box: Root) -> None:
    first = box.hint("ask", "--no-history", "okapi", user="ben")
    assert "Your teacher can read what you ask" in first.stderr
    asked = box.hint("ask", "--no-history", "giraffe", user="ben")
    assert "Your teacher can read what you ask" in asked.stderr
    began = box.hint("tutor", "lessons", user="ben")
    assert "Your teacher can read what you ask" in began.stderr
    refused = box.run(PYTHON, "-c", PLAIN, user="ben")
    assert refused.stdout.startswith("400"), "a program that cannot tell the pupil got an answer"
    denied = box.hint("box", "class", "transcripts", "6b", user="ben")
    assert denied.returncode == 2
    assert "giraffe" not in denied.stdout + denied.stderr
    assert "looked at" not in box.must("hint", "box", "class", "show", user="ben")
    read = box.must("hint", "box", "class", "transcripts", "6b", user="tess")
    assert "giraffe" in read
    assert "okapi" not in read, "it was asked before ben had been told"
    assert "unseen" not in read
    shown = box.must("hint", "box", "class", "show", user="ben")
    assert "Answers of yours that a teacher can read: 1" in shown
    assert "looked at on" in shown


def test_the_rules_of_a_class_hold(box: Root) -> None:
    late = box.hint("ask", "Hi", user="dan")
    assert late.returncode == 4
    assert "8d has ended on 2020-01-01" in late.stderr
    other = box.hint("tutor", "lessons", user="cleo")
    assert other.returncode == 2
    assert "7c does not use `hint tutor`" in other.stderr
    assert box.hint("ask", "Hi", user="cleo").returncode == 0
    assert not box.path("/home/cleo/.local/share/hinterland/history").exists()


def test_a_mistake_in_a_role_file_leaves_its_class_as_it_was(box: Root) -> None:
    file = box.path("/etc/hinterland/roles/7c.toml")
    assert box.hint("ask", "Hi", user="cleo").returncode == 0
    file.write_text(ROLES["7c"].replace('["ask"]', '["ask", "quiz'))
    try:
        asked = box.hint("ask", "Hi", user="cleo")
        assert asked.returncode == 0, asked.stderr
        assert not box.path("/home/cleo/.local/share/hinterland/history").exists()
        assert box.hint("ask", "Hi", user="amina").returncode == 0
        other = box.hint("tutor", "lessons", user="cleo")
        assert "7c does not use `hint tutor`" in other.stderr
        shown = box.hint("box", "class", "show", user="cleo")
        assert shown.returncode == 0, shown.stderr
        assert "7c.toml cannot be used" in shown.stderr
        assert "Tools: ask" in shown.stdout
        for user, told in (("tess", True), ("root", True), ("cleo", False)):
            for command in ("box top", "engine status", "doctor"):
                said = box.hint(*command.split(), user=user)
                assert ("7c.toml cannot" in " ".join(said.stdout.split())) is told, (user, command)
        checked = box.hint("box", "class", "check", user="tess")
        assert checked.returncode == 2
        assert "at line 3" in checked.stderr
    finally:
        file.write_text(ROLES["7c"])


def test_a_teacher_reads_on_while_the_role_file_has_a_mistake(box: Root) -> None:
    for prompt in ("Hi", "a pangolin"):
        assert box.hint("ask", "--no-history", prompt, user="ben").returncode == 0
    file = box.path("/etc/hinterland/roles/6b.toml")
    file.write_text(ROLES["6b"] + "oops = 1\n")
    try:
        for command in ("transcripts", "results"):
            read = box.hint("box", "class", command, "6b", user="tess")
            assert read.returncode == 0, read.stderr
            assert "6b.toml cannot be used, line 3, oops" in read.stderr
            assert ("a pangolin" in read.stdout) is (command == "transcripts")
            other = box.hint("box", "class", command, "6b", user="amina")
            assert other.returncode == 2
            assert not other.stdout
    finally:
        file.write_text(ROLES["6b"])


def test_a_teacher_reads_what_one_asked_who_has_left_the_class(box: Root) -> None:
    for prompt in ("Hi", "a tapir"):
        assert box.hint("ask", "--no-history", prompt, user="ben").returncode == 0
    box.must("gpasswd", "-d", "ben", "class-6b")
    try:
        read = box.hint("box", "class", "transcripts", "6b", "--user", "ben", user="tess")
        assert read.returncode == 0, read.stderr
        assert "a tapir" in read.stdout
        for stranger in ("amina", "nobody-of-that-name"):
            read = box.hint("box", "class", "transcripts", "6b", "--user", stranger, user="tess")
            assert read.returncode == 2
            assert f"{stranger} is no pupil of 6b" in read.stderr
    finally:
        box.must("gpasswd", "-a", "ben", "class-6b")


def test_a_mistake_that_hides_whose_class_it_is_frees_nobody_of_its_rules(box: Root) -> None:
    file = box.path("/etc/hinterland/roles/7c.toml")
    assert box.hint("ask", "Hi", user="cleo").returncode == 0
    file.write_text(ROLES["7c"].replace("class-7c", "class-of-nobody") + "until = never\n")
    try:
        other = box.hint("tutor", "lessons", user="cleo")
        assert "7c does not use `hint tutor`" in other.stderr
    finally:
        file.write_text(ROLES["7c"])


def test_a_quiz_is_handed_in_for_the_teacher_alone(box: Root) -> None:
    first = box.hint("box", "class", "quiz", user="amina", input="elephants\n\n.\n")
    assert "What you have done is kept" in first.stdout, first.stderr
    done = box.hint("box", "class", "quiz", user="amina", input="\n")
    assert "You go on with question 2." in done.stderr
    assert "Handed in: 0 of 2 right." in done.stdout
    for stranger in ("amina", "ben"):
        assert box.hint("box", "class", "results", "5a", user=stranger).returncode == 2
    read = json.loads(box.must("hint", "box", "class", "results", "5a", "--json", user="tess"))
    assert [(each["login"], each["right"]) for each in read["results"]] == [("amina", 0)]
    assert read["missing"] == ["ada"]
    kept = box.run("grep", "-ral", "elephants", "/var/lib/hinterland", "/home/amina")
    assert not kept.stdout, "what was typed is kept"


def test_wiping_is_done_as_the_pupil_whose_folder_it_is(box: Root) -> None:
    assert box.hint("ask", "Hi", user="ada").returncode == 0
    trap = (
        "rm -rf ~/.local/share && mkdir -p ~/.local && ln -s /home/ada/.local/share ~/.local/share"
    )
    box.must("sh", "-c", trap, user="cleo")
    wiped = box.hint("box", "class", "wipe", "7c", "-y", "--receipt", "/srv/c")
    assert wiped.returncode == 7, "cleo has another pupil's folder wiped"
    assert "Permission denied" in wiped.stdout
    assert list(box.path("/home/ada/.local/share/hinterland/history/conversations").iterdir())


def test_wiping_leaves_nothing_and_proves_it(box: Root) -> None:
    assert box.hint("ask", "my lion is well", user="amina").returncode == 0
    mine, linked = box.path(LEFT), box.path("/home/ada/essay.txt")
    box.must("sh", "-c", "echo precious > /home/ada/essay.txt", user="ada")
    box.must("ln", "-s", "/home/ada/essay.txt", f"/{LEFT}/my lion.json", user="amina")
    box.must("ln", "-s", "/home/ada", f"/{LEFT}/ada", user="amina")
    box.must("mkfifo", f"/{LEFT}/pipe", user="amina")
    before = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in mine.glob("[0-9a-f]*.json")
        if not file.is_symlink()
    }
    assert before
    denied = box.hint("box", "class", "wipe", "5a", "-y", user="tess")
    assert denied.returncode == 2
    command = ("hint", "chat", "--plain", "-m", "echo")
    pipe = subprocess.PIPE
    with box.start(*command, user="amina", stdin=pipe, stdout=pipe) as chat:
        try:
            assert chat.stdin is not None
            assert chat.stdout is not None
            chat.stdin.write(b"my tiger waits\n")
            chat.stdin.flush()
            assert any(b"tiger" in line for line in chat.stdout), "the chat answers"
            wipe = ("box", "class", "wipe", "5a", "-y")
            running = box.hint(*wipe, "--user", "amina", "--receipt", "/srv/a")
            assert running.returncode == 7
            assert "1 program runs" in running.stdout
            assert set(before) <= {file.name for file in mine.iterdir()}

            wiped = box.hint(*wipe, "--end", "--results", "--receipt", "/srv/b")
            assert wiped.returncode == 0, wiped.stdout + wiped.stderr
            assert chat.wait(timeout=60) is not None
        finally:
            chat.kill()
    receipt = box.path("/srv/b").read_text()
    users = {each["login"]: each for each in json.loads(receipt)["users"]}
    hashes = {each["sha256"] for each in users["amina"]["files"]}
    assert set(before.values()) <= hashes
    assert users["amina"]["left"] == 0
    assert not any(word in receipt for word in ("lion", "tiger", "essay", "Rhyme"))
    assert box.path("/srv/b").stat().st_mode & 0o777 == 0o600
    assert not mine.parent.exists()
    assert linked.read_text() == "precious\n"
    assert not box.run("grep", "-rals", "-e", "lion", "-e", "tiger", "/home/amina").stdout
    assert json.loads(receipt)["kept_by_box"]["results"] == 0


def test_wiping_says_what_else_removes_what_the_box_keeps(box: Root) -> None:
    for prompt in ("Hi", "a lemur"):
        assert box.hint("ask", "--no-history", prompt, user="ben").returncode == 0
    wipe = ("box", "class", "wipe", "6b", "-y", "--receipt")
    told = "the box still keeps transcripts of 1 pupil: --transcripts removes them too"
    tried = box.hint("box", "class", "wipe", "6b", "--transcripts", "--dry-run")
    assert told in tried.stderr, "and nothing is removed"
    assert told in box.hint(*wipe, "/srv/d").stderr
    wiped = box.hint(*wipe, "/srv/e", "--transcripts")
    assert wiped.returncode == 0, wiped.stderr
    assert "still keeps" not in wiped.stderr


def test_whoever_wipes_a_class_is_asked_about_what_the_box_keeps_too(box: Root) -> None:
    assert box.hint("ask", "--no-history", "Hi", user="ben").returncode == 0
    command = ("hint", "box", "class", "wipe", "6b", "--transcripts", "--receipt", "/srv/h")
    with RealTerminal(instead=box.command(*command), columns=120) as terminal:
        terminal.until(lambda: "sessions of" in terminal.screen)
        terminal.type("y\r")
        terminal.until(lambda: "also of those who have left" in terminal.screen)
        terminal.type("n\r")
        with pytest.raises(AssertionError, match="it ended"):
            terminal.until(lambda: False)
    assert not box.path("/srv/h").exists()


def test_of_one_who_has_left_the_class_what_the_box_keeps_is_removed_and_no_more(
    box: Root,
) -> None:
    for prompt in ("Hi", "an ibex"):
        assert box.hint("ask", prompt, user="ben").returncode == 0
    box.must("gpasswd", "-d", "ben", "class-6b")
    try:
        wipe = ("box", "class", "wipe", "6b", "-y", "--receipt", "/srv/f", "--user")
        refused = box.hint(*wipe, "ben")
        assert refused.returncode == 2
        assert "Not in the class 6b any more: ben." in refused.stderr
        number = box.must("id", "-u", "ben").strip()  # might be another's by now
        for stranger in ("amina", "nobody-of-that-name", "99999", number):
            refused = box.hint(*wipe, stranger, "--transcripts")
            assert refused.returncode == 2
            assert f"No pupils of 6b: {stranger}." in refused.stderr
        wiped = box.hint(*wipe, "ben", "--transcripts")
        assert wiped.returncode == 0, wiped.stderr
        receipt = json.loads(box.path("/srv/f").read_text())
        uid = box.must("id", "-u", "ben").strip()
        assert [each["name"] for each in receipt["removed_from_box"]] == [f"{uid}.jsonl"]
        assert receipt["users"] == []
        history = "/home/ben/.local/share/hinterland/history/conversations"
        assert "an ibex" in box.must("grep", "-ra", "an ibex", history)
        assert "ibex" not in box.must("hint", "box", "class", "transcripts", "6b", user="tess")
    finally:
        box.must("gpasswd", "-a", "ben", "class-6b")


@pytest.mark.parametrize("named", [True, False])
def test_what_the_box_keeps_of_an_account_that_is_gone_is_removed(
    box: Root, *, named: bool
) -> None:
    """By its number, or with the whole class."""
    name = f"gus{named:d}"
    uid = box.add_user(name, "hinterland", "class-6b")
    for prompt in ("Hi", "a quagga"):
        assert box.hint("ask", "--no-history", prompt, user=name).returncode == 0
    box.must("userdel", "-r", name)
    assert "a quagga" in box.must("hint", "box", "class", "transcripts", "6b", user="tess")
    one = ("--user", str(uid)) if named else ()
    receipt = f"/srv/{name}"
    wiped = box.hint(
        *("box", "class", "wipe", "6b", "-y", "--transcripts", "--receipt", receipt), *one
    )
    assert wiped.returncode == 0, wiped.stderr
    assert f'"{uid}.jsonl"' in box.path(receipt).read_text()
    assert "quagga" not in box.must("hint", "box", "class", "transcripts", "6b", user="tess")


def test_a_role_file_that_a_pupil_owns_is_said_by_check(box: Root) -> None:
    file = "/etc/hinterland/roles/9e.toml"
    box.path(file).write_text('group = "class-9e"\n')
    try:
        box.must("chown", "tess", file)
        assert "9e: can be used" in box.must("hint", "box", "class", "check", "9e", user="tess")
        box.must("chown", "ben", file)
        told = box.hint("box", "class", "check", "9e", user="tess")
        assert told.returncode == 2
        assert "it belongs to ben, who is neither root nor a teacher" in told.stderr
        assert f"`sudo chown root {file}`" in told.stderr
        french = {"LANG": "fr_FR.UTF-8"}
        told = box.hint("box", "class", "check", "9e", user="tess", env=french)
        assert "belongs to" not in told.stderr
    finally:
        box.path(file).unlink()
