"""Answers that do not end by themselves, on a real box: they stop, and whoever asked is told the truth."""

from __future__ import annotations

import json

import pytest

from tests.box.boxes import running
from tests.box.throwaway import MODEL, Root

STORY = "Tell a long story about a village."
TOLD = "the answer was cut off: an answer has at most 24 tokens here"
REST = '; `hint ask -c "go on"` asks for the rest'


@pytest.mark.model
def test_an_answer_without_end_stops_and_its_reader_is_told_how_it_goes_on(box_root: Root) -> None:
    settings = box_root.path("/etc/hinterland/box.toml")
    settings.parent.mkdir()
    settings.write_text("[limits]\nanswer = 24\n")
    roles = settings.with_name("roles")
    with running(box_root, MODEL):
        assert settings.read_text() == "[limits]\nanswer = 24\n", "setup leaves it as it was"
        for wished in ((), ("--max-tokens", "500")):
            asked = box_root.hint("ask", "--json", *wished, STORY, user="u00")
            said = json.loads(asked.stdout)
            assert (said["finish_reason"], said["usage"]["completion_tokens"]) == ("length", 24)
            assert f"hint: {TOLD}{REST}\n" in asked.stderr
        rest = box_root.hint("ask", "-c", "go on", user="u00")
        assert (rest.returncode, bool(rest.stdout.strip())) == (0, True), rest.stderr

        alone = box_root.hint("ask", "--no-history", STORY, user="u00")
        assert f"hint: {TOLD}\n" in alone.stderr, "there is nothing to go on with"
        shorter = box_root.hint("ask", "--max-tokens", "5", STORY, user="u00")
        assert "the answer was cut off: --max-tokens 5\n" in shorter.stderr

        lines = box_root.hint("chat", "--plain", user="u00", input=f"{STORY}\n")
        assert "hint: cut off: an answer has at most 24 tokens here; /continue" in lines.stderr

        box_root.add_group("class-5a")
        box_root.must("gpasswd", "-a", "u01", "class-5a")
        (roles / "5a.toml").write_text('group = "class-5a"\n[limits]\nanswer = 9\n')
        pupil = box_root.hint("ask", STORY, user="u01")
        assert "an answer has at most 9 tokens here" in pupil.stderr
