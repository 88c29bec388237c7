"""Word files as units and back: nothing but the words changes, and what is broken is refused."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings

from hinterland.confined import Limits
from hinterland.plugins.translation.formats import docx as word_format
from tests.translation_documents import accented, identity, marked
from tests.word_documents import frames, seen, stories, word_file

_PLAIN = str.maketrans("àéîõûýÀÉÎÕÛÝ", "aeiouyAEIOUY", "ŋ")


def read_here(_reader: str, data: bytes, _limits: Limits) -> object:
    """Read as the confined process does, without the time that each process takes."""
    import msgspec

    from hinterland.plugins.translation.formats.docx.reading import read

    return msgspec.msgpack.decode(msgspec.msgpack.encode(read(data)))


@pytest.fixture(scope="module")
def in_this_process() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_format, "run", read_here)
        yield


@pytest.mark.usefixtures("in_this_process")
class TestAnyDocument:
    @settings(max_examples=int(__import__('os').environ.get('N','20')), phases=[Phase.generate])
    @given(stories, stories, stories)
    def test_stays_as_it_is_but_for_its_words(self, body: str, footer: str, notes: str) -> None:
        data = word_file(body, footer, notes)
        identity(data, "docx")
        out = marked(data, "docx", mark=accented)
        assert frames(out) == frames(data)
        unmarked = [[(look, text.translate(_PLAIN)) for look, text in each] for each in seen(out)]
        assert unmarked == seen(data)
