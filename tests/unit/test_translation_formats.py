"""Every document of tests/data/translation through every format: nothing but the words changes."""

from __future__ import annotations

import pytest

from hinterland.plugins.translation.formats import FORMATS, format_of
from tests.translation_documents import (
    FOLDER,
    RealFile,
    forms_with_files,
    identity,
    marked,
    nasty,
    real_files,
)

_ALL = [real for form in forms_with_files() for real in real_files(form)]


def test_every_format_has_real_documents() -> None:
    assert set(FORMATS) == set(forms_with_files()) == {path.name for path in FOLDER.iterdir()}
    for form in FORMATS:
        assert len(real_files(form)) >= 3, form


@pytest.mark.parametrize("real", _ALL, ids=str)
class TestARealDocument:
    def test_says_its_format_by_its_name(self, real: RealFile) -> None:
        assert format_of(real.path.name) == real.form

    def test_stays_as_it_is_when_nothing_is_translated(self, real: RealFile) -> None:
        assert identity(real.path.read_bytes(), real.form, real.wishes)

    def test_changes_in_its_words_alone(self, real: RealFile) -> None:
        data = real.path.read_bytes()
        assert marked(data, real.form, real.wishes) != data


# In this one a heading stands above a line of dashes, where any pipe makes a table, and sentences of
# one paragraph are units of their own, where a $ in each of two makes a formula.
_TOO_NASTY = {"markdown/pyenv.md"}


@pytest.mark.parametrize("real", [real for real in _ALL if str(real) not in _TOO_NASTY], ids=str)
def test_words_that_look_like_mark_up_stay_words(real: RealFile) -> None:
    marked(real.path.read_bytes(), real.form, real.wishes, mark=nasty)
