"""A sheet through the pipeline: its language found, its rows cut, translated and told in groups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import accumulate

from textual.message import Message

from hinterland import paths
from hinterland.config import Config
from hinterland.engine.protocol import Event, Loading
from hinterland.errors import HinterlandError, InputError
from hinterland.language import _
from hinterland.plugins.translation import engines
from hinterland.plugins.translation.languages import Language, detect, find
from hinterland.plugins.translation.memory import Keyed, Memory, Remembered
from hinterland.plugins.translation.pipeline import Pair, Tally, Translated, Translator
from hinterland.plugins.translation.pipeline.asking import Asking
from hinterland.plugins.translation.screen.messages import (
    Doubted,
    Ended,
    Finished,
    SheetCut,
    Told,
)
from hinterland.plugins.translation.screen.messages import Translated as RowsTranslated
from hinterland.plugins.translation.screen.remembered import NoMemory
from hinterland.plugins.translation.screen.sheet import Sheet
from hinterland.plugins.translation.segments import Segment, cut
from hinterland.plugins.translation.units import Parts, codes_of, text_of
from hinterland.sentences import sentence, translated
from hinterland.text import clean_line

Post = Callable[[Message], object]

_TOGETHER = 0.25  # seconds in which rows are told together
_LOOKED_AT = 20_000  # characters that the language is found out from


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done."""

    source: str
    """The code of a language; "" has it found out."""
    target: str
    model: str | None
    """The model of the chat, for where the settings have none for translations."""
    keeps: bool
    """Whether anything may be left on the disk."""
    agreed: str = ""
    """The doubt that a person was told of and goes on in spite of."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known before a model is asked."""

    pair: Pair
    segments: Sequence[Sequence[Segment]]
    chosen: engines.Chosen
    doubt: str

    @property
    def keyed(self) -> Keyed:
        """What its translations are remembered under."""
        model, version = self.chosen.identity, self.chosen.profile.version
        return Keyed(self.pair.source.code, self.pair.target.code, model, prompt=version)


async def translate(sheet: Sheet, wish: Wish, settings: Config, post: Post) -> None:
    """Translate what waits in a sheet; what comes is told as it comes, and the end always."""
    try:
        prepared = await asyncio.to_thread(_prepare, sheet, wish, settings)
        doubt = _doubt(prepared)
        if doubt and doubt != wish.agreed:
            post(Doubted(doubt))
            return
        post(SheetCut(sheet, prepared.keyed, prepared.segments))
        await _run(sheet, wish, prepared, post)
    except HinterlandError as error:
        post(Ended(sentence(error)))
    else:
        post(Ended())


def _prepare(sheet: Sheet, wish: Wish, settings: Config) -> Prepared:
    target = find(wish.target)
    source = find(wish.source) if wish.source else _told(sheet)
    if source.code == target.code:
        raise InputError(
            _("The text is in {language} already, it seems.").format(language=target.name),
            _("Choose other languages."),
        )
    segments = sheet.segments or [
        [] if unit.done else cut(unit, source) for unit in sheet.units
    ]
    if not any(segments):
        raise InputError(_("There is nothing to translate in it."))
    pair = Pair(source, target)
    model = settings.translation.model or wish.model
    chosen = engines.choose(model or None, settings, paths.find())
    return Prepared(pair, segments, chosen, engines.doubt(chosen, pair))


def _told(sheet: Sheet) -> Language:
    text = "\n".join(text_of(unit.parts) for unit in sheet.units)[:_LOOKED_AT]
    found = detect(text).language
    if found is None:
        raise InputError(
            _("What language the text is in cannot be told."), _("Choose the one it is from.")
        )
    return found


def _doubt(prepared: Prepared) -> str:
    """Return what a person has to agree to first; "" for nothing."""
    said = []
    if prepared.doubt:
        said.append(translated(prepared.doubt))
        said.append(_("The key again translates all the same, and every row is unsure."))
    if prepared.chosen.url:
        url = clean_line(prepared.chosen.url)
        said.append(_("The text will leave this machine, to {url}.").format(url=url))
        if not prepared.doubt:
            said.append(_("The key again sends it."))
    return " ".join(said)


async def _run(sheet: Sheet, wish: Wish, prepared: Prepared, post: Post) -> None:
    chosen, pair, tally = prepared.chosen, prepared.pair, Tally()

    def told(event: Event) -> None:
        if isinstance(event, Loading):
            post(Told(_("The model is being loaded …")))

    target = await chosen.target(None, told)
    asking = Asking(pair, chosen.profile, model=chosen.wished, tally=tally)
    counts = [len(each) for each in prepared.segments]
    waiting = sheet.waiting() if sheet.segments else [at for at, many in enumerate(counts) if many]
    places = list(accumulate(counts, initial=0))
    group = _Group(sheet, post)
    async with remembering(prepared.keyed, keeps=wish.keeps) as memory:
        translator = Translator(
            [target],
            asking,
            pair,
            memory,
            tally,
            uncovered=prepared.doubt,
            say=lambda said: post(Told(translated(said))),
        )
        order = iter(waiting)
        try:
            async for done in translator.translate(sheet.units[at] for at in waiting):
                group.add(done, places[next(order)])
        finally:
            group.tell()


class _Group:
    """Gathers what was translated, and tells of it a few times a second."""

    def __init__(self, sheet: Sheet, post: Post) -> None:
        self._sheet = sheet
        self._post = post
        self._finished: list[Finished] = []
        self._told = 0.0

    def add(self, done: Translated, first: int) -> None:
        """Add a unit, whose rows begin at `first`."""
        for at, each in enumerate(done.outcomes, start=first):
            why = (each.trouble.sentence,) if each.trouble is not None else ()
            self._finished.append((at, each.parts, why))
        if time.monotonic() - self._told >= _TOGETHER:
            self.tell()

    def tell(self) -> None:
        """Tell of what was gathered."""
        if self._finished:
            self._post(RowsTranslated(self._sheet, self._finished))
        self._finished, self._told = [], time.monotonic()


@asynccontextmanager
async def remembering(keyed: Keyed, *, keeps: bool) -> AsyncIterator[Memory]:
    """Give the memory of a pair of languages; one that keeps nothing where nothing may be kept.

    Raises StorageError.
    """
    if not keeps:
        yield NoMemory()
        return
    memory = await asyncio.to_thread(Memory, paths.find().translations, keyed)
    with memory:
        try:
            yield memory
        finally:
            if memory.full:
                memory.give_up()
            await memory.close()


async def keep_by_hand(
    keyed: Keyed, source: Parts, target: Parts, post: Post
) -> None:
    """Remember what a person wrote for a segment: it beats every model, whenever it comes again."""
    left = list(enumerate(codes_of(source)))
    text: list[str | int] = []
    for part in target:
        if isinstance(part, str):
            text.append(part)
        else:
            found = next(each for each in left if each[1] == part)
            left.remove(found)
            text.append(found[0])
    try:
        async with remembering(keyed, keeps=True) as memory:
            memory.add(source, Remembered(tuple(text), reviewed=True))
    except HinterlandError as error:
        post(Told(sentence(error)))
