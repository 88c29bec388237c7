"""`hint ask`, as scripts and people use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hinterland.paths import Paths
from tests.running import Hint, running_status

HOSTILE = "a\x1b]52;c;aGk=\x07b\x1b[2Jc\x9b31md\u202ee\u2066f\x00g\rh"
FORBIDDEN = {chr(code) for code in (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))} | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def test_the_prompt_may_be_words_standard_input_or_both(warm_hint: Hint) -> None:
    assert warm_hint("ask", "-m", "echo", "two", "words").stdout == "two words\n"
    assert warm_hint("ask", "-m", "echo", input="piped in\n").stdout == "piped in\n"
    both = warm_hint("ask", "-m", "echo", "Summarise:", input="the text").stdout
    assert "the text" in both
    assert "Summarise:" in both


def test_documents_are_attached(hint: Hint, tmp_path: Path) -> None:
    first, second = tmp_path / "one.txt", tmp_path / "two.md"
    first.write_text("Water boils at 100 degrees.")
    second.write_text("# Notes\n\n水在一百度沸腾。")
    said = hint("ask", "-m", "echo", "-f", str(first), "-f", str(second), "Why?").stdout
    assert "Why?" in hint("history", "list").stdout
    for part in ("one.txt", "Water boils", "two.md", "水在一百度沸腾", "Why?"):
        assert part in said


def test_the_envelope_says_all_there_is(hint: Hint) -> None:
    ended = hint("ask", "-m", "echo", "--json", "--system", "Be kind.", "one two three")
    envelope = json.loads(ended.stdout)
    assert envelope["answer"] == "one two three"
    assert envelope["finish_reason"] == "stop"
    assert envelope["usage"] == {"prompt_tokens": 5, "completion_tokens": 3, "cached_tokens": 0}
    assert envelope["model"] == "echo"
    assert {"reasoning", "timings", "conversation_id", "turn_id"} <= envelope.keys()
    assert json.loads(hint("history", "show", "--json").stdout)["id"] == envelope["conversation_id"]


def test_continue_sends_what_was_said_before(hint: Hint) -> None:
    first = json.loads(hint("ask", "-m", "echo", "--json", "my name is Amina").stdout)
    second = json.loads(hint("ask", "--continue", "--json", "what is my name?").stdout)
    assert second["conversation_id"] == first["conversation_id"]
    assert second["usage"]["prompt_tokens"] == 4 + 4 + 4  # prompt, answer, prompt
    turns = json.loads(hint("history", "show", "--json").stdout)["turns"]
    assert [turn["prompt"] for turn in turns] == ["my name is Amina", "what is my name?"]


def test_max_tokens_is_said_and_not_silent(warm_hint: Hint) -> None:
    ended = warm_hint("ask", "-m", "echo", "--max-tokens", "2", "one two three")
    assert ended.stdout.split() == ["one", "two"]
    assert ended.returncode == 0
    assert "--max-tokens 2" in ended.stderr


def test_foreign_text_cannot_touch_the_terminal(hint: Hint) -> None:
    asked = hint("ask", "-m", "echo", input=HOSTILE.replace("\x00", ""))
    shown = hint("history", "show")
    listed = hint("history", "list")
    found = hint("history", "search", "hg")
    for ended in (asked, shown, listed, found):
        assert not FORBIDDEN & set(ended.stdout + ended.stderr), ascii(ended.stdout)
    assert "]52;c;aGk=" in asked.stdout
    exact = json.loads(hint("history", "show", "--json").stdout)["turns"][0]["answer"]
    assert "\x1b]52" in exact


def test_raw_keeps_the_bytes(warm_hint: Hint) -> None:
    assert warm_hint("ask", "-m", "echo", "--raw", "a\x1b[1mb").stdout == "a\x1b[1mb\n"


@pytest.mark.parametrize("text", ["你好，世界", "مرحبا بالعالم", "👩‍👩‍👧 🇳🇱 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301 ñ"])
def test_other_scripts_come_back_as_they_went(text: str, warm_hint: Hint) -> None:
    assert warm_hint("ask", "-m", "echo", text).stdout == text + "\n"


def test_no_ansi_when_stdout_is_not_a_terminal(warm_hint: Hint) -> None:
    assert "\x1b" not in warm_hint("ask", "-m", "echo", "**bold** `code`\n\n# Title").stdout


@pytest.mark.model
def test_the_second_ask_finds_the_model_loaded(hint: Hint, small_model: str) -> None:
    first = hint("ask", "-m", small_model, "--max-tokens", "8", "Say hello.")
    worker = running_status().workers[0].pid
    second = hint("ask", "-m", small_model, "--max-tokens", "8", "Say hello.")
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.strip()
    assert [w.pid for w in running_status().workers] == [worker]


@pytest.mark.model
def test_a_schema_shapes_the_answer(hint: Hint, small_model: str, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(
        json.dumps(
            {
                "type": "object",
                "properties": {"hot": {"type": "boolean"}, "colour": {"enum": ["red", "blue"]}},
                "required": ["hot", "colour"],
                "additionalProperties": False,
            }
        )
    )
    ended = hint("ask", "-m", small_model, "--schema", str(schema), "Describe fire.")
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert isinstance(answer["hot"], bool)
    assert answer["colour"] in ("red", "blue")


def test_a_system_prompt_comes_from_the_option_the_settings_or_the_prompt_file(
    hint: Hint, paths: Paths
) -> None:
    def system() -> str | None:
        asked = json.loads(hint("ask", "-m", "echo", "--json", "hello").stdout)
        shown = json.loads(hint("history", "show", "--json", asked["conversation_id"]).stdout)
        found: str | None = shown["turns"][0].get("system")
        return found

    assert system() is None
    prompts = paths.config / "prompts"
    prompts.mkdir(parents=True)
    (prompts / "default.md").write_text("---\ndescription: Ours.\n---\n# system\n\nBe brief.\n")
    assert system() == "Be brief."
    assert hint("config", "set", "system", "Answer in French.").returncode == 0
    assert system() == "Answer in French."
