"""Segments go through an engine and come back in order; what is unfit is asked once more, then flagged."""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from hinterland.batch import running
from hinterland.batch.running import Target
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Event, Failed, Request
from hinterland.plugins import languages
from hinterland.plugins.translation import job, profiles
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.memory import Keyed, Memory
from hinterland.plugins.translation.pipeline import (
    Asking,
    Manner,
    Pair,
    Tally,
    Translated,
    Translator,
)
from hinterland.plugins.translation.terms import Term, TermBase
from hinterland.plugins.translation.units import Code, Unit, text_of

PAIR = Pair(languages.find("en"), languages.find("fr"))
KEYED = Keyed("en", "fr", "model")
Answer = Callable[[str], str]


def source_of(request: Request) -> str:
    """Return what a request wants translated."""
    return request.messages[-1].content.rpartition("\n\n")[2]


class Engine(EchoEngine):
    """It answers with what a function makes of the text that is to be translated."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer=lambda request: answer(source_of(request)))


def upper(text: str) -> str:
    return text.upper()


async def translated(
    folder: Path,
    units: Iterable[Unit],
    engine: EchoEngine,
    *,
    family: str = "echo",
    terms: TermBase | None = None,
    workers: int = 4,
    uncovered: str = "",
    redo_flagged: bool = False,
) -> tuple[list[Translated], Tally]:
    tally = Tally()
    profile = profiles.load()[family]
    asking = Asking(PAIR, profile, terms, tally=tally)
    with Memory(folder, KEYED) as memory:
        translator = Translator(
            [Target(engine, None, workers)],
            asking,
            memory,
            Manner(uncovered, redo_flagged),
        )
        try:
            return [done async for done in translator.translate(units)], tally
        finally:
            await memory.close()


def run(
    folder: Path, units: Iterable[Unit], engine: EchoEngine, **options: Any
) -> list[Translated]:
    return asyncio.run(translated(folder, units, engine, **options))[0]


def unit(*texts: str | Code) -> Unit:
    return Unit(parts=texts)


def words(done: Translated) -> str | None:
    return None if done.parts is None else text_of(done.parts)


def test_units_come_back_in_order_whatever_takes_longest(tmp_path: Path) -> None:
    texts = [f"Sentence {'x' * (number * 37 % 101)} is here." for number in range(300)]

    class Slow(EchoEngine):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            for _turn in range(len(source_of(request)) % 7):
                await asyncio.sleep(0)
            async for event in super().stream(request):
                yield event

    done = run(tmp_path, [unit(text) for text in texts], Slow())

    assert [words(each) for each in done] == texts


def test_what_was_translated_is_not_asked_again(tmp_path: Path) -> None:
    units = [unit("One is here."), unit("Two is here."), unit("One is here.")]
    first, second = Engine(upper), Engine(upper)

    before = run(tmp_path, units, first, family="echo")
    after = run(tmp_path, units, second, family="echo")

    assert first.asked == 2  # the same sentence once, even while it is under way
    assert second.asked == 0
    assert [words(each) for each in after] == [words(each) for each in before]
    assert all(outcome.remembered for each in after for outcome in each.outcomes)


def test_an_unfit_answer_is_asked_for_once_more_in_another_way(tmp_path: Path) -> None:
    said: list[str] = []

    def answer(text: str) -> str:
        said.append(text)
        return text.upper() if len(said) > 1 else "nothing of the kind"

    (done,) = run(tmp_path, [unit("Take 5 mg of %s.")], Engine(answer))

    assert len(said) == 2 and said[0] != said[1]  # the marks look otherwise
    assert words(done) == "TAKE 5 mg OF %s."
    assert not done.flagged


def test_what_is_unfit_twice_stays_as_it_was_and_is_flagged_with_what_was_said(
    tmp_path: Path,
) -> None:
    engine = Engine(lambda text: "Take some.")
    units = [unit("Take 5 mg."), unit("Keep it.")]

    broken, kept = run(tmp_path, units, engine)
    again = run(tmp_path, units, Engine(upper))
    retried = run(tmp_path, units, Engine(upper), redo_flagged=True)

    (flagged,) = broken.flagged
    assert broken.parts is None and flagged.tried == "Take some."
    assert flagged.flag is not None and flagged.flag.kind in {"mark", "number"}
    assert words(kept) == "Take some."
    # It is remembered as flagged, with what was said, until somebody wants it tried again.
    assert [each.tried for each in again[0].flagged] == ["Take some."]
    assert words(retried[0]) == "TAKE 5 mg."


def test_one_bad_sentence_leaves_the_others_of_its_unit_translated(tmp_path: Path) -> None:
    engine = Engine(lambda text: "no" if "<x1/>" in text or "[[1]]" in text else text.upper())

    (done,) = run(tmp_path, [unit("This is fine. Take 5 mg now.")], engine)

    assert words(done) == "THIS IS FINE. Take 5 mg now."
    assert len(done.flagged) == 1


def test_a_forced_language_is_translated_and_flagged(tmp_path: Path) -> None:
    (done,) = run(
        tmp_path, [unit("This is fine.")], Engine(upper), uncovered="It does not cover French."
    )

    assert words(done) == "THIS IS FINE."
    assert [each.flag.kind for each in done.flagged if each.flag] == ["uncovered"]


def test_prescribed_terms_are_asked_for_and_checked(tmp_path: Path) -> None:
    terms = TermBase([Term("well", "puits")], "en", "fr")
    engine = EchoEngine(
        answer=lambda request: (
            "Creusez un puits profond." if "well = puits" in request.messages[-1].content else "?"
        )
    )
    other = Engine(lambda text: "Creusez une fosse profonde.")

    (kept,) = run(tmp_path / "a", [unit("Dig a deep well.")], engine, family="qwen", terms=terms)
    (broken,) = run(tmp_path / "b", [unit("Dig a deep well.")], other, family="qwen", terms=terms)

    assert words(kept) == "Creusez un puits profond."
    assert [each.flag.kind for each in broken.flagged if each.flag] == ["term"]
    assert "well → puits" in (broken.flagged[0].flag.sentence if broken.flagged[0].flag else "")


def test_neighbours_are_context_and_never_part_of_the_text(tmp_path: Path) -> None:
    engine = Engine(lambda text: {"Close": "Fermer"}.get(text, "Ouvrir le fichier"))

    run(
        tmp_path,
        [unit("Open the file"), Unit(parts=("Close",), context="menu"), unit("Open the file")],
        engine,
        family="qwen",
    )

    (asked,) = [each for each in engine.requests if source_of(each) == "Close"]
    assert "menu Open the file … Open the file" in asked.messages[0].content
    assert "menu" not in asked.messages[-1].content


def test_an_engine_that_dies_takes_no_segment_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_FIRST_PAUSE", 0.0)

    class Dying(EchoEngine):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            if self.asked % 5 == 4:
                self.asked += 1
                yield Failed("EngineError", "It has died.", "")
                return
            async for event in super().stream(request):
                yield event

    texts = [f"Sentence {number} is here." for number in range(50)]
    done = run(tmp_path, [unit(text) for text in texts], Dying())

    assert [words(each) for each in done] == texts
    assert not any(each.flagged for each in done)


def test_what_breaks_a_document_ends_the_run_and_keeps_what_was_done(tmp_path: Path) -> None:
    def units() -> Iterator[Unit]:
        yield unit("One is here.")
        raise ValueError("line 2")

    with pytest.raises(ValueError, match="line 2"):
        run(tmp_path, units(), Engine(upper))


def test_whoever_stops_reading_leaves_nothing_at_work(tmp_path: Path) -> None:
    """A disk that fills under the document: no worker may write into a memory that is closed."""

    class Full(BytesIO):
        def write(self, data: Any) -> int:
            if self.tell():
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    async def work() -> None:
        text = "\n\n".join(f"Village {number} has a well." for number in range(20))
        document = open_document(text.encode(), "text", Wishes(target="fr"))
        with Memory(tmp_path, KEYED) as memory:
            asking = Asking(PAIR, profiles.load()["echo"], tally=Tally())
            engine = EchoEngine(
                tokens_per_second=100, answer=lambda request: upper(source_of(request))
            )
            translator = Translator([Target(engine, None, 4)], asking, memory)
            with pytest.raises(OSError, match="No space"):
                await job.translate("it", document, Full(), translator)
            workers = [each for each in asyncio.all_tasks() if "Run." in str(each)]
            assert not workers
            await memory.close()

    asyncio.run(work())


def test_codes_come_back_from_the_memory_as_they_stand_in_each_place(tmp_path: Path) -> None:
    bold, end = Code("<b>"), Code("</b>")
    strong, stop = Code("<strong>"), Code("</strong>")

    run(tmp_path, [unit("Boil ", bold, "water", end, " now.")], Engine(upper))
    engine = Engine(upper)
    (done,) = run(tmp_path, [unit("Boil ", strong, "water", stop, " now.")], engine)

    assert engine.asked == 0
    assert done.parts == ("BOIL ", strong, "WATER", stop, " NOW.")


def test_what_its_format_cannot_write_stays_and_is_flagged(tmp_path: Path) -> None:
    """A model put a link inside a link, which Markdown has no way to write."""
    source = b"See [one](a) and [two](b) now.\n"
    document = open_document(source, "markdown", Wishes())
    out, tally = BytesIO(), Tally()

    def nested(text: str) -> str:
        return re.sub(r"^(.*?)(<g\d>.*?)(</g\d>)(.*?)(<g\d>.*?</g\d>)", r"\1\2\5\3\4", text)

    async def run_it() -> list[job.Flagged]:
        asking = Asking(PAIR, profiles.load()["echo"], tally=tally)
        with Memory(tmp_path, KEYED) as memory:
            translator = Translator([Target(Engine(nested))], asking, memory)
            flagged = await job.translate("a.md", document, out, translator)
            await memory.close()
            return flagged

    flagged = asyncio.run(run_it())

    assert out.getvalue() == source
    assert [each.outcome.flag.kind for each in flagged if each.outcome.flag] == [job.FORMAT]
    assert tally.flagged == {job.FORMAT: 1}
