"""A real worker is asked nothing that it would not come to the end of, and ends the rest."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hinterland.engine.wire import Connection
from hinterland.paths import Paths
from tests.hostile_schemas import ENDLESS, SENSIBLE
from tests.running import Hint, only_worker

pytestmark = pytest.mark.model
PATIENCE = 60.0


async def ask(socket: Path, model: str, form: Any) -> tuple[int, dict[str, Any]]:
    """Return status and body of what OpenAI's clients are answered."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Answer in JSON."}],
        "max_tokens": 8,
        "response_format": form,
    }
    async with asyncio.timeout(PATIENCE):
        connection = await Connection.open(socket)
        try:
            status = await connection.send(
                "POST", "/v1/chat/completions", json.dumps(body).encode()
            )
            return status, json.loads(await connection.body())
        finally:
            connection.close()


def test_no_schema_stops_the_worker_of_an_account(
    hint: Hint, small_model: str, paths: Paths, tmp_path: Path
) -> None:
    assert hint("ask", "-m", small_model, "--max-tokens", "2", "Hi").returncode == 0
    worker = only_worker().pid
    for schema in ENDLESS:
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
        status, body = asyncio.run(ask(paths.socket, small_model, form))
        assert (status, body["error"]["type"]) == (400, "InputError"), schema
    for schema in SENSIBLE:
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
        assert asyncio.run(ask(paths.socket, small_model, form))[0] == 200, schema
    status, body = asyncio.run(ask(paths.socket, small_model, {"type": "json_schema"}))
    assert (status, "no schema" in body["error"]["message"]) == (400, True)
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(ENDLESS[0]))
    refused = hint("ask", "-m", small_model, "--schema", str(file), "How many?")
    assert (refused.returncode, "`minimum` is too far from 0" in refused.stderr) == (2, True)
    assert only_worker().pid == worker
