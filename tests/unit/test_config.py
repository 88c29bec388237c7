"""Settings: what a file may say, how it is refused, and what `hint config` does to it."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hinterland import config as configuration
from hinterland import config_checks
from hinterland.config import Config, Value, flat, flat_table, load, parse
from hinterland.config_change import change, undo
from hinterland.config_words import from_words
from hinterland.errors import ConfigError, StorageError
from tests.running import Hint

FILE = Path("config.toml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


def test_no_file_means_the_defaults(file: Path) -> None:
    assert load(file) == parse(b"", file) == Config()


def test_what_is_set_holds_and_the_rest_is_default() -> None:
    config = parse(b'model = "a"\n[engine]\nthreads = 3\n', FILE)
    assert (config.model, config.engine.threads) == ("a", 3)
    assert config.engine.context == Config().engine.context


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'model = "a"\nhistory = maybe\n', "line 2"),
        (b'model = "a"\nmodel = "b"\n', "line 2"),
        (b'# one\n\nmodel = "\xff"\n', "line 3"),
        (b"history = 1\n", "history: expected true or false, got a whole number"),
        (b"[engine]\ncontext = 1\n", "engine.context: expected a whole number >= 256"),
        (b'plugins = "a"\n', "plugins: expected a list, got text"),
        (b"plugins = [1]\n", "plugins[0]: expected text, got a whole number"),
        (b"engine = 5\n", "engine: expected a section, got a whole number"),
        (b"[engine]\ncontxt = 1\n", "engine.contxt, which is no setting"),
        (b"colour = 1\n", "colour, which is no setting"),
        (b'think = "medium"\n', "think: expected off, low, high or nothing"),
        (b"[engine]\nkeep_alive = nan\n", "engine.keep_alive: expected a number"),
        (b"[engine]\nkeep_alive = inf\n", "engine.keep_alive: expected a number"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, FILE)
    assert str(FILE) in caught.value.message
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.__cause__ is not None


def test_a_file_that_cannot_be_read_is_one_sentence(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(file)


@pytest.mark.parametrize(
    ("key", "close"),
    [
        ("contxt", "hint config show"),
        ("context", "engine.context"),
        ("engine", "engine.threads"),
        ("engine.contxt", "engine.context"),
        ("modell", "model"),
        ("disabled-plugins", "disabled_plugins"),
    ],
)
def test_an_unknown_key_gets_the_ones_that_are_close(key: str, close: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_words(key, "1")
    assert key in caught.value.message
    assert close in caught.value.hint


@pytest.mark.parametrize(
    ("key", "words", "value"),
    [
        ("model", "qwen", "qwen"),
        ("model", "", ""),
        ("system", "3", "3"),
        ("history", "no", False),
        ("history", "True", True),
        ("engine.context", "8192", 8192),
        ("engine.gpu_layers", "-1", -1),
        ("engine.keep_alive", "5", 5.0),
        ("engine.keep_alive", "0.5", 0.5),
        ("plugins", "a, b", ("a", "b")),
        ("plugins", '["a,b"]', ("a,b",)),
        ("plugins", "", ()),
    ],
)
def test_typed_words_become_typed_values(key: str, words: str, value: Value) -> None:
    read = from_words(key, words)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("history", "maybe"),
        ("engine.server", ""),
        ("engine.context", "8k"),
        ("engine.context", "255"),
        ("engine.context", "4096.5"),
        ("engine.slots", "65"),
        ("engine.keep_alive", "0"),
        ("engine.keep_alive", "forever"),
        ("plugins", "[a"),
        ("plugins", "[1]"),
    ],
)
def test_words_that_are_no_such_value_are_refused(key: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_words(key, words)
    assert caught.value.message.startswith(f"{key} cannot be {words!r}: expected ")


def test_a_change_keeps_comments_and_layout(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(
        "# Ward 3.\nmodel = 'a' # small\n\n[engine] # read at start\nthreads=2 # of 4\ncontext = 512\n"
    )
    change(file, "engine.threads", 3)
    change(file, "model", "b")
    change(file, "history", value=False)
    assert file.read_text() == (
        '# Ward 3.\nmodel = "b" # small\nhistory = false\n\n'
        "[engine] # read at start\nthreads=3 # of 4\ncontext = 512\n"
    )


def test_a_change_makes_a_private_file(file: Path) -> None:
    assert change(file, "engine.threads", 2).engine.threads == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert os.listdir(file.parent) == [file.name]


def test_a_linked_file_stays_linked(file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "hint.toml"
    kept.parent.mkdir()
    kept.write_text("# mine\n")
    file.parent.mkdir()
    file.symlink_to(kept)
    change(file, "model", "a")
    assert file.is_symlink()
    assert kept.read_text() == '# mine\nmodel = "a"\n'


def test_a_broken_file_is_left_as_it_is(file: Path) -> None:
    file.parent.mkdir()
    for text in ("model = [\n", "colour = 1\n", "engine = 1\n"):
        file.write_text(text)
        with pytest.raises(ConfigError):
            change(file, "engine.threads", 2)
        assert file.read_text() == text
        assert os.listdir(file.parent) == [file.name]


def test_a_change_mends_the_value_it_sets(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("history = 'maybe'\n")
    assert change(file, "history", value=True).history is True


def test_unsetting_keeps_the_rest_of_the_file(file: Path) -> None:
    file.parent.mkdir()
    kept = "# Ward 3.\nmodel = 'a' # small\n\n[engine] # read at start\ncontext = 512\n"
    file.write_text(kept.replace("context", "threads = 2 # of 4\ncontext"))
    assert undo(file, "engine.threads")
    assert file.read_text() == kept
    assert not undo(file, "engine.threads")
    assert not undo(file, "engines.box")
    assert file.read_text() == kept


def test_unsetting_takes_a_section_whole_and_mends_a_file(file: Path) -> None:
    file.parent.mkdir()
    box = "[engines.box]\nurl = 'http://127.0.0.1:1/v1'\n"
    file.write_text(f"colour = 1\nhistory = false\n\n{box}")
    with pytest.raises(ConfigError):
        undo(file, "history")  # what is left could not be used
    assert undo(file, "colour")
    with pytest.raises(ConfigError):
        undo(file, "engines.box.url")
    assert undo(file, "engines.box")
    assert load(file) == Config(history=False)


def test_a_folder_that_cannot_be_written_is_one_sentence(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")
    with pytest.raises((StorageError, ConfigError)):
        change(file, "model", "a")


def _toml(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, bool):
        return st.booleans()
    if isinstance(kind, int):
        return st.integers(256, 2**40)
    if isinstance(kind, float):
        return st.floats(0.01, 1000)
    words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    return st.lists(words, max_size=3).map(tuple) if isinstance(kind, tuple) else words


CHANGES = st.sampled_from(
    [
        item
        for item in flat(Config()).items()
        if item[0]
        not in (
            "engine.slots",
            "engine.threads",
            "engine.server",
            "ui.language",
            *config_checks._CHOICES,
        )
    ]
).flatmap(lambda item: st.tuples(st.just(item[0]), _toml(item[1])))

LAYOUTS = st.sampled_from(
    [
        "",
        "\n\n# only a comment",
        "model = 'a'",
        "[engine]\nthreads = 1",
        "[engine]\n",
        "engine.threads = 1\n",
        "engine = {threads = 1}  # inline\n",
        "history = true\nengine.threads = 1\nmodel = '''a\nb'''\n",
        "# a\r\nmodel = 'a' # b\r\n\r\n[engine]\r\nthreads = 1\r\n",
        "plugins = [\n  'a', # first\n  'b',\n]\n[engine] # e\n\n# tail\n",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(LAYOUTS, st.lists(CHANGES, min_size=1, max_size=4))
def test_whatever_the_layout_only_what_was_set_changes(
    file: Path, layout: str, changes: list[tuple[str, Value]]
) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(layout.encode())
    expected = flat_table(tomllib.loads(layout))
    for key, value in changes:
        config = change(file, key, value)
        expected[key] = list(value) if isinstance(value, tuple) else value
        assert flat(config)[key] == value
        assert flat_table(tomllib.loads(file.read_bytes().decode())) == expected
    comments = [line.partition("#")[2].strip() for line in layout.splitlines() if "#" in line]
    assert all(comment in file.read_text() for comment in comments if comment != "first")


def test_show_prints_toml_that_says_what_was_set(hint: Hint, paths: Any) -> None:
    hint("config", "set", "engine.context", "1024")
    done = hint("config", "show")
    assert done.returncode == 0
    assert parse(done.stdout.encode(), FILE) == parse(b"[engine]\ncontext = 1024", FILE)
    assert set(flat_table(tomllib.loads(done.stdout))) == set(flat(Config()))
    lines = {line.partition(" ")[0]: line for line in done.stdout.splitlines()}
    assert lines["context"] == "context = 1024  # set"
    assert lines["threads"] == "threads = 0  # default"
    assert str(paths.config_file) in done.stdout


def test_show_and_get_as_json(hint: Hint) -> None:
    hint("config", "set", "plugins", "a,b")
    shown = json.loads(hint("config", "show", "--json").stdout)
    assert shown["set"] == ["plugins"]
    assert shown["settings"]["engine"]["context"] == Config().engine.context
    assert json.loads(hint("config", "get", "plugins", "--json").stdout) == ["a", "b"]


def test_get_prints_the_value_alone(hint: Hint) -> None:
    assert hint("config", "get", "engine.context").stdout == "4096\n"
    assert hint("config", "get", "history").stdout == "true\n"
    assert hint("config", "get", "model").stdout == "\n"


def test_a_negative_number_is_a_value_and_not_an_option(hint: Hint) -> None:
    hint("config", "set", "engine.gpu_layers", "3")
    assert hint("config", "set", "engine.gpu_layers", "-1").returncode == 0
    assert hint("config", "get", "engine.gpu_layers").stdout == "-1\n"


def test_unset_says_what_it_did(hint: Hint) -> None:
    hint("config", "set", "model", "a")
    for said in ("model is no longer set", "model is not set: its default holds"):
        done = hint("config", "unset", "model")
        assert (done.returncode, done.stdout) == (0, "")
        assert said in done.stderr
    assert hint("config", "get", "model").stdout == "\n"
    done = hint("config", "unset", "modle")
    assert done.returncode == 2
    assert "Did you mean model?" in done.stderr


def test_path_works_when_the_file_does_not(hint: Hint, paths: Any) -> None:
    paths.config_file.parent.mkdir(parents=True)
    paths.config_file.write_text("[")
    assert hint("config", "path").stdout == f"{paths.config_file}\n"
    done = hint("config", "show")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 2


def test_a_value_cannot_touch_the_terminal(hint: Hint) -> None:
    hint("config", "set", "system", "\x9b2J\x1b]52;c;eA==\x07\u202e")
    for arguments in ("show", "show --json", "get system", "get system --json"):
        shown = hint("config", *arguments.split()).stdout
        assert not {"\x9b", "\x1b", "\x07", "\u202e"} & set(shown)


def test_every_setting_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    for key in configuration.flat(Config()):
        assert f"`{key}`" in page, key
