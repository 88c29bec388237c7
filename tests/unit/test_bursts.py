"""Lines pasted into a terminal that does not bracket pastes are told from typed ones."""

from __future__ import annotations

import pytest
from textual import events

from hinterland.tui.bursts import BurstParser, is_burst


def _fed(*reads: str) -> list[str]:
    parser = BurstParser()
    found = []
    for read in reads:
        for event in parser.feed(read):
            if isinstance(event, events.Paste):
                found.append(f"paste {event.text!r}")
            elif isinstance(event, events.Key):
                found.append(event.key)
    return found


@pytest.mark.parametrize(
    "typed", ["a", "hello\r", "\r", "yes\rnext", "\r\r", "a\x7f\rbcdefghijklm"]
)
def test_typed_keys_stay_keys(typed: str) -> None:
    assert not is_burst(typed)
    assert "enter" in _fed(typed) or "\r" not in typed


def test_pasted_lines_are_a_paste_to_their_last_end() -> None:
    assert _fed("one\rtwo\rthr", "ee\r") == ["paste 'one\\rtwo\\rthr'", "paste 'ee\\r'"]
    assert _fed("a line\rand another one") == ["paste 'a line\\rand another one'"]


def test_a_bracketed_paste_is_left_alone_however_it_is_cut() -> None:
    text = "one\rtwo\rthree\rfour\r"
    whole = f"\x1b[200~{text}\x1b[201~x"
    for cut in range(1, len(whole)):
        assert _fed(whole[:cut], whole[cut:]) == [f"paste {text!r}", "x"]
