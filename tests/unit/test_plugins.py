"""The plugin host, with real packages on a real path: nothing runs that nobody turned on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hinterland.config import Config
from hinterland.errors import PluginError
from hinterland.plugin_host import SHIPPED, PluginHost, State, find_command, plugins
from tests.plugin_shelf import Shelf
from tests.running import Hint

ROOT = Path(__file__).parents[2]


GREETER = """
    import click
    from hinterland.hookspecs import ChatTool, PromptFolder, Screen, hookimpl

    @click.command()
    @click.argument("name")
    def greet(name):
        click.echo(f"Hello, {name}.")

    @click.command()
    def stumble():
        raise KeyError("lamp")

    async def answer(text):
        yield text

    @hookimpl
    def register_commands(register):
        register(greet)
        register(stumble)

    @hookimpl
    def register_tools(register):
        register(ChatTool("greet", "Greets.", answer))

    @hookimpl
    def register_screens(register):
        register(Screen("greet", "Greetings", "greeter.screen:Greetings"))

    @hookimpl
    def register_prompts(register):
        import pathlib
        register(PromptFolder(pathlib.Path(__file__).parent / "prompts"))
"""


@pytest.fixture
def greeter(shelf: Shelf) -> Shelf:
    shelf.add("greeter-package", "2.1", "Says hello.", greeter="greeter")
    shelf.module("greeter", GREETER)
    return shelf


def test_the_project_registers_what_the_host_says_is_shipped() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["hinterland.plugins"]
    assert points == {name: f"hinterland.plugins.{name}" for name in SHIPPED}


def test_shipped_plugins_are_on_and_strangers_off(greeter: Shelf) -> None:
    states = {plugin.name: plugin.state for plugin in plugins(Config())}
    assert states == dict.fromkeys(SHIPPED, State.ON) | {"greeter": State.OFF}


OURS = {"diagnose", "translate", "tutor"}
"""The commands of shipped plugins."""


def test_shipped_plugins_load_and_add_what_they_have(shelf: Shelf) -> None:
    warnings: list[str] = []
    host = PluginHost(Config(), warnings.append)
    assert not warnings
    assert set(host.commands()) == OURS
    assert set(host.tools()) == {"translate"}
    assert set(host.screens()) == OURS
    assert not host.prompts()


def test_listing_imports_no_plugin(greeter: Shelf, hint: Hint) -> None:
    hint("plugins", "enable", "greeter")
    done = hint("plugins", "list")
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["greeter", "on", "greeter-package", "2.1", "Says", "hello."] in rows
    assert [row[:2] for row in rows] == [
        *([name, "on"] for name in sorted(SHIPPED)),
        ["greeter", "on"],
    ]
    assert "`hint tutor`" in done.stdout
    assert not greeter.imported("greeter")


def test_a_stranger_runs_only_after_it_was_enabled(greeter: Shelf, hint: Hint) -> None:
    refused = hint("greet", "Ada")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert not greeter.imported("greeter")
    assert hint("plugins", "enable", "greeter").returncode == 0
    assert hint("greet", "Ada").stdout == "Hello, Ada.\n"
    assert hint("plugins", "disable", "greeter").returncode == 0
    assert hint("greet", "Ada").returncode == 2


def test_the_name_of_a_plugin_that_is_off_says_how_to_turn_it_on(
    greeter: Shelf, hint: Hint
) -> None:
    done = hint("greeter")
    assert (done.returncode, done.stdout) == (6, "")
    assert "`hint plugins enable greeter`" in done.stderr
    with pytest.raises(PluginError):
        find_command("greeter")


def test_a_shipped_plugin_can_be_turned_off_and_on(shelf: Shelf, hint: Hint) -> None:
    def state() -> str:
        rows = json.loads(hint("plugins", "list", "--json").stdout)
        return str(next(row["state"] for row in rows if row["name"] == "diagnosis"))

    assert hint("plugins", "disable", "diagnosis").returncode == 0
    assert hint("plugins", "disable", "diagnosis").returncode == 0
    assert state() == "off"
    assert hint("plugins", "enable", "diagnosis").returncode == 0
    assert state() == "on"


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_an_unknown_plugin_is_one_sentence(shelf: Shelf, hint: Hint, verb: str) -> None:
    done = hint("plugins", verb, "nothing")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.startswith("hint: There is no plugin nothing.")


def test_everything_a_plugin_registers_is_found(greeter: Shelf) -> None:
    warnings: list[str] = []
    host = PluginHost(Config(plugins=("greeter",)), warnings.append)
    assert set(host.commands()) == {"greet", "stumble"} | OURS
    assert host.tools()["greet"].summary == "Greets."
    assert host.screens()["greet"].target == "greeter.screen:Greetings"
    assert [folder.path for folder in host.prompts()] == [greeter.folder / "prompts"]
    assert not warnings


BROKEN = {
    "raises": "raise ValueError('\\x1b]52;oops')",
    "leaves": "import sys; sys.exit(3)",
    "syntax": "def (:",
    "imports": "import a_module_that_is_not_there",
    "hook": """
        from hinterland.hookspecs import hookimpl
        @hookimpl
        def register_commands(register):
            register(len)
            raise RuntimeError("half way")
        """,
    "untyped": """
        from hinterland.hookspecs import hookimpl
        @hookimpl
        def register_commands(register):
            register(object())
        """,
    "misspelt": """
        from hinterland.hookspecs import hookimpl
        @hookimpl
        def register_command(register):
            pass
        """,
    "signature": """
        from hinterland.hookspecs import hookimpl
        @hookimpl
        def register_commands(registry):
            pass
        """,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_costs_one_warning_and_nothing_else(
    greeter: Shelf, hint: Hint, kind: str
) -> None:
    greeter.add("broken-package", broken=f"broken_{kind}")
    greeter.module(f"broken_{kind}", BROKEN[kind])
    hint("config", "set", "plugins", "broken,greeter")
    done = hint("greet", "Ada")
    assert (done.returncode, done.stdout) == (0, "Hello, Ada.\n")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("hint: The plugin broken ")
    assert "\x1b" not in done.stderr


def test_a_module_that_is_not_there_costs_one_warning(greeter: Shelf, hint: Hint) -> None:
    greeter.add("hollow-package", hollow="no_such_module")
    hint("config", "set", "plugins", "hollow,greeter")
    done = hint("greet", "Ada")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "Hello, Ada.\n", 1)


def test_an_enabled_plugin_that_is_gone_is_told_and_can_be_disabled(
    shelf: Shelf, hint: Hint
) -> None:
    hint("config", "set", "plugins", "gone")
    listed = hint("plugins", "list").stdout.splitlines()
    assert listed[-1].split() == ["gone", "missing", "no", "installed", "package"]
    done = hint("frobnicate")
    assert done.returncode == 2
    assert "The plugin gone is enabled but cannot be used: missing." in done.stderr
    assert hint("plugins", "disable", "gone").returncode == 0
    assert "gone" not in hint("plugins", "list").stdout


def test_a_stranger_cannot_take_a_shipped_name(shelf: Shelf) -> None:
    shelf.add("impostor", diagnosis="impostor")
    shelf.module("impostor", "")
    warnings: list[str] = []
    PluginHost(Config(plugins=("diagnosis",)), warnings.append)
    assert not shelf.imported("impostor")
    states = [(p.distribution, p.state) for p in plugins(Config()) if p.name == "diagnosis"]
    assert states == [("hinterland", State.ON), ("impostor", State.NAME_TAKEN)]


def test_of_two_strangers_with_one_name_neither_runs(greeter: Shelf) -> None:
    greeter.add("a-later-package", greeter="later")
    greeter.module("later", "")
    warnings: list[str] = []
    host = PluginHost(Config(plugins=("greeter",)), warnings.append)
    assert set(host.commands()) == OURS
    assert not greeter.imported("later")
    assert any("name taken" in warning for warning in warnings)


def test_of_two_commands_with_one_name_the_first_is_used(greeter: Shelf) -> None:
    greeter.add("second-package", second="second")
    greeter.module("second", GREETER)
    warnings: list[str] = []
    host = PluginHost(Config(plugins=("greeter", "second")), warnings.append)
    assert set(host.commands()) == {"greet", "stumble"} | OURS
    assert "The plugin second also has greet; that of greeter is used." in warnings


def test_a_command_that_fails_is_an_error_of_the_plugin(greeter: Shelf, hint: Hint) -> None:
    hint("plugins", "enable", "greeter")
    done = hint("stumble")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.startswith("hint: The command stumble of a plugin failed (KeyError: 'lamp')")
    assert "Traceback" not in done.stderr
    assert "Traceback" in hint("--debug", "stumble").stderr


def test_hostile_metadata_cannot_touch_the_terminal(shelf: Shelf, hint: Hint) -> None:
    shelf.add("hostile", "1.0", "\x1b]52;c;eA==\x07 and \x9b2J \u202e", hostile="hostile")
    shelf.module("hostile", "")
    for arguments in (["list"], ["list", "--json"]):
        shown = hint("plugins", *arguments).stdout
        assert "hostile" in shown
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
