"""What is copied, and what a terminal, tmux and screen are sent for it."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from hinterland import copying
from hinterland.errors import InputError, StorageError
from hinterland.turns import Turn

ANSWER = """Two ways:

```python
first()
```

or, in a list:

  ~~~~sh
  ls ```
  ~~~~

That is all.
"""


def turns(*answers: str) -> list[Turn]:
    return [Turn(id=str(n), created=n, prompt="?", answer=said) for n, said in enumerate(answers)]


@pytest.mark.parametrize(
    ("typed", "copied"),
    [
        ("", "last"),
        ("1", "last"),
        ("2", ANSWER.strip("\n")),
        ("code 2", "  ls ```"),
        ("code 2 out.sh", "  ls ```"),
        ("3", "first"),
    ],
)
def test_what_is_copied(typed: str, copied: str) -> None:
    said = [*turns("first", ANSWER, "last"), Turn(id="s", created=9, prompt="", replaces=("0",))]
    assert copying.text_of(said, copying.read(typed)) == copied


def test_what_is_typed() -> None:
    assert copying.read("notes of today.md") == (False, 1, "notes of today.md")
    assert copying.read("code 3 'my file'") == (True, 3, "my file")
    assert copying.read("./2") == (False, 1, "./2")
    assert copying.read("codes.txt") == (False, 1, "codes.txt")


@pytest.mark.parametrize("typed", ["", "4", "code"])
def test_nothing_to_copy(typed: str) -> None:
    with pytest.raises(InputError):
        copying.text_of(turns() if not typed else turns("a", "b"), copying.read(typed))


def content(sequence: str) -> str:
    encoded = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert encoded
    return base64.b64decode(encoded[1]).decode()


def test_the_sequence_and_what_it_is_wrapped_in() -> None:
    text = "日本 " * 2000 + "\x1b[201~rm -rf"
    safe = text.replace("\x1b", "␛")
    bare = copying.sequence(text, {"TERM": "xterm-256color"})
    assert content(bare) == safe
    tmux = copying.sequence(text, {"TERM": "screen-256color", "TMUX": "/tmp/x,1,0"})
    passed = re.fullmatch(r"(.*)\x1bPtmux;(.*)\x1b\\", tmux, re.DOTALL)
    assert passed
    assert passed[1] == bare == passed[2].replace("\x1b\x1b", "\x1b")
    screen = copying.sequence(text, {"TERM": "xterm", "STY": "1.tty"})
    chunks = re.findall(r"\x1bP(.*?)\x1b\\", screen, re.DOTALL)
    assert "".join(chunks) == bare
    assert "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks) == screen
    assert max(map(len, chunks)) < 252


def test_what_is_too_large_is_not_sent_in_part() -> None:
    assert content(copying.sequence("x" * copying.LARGEST, {}))
    with pytest.raises(InputError, match="74,995") as refused:
        copying.sequence("x" * (copying.LARGEST + 1), {})
    assert "/copy FILE" in refused.value.hint


def test_a_file_is_new_and_private(tmp_path: Path) -> None:
    path = copying.save("text", str(tmp_path / "a.md"))
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("text\n", 0o600)
    with pytest.raises(InputError, match="already"):
        copying.save("other", str(path))
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError):
        copying.save("other", str(tmp_path / "link"))
    with pytest.raises(StorageError):
        copying.save("text", str(tmp_path / "no" / "a.md"))
    assert path.read_text() == "text\n"
