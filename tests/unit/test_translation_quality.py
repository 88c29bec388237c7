"""Scores of translations: what they are, and what cannot be compared."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hinterland.batch.running import Target
from hinterland.engine.echo import EchoEngine
from hinterland.errors import InputError
from hinterland.plugins import languages
from hinterland.plugins.translation import job
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.memory import Keyed, Memory
from hinterland.plugins.translation.pipeline import Asking, Pair, Tally, Translated, Translator
from hinterland.plugins.translation.profiles import profile_of
from hinterland.plugins.translation.quality import score
from hinterland.plugins.translation.quality.back import Report, WayBack
from hinterland.plugins.translation.quality.reference import Reference
from hinterland.plugins.translation.units import Code, Unit


def test_a_score_is_that_of_the_paper_and_says_how_it_was_counted() -> None:
    found = score.against(
        ["The cat sat on the mat.", "It rains."], ["The cat sat on the mat.", "It rains."], "en"
    )
    assert (found.segments, found.chrf) == (2, 100.0)
    assert found.bleu == pytest.approx(100.0)
    near = score.against(["Niemand hat die Absicht"], ["Niemand hatte die Absicht"], "de")
    far = score.against(["Alle bauen heute Mauern"], ["Niemand hatte die Absicht"], "de")
    assert 0 <= far.chrf < 20 < near.chrf < 100
    assert "tok:13a" in near.bleu_signature
    assert "nc:6" in near.chrf_signature
    assert not near.by_character


@pytest.mark.parametrize(
    ("language", "tokenizer"),
    [("fr", "13a"), ("zh-Hant", "zh"), ("zh_CN", "zh"), ("ja", "char"), ("th-TH", "char")],
)
def test_languages_without_spaces_are_counted_without_fetching_a_dictionary(
    language: str, tokenizer: str
) -> None:
    assert score.tokenizer_of(language) == tokenizer
    found = score.against(["我今天去学校了吗"], ["我今天去学校了呢"], language)
    assert f"tok:{tokenizer}" in found.bleu_signature
    assert found.by_character is (tokenizer == "char")
    if tokenizer != "13a":
        assert 50 < found.bleu < 100


def test_a_segment_that_stayed_as_it_was_scores_what_its_letters_share() -> None:
    assert score.chrf_of("", "") == 100
    assert score.chrf_of("", "Rien") == 0
    assert score.chrf_of("Open the door", "Ouvrez la porte") < 30
    assert score.chrf_of("Ouvrez la porte", "Ouvrez la porte") == 100


def test_what_does_not_fit_together_is_said_with_its_numbers() -> None:
    with pytest.raises(InputError, match="has 1 segments and the reference 2"):
        score.against(["a"], ["a", "b"], "fr")
    with pytest.raises(InputError, match="nothing to compare"):
        score.against([], [], "fr")


def test_nothing_is_said_or_written_besides(tmp_path: object) -> None:
    """Sacrebleu advises on stderr about tokenized periods; it also has a folder for downloads."""
    code = (
        "from hinterland.plugins.translation.quality import score\n"
        "import sys; assert 'sacrebleu' not in sys.modules\n"
        "score.against(['a b c .'] * 200, ['a b c .'] * 200, 'en')"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": ""},
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


class Made:
    """Translates with an engine that answers as it is told, and remembers nothing beyond itself."""

    def __init__(self, folder: Path, answer: Callable[[str], str]) -> None:
        self._folder = folder
        self.engine = EchoEngine(answer=lambda request: answer(request.messages[-1].content))

    @contextmanager
    def translator(self, source: str, target: str) -> Iterator[Translator]:
        pair, tally = Pair(languages.find(source), languages.find(target)), Tally()
        asking = Asking(pair, profile_of(["echo"]), tally=tally)
        with Memory(self._folder / target, Keyed(source, target, "made")) as memory:
            yield Translator([Target(self.engine, workers=3)], asking, memory)

    async def there(self, units: list[Unit], heard: Callable[[Translated], None]) -> None:
        with self.translator("en", "fr") as translator:
            async for done in translator.translate(units):
                heard(done)


def test_the_worst_of_what_comes_back_is_listed_first(tmp_path: Path) -> None:
    """Each segment goes there and back by itself; what was not translated does not go."""
    french = {
        "The well is deep.": "Le puits est profond.",
        "The bread is warm.": "Le pain est chaud.",
        "The gate is shut.": "",
        "Bring <x1/> at once.": "Apportez <x1/> tout de suite.",
        "The barn is full.": "La grange est pleine.",
    }
    english = {
        "Le puits est profond.": "The well is deep.",
        "Le pain est chaud.": "The bread is hot.",
        "Apportez <x1/> tout de suite.": "Bring <x1/> right now.",
        "La grange est pleine.": "",
    }
    units = [
        Unit(parts=("The well is deep. The bread is warm.",), note="line 1"),
        Unit(parts=("The gate is shut.",), note="line 2"),
        Unit(parts=("Bring ", Code("%s"), " at once."), note="line 3"),
        Unit(parts=("The barn is full.",), note="line 4"),
        Unit(parts=("42",), note="line 5"),
    ]
    made = Made(tmp_path, lambda text: (french | english)[text])

    async def go() -> Report:
        with WayBack(worst=3) as way_back:
            await made.there(units, way_back.add)
            with made.translator("fr", "en") as translator:
                return await way_back.go(translator)

    report = asyncio.run(go())
    assert (report.segments, report.lost) == (4, 1)
    assert [each.note for each in report.worst] == ["line 4", "line 3", "line 1"]
    lost, other, near = report.worst
    assert (lost.chrf, lost.back) == (0, "")
    assert lost.trouble
    assert 0 < other.chrf < near.chrf < 100
    assert (near.source, near.back) == ("The bread is warm.", "The bread is hot.")
    assert report.mean == pytest.approx((0 + other.chrf + near.chrf + 100) / 4)


REFERENCE = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

#, c-format
msgid "Cannot open %s"
msgstr "Impossible d'ouvrir %s"

#, c-format
msgid "Line %d of %s"
msgstr "%2$s, ligne %1$d"

#, fuzzy
msgid "The gate is shut."
msgstr "Le portail est vert."

msgid "The well is deep."
msgstr "Le puits est profond."
"""


