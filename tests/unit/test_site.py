"""What is said of a `box.toml` that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland import site
from hinterland.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (
            "[limits]\nat_onse = 3",
            "[limits] at_onse is no setting.",
            "Did you mean [limits] at_once?",
        ),
        ("gruop = 'x'", "gruop is no setting.", "Did you mean group?"),
        ("at_once = 3", "at_once is no setting.", "Did you mean [limits] at_once?"),
        ("teachers_weight = 'x'", "teachers_weight: Expected `float`", "Mend it as root"),
        ("group = x", "(at line 1, column 9)", "Mend it as root"),
    ],
)
def test_a_misspelt_setting_is_named_and_the_right_one_too(
    tmp_path: Path, text: str, said: str, hint: str
) -> None:
    file = tmp_path / "box.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        site.read(file)
    assert said in caught.value.message
    assert caught.value.hint.startswith(hint)
