"""User A can read nothing of user B: real system users of one real box."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box import boxes
from tests.box.boxes import Box
from tests.box.conftest import need_root
from tests.box.throwaway import PYTHON, throwaway
from tests.conftest import SMALL_MODEL

pytestmark = [pytest.mark.model, pytest.mark.soak]

SECRET = f"quetzalcoatl-{secrets.token_hex(8)}"  # nowhere else on the machine
QUESTION = f"My secret is {SECRET}. Tell a long story about it."
PUPIL, OTHER, TEACHER = "u00", "u01", "u02"


@pytest.fixture(scope="module")
def box(model_shelf: Path) -> Iterator[Box]:
    """A box with two people and a teacher."""
    need_root()
    with throwaway(model_shelf) as root, boxes.running(root, SMALL_MODEL, 3, teachers=1) as box:
        yield box


def ask(box: Box, user: str, *arguments: str) -> str:
    asked = box.root.hint("ask", "-m", box.model, "--max-tokens", "24", *arguments, user=user)
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.strip()


def test_words_are_kept_in_their_users_home_and_nowhere_else(box: Box) -> None:
    """Every file that was written since the machine began to be this box is looked through."""
    words = ask(box, PUPIL, QUESTION)
    assert len(words) > 20
    needles = (SECRET.encode(), words[:40].encode())
    kept = [path for path in box.root.layer.rglob("*") if path.is_file() and not path.is_symlink()]
    found = [path for path in kept if any(needle in path.read_bytes() for needle in needles)]
    assert found, "the user's own history has it"
    home = box.root.layer / "home" / PUPIL
    for path in found:
        assert path.is_relative_to(home), f"{path} holds words of {PUPIL}"
        assert path.stat().st_mode & 0o077 == 0, f"{path} can be read by others"
        folders = path.relative_to(home).parents
        assert any((home / folder).stat().st_mode & 0o077 == 0 for folder in folders), path
    for place in ("/dev/shm", "/tmp", "/var/lib/hinterland", "/run/hinterland"):
        assert not box.root.run("grep", "-rlaF", SECRET, place).stdout


def test_processes_of_one_are_closed_to_the_other(box: Box) -> None:
    look = (
        "for pid in $0; do for name in environ mem maps stack auxv syscall fd/0 cwd/. root/. exe;"
        " do if head -c 1 /proc/$pid/$name >/dev/null 2>&1; then echo $pid $name; fi; done;"
        " if ls /proc/$pid/fd >/dev/null 2>&1; then echo $pid fd; fi; done"
    )
    with box.begun([boxes.story(box, PUPIL, tokens=200)], wait=False) as seen:
        boxes.wait(lambda: any(each.what == "text" for each in seen), "it is answered")
        pids = box.root.must("pgrep", "-u", PUPIL).split()
        service = box.root.must("pgrep", "-u", "hinterland").split()
        assert pids
        assert len(service) > 1, "the service and its worker"
        for user in (OTHER, TEACHER):
            assert box.root.must("sh", "-c", look, " ".join(pids + service), user=user) == ""
        own = box.root.must("sh", "-c", look, " ".join(pids), user="root")
        assert "environ" in own, "root can look, so the looking works"


def test_sockets_and_folders_of_the_box_are_the_services_own(box: Box) -> None:
    ask(box, PUPIL, "Hi.")
    box.root.add_user("stranger")
    knock = (
        "import socket, sys\n"
        "for path in sys.argv[1:]:\n"
        "    try: socket.socket(socket.AF_UNIX).connect(path)\n"
        "    except OSError as error: print(error.strerror)\n"
        "    else: print('open')\n"
    )
    workers = box.root.must("find", "/var/lib/hinterland", "-type", "s").split()
    assert workers, "a worker has a socket"
    for user, first in ((PUPIL, "open"), ("stranger", "Permission denied")):
        said = box.root.must(PYTHON, "-c", knock, boxes.SOCKET, *workers, user=user).splitlines()
        assert said == [first, *["Permission denied"] * len(workers)], user
    refused = box.root.hint("ask", "-m", box.model, "Hi.", user="stranger")
    assert refused.returncode != 0
    assert "group" in refused.stderr, refused.stderr
    for user in (PUPIL, TEACHER, "stranger"):
        assert box.root.run("ls", "/var/lib/hinterland", user=user).returncode
        assert box.root.run("cat", "/etc/hinterland/setup.json", user=user).returncode


def test_nobody_follows_or_stops_the_answer_of_another(box: Box) -> None:
    """Turn ids are not secrets: whoever knows one has no more of it."""
    script = (
        "import asyncio\n"
        "from hinterland.engine.client import EngineClient\n"
        "from hinterland.paths import find\n"
        "async def main():\n"
        "    engine = EngineClient(find())\n"
        "    print([type(e).__name__ async for e in engine.attach('t-u00')])\n"
        "    print(await engine.cancel('t-u00'))\n"
        "    await engine.stop()\n"
        "asyncio.run(main())\n"
    )
    with box.begun([boxes.story(box, PUPIL, turn_id="t-u00")]) as seen:
        boxes.wait(lambda: any(each.what == "text" for each in seen), "it is answered")
        for user in (OTHER, TEACHER):
            tried = box.root.run(PYTHON, "-c", script, user=user).stdout.splitlines()
            assert tried[:2] == ["['Failed']", "False"], tried
    assert (seen[-1].what, seen[-1].finish) == ("done", "length")


def test_what_was_read_for_one_is_read_anew_for_another(box: Box) -> None:
    """`cached_tokens` tells nobody what somebody else has asked."""
    prompt = f"The same prompt for all, {SECRET}. " * 4
    twice = box.run([boxes.story(box, PUPIL, prompt=prompt, tokens=4, times=2)])
    others = [boxes.story(box, user, prompt=prompt, tokens=4) for user in (OTHER, TEACHER)]
    cached = [each.cached_tokens for each in twice if each.what == "done"]
    assert cached[0] == 0
    assert cached[1] > 20, "what one has read oneself is not read again"
    done = [each for each in box.run(others) if each.what == "done"]
    assert [each.cached_tokens for each in done] == [0, 0]


def test_numbers_of_others_are_for_teachers_and_words_for_nobody(box: Box) -> None:
    ask(box, PUPIL, QUESTION)
    for command in (("box", "top", "--json"), ("box", "report", "--json")):
        for user, sees in ((OTHER, False), (TEACHER, True)):
            shown = box.root.hint(*command, user=user)
            assert shown.returncode == 0, shown.stderr
            assert json.loads(shown.stdout)
            assert (PUPIL in shown.stdout) == sees, (user, shown.stdout)
            assert SECRET not in shown.stdout
    assert SECRET not in box.root.hint("engine", "status", user=OTHER).stdout
