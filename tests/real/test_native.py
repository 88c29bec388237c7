"""A native llama-server: tried before it is trusted, and gone when its service is."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from hinterland import config, measured, worker_specs
from hinterland.engine import programs
from hinterland.engine.service.worker_process import WorkerProcess
from hinterland.engine.service.workers import Workers
from hinterland.engine.smoke import SmokeTest
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import EngineError, ModelError
from hinterland.paths import Paths, private_folder
from tests.llama_servers import scripted
from tests.running import Hint, kill, only_worker, running_status, wait_until


def spec_for(paths: Paths, model: str, program: Path | str) -> WorkerSpec:
    return worker_specs.run_by(str(program), worker_specs.resolver(paths, config.Config())(model))


@pytest.mark.model
def test_a_program_that_crashes_hangs_or_answers_wrongly_is_not_used(
    small_model: str, paths: Paths, tmp_path: Path
) -> None:
    reasons = {
        "crashes": "crashed (SIGSEGV)",
        "crashes while it loads": "crashed (SIGILL)",
        "hangs": "no answer to a fixed prompt within",
        "answers wrongly": "continues “… 10, 11, 12,” with “banana” where the bundled engine writes",
        "cannot load": "unknown model architecture",
        "foreign": "not that of a llama-server",
    }
    smoke = SmokeTest(paths.state, paths.socket.parent)

    async def tried() -> dict[str, str]:
        found = {}
        for kind in reasons:
            spec = spec_for(paths, small_model, scripted(tmp_path, kind))
            smoke._patience = 2.0 if kind == "hangs" else None
            verdict = await smoke.test(spec)
            assert not verdict.passed, kind
            assert smoke.known(spec) == verdict
            settled = await smoke.settle(spec)
            assert (settled.kind, settled.program) == ("llamacpp", "")
            assert verdict.reason in settled.note
            with pytest.raises(EngineError, match="is not used: "):
                await smoke.settle(msgspec.structs.replace(spec, fallback=False))
            found[kind] = verdict.reason
        return found

    found = asyncio.run(tried())
    assert {kind for kind, words in reasons.items() if words not in found[kind]} == set(), found


@pytest.mark.model
def test_a_verdict_holds_until_the_program_changes(
    native_model: str, paths: Paths, llama_server: Path, tmp_path: Path
) -> None:
    program = tmp_path / "llama-server"
    program.write_text(f'#!/bin/sh\nexec "{llama_server}" "$@"\n')
    program.chmod(0o755)
    spec = spec_for(paths, native_model, program)
    smoke = SmokeTest(paths.state, paths.socket.parent)
    verdict = asyncio.run(smoke.test(spec))
    assert verdict.passed and verdict.compared, verdict.reason
    assert SmokeTest(paths.state, paths.socket.parent).known(spec) == verdict
    program.write_text(program.read_text() + "# another\n")
    assert smoke.known(spec) is None


@pytest.mark.model
def test_a_broken_model_is_the_models_fault(
    small_model: str, paths: Paths, llama_server: Path, tmp_path: Path
) -> None:
    whole = spec_for(paths, small_model, llama_server)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(Path(whole.path).read_bytes()[:4_000_000])
    spec = msgspec.structs.replace(whole, path=str(broken), sha256="", bytes=4_000_000)
    with pytest.raises(ModelError, match="cannot be loaded"):
        asyncio.run(SmokeTest(paths.state, paths.socket.parent).test(spec))


@pytest.mark.model
def test_what_was_measured_as_the_fastest_gives_way_when_it_is_not_fit(
    small_model: str, hint: Hint, paths: Paths, tmp_path: Path
) -> None:
    program = scripted(tmp_path, "answers wrongly")
    measured.keep_fastest(paths, 2, str(program))
    done = hint("ask", "-m", small_model, "--max-tokens", "3", "Hi")
    assert done.returncode == 0, done.stderr
    shown = hint("engine", "status")
    assert f"{program} is not used: it continues" in shown.stdout
    assert only_worker().program == ""

    hint("engine", "stop")
    hint("config", "set", "engine.server", str(program))
    refused = hint("ask", "-m", small_model, "Hi")
    assert refused.returncode == 4
    assert "is not used: it continues" in refused.stderr
    shown = hint("engine", "status")
    assert f"last failure: The program {program} is not used: it continues" in shown.stdout
    assert "\n0 answered" in shown.stdout


@pytest.mark.model
def test_a_program_that_fails_after_its_test_gives_way_too(
    small_model: str, paths: Paths, tmp_path: Path
) -> None:
    """The test is easier than the work: a GPU's memory may be too small for the whole window."""
    program = scripted(tmp_path, "cannot load")
    spec = msgspec.structs.replace(spec_for(paths, small_model, program), fallback=True)

    async def trusted(spec: WorkerSpec) -> WorkerSpec:
        return spec

    async def load() -> None:
        workers = Workers(tmp_path, lambda: 1 << 40, trusted)
        try:
            for _ in range(2):
                async with workers.worker(spec, lambda _: None) as worker:
                    assert worker.spec.program == ""
                    assert "unknown model architecture" in worker.spec.note
                    assert workers.all == [worker]
                assert worker.users == 0
            strict = msgspec.structs.replace(spec, model="strict", fallback=False)
            with pytest.raises(ModelError, match="unknown model architecture"):
                await workers.worker(strict, lambda _: None).__aenter__()
        finally:
            await workers.stop()

    asyncio.run(asyncio.wait_for(load(), 120))


