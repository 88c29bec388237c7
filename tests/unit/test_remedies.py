"""What people of a shared box are told to do, or to hand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland import remedies
from hinterland.errors import ModelError
from hinterland.sentences import sentence


@pytest.mark.parametrize(
    ("hint", "on_a_box"),
    [
        ("`hint models pull a` fetches it.", "`hint box setup --model a` fetches it."),
        (
            "`hint models pull a --accept-licence`",
            "`hint box setup --model a --accept-licence`",
        ),
        (
            "`hint models recommend` names some; `hint models add MODEL --mmproj FILE` adds one.",
            "`hint models recommend` names some; `hint models add MODEL --mmproj FILE` adds one.",
        ),
        ("`hint models add FILE --type llama`", "`hint models add FILE --type llama`"),
    ],
)
def test_a_box_is_never_set_up_with_what_setup_does_not_know(
    hint: str, on_a_box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "box.toml").write_text("")
    monkeypatch.setenv("HINTERLAND_SITE", str(tmp_path))
    assert remedies.of_error(hint).endswith(on_a_box)


def test_screens_advise_what_commands_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINTERLAND_SITE", str(tmp_path))
    error = ModelError("There is no model.", "`hint models pull starter` fetches one.")
    assert sentence(error) == "There is no model. `hint models pull starter` fetches one."
    (tmp_path / "box.toml").write_text("")
    assert sentence(error).endswith("`hint box setup --model starter` fetches one.")
