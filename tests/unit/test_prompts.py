"""Prompt files: the shipped ones, those that take their place, and what is wrong with a bad one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hinterland.prompts
from hinterland.errors import ConfigError, InputError
from hinterland.prompts import load

SHIPPED = sorted(file.stem for file in Path(hinterland.prompts.__file__).parent.glob("*.md"))
HEAD = "---\ndescription: mine\n---\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The file that takes the place of the shipped `attach`."""
    (tmp_path / "prompts").mkdir()
    return tmp_path / "prompts" / "attach.md"


def refusal(own: Path, text: str, **values: object) -> str:
    """Return the sentence with which the prompt is refused; it names the file and has a hint."""
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load("attach", own.parent.parent).render(**values)
    assert caught.value.hint and str(own) in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value.message


def test_only_prompts_in_use_are_shipped() -> None:
    assert SHIPPED == ["attach", "compact", "default", "title", "triage-facts"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_prompt_can_be_read(name: str) -> None:
    assert load(name, None).description


def test_the_default_system_prompt_is_the_models_own() -> None:
    assert load("default", None).system == ""


def test_a_file_of_ones_own_takes_the_place_of_the_shipped_one(own: Path) -> None:
    own.write_bytes(
        "\ufeff---\r\ndescription: mine: all mine\r\n---\r\n\r\n# system\r\n\r\nBe brief.\r\n"
        "Be kind.\r\n\r\n# user\r\n\r\n## Question\r\n{{ prompt }}\r\n\r\n".encode()
    )
    found = load("attach", own.parent.parent)
    assert found.description == "mine: all mine"
    assert found.system == "Be brief.\nBe kind."
    assert found.render(prompt="Why?") == "## Question\nWhy?"
    assert load("default", own.parent.parent) == load("default", None)


def test_a_template_may_be_plain_text(own: Path) -> None:
    own.write_text(HEAD + "# user\nJust this.")
    assert load("attach", own.parent.parent).render() == "Just this."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: it has to begin with a line '---'"),
        ("Hello\n", "line 1: it has to begin with a line '---'"),
        ("---\ndescription: x\n", "line 2: the header is not closed"),
        ("---\n---\n", "line 2: the header lacks a 'description'"),
        ("---\ndescription:\n---\n", "line 3: the header lacks a 'description'"),
        ("---\ndescription\n---\n", "line 2: a line of the header is written 'key: value'"),
        ("---\ndescription: x\ntitle: y\n---\n", "line 3: the header has no key 'title'"),
        ("---\ndescription: x\ndescription: y\n---\n", "line 3: 'description' is given twice"),
        (HEAD + "\nHello\n", "line 5: text has to stand under"),
        (HEAD + "# user\na\n# user\nb\n", "line 6: there is a second '# user'"),
        (HEAD + "# system\na\n# system\n", "line 6: there is a second '# system'"),
        (HEAD + "# user\n\n\na {{ prompt\n", "line 7: unexpected end of template"),
        (HEAD + "# system\nx\n# user\n\na\n{{ promt }}\n", "line 9: 'promt' is undefined"),
        (HEAD + "# user\na\n{{ prompt.text }}\n", "line 6: 'str object' has no attribute 'text'"),
        (HEAD + "# user\n{{ 1 / 0 }}\n", "line 5: division by zero"),
        (HEAD + "# user\n{{ prompt | nope }}\n", "line 5: No filter named 'nope'"),
        (HEAD + "# user\n{% include 'x' %}\n", "line 5: no loader"),
        (HEAD + "# user\n{{ prompt.__class__ }}\n", "line 5: access to attribute '__class__'"),
        (HEAD + "# user\n{% for i in range(10 ** 9) %}x{% endfor %}\n", "line 5: Range too big"),
        (HEAD + "# user\n{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}\n", "line 5: maximum rec"),
    ],
)
def test_a_bad_file_says_which_line_and_why(own: Path, text: str, why: str) -> None:
    assert why in refusal(own, text, prompt="Why?")


def test_a_file_of_another_encoding_is_refused(own: Path) -> None:
    own.write_bytes("---\ndescription: café".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"is not UTF-8 text \(byte 20\)"):
        load("attach", own.parent.parent)


def test_a_folder_in_its_place_is_refused(own: Path) -> None:
    own.mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load("attach", own.parent.parent)


def test_an_unknown_name_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no prompt named 'nope'") as caught:
        load("nope", tmp_path)
    assert str(tmp_path / "prompts" / "nope.md") in caught.value.hint


@pytest.mark.parametrize("name", ["", "../config", "a/b", "A", "a.md", "a\n"])
def test_a_name_cannot_lead_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be the name of a prompt"):
        load(name, tmp_path)


def test_what_is_put_in_is_no_template(own: Path) -> None:
    own.write_text(HEAD + "# user\n<{{ prompt }}>")
    found = load("attach", own.parent.parent).render(prompt="{{ 7 * 7 }}{% x %} & <b>")
    assert found == "<{{ 7 * 7 }}{% x %} & <b>>"


def test_reading_a_prompt_imports_no_jinja() -> None:
    script = "import sys; from hinterland.prompts import load; load('default', None).render(); "
    seen = subprocess.run(
        [sys.executable, "-c", script + "print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "jinja2" not in seen
