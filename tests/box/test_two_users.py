"""Two users of one box, with their real user ids: neither learns anything of the other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.box.strangers import Box, Person, a_box
from tests.running import wait_until

CHAT = "/v1/chat/completions"
SECRET = "zanzibar-quetzalcoatl-7731"


def ids(turn: str) -> dict[str, object]:
    return {"conversation_id": "c1", "turn_id": turn, "events": True}


def words(stream: str) -> str:
    return "".join(json.loads(f'"{found}"') for found in re.findall(r'"content":"([^"]*)"', stream))


def test_the_kernel_says_who_asks() -> None:
    with a_box('model = "echo"\n') as box:
        assert box.anna.ask("Hello")[0] == 200
        assert box.stranger.ask("Hello") == (0, "PermissionError")
        # Somebody who got hold of the group's number is still not of the group.
        thief = Person(box.stranger.uid, box.anna.group, box.anna.socket)
        status, said = thief.ask("Hello")
        assert (status, "not in the group" in said) == (403, True)
        claim = {"messages": [{"role": "user", "content": "Hi"}], "user": "root", "uid": 0}
        assert thief.send("POST", CHAT, claim)[0] == 403
        assert box.anna.send("POST", "/hint/stop")[0] == 400
        assert box.service.poll() is None
        assert (box.folder / "run").stat().st_mode & 0o777 == 0o750
        assert box.anna.socket.stat().st_mode & 0o777 == 0o660
        assert box.state.stat().st_mode & 0o777 == 0o700


def test_an_answer_is_theirs_who_asked() -> None:
    said = " ".join([SECRET, *(f"word{n}" for n in range(80))])
    with a_box('model = "echo:40"\n') as box:
        status, begun = box.anna.ask(said, hint=ids("t1"), stream=True, most=300)
        assert (status, "word" in begun or SECRET in begun or "hint." in begun) == (200, True)
        # She is gone, and the answer goes on; nobody else can see or stop it.
        assert box.bilal.send("GET", "/hint/answers/t1")[0] == 404
        assert json.loads(box.bilal.send("POST", "/hint/cancel/t1")[1]) == {"cancelled": False}
        assert box.root.send("GET", "/hint/answers/t1")[0] == 404
        # His turn of the same name is another one.
        status, his = box.bilal.ask("his own words", hint=ids("t1"), stream=True)
        assert (status, words(his)) == (200, "his own words")
        wait_until(lambda: box.running() == 0, "the answer is whole")
        status, hers = box.anna.send("GET", "/hint/answers/t1")
        assert (status, words(hers)) == (200, said)
        assert box.anna.send("GET", "/hint/answers/t1")[0] == 404  # delivered: no words are left
        assert SECRET.encode() not in box.everything_kept()
        assert not list(box.state.rglob("*.journal"))
        status, told = box.anna.send("GET", "/hint/status")
        assert [worker["socket"] for worker in json.loads(told)["workers"]] == [""]


def test_no_path_of_theirs_is_opened(tmp_path: Path) -> None:
    with a_box('model = "echo"\n') as box:
        for model in ("/etc/passwd", "../x.gguf", "x.gguf", "~/model.bin", "echo:77", "-x"):
            status, said = box.anna.ask("Hello", model=model)
            assert (status, "box" in said) == (404, True), model


def cached(box: Box, who: Person, prompt: str) -> int:
    status, said = who.ask(prompt, max_tokens=4)
    assert status == 200, said
    found = re.search(r'"cached_tokens":\s*(\d+)', said)
    assert found, said
    return int(found[1])


@pytest.mark.model
@pytest.mark.soak
def test_what_one_said_is_never_found_again_by_another(model_shelf: Path) -> None:
    settings = 'model = "smollm2-135m"\n[engine]\nslots = 2\ncontext = 1024\n'
    prompt = f"My name is {SECRET}. " + "I have a long story to tell you about it. " * 6
    with a_box(settings, model_shelf) as box:
        assert cached(box, box.anna, prompt) == 0
        assert cached(box, box.bilal, prompt) == 0
        assert cached(box, box.anna, prompt) > 50  # her own is hers
        assert cached(box, box.root, prompt) == 0  # though he took the slot that was Bilal's
        assert cached(box, box.bilal, prompt) == 0  # and Bilal that of Anna
        assert cached(box, box.bilal, prompt) > 50
        # What a worker says of a schema that it cannot read is somebody's words.
        schema = {"type": "object", "properties": {"a": {"$ref": f"#/{SECRET}"}}}
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
        assert box.anna.ask(prompt, response_format=form)[0] == 400
        assert SECRET.encode() not in box.everything_kept()
        assert SECRET not in json.loads(box.bilal.send("GET", "/hint/status")[1])["trouble"]
