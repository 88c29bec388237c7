"""How `hint translate` says where it is, and what is flagged, on standard error."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hinterland.engine.protocol import Event
from hinterland.language import _, n_
from hinterland.plugins.translation.formats.document import Document
from hinterland.plugins.translation.job import Flagged
from hinterland.plugins.translation.pipeline import Tally
from hinterland.plugins.translation.quality.back import Report
from hinterland.plugins.translation.quality.score import Scores
from hinterland.plugins.translation.units import text_of
from hinterland.progress_line import ProgressLine, columns, duration
from hinterland.sentences import translated
from hinterland.text import clean_line

_ON_TERMINAL, _ELSEWHERE = 0.5, 10.0
"""Seconds between two lines."""
_MOST_SAID = 20
"""Sentences about what was tried again; more would hide what matters."""
_FLAGGED_TOLD = 5


class Progress:
    """Tells people how far a document is; `say` may come at any time."""

    def __init__(self, *, quiet: bool) -> None:
        terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._quiet = quiet
        self._plain = not terminal
        self._every = _ON_TERMINAL if terminal else _ELSEWHERE
        self._line = ProgressLine(quiet=quiet)
        self._said = 0
        self._name = ""
        self._tally = Tally()
        self._total: int | None = None

    def loading(self, event: Event) -> None:
        """Say how it goes until the engine is ready."""
        self._line.show(event)

    def say(self, sentence: str) -> None:
        """Say what went wrong and is tried again, or what people have to know."""
        self._said += 1
        if self._said <= _MOST_SAID:
            self._line.clear()
            self._print(clean_line(translated(sentence), 400))

    def tell(self, *sentences: str) -> None:
        """Say something, unless nothing is to be said."""
        for sentence in sentences if not self._quiet else ():
            self._line.clear()
            self._print(clean_line(sentence, 400))

    def paused(self, full: bool) -> None:
        """Say that the disk is full, or that it goes on."""
        self._line.clear()
        self._print(
            _("The disk is full: the translation waits until there is space.")
            if full
            else _("There is space again: the translation goes on.")
        )

    @contextmanager
    def shown(self, name: str, document: Document, tally: Tally) -> Iterator[None]:
        """Show progress while the block runs."""
        self._name, self._tally, self._total = name, tally, None
        task = asyncio.create_task(self._show(document))
        try:
            yield
        finally:
            task.cancel()
            self._line.clear()

    def end(self, name: str, tally: Tally, flagged: list[Flagged], kept_in: str) -> None:
        """Say what was done with one document, and which segments are flagged."""
        if not self._quiet:
            self._print(f"{clean_line(name, 80)}: {' · '.join(_summary(tally))}")
        for each in flagged[:_FLAGGED_TOLD]:
            flag = each.outcome.flag
            assert flag is not None
            words = clean_line(text_of(each.outcome.segment.parts), 60)
            place = f"{each.unit.note}: " if each.unit.note else ""
            self._print(clean_line(f"  {place}“{words}” {translated(flag.sentence)}", 300))
        if (left := len(flagged) - _FLAGGED_TOLD) > 0:
            self._print(_("  and {count:,} more").format(count=left))
        if any(each.outcome.parts is None for each in flagged):
            said = _("Flagged segments are left in {language}.")
            self._print(said.format(language=kept_in))

    def scores(self, scores: Scores) -> None:
        """Say how near a translation is to its reference."""
        said = _("chrF {chrf:.1f} · BLEU {bleu:.1f} · {count:,} parts compared")
        self._print(said.format(chrf=scores.chrf, bleu=scores.bleu, count=scores.segments))
        self._print(f"  {scores.chrf_signature}")
        self._print(f"  {scores.bleu_signature}")
        if scores.by_character:
            self._print(_("  BLEU counts the characters of this language, not its words."))

    def way_back(self, report: Report) -> None:
        """Say what came back least like it was; a low score is no proof of a bad translation."""
        said = _("There and back: mean chrF {mean:.1f} of {count:,} segments, the worst first:")
        self._print(said.format(mean=report.mean, count=report.segments))
        for each in report.worst:
            place = f"{each.note}: " if each.note else ""
            self._print(
                clean_line(f"  {each.chrf:5.1f} {place}“{each.source}” → “{each.translated}”", 300)
            )
            self._print("      " + clean_line(f"“{each.back or translated(each.trouble)}”", 300))

    async def _show(self, document: Document) -> None:
        counting = asyncio.create_task(asyncio.to_thread(_characters, document))
        while True:
            await asyncio.sleep(self._every)
            if counting.done() and self._total is None:
                self._total = counting.result()
            self._say_where()

    def _say_where(self) -> None:
        tally = self._tally
        words_a_second, characters_a_second = tally.speed()
        said = [
            n_("{count:,} segment", "{count:,} segments", tally.segments).format(
                count=tally.segments
            )
        ]
        if self._total:
            share = min(1.0, tally.characters / self._total)
            said[0] += f" ({share:.0%})"
        said.append(_("{speed:,.1f} words/s").format(speed=words_a_second))
        if self._total and characters_a_second > 0:
            left = max(0.0, (self._total - tally.characters) / characters_a_second)
            said.append(_("{time} left").format(time=duration(left)))
        if count := tally.flagged.total():
            said.append(_("{count:,} flagged").format(count=count))
        line = " · ".join([clean_line(self._name, 30), *said])
        if self._plain:
            if not self._quiet:
                self._print(line)
        else:
            self._line.say(line[: columns() - 1])

    def _print(self, sentence: str) -> None:
        print(f"hint: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - that is its work


def _summary(tally: Tally) -> list[str]:
    said = [
        n_("{count:,} segment", "{count:,} segments", tally.segments).format(count=tally.segments)
    ]
    if tally.remembered:
        said.append(_("{count:,} known before").format(count=tally.remembered))
    if count := tally.flagged.total():
        kinds = ", ".join(f"{kind} {count}" for kind, count in tally.flagged.most_common())
        said.append(_("{count:,} flagged").format(count=count) + f" ({kinds})")
    if tally.asked and tally.seconds >= 1:
        said.append(
            _("{count:,.0f} segments a minute").format(count=60 * tally.asked / tally.seconds)
        )
        if tally.prefill:
            said.append(_("{share:.0%} of it reading prompts").format(share=tally.prefill))
    return said


def _characters(document: Document) -> int:
    return sum(len(text_of(unit.parts)) for unit in document.units() if not unit.done)
