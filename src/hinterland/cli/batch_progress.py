"""How a batch says where it is: one line on a terminal, a line now and then elsewhere, or JSON."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import Engine, Event, Queued
from hinterland.errors import HinterlandError
from hinterland.language import _, n_
from hinterland.progress_line import ProgressLine, columns, duration, in_line
from hinterland.sentences import translated
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.batch.job import Job
    from hinterland.batch.sources import Lines

_ON_TERMINAL, _ELSEWHERE, _AS_JSON = 0.5, 10.0, 1.0
"""Seconds between two lines."""
_MOST_SAID = 20
"""Sentences about what was tried again; more would hide what matters."""


class Progress:
    """Tells people or machines what a job has done; `say` and `paused` may come at any time."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._as_json = as_json
        self._quiet = quiet
        self._every = _AS_JSON if as_json else _ON_TERMINAL if terminal else _ELSEWHERE
        self._line = ProgressLine(quiet=quiet or as_json)
        self._plain = not (terminal or quiet or as_json)
        self._job: Job | None = None
        self._lines: Callable[[], Iterable[Lines]] | None = None
        self._total: int | None = None
        self._full = False
        self._over = False
        self._said = 0
        self._lines_of: list[dict[int, Queued]] = []

    def watch(self, job: Job, lines: Callable[[], Iterable[Lines]] | None) -> None:
        """Tell of this job; `lines` gives what there is in all, to be counted."""
        self._job = job
        self._lines = lines
        earlier = job.earlier
        if earlier.spoilt:
            self.say(
                n_(
                    "{count:,} line of the results was spoilt and is done again.",
                    "{count:,} lines of the results were spoilt and are done again.",
                    earlier.spoilt,
                ).format(count=earlier.spoilt)
            )
        if earlier.finished and not self._as_json and not self._quiet:
            self._print(
                n_(
                    "{count:,} row is finished already.",
                    "{count:,} rows are finished already.",
                    earlier.finished,
                ).format(count=earlier.finished)
            )

    def watch_line(self, engines: Sequence[Engine]) -> None:
        """Tell of the rows that wait for these engines, as far as they tell."""
        self._lines_of = [each.in_line for each in engines if isinstance(each, EngineClient)]

    def _first_in_line(self) -> tuple[int, Queued | None]:
        """Return how many rows wait for their turn, and what the first of them was told."""
        waiting = [queued for line in self._lines_of for queued in line.values()]
        return len(waiting), min(waiting, key=lambda queued: queued.position, default=None)

    def loading(self, event: Event) -> None:
        """Say how it goes until the engine is ready."""
        self._line.show(event)

    def say(self, sentence: str) -> None:
        """Say what went wrong and is tried again."""
        self._said += 1
        if self._said <= _MOST_SAID:
            self._line.clear()
            self._print(clean_line(sentence, 400))

    def paused(self, full: bool) -> None:
        """Say that the disk is full, or that it goes on."""
        self._full = full
        self._line.clear()
        self._print(
            _("The disk is full: the batch waits until there is space.")
            if full
            else _("There is space again: the batch goes on.")
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show progress while the block runs."""
        task = asyncio.create_task(self._show())
        try:
            yield
        finally:
            self._over = True
            task.cancel()
            self._line.clear()

    def end(self, summary: dict[str, Any], place: Path) -> None:
        """Say what was done."""
        if self._as_json:
            _write_json({"event": "end"} | summary)
            return
        if self._quiet:
            self._tell_failures()
            return
        if summary["complete"] and not summary["rows"]:
            self._print(_("There is no row in the input."))
            return
        said = [
            _("{answered:,} of {rows:,} rows answered").format(
                answered=summary["answered"], rows=summary["rows"]
            )
        ]
        if summary["failed"]:
            said.append(_("{failed:,} failed").format(failed=summary["failed"]))
        if summary["seconds"] >= 1:
            said.append(_("{rows:,.0f} rows a minute").format(rows=summary["rows_per_minute"]))
            said.append(_("{speed:,.0f} tokens/s").format(speed=summary["tokens_per_second"]))
        self._print(" · ".join(said))
        self._tell_failures()
        if summary["changed"]:
            job = self._job
            names = (
                ", ".join(clean_line(each, 40) for each in job.intake.first_changed) if job else ""
            )
            self._print(
                _(
                    "{count:,} finished rows had another text or other settings ({names} …):"
                    " --redo-changed does them again."
                ).format(count=summary["changed"], names=names)
            )
        if not summary["complete"]:
            self._print(_("Stopped. The same command goes on from here."))

    def _tell_failures(self) -> None:
        for failed in self._job.tally.first_failed if self._job else ():
            assert failed.error is not None
            told = clean_line(f"{failed.id}: {translated(failed.error.message)}", 300)
            click.echo(f"      {told}", err=True)

    async def _show(self) -> None:
        if self._lines is not None:
            self._total = await asyncio.to_thread(self._counted, self._lines)
        while True:
            await asyncio.sleep(self._every)
            self._tell()

    def _counted(self, lines: Callable[[], Iterable[Lines]]) -> int | None:
        count = 0
        try:
            for some in lines():
                count += len(some.data)
                if self._over:
                    return None
        except (HinterlandError, OSError):  # whoever does the rows tells of it
            return None
        return count

    def _tell(self) -> None:
        job = self._job
        assert job is not None
        tally = job.tally
        rows_a_second, tokens_a_second = tally.speed()
        waiting, first = self._first_in_line()
        left = None
        if self._total is not None and rows_a_second > 0:
            left = max(0.0, (self._total - job.done) / rows_a_second)
        if self._as_json:
            _write_json(
                {
                    "event": "progress",
                    "rows": self._total,
                    "done": job.done,
                    "failed": job.failed,
                    "running": tally.running,
                    "waiting": waiting,
                    "seconds_until_start": None
                    if first is None or first.expected is None
                    else round(first.expected),
                    "retried": tally.retried,
                    "rows_per_second": round(rows_a_second, 3),
                    "tokens_per_second": round(tokens_a_second, 1),
                    "seconds_left": None if left is None else round(left),
                    "disk_full": self._full,
                }
            )
            return
        if self._full:
            return
        total = "" if self._total is None else _(" of {rows:,}").format(rows=self._total)
        said = [_("{done:,}{total} rows").format(done=job.done, total=total)]
        if job.failed:
            said.append(_("{failed:,} failed").format(failed=job.failed))
        if first is not None and waiting >= tally.running:
            said.append(in_line(first))
        else:
            said.append(_("{running} running").format(running=tally.running - waiting))
        said.append(_("{speed:,.0f} tokens/s").format(speed=tokens_a_second))
        if left is not None:
            said.append(_("{time} left").format(time=duration(left)))
        if self._plain:
            self._print(" · ".join(said))
        else:
            self._line.say(" · ".join(said)[: columns() - 1])

    def _print(self, sentence: str) -> None:
        if not self._as_json:
            click.echo(f"hint: {sentence}", err=True)
        else:
            _write_json({"event": "note", "text": sentence})


def _write_json(event: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(event | {"time": round(time.time(), 3)}).decode() + "\n")
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads it any more; the rows are done all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
