"""Which key does what: the bindings as they are, the settings held against them, and the table in the
documentation."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from textual.binding import Binding

import hinterland.tui
from hinterland import config as configuration
from hinterland.errors import ConfigError
from hinterland.tui import keys
from tests.running import Hint

DOCS = Path(__file__).parents[2] / "docs" / "chat.md"


def test_every_binding_has_a_name_and_says_what_it_does() -> None:
    for found in pkgutil.walk_packages(hinterland.tui.__path__, "hinterland.tui."):
        module = importlib.import_module(found.name)
        for kind in vars(module).values():
            if not isinstance(kind, type) or kind.__module__ != module.__name__:
                continue
            for binding in vars(kind).get("BINDINGS", ()):
                assert isinstance(binding, Binding), f"{kind}: {binding} has no id"
                assert binding.id in keys.actions(), f"{kind}: {binding}"
                assert binding.description, binding.id


def test_the_keys_that_come_with_it_do_one_thing_each() -> None:
    keys.check({name: ",".join(each.keys) for name, each in keys.actions().items()})


def test_the_documentation_lists_every_key() -> None:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| (.*?) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE
    )
    listed = {name: tuple(re.findall(r"`([^`]+)`", written)) for name, written in rows}
    assert listed == {name: each.keys for name, each in keys.actions().items()}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ctrl+R", "ctrl+r"),
        ("^r", "ctrl+r"),
        ("?", "question_mark"),
        ("ctrl++", "ctrl+plus"),
        ("shift+ctrl+Left", "ctrl+shift+left"),
        ("PgUp", "pageup"),
        ("esc", "escape"),
        ("F12", "f12"),
        ("G", "G"),
        ("option+é", "alt+é"),
    ],
)
def test_a_key_as_people_write_it(written: str, meant: str) -> None:
    assert keys.normal(written) == meant


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"chat.now": "f5"}, "Did you mean keys.chat.new"),
        ({"chat.new": "f55"}, "there is no key called f55; f5"),
        ({"chat.new": "hyper+x"}, "there is no key called hyper+"),
        ({"chat.new": "ctrl+i"}, "ctrl+i is tab to most terminals"),
        ({"chat.new": "x"}, "x is a letter to write with"),
        ({"chat.new": "escape"}, "it is the key of chat.stop"),
        ({"chat.new": "f9,f1"}, "it is the key of app.help"),
        ({"prompt.send": "ctrl+t"}, "it is the key of chat.reasoning"),
        ({"chat.new": "ctrl+w"}, "it is the key of prompt.delete_word_left"),
        ({"app.quit": "shift+home"}, "it is the key of prompt.select_line_start"),
        ({"conversations.undo": "ctrl+u"}, "it changes or moves in what you write there"),
        ({"palette.next": "ctrl+k"}, "it changes or moves in what you write there"),
        ({"choice.drop": "c"}, "it is the key of choice.compact"),
        ({"chat.new": "f11", "chat.stop": "F11"}, "chat.stop cannot have f11"),
    ],
)
def test_keys_that_cannot_be(settings: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        keys.check(settings)
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [
        {"chat.new": "f5", "chat.regenerate": "f12"},
        {"chat.new": ""},
        {"models.back": "x,escape"},
        {"prompt.send": "ctrl+s, alt+s"},
        {"conversations.open": "ctrl+e"},  # in the list, not in the line
    ],
)
def test_keys_that_can_be(settings: dict[str, str]) -> None:
    keys.check(settings)
    assert set(keys.now(settings)["chat.new"].keys) == set(
        keys.split(keys.keymap(settings).get("chat.new", "ctrl+n"))
    )


def test_a_screen_of_a_plugin_may_have_keys_too() -> None:
    with pytest.raises(ConfigError):
        keys.check({"water.refresh": "f5"})
    keys.check({"water.refresh": "f5"}, lambda: ["water"])


def test_keys_are_set_and_shown_like_other_settings(hint: Hint, home: Path) -> None:
    assert hint("config", "set", "keys.chat.new", "f12,ctrl+r").returncode == 0
    assert hint("config", "get", "keys.chat.new").stdout == "f12,ctrl+r\n"
    refused = hint("config", "set", "keys.chat.stop", "F12")
    assert refused.returncode == 2
    assert "keys.chat.stop cannot have f12: it is the key of chat.new" in refused.stderr
    assert re.search(r"^chat\.new +f12,ctrl\+r ", hint("config", "keys").stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "text", ["[keys]\nchat.new = 'f5'", "[keys]\n'chat.new' = 'f5'", "[keys.chat]\nnew = 'f5'"]
)
def test_the_section_may_be_written_in_every_way_of_toml(text: str) -> None:
    assert configuration.parse(text.encode(), Path("config.toml")).keys == {"chat.new": "f5"}


def test_a_key_that_is_set_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"sets keys\.chat\.new twice"):
        configuration.parse(b"[keys]\nchat.new = 'f5'\n'chat.new' = 'f6'", Path("config.toml"))


def test_the_chat_opens_without_what_only_the_palette_needs() -> None:
    """The first paint waits for no plugin, no palette and no list of models."""
    import subprocess
    import sys

    code = "import sys, hinterland.tui.app; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "hinterland.tui.screens.commanding" in imported
    late = {
        "hinterland.model_choices",
        "hinterland.plugin_host",
        "hinterland.tui.screens.help",
        "hinterland.tui.screens.models",
        "hinterland.tui.screens.palette",
        "importlib.metadata",
        "pluggy",
    }
    assert not late & imported
