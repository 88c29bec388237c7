"""TOML that is nested, or written, as nobody means it: every file that people edit is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from hinterland import config, site, toml_text
from hinterland.config_words import from_words
from hinterland.errors import ConfigError, HinterlandError
from hinterland.models import catalog
from hinterland.plugins.diagnosis.rules import checked_toml
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.translation import profiles
from hinterland.plugins.tutoring.words import load as words
from tests.running import Hint

LISTS = "# a file\nlanguage = " + "[" * 5000
BAD = {
    "open lists": (LISTS, "Nested more than 64 levels deep (at line 2)"),
    "lists": (LISTS + "]" * 5000, "Nested more than 64 levels deep (at line 2)"),
    "tables": ("\n\na = " + "{a = " * 5000, "Nested more than 64 levels deep (at line 3)"),
    "a few too many": ("a = " + "[" * 66 + "]" * 66, "Nested more than 64 levels deep (at line 1)"),
    "a section": (f"[{'.'.join('a' * 3000)}]\n", "Nested more than 64 levels deep (at line 1)"),
    # By itself tomllib would take gigabytes for these, and so bring the machine down.
    "a key": (
        f"b = 1\n{'.'.join('a' * 100_000)} = 1",
        "Nested more than 64 levels deep (at line 2)",
    ),
    "quoted": (
        f""" "a b" . {"'b'." * 50_000} c = 1""",
        "Nested more than 64 levels deep (at line 1)",
    ),
    "digits": ("b = 1\na = " + "1" * 5000, "A number has too many digits (at line 2)"),
    "no TOML": ("a = 1\nb = c", "Invalid value (at line 2, column 5)"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_one_kind_of_error(text: str, said: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        toml_text.loads(text)
    assert str(caught.value) == said


def test_what_people_write_is_read_as_it_is() -> None:
    text = """
    words = '''
    1.2.3. and so on, a.b.c.d'''
    [a."b.c".d]
    lists = [[1, [2]], {e = "f"}]
    """
    assert toml_text.loads(text) == tomllib.loads(text)
    assert toml_text.loads("a = " + "[" * 64 + "]" * 64)


def _read_profile(file: Path) -> None:
    folder = file.parent / profiles.FOLDER
    folder.mkdir()
    file.rename(folder / "mine.toml")
    profiles.load(file.parent)


def _read_words(file: Path) -> None:
    folder = file.parent / "tutor"
    folder.mkdir()
    file.rename(folder / "en.toml")
    words("en", file.parent)


READERS: dict[str, Callable[[Path], object]] = {
    "settings": config.load,
    "box": site.read,
    "catalogue": catalog.read,
    "rules": lambda file: checked_toml.read(file, Case),
    "family": _read_profile,
    "words of the tutor": _read_words,
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("how", ["open lists", "section", "digits"])
def test_every_file_that_people_edit_is_refused(kind: str, how: str, tmp_path: Path) -> None:
    file = tmp_path / "file.toml"
    file.write_text(next(text for name, (text, _) in BAD.items() if how in name))
    with pytest.raises(HinterlandError) as caught:
        READERS[kind](file)
    assert ".toml" in caught.value.message


def test_a_list_that_is_typed_is_refused() -> None:
    with pytest.raises(ConfigError):
        from_words("plugins", "[" * 5000)


@pytest.mark.parametrize("how", ["open lists", "a section", "a key", "digits"])
def test_a_command_says_which_file_it_is(how: str, hint: Hint, home: Path) -> None:
    text, said = BAD[how]
    file = home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f"# language\n{text}")
    for command in (("config", "show"), ("config", "set", "model", "echo"), ("ask", "Hello")):
        ended = hint(*command)
        assert ended.returncode == 2, ended.stderr
        assert str(file) in ended.stderr
        assert said.split(" (")[0] in ended.stderr
        assert "Traceback" not in ended.stderr
    assert file.read_text().endswith(text)


@pytest.mark.parametrize("read", [site.read, config.load])
def test_a_file_in_another_encoding_is_said_to_be_so(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes('# one\ngroup = "élèves"\n'.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        read(file)
    said = "cannot be used: It is not UTF-8 text (at line 2)."
    assert caught.value.message.endswith(said)