def test_a_catalogue_is_compared_message_by_message_and_keeps_its_placeholders(
    tmp_path: Path,
) -> None:
    """What stays as it was counts as its source; a fuzzy message of the reference does not count."""
    source = tmp_path / "in.po"
    source.write_text(re.sub('msgstr "[^C].*"', 'msgstr ""', REFERENCE).replace("#, fuzzy\n", ""))
    french = {
        "Cannot open <x1/>": "Impossible d'ouvrir <x1/>",
        "Line <x1/> of <x2/>": "<x2/>, ligne <x1/>",
        "The gate is shut.": "Le portail est clos.",
        "The well is deep.": "",
    }
    wishes = Wishes(target="fr")
    given = job.Source("ref.po", REFERENCE.encode(), "po")
    reference = Reference(given, wishes)
    units = list(job.read(str(source), None).open(wishes).units())
    asyncio.run(Made(tmp_path, lambda text: french[text]).there(units, reference.add))
    reference.check()
    assert reference.ours == [*reference.theirs[:2], "The well is deep."]
    assert reference.theirs == ["Impossible d'ouvrir %s", "%s, ligne %d", "Le puits est profond."]


def test_a_reference_with_other_parts_is_refused(tmp_path: Path) -> None:
    units = [Unit(parts=(f"The {name} is here.",)) for name in ("nurse", "baker")]
    made = Made(tmp_path, lambda text: "Elle est ici.")
    for text in ("Une seule.\n", "Une.\n\nDeux.\n\nTrois.\n"):
        reference = Reference(job.Source("ref.txt", text.encode(), "text"), Wishes(target="fr"))

        async def compare(reference: Reference = reference) -> None:
            await made.there(units, reference.add)
            reference.check()

        with pytest.raises(InputError, match=r"ref\.txt is not a translation of the same document"):
            asyncio.run(compare())
