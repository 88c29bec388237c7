"""A sheet through the pipeline: its language found, its rows cut, translated and told in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from textual.message import Message

from hinterland import config, paths
from hinterland.engine.protocol import Event, Loading
from hinterland.errors import HinterlandError, InputError
from hinterland.language import _
from hinterland.plugins.languages import Detected, Language, detect, find
from hinterland.plugins.translation import engines
from hinterland.plugins.translation.memory import Keyed, Memory, Remembered
from hinterland.plugins.translation.pipeline import Tally, Translated
from hinterland.plugins.translation.screen.messages import (
    Doubted,
    Ended,
    Finished,
    SheetCut,
    SourceUnknown,
    Told,
    Wish,
)
from hinterland.plugins.translation.screen.messages import Translated as RowsTranslated
from hinterland.plugins.translation.screen.sheet import Sheet
from hinterland.plugins.translation.segments import Segment, cut
from hinterland.plugins.translation.setting import Setting
from hinterland.plugins.translation.units import Parts, codes_of, text_of
from hinterland.sentences import sentence, translated
from hinterland.text import clean_line

Post = Callable[[Message], object]

_TOGETHER = 0.25  # seconds in which rows are told together
_LOOKED_AT = 20_000  # characters that the language is found out from


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is known before a model is asked."""

    setting: Setting
    origin: Language
    segments: Sequence[Sequence[Segment]]
    others: tuple[Language, ...]
    """Languages that other parts of the text are in, it seems."""
    doubt: str
    """What a person has to agree to first; "" for nothing."""


async def translate(wish: Wish, post: Post) -> None:
    """Translate what waits in a sheet; what comes is told as it comes, and the end always."""
    try:
        prepared = await asyncio.to_thread(_prepare, wish)
        if prepared is None:
            post(SourceUnknown(wish))
            return
        if prepared.doubt and prepared.doubt != wish.agreed:
            post(Doubted(wish, prepared.doubt))
            return
        post(SheetCut(wish, prepared.origin, prepared.segments, prepared.others))
        await _run(wish, prepared, post)
    except HinterlandError as error:
        post(Ended(wish, sentence(error)))
    else:
        post(Ended(wish))


def _prepare(wish: Wish) -> _Prepared | None:
    """Return what has to be known; None where the language of the text cannot be told."""
    sheet, places = wish.sheet, paths.find()
    settings = config.load(places.config_file)
    told = _told(sheet)
    origin = find(wish.source) if wish.source else told.language
    if origin is None:
        return None
    chosen = engines.choose(settings.translation.model or wish.model or None, settings, places)
    found = Setting(
        places=places,
        chosen=chosen,
        target=find(wish.target),
        origin=origin,
        force=True,
        remember=wish.keeps,
        redo_flagged=True,
    )
    pair = found.pair(origin)
    segments = sheet.segments or [[] if unit.done else cut(unit, origin) for unit in sheet.units]
    if not any(segments):
        raise InputError(_("There is nothing to translate in it."))
    others = tuple(each for each in told.mixed if each.code != origin.code)
    return _Prepared(found, origin, segments, others, _doubt(chosen, engines.doubt(chosen, pair)))


def _told(sheet: Sheet) -> Detected:
    return detect("\n".join(text_of(unit.parts) for unit in sheet.units)[:_LOOKED_AT])


def _doubt(chosen: engines.Chosen, uncovered: str) -> str:
    said = []
    if uncovered:
        said += [translated(uncovered), _("Every row would be unsure.")]
    if chosen.url:
        url = clean_line(chosen.url)
        said.append(_("The text will leave this machine, to {url}.").format(url=url))
    if said:
        said.append(_("The key again translates it."))
    return " ".join(said)


async def _run(wish: Wish, prepared: _Prepared, post: Post) -> None:
    def told(event: Event) -> None:
        if isinstance(event, Loading):
            post(Told(_("The model is being loaded …")))

    def say(said: str) -> None:
        post(Told(clean_line(translated(said), 300)))

    def paused(full: bool) -> None:
        if full:
            say(_("The disk is full: it goes on when there is room."))

    sheet = wish.sheet
    # Each segment goes as a unit of its own: a long paragraph would be told of when it is all done.
    units = [
        msgspec.structs.replace(sheet.units[at], parts=segment.parts, whole=True)
        for at, of_unit in enumerate(prepared.segments)
        for segment in of_unit
    ]
    waiting = sheet.waiting() if sheet.segments else range(len(units))
    group = _Group(wish, post)
    translator = prepared.setting.translator(
        prepared.origin, Tally(), say=say, loading=told, paused=paused
    )
    async with translator as translating:
        post(Told(_("Translating …")))
        order = iter(waiting)
        try:
            async for done in translating.translate(units[at] for at in waiting):
                group.add(done, next(order))
        finally:
            group.tell()


class _Group:
    """Gathers what was translated, and tells of it a few times a second."""

    def __init__(self, wish: Wish, post: Post) -> None:
        self._wish = wish
        self._post = post
        self._finished: list[Finished] = []
        self._due: asyncio.TimerHandle | None = None

    def add(self, done: Translated, at: int) -> None:
        """Add what became of a row."""
        why = tuple(each.flag.sentence for each in done.flagged if each.flag is not None)
        self._finished.append((at, done.parts, why))
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_TOGETHER, self.tell)

    def tell(self) -> None:
        """Tell of what was gathered."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._finished:
            self._post(RowsTranslated(self._wish, self._finished))
            self._finished = []


async def keep_by_hand(origin: str, target: str, source: Parts, written: Parts, post: Post) -> None:
    """Remember what a person wrote for a segment, between languages given by their codes: it beats
    every model, whenever the segment comes again."""
    left = list(enumerate(codes_of(source)))
    text: list[str | int] = []
    for part in written:
        if isinstance(part, str):
            text.append(part)
        else:
            found = next(each for each in left if each[1] == part)
            left.remove(found)
            text.append(found[0])
    of_people = Keyed(origin, target, "")
    try:
        memory = await asyncio.to_thread(Memory, paths.find().translations, of_people)
        with memory:
            memory.add(source, Remembered(tuple(text), reviewed=True))
            await memory.close()
    except HinterlandError as error:
        post(Told(sentence(error)))
