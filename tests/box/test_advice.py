"""What people of a shared box are advised: what they can do themselves, or whom to ask."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.box import throwaway
from tests.box.conftest import need_root
from tests.box.throwaway import Root

ASK = "Ask who looks after this machine."
LEFT_TO_ROOT = ("sudo ", "`apt ", "`hint engine ", "`hint models ", "config set engine")
MODEL = "/usr/local/share/hinterland/models/tiny"


@pytest.fixture(scope="module")
def box() -> Iterator[Root]:
    """A machine that is set up as a box, which does not run, with two pupils and an administrator."""
    need_root()
    with throwaway.throwaway() as root:
        for group in ("hinterland", "sudo"):
            root.run("groupadd", "--system", group)
        root.add_user("amina", "hinterland")
        root.add_user("ben", "hinterland")
        root.add_user("ada", "hinterland", "sudo")
        root.must("mkdir", "-p", "/etc/hinterland")
        root.path("/etc/hinterland/box.toml").write_text("")
        yield root


def _remedies(box: Root, user: str) -> list[str]:
    looked = json.loads(box.hint("doctor", "--json", user=user).stdout)
    return [each["remedy"] for each in looked["findings"] if each["remedy"]]


def test_a_pupil_is_advised_nothing_that_only_root_may_do(box: Root) -> None:
    found = _remedies(box, "amina")
    roots = [each for each in found if any(words in each for words in LEFT_TO_ROOT)]
    assert roots, "there was something to advise"
    assert all(each.startswith(ASK) for each in roots), roots
    assert not [each for each in found if "HINTERLAND_HOME" in each]
    for admin in ("root", "ada"):
        assert [each for each in _remedies(box, admin) if each.startswith("`hint engine ")], admin


def test_who_may_become_root_is_told_how_a_box_is_started_and_a_pupil_whom_to_ask(
    box: Root,
) -> None:
    told = {user: box.hint("ask", "hi", user=user).stderr for user in ("amina", "ada", "root")}
    assert "Ask who looks after this machine to start it." in told["amina"]
    assert "sudo" not in told["amina"]
    for admin in ("ada", "root"):
        assert "`sudo hint box run` runs it" in told[admin]
        assert "sk who looks" not in told[admin]


def test_a_pupil_fetches_no_model_that_the_box_would_never_ask(box: Root) -> None:
    box.must("sh", "-c", "echo GGUF > /home/amina/mine.gguf")
    for command in (("pull", "smollm2-135m"), ("add", "/home/amina/mine.gguf")):
        refused = box.hint("models", *command, user="amina")
        assert refused.returncode == 2
        assert "is a shared box, which asks none of your own models" in refused.stderr
    own = box.hint("models", "add", "/home/amina/mine.gguf", user="root")
    assert "shared box" not in own.stderr, "root may give it to the box"


def test_a_pupil_hands_on_that_a_model_is_to_be_fetched(box: Root) -> None:
    told = {}
    for user in ("amina", "root"):
        asked = box.hint("models", "verify", "qwen3.5-2b", user=user)
        assert "`hint box setup --model qwen3.5-2b` fetches it." in asked.stderr
        told[user] = f"{ASK} Tell them:" in asked.stderr
    assert told == {"amina": True, "root": False}


def test_a_pupil_is_told_that_there_is_no_model_and_hands_on_only_what_to_do(box: Root) -> None:
    told = " ".join(box.hint("models", "list", user="amina").stderr.split())
    handed_on = "Tell them: `hint box setup --model starter` fetches one."
    assert told == f"No model is installed. {ASK} {handed_on}"


def test_what_is_handed_on_names_whose_files_they_are(box: Root) -> None:
    box.must("install", "-d", "-o", "amina", "/home/amina/.local/share/hinterland")
    box.must("mkdir", "/home/amina/.local/share/hinterland/history")
    handed_on = [each for each in _remedies(box, "amina") if "chown" in each]
    assert handed_on
    asked = f"{ASK} Tell them: If it was made under sudo: `sudo chown -R amina "
    assert all(each.startswith(asked) for each in handed_on), handed_on


def test_a_pupil_reads_in_french_whom_to_ask_and_what_to_hand_on(box: Root) -> None:
    french = {"LANG": "fr_FR.UTF-8"}
    told = box.hint("models", "verify", "qwen3.5-2b", user="amina", env=french).stderr
    assert "`hint box setup --model qwen3.5-2b`" in told
    assert "Demandez à qui s’occupe de cette machine." in told
    for english in ("Ask who", "Tell them", "fetches it"):
        assert english not in told


def test_whose_home_is_full_stays_on_the_box(box: Root) -> None:
    box.must("mount", "-t", "tmpfs", "-o", "size=64k,uid=ben,mode=755", "home", "/home/ben")
    box.run("sh", "-c", "head -c 200k /dev/zero > /home/ben/film", user="ben")
    refused = box.hint("config", "set", "ui.vim", "true", user="ben")
    assert refused.returncode == 5
    assert "HINTERLAND_HOME" not in refused.stderr
    assert "Delete what you no longer need, or ask who looks" in " ".join(refused.stderr.split())
    assert not [each for each in _remedies(box, "ben") if "HINTERLAND_HOME" in each]
    own = box.hint(
        "config", "set", "ui.vim", "true", user="ben", env={"HINTERLAND_HOME": "/home/ben/own"}
    )
    assert "HINTERLAND_HOME" in own.stderr, "who has left the box already is advised as ever"
