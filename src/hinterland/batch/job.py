"""A batch from file to file: what an earlier run has finished is known, and the rest is asked."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from hinterland import durable
from hinterland.batch.answering import Answering
from hinterland.batch.formats import Format
from hinterland.batch.intake import Intake
from hinterland.batch.results import NOT_A_RESULT, Known, numbers
from hinterland.batch.rows import Maker
from hinterland.batch.running import RETRIES, Run, Tally, Target
from hinterland.batch.sources import Lines
from hinterland.errors import InputError
from hinterland.jobs import Ledger, Register, Supply

_BEGINNING = b'{"id":'
"""What every result begins with."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a job is to be done."""

    ordered: bool = False
    """Put the results in the order of the input at the end."""
    retry_failed: bool = False
    """Do the rows again that failed in an earlier run."""
    redo_changed: bool = False
    """Do the rows again that are not what they were when an earlier run finished them."""
    retries: int = RETRIES


@dataclass(slots=True)
class Earlier:
    """What earlier runs have left."""

    finished: int = 0
    failed: int = 0
    spoilt: int = 0
    """Lines that a power cut has spoilt; they are gone, and their rows are done again."""


class Job:
    """One run over one file of results, which nobody else writes meanwhile.

    Raises InputError for results that are none, or of another format, and StorageError where
    another run holds them. `say` hears sentences for people, `paused` whether the disk is full.
    """

    def __init__(
        self,
        lines: Callable[[], Iterable[Lines]],
        out: Path,
        form: Format,
        maker: Maker,
        wishes: Wishes = Wishes(),
        *,
        say: Callable[[str], None] = lambda sentence: None,
        paused: Callable[[bool], None] = lambda full: None,
    ) -> None:
        self._out = out
        self._format = form
        self._wishes = wishes
        self._say = say
        self.intake = Intake(lines, form, maker)
        self.earlier = Earlier()
        self.tally = Tally()
        self.ledger = Ledger(out, paused)
        try:
            self._look_back()
        except BaseException:  # Ctrl-C too lets go of the results
            self.ledger.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.ledger.__exit__()

    @property
    def done(self) -> int:
        """Rows that are finished and on the disk."""
        return self.intake.skipped + self.ledger.durable

    @property
    def failed(self) -> int:
        """Rows without an answer, those of earlier runs included."""
        return self.earlier.failed + self.tally.failed

    async def run(
        self,
        targets: list[Target],
        answering: Answering,
        late: Callable[[], Awaitable[list[Target]]] | None = None,
    ) -> None:
        """Do what is left; `late` says which engines have joined since.

        Raises EngineError when no engine answers any more, InputError when the input cannot be
        read, StorageError when results cannot be kept. What was finished is kept whatever ends it.
        """
        ledger, encode = self.ledger, self._format.encode
        supply = Supply(self.intake.windows(longest_first=not self._wishes.ordered))
        run = Run(
            supply,
            targets,
            answering,
            lambda result: ledger.add(encode(result)),
            room=lambda: ledger.room() if ledger.full else None,
            retries=self._wishes.retries,
            say=self._say,
            late=late,
        )
        self.tally = run.tally
        try:
            await run.go()
        except asyncio.CancelledError:
            ledger.give_up()
            raise
        finally:
            await ledger.close()
        if self._wishes.ordered:
            # Two more tables are made, of 34 MB for a million ids.
            self.intake.register = Register()
            ledger.put_in_order(self.intake.ids(), self._name_in)

    def summary(self, *, complete: bool) -> dict[str, Any]:
        """Return what was done, for people and machines; see docs/batch.md."""
        tally, intake = self.tally, self.intake
        seconds = round(tally.seconds, 3)
        return {
            "complete": complete,
            "rows": intake.rows,
            "answered": tally.answered + self.earlier.finished - self.earlier.failed,
            "failed": self.failed,
            "failures": dict(tally.kinds),
            "finished_before": self.earlier.finished,
            "changed": intake.changed,
            "repeated_ids": intake.repeated,
            "tries_repeated": tally.retried,
            "models": dict(tally.models),
            "prompt_tokens": tally.prompt_tokens,
            "completion_tokens": tally.completion_tokens,
            "seconds": seconds,
            "rows_per_minute": round(60 * (tally.answered + tally.failed) / max(seconds, 0.001), 1),
            "tokens_per_second": round(tally.completion_tokens / max(seconds, 0.001), 1),
            "ended": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }

    def keep_summary(self, summary: dict[str, Any]) -> Path:
        """Write the summary beside the results and return where; raises StorageError."""
        path = self._out.with_name(f"{self._out.name}.summary.json")
        durable.replace_file(path, msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
        return path

    def _look_back(self) -> None:
        """Learn what earlier runs have finished, and drop what is to be done again."""
        self._learn()
        if not (self.earlier.finished or self._may_be_torn(self.ledger.torn)):
            raise self._no_results()
        self.ledger.cut_torn()
        spoilt = self.earlier.spoilt
        unwanted = self._unwanted()
        if unwanted is not None:
            self.ledger.keep_only(lambda line: not unwanted(line))
        if unwanted is not None or self._wishes.redo_changed:
            self._learn()
            self.earlier.spoilt = spoilt

    def _learn(self) -> None:
        """Take note of the rows that are finished; raises InputError where the first is none."""
        self.earlier = earlier = Earlier()
        self.intake.register = register = Register()
        for block in self.ledger.blocks():
            try:
                found, fingerprints = self._results(block)
            except NOT_A_RESULT as error:
                results = [self._result(line) for line in block[:-1].split(b"\n")]
                if not earlier.finished and results[0] is None:
                    raise self._no_results() from error
                found = [each for each in results if each is not None]
                fingerprints = numbers([each.fingerprint for each in found])
                earlier.spoilt += results.count(None)
            earlier.finished += len(found)
            earlier.failed += len(found) - [each.error for each in found].count(None)
            register.know([str(each.id) for each in found], fingerprints)

    def _results(self, block: bytes) -> tuple[list[Known], array[int]]:
        """Return what lines say, and their fingerprints; raises one of `NOT_A_RESULT`."""
        found = self._format.known(block)
        return found, numbers([each.fingerprint for each in found])

    def _result(self, line: bytes) -> Known | None:
        """Return what a line says; None when it is no result."""
        try:
            return self._results(line + b"\n")[0][0]
        except NOT_A_RESULT:
            return None

    def _no_results(self) -> InputError:
        return InputError(
            f"{self._out} has something else than results in this format.",
            "Name another file for the results, or move this one away.",
        )

    def _may_be_torn(self, rest: bytes) -> bool:
        """Whether that is all that is left of a first result, and no file of somebody's."""
        try:
            self._format.known(rest + b"\n")
        except msgspec.ValidationError:
            return False  # whole, and something else
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _BEGINNING.startswith(rest[: len(_BEGINNING)]) or not rest.strip(b"\0")
        return True

    def _unwanted(self) -> Callable[[bytes], bool] | None:
        """Return what tells the lines that have to go; None when all may stay."""
        again = self.intake.changed_ids() if self._wishes.redo_changed else set()
        failures = self._wishes.retry_failed and self.earlier.failed
        if not (again or failures or self.earlier.spoilt):
            return None

        def unwanted(line: bytes) -> bool:
            found = self._result(line)
            if found is None:
                return True
            return bool(failures and found.error is not None) or str(found.id) in again

        return unwanted

    def _name_in(self, line: bytes) -> str:
        return str(self._format.known(line + b"\n")[0].id)
