"""What one run of translation goes by: languages, the model, terms, and what is remembered."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from hinterland import config, paths
from hinterland.config import Config
from hinterland.engine.protocol import Event
from hinterland.errors import InputError
from hinterland.paths import Paths
from hinterland.plugins import languages
from hinterland.plugins.languages import Language
from hinterland.plugins.translation import engines, reviewing, terms
from hinterland.plugins.translation.engines import Chosen
from hinterland.plugins.translation.memory import Keyed, Memory
from hinterland.plugins.translation.pipeline import Asking, Manner, Pair, Tally, Translator

CUTTING = 1
"""Raised when texts are cut or masked otherwise than before: what was remembered is done anew."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """How documents are translated; raises what its parts raise when it is made by `find`."""

    places: Paths
    chosen: Chosen
    target: Language
    origin: Language | None = None
    """What is translated from; None is told from each document."""
    term_files: tuple[Path, ...] = ()
    force: bool = False
    """Translate also what the model does not cover, and flag it."""
    remember: bool = True
    redo_flagged: bool = False
    concurrency: int | None = None
    temperature: float | None = None

    @asynccontextmanager
    async def translator(
        self,
        origin: Language,
        tally: Tally,
        *,
        mixed: bool = False,
        say: Callable[[str], None] = lambda sentence: None,
        loading: Callable[[Event], None] | None = None,
        paused: Callable[[bool], None] = lambda full: None,
    ) -> AsyncIterator[Translator]:
        """Give what translates from a language, with the model in memory; what it translates is on
        the disk at the block's end, however that comes. `mixed` is as for `Translator`.

        Raises InputError for a pair that the model does not cover, unless forced, and for terms that
        cannot be used; ModelError, EngineError, StorageError.
        """
        pair = self.pair(origin)
        uncovered = engines.doubt(self.chosen, pair)
        if uncovered and not self.force:
            raise engines.refused(self.chosen, pair, self.places)
        base = None
        if self.term_files:
            base = await asyncio.to_thread(
                terms.load, self.term_files, pair.source.code, pair.target.code
            )
        target = await self.chosen.target(self.concurrency, loading)
        profile = self.chosen.profile
        asking = Asking(
            pair, profile, base, model=self.chosen.wished, temperature=self.temperature, tally=tally
        )
        keyed = Keyed(
            pair.source.code,
            pair.target.code,
            self.chosen.identity,
            base.hash if base is not None else "",
            f"{CUTTING} {profile.version} {self.temperature}",
        )
        with await asyncio.to_thread(self._memory, keyed, paused) as memory:
            try:
                manner = Manner(uncovered, self.redo_flagged, mixed)
                yield Translator([target], asking, memory, manner, say=say)
            except BaseException:  # nobody waits for space that a full disk may never have
                memory.give_up()
                raise
            finally:
                await _closed(memory)

    def _memory(self, keyed: Keyed, paused: Callable[[bool], None]) -> Memory:
        """Return what is remembered; where nothing is to be, in files that have lost their names
        before there is a word in them: a kill leaves nothing."""
        if self.remember:
            return Memory(self.places.translations, keyed, paused=paused)
        with tempfile.TemporaryDirectory() as passing:
            return Memory(Path(passing), keyed, paused=paused)

    def pair(self, origin: Language) -> Pair:
        """Return the languages; raises InputError where they are one."""
        if origin.code == self.target.code:
            raise InputError(
                f"{origin.name} is both what is translated from and into.",
                "Name two languages.",
            )
        return Pair(origin, self.target)

    async def take_reviewed(self, path: Path) -> int:
        """Remember what people wrote into a file of what was flagged, and return how many; raises
        InputError, with the lines, where it cannot be used, and StorageError."""
        review = await asyncio.to_thread(reviewing.read, path)
        of_people = Keyed(review.source, review.target, "")
        with Memory(self.places.translations, of_people) as memory:
            for parts, remembered in review.done:
                memory.add(parts, remembered)
            await _closed(memory)
        return len(review.done)


async def _closed(memory: Memory) -> None:
    """Make durable what was added; whoever is cancelled meanwhile does not wait for a full disk, and
    leaves nothing behind that would still write."""
    closing = asyncio.create_task(memory.close())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        memory.give_up()
        await closing
        raise


def find(  # noqa: PLR0913 - the settings of a run, by name
    *,
    to: str | None = None,
    origin: str | None = None,
    model: str | None = None,
    term_files: Sequence[Path] = (),
    force: bool = False,
    remember: bool = True,
    redo_flagged: bool = False,
    concurrency: int | None = None,
    temperature: float | None = None,
) -> Setting:
    """Return the setting that is wished for, the rest as it is usual.

    Raises InputError for languages and terms that cannot be, ConfigError, and ModelError where the
    model is not there.
    """
    found = paths.find()
    settings: Config = config.load(found.config_file)
    wanted = to or settings.translation.to
    if not wanted:
        raise InputError(
            "Nobody said what language to translate into.",
            "Say so with --to fr, or `hint config set translation.to fr`.",
        )
    setting = Setting(
        places=found,
        chosen=engines.choose(model, settings, found),
        target=languages.find(wanted),
        origin=languages.find(origin) if origin else None,
        term_files=tuple(term_files),
        force=force,
        remember=remember,
        redo_flagged=redo_flagged,
        concurrency=concurrency,
        temperature=temperature,
    )
    if setting.origin is not None:
        setting.pair(setting.origin)
    return setting
