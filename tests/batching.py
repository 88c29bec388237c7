"""What tests of batches share: a folder with an input and its results, and engines that fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from hinterland.batch import sources
from hinterland.batch.answering import Answering
from hinterland.batch.formats import Format, Own
from hinterland.batch.job import Job, Wishes
from hinterland.batch.rows import Defaults, Maker
from hinterland.batch.running import Target
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Event,
    Failed,
    Request,
)

Row = dict[str, Any]


def rows(count: int) -> list[Row]:
    return [{"id": number, "prompt": f"row {number}"} for number in range(count)]


class Shaky(EchoEngine):
    """An echo that fails with what `fails` returns for a request."""

    def __init__(self, fails: Callable[[Request], Event | None], **options: Any) -> None:
        super().__init__(**options)
        self._fails = fails

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        if (failure := self._fails(request)) is not None:
            self.requests.append(request)
            await asyncio.sleep(0)
            yield failure
            return
        async for event in super().stream(request):
            yield event


def dead(request: Request) -> Event:
    return Failed("EngineError", "The engine is gone.", "")


class Place:
    """A folder with an input and its results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.input, self.out = folder / "in.jsonl", folder / "out.jsonl"
        self.engine = EchoEngine()

    def write(self, *rows: Row | bytes, end: bytes = b"\n") -> None:
        lines = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
        self.input.write_bytes(end.join(lines) + end)

    def job(
        self,
        defaults: Defaults | None = None,
        *,
        lines: Callable[[], Iterable[sources.Lines]] | None = None,
        form: Format | None = None,
        **wishes: Any,
    ) -> Job:
        return Job(
            lines or partial(sources.json_lines, self.input),
            self.out,
            form or Own(),
            Maker(defaults or Defaults()),
            Wishes(**wishes),
        )

    def run(
        self, defaults: Defaults | None = None, targets: list[Target] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Run a job to its end and return its summary."""
        with self.job(defaults, **more) as job:
            asyncio.run(job.run(targets or [Target(self.engine, workers=3)], Answering()))
            return job.summary(complete=True)

    def results(self) -> dict[str | int, Row]:
        """Return the results by id, each of which is there once."""
        found = [json.loads(line) for line in self.out.read_bytes().splitlines()]
        by_id = {row.get("id"): row for row in found}
        assert len(by_id) == len(found)
        return by_id