@pytest.mark.model
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_native_server_is_private_and_ends_with_its_service(
    hint: Hint, native_model: str, llama_server: Path, paths: Paths
) -> None:
    done = hint("ask", "-m", native_model, "--max-tokens", "3", "Hi")
    assert done.returncode == 0, done.stderr
    worker = only_worker()
    assert worker.program == str(llama_server)
    assert (worker.resident_bytes or 0) > 100_000_000, "the server's memory, not a wrapper's"
    assert Path(worker.socket).stat().st_mode & 0o777 == 0o600
    assert paths.prefixes.stat().st_mode & 0o777 == 0o700
    assert str(llama_server) in hint("engine", "status").stdout
    group = worker.pid
    kill(running_status().pid)
    wait_until(lambda: not members(group), "the server and its guard end")


def test_what_a_wrapper_script_started_ends_with_it(tmp_path: Path) -> None:
    program = scripted(tmp_path, "wrapped")
    socket = tmp_path / "w1.sock"
    spec = WorkerSpec(
        model="m", kind="native", program=str(program), path="m.gguf", socket=str(socket)
    )

    async def run() -> None:
        worker = WorkerProcess(spec)
        await worker.ready
        group = worker.status().pid
        assert len(members(group)) == 2, "the wrapper and the server"
        os.kill(group, 9)
        while members(group):
            await asyncio.sleep(0.02)
        await worker.stop()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_an_old_server_counts_through_its_template(tmp_path: Path) -> None:
    spec = WorkerSpec(
        model="m",
        kind="native",
        program=str(scripted(tmp_path, "is old")),
        path="m.gguf",
        socket=str(tmp_path / "w1.sock"),
    )

    async def counted() -> int:
        worker = WorkerProcess(spec)
        try:
            await worker.ready
            body = {"messages": [{"role": "user", "content": "one two three"}]}
            return await worker.count(json.dumps(body).encode())
        finally:
            await worker.stop()

    assert asyncio.run(counted()) == 3


def test_a_program_that_is_not_there_is_an_error_and_a_measured_one_a_note(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    gone = str(tmp_path / "gone")
    assert programs.wanted("auto", "") == programs.Wanted()
    assert programs.wanted("bundled", gone) == programs.Wanted()
    assert "is gone" in programs.wanted("auto", gone).note
    for absent in (gone, "llama-server", "build/llama-server"):
        with pytest.raises(EngineError, match="no such program"):
            programs.wanted(absent, "")
    program = scripted(tmp_path, "is fine").rename(tmp_path / "llama-server")
    assert programs.wanted("llama-server", "") == programs.Wanted(str(program))
    assert programs.available(paths) == [str(program)]
    private_folder(programs.built(paths).parent)
    programs.built(paths).symlink_to(program)
    assert programs.available(paths) == [str(programs.built(paths))], "one program, two names"


def members(group: int) -> list[int]:
    """Return the processes of a process group that still live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        state, _, its_group = rest.split()[:3]
        if state != "Z" and int(its_group) == group:
            found.append(int(stat.parent.name))
    return found
