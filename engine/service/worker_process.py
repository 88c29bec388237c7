"""One worker: its child process, the door in front of it, and the talk over its inner socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import h11
import msgspec

from hinterland.engine.memory import private_bytes, resident_bytes
from hinterland.engine.service.admission import Admission
from hinterland.engine.service.forecast import Forecast
from hinterland.engine.service.watch import Watch
from hinterland.engine.service.worker import WorkerCrashedError
from hinterland.engine.status import WorkerStatus
from hinterland.engine.wire import Connection
from hinterland.engine.workers import lifeline, native
from hinterland.engine.workers import spec as worker_spec
from hinterland.engine.workers.llamacpp import MISSING_LIBRARY
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import EngineError, HinterlandError, InputError, ModelError

log = logging.getLogger("hinterland.engine")
native_log = logging.getLogger("hinterland.worker")

# llama.cpp warns of this whatever it listens on; here it is a socket that only the account opens.
_ABOUT_TCP = re.compile(r"no API key is set|llama_server: (-+$|this can be a security|more info)")
# What llama.cpp's loader of image projectors logs, with the reason behind its functions' names.
_SIGHT_ERROR = re.compile(r" E (?:mtmd|clip)\w*: (?:(?:error|\w+): )*(.+)")
_CHAT = "/v1/chat/completions"
_DYING = 5.0  # seconds


class WorkerProcess:
    """Starts at once; `ready` is awaited before anything else. Raises EngineError when it crashes.

    `forecast` is what was learned of such a worker before.
    """

    def __init__(self, spec: WorkerSpec, forecast: Forecast | None = None) -> None:
        self.spec = spec
        self.door = Admission(spec.slots, spec.pool_tokens, shared=spec.shared, forecast=forecast)
        self.users = 0
        """Requests that need this worker, running or not; it is only evicted at 0."""
        self.last_used = 0.0
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._last_words = ""
        self._sight_failed = ""
        self._asked = False
        self._watch = Watch()
        self._watching: asyncio.Task[None] | None = None
        self.ready = asyncio.create_task(self._start())

    async def _start(self) -> None:
        spec = self.spec
        Path(spec.socket).unlink(missing_ok=True)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                f"hinterland.engine.workers.{spec.kind}",
                worker_spec.encode(spec),
                stdin=asyncio.subprocess.PIPE,  # the lifeline: never written to
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:  # no memory, too many processes, a template of megabytes
            raise EngineError(
                f"The worker for {spec.model} cannot be started: {error.strerror or error}.",
                "`hint doctor` looks for the reason.",
            ) from error
        log.info("worker %d loads %s", self._process.pid, spec.model)
        assert self._process.stdout is not None
        reading = asyncio.create_task(self._read_log())
        said = await self._process.stdout.readline()
        if said == lifeline.READY:
            log.info("worker %d is ready", self._process.pid)
            if spec.kind != "ctransformers":  # it answers nothing while it computes
                self._watching = asyncio.create_task(self._end_when_hung())
            return
        code = await self._process.wait()
        await reading
        if self._stopping:
            raise EngineError("The engine is stopping.", "Ask again.")
        if spec.program and code in {native.CANNOT_START, native.CANNOT_START + 1}:
            raise EngineError(
                f"{spec.program} cannot be used: "
                f"{self._last_words.removeprefix('error: ') or 'it does not start'}.",
                "`hint config set engine.server bundled` goes on without it.",
            )
        if code == -signal.SIGILL and spec.program:
            raise EngineError(
                f"{spec.program} uses instructions that this processor lacks (SIGILL).",
                "Build one for this processor: `hint engine build`.",
            )
        if code < 0:
            raise EngineError(
                f"The worker was killed by {signal.Signals(-code).name} while it loaded {spec.model}.",
                "If memory is short choose a smaller model: `hint models recommend`."
                if code == -signal.SIGKILL
                else f"Its file may be damaged: `hint models verify {spec.model}`.",
            )
        if self._last_words.startswith(MISSING_LIBRARY):
            raise _no_library(spec.kind, self._last_words.removeprefix(MISSING_LIBRARY).strip())
        if self._sight_failed:
            raise ModelError(
                f"The image projector of {spec.model} cannot be used: {self._sight_failed}.",
                "Give it the one made for it (`hint models add MODEL --mmproj FILE`), or remove "
                "the model and install it without.",
            )
        raise ModelError(
            f"The model {spec.model} cannot be loaded: {self._last_words or 'no reason given'}.",
            f"Check it with `hint models verify {spec.model}`.",
        )

    async def _read_log(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        while line := await _line(self._process.stderr):
            if self.spec.shared and self._asked:
                continue  # a grammar that cannot be read is logged whole, and it is somebody's words
            text = line.decode("utf-8", "replace").strip()
            if text and not _ABOUT_TCP.search(text):
                native_log.warning("%s", text)
                if (of_sight := _SIGHT_ERROR.search(text)) and not self._sight_failed:
                    self._sight_failed = of_sight[1].rstrip(".")
                if text.startswith(MISSING_LIBRARY):
                    self._last_words = text.rstrip(".")
                elif " E " in text or "rror" in text:
                    self._last_words = text.rpartition(" : ")[2].rstrip(".")

    @property
    def gone(self) -> bool:
        """Whether the process has ended, or never began."""
        if self.ready.done() and (self.ready.cancelled() or self.ready.exception() is not None):
            return True
        return self._process is not None and self._process.returncode is not None

    async def ended(self) -> str | None:
        """Return how the process ended, as a sentence about it; None when it lives on."""
        if self._process is not None:
            with contextlib.suppress(TimeoutError):  # known in a moment; a core dump takes longer
                await asyncio.wait_for(self._process.wait(), _DYING)
        code = self._process.returncode if self._process else None
        if code is None:
            return None
        if code == native.CANNOT_START and self._last_words:
            return self._last_words.removeprefix("error: ") + "."
        words = f": {self._last_words}" if self._last_words else ""
        if code < 0:
            return f"It crashed ({signal.Signals(-code).name}){words}."
        return f"It ended with exit code {code}{words}."

    @property
    def progress(self) -> float | None:
        """How much of the model is in memory, judged by resident size against file size; it is a
        lower bound of the work done, and None where the system does not tell."""
        resident = resident_bytes(self._process.pid) if self._process else None
        if resident is None or not self.spec.bytes:
            return None
        return min(resident / self.spec.bytes, 0.99)

    @property
    def private_bytes(self) -> int:
        """Memory that ending this worker would give back."""
        return private_bytes(self._process.pid) if self._process else 0

    async def count(self, body: bytes) -> int:
        """Return how many tokens the prompt in `body` has, chat template included."""
        status, answer = await self.ask("POST", f"{_CHAT}/input_tokens", body)
        if status == 404 and self.spec.program:
            return await self._count_rendered(body)
        if status != 200:
            raise _refused(answer)
        return int(msgspec.json.decode(answer)["input_tokens"])

    async def _count_rendered(self, body: bytes) -> int:
        """Return the same from a llama-server that cannot count a chat (before autumn 2026)."""
        status, answer = await self.ask("POST", "/apply-template", body)
        if status != 200:
            raise _refused(answer)
        prompt = msgspec.json.decode(answer)["prompt"]
        # A template may write the first token too: one too many is counted then, never one too few.
        asked = {"content": prompt, "add_special": True, "parse_special": True}
        status, answer = await self.ask("POST", "/tokenize", msgspec.json.encode(asked))
        if status != 200:
            raise _refused(answer)
        return len(msgspec.json.decode(answer)["tokens"])

    async def ask(self, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return status and body of the worker's response; raises WorkerCrashedError."""
        async with self._watch.exchange():
            return await self._asked_and_told(method, target, body)

    async def _asked_and_told(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        connection = await self._connect()
        try:
            status = await connection.send(method, target, body)
            return status, await connection.body()
        except (OSError, h11.RemoteProtocolError) as error:
            raise await self._crashed() from error
        finally:
            connection.close()

    async def chat(self, body: bytes) -> AsyncGenerator[bytes, None]:
        """Yield the answer's bytes as the worker sends them. Closing the iterator cancels."""
        async with self._watch.exchange():
            connection = await self._connect()
            try:
                status = await connection.send("POST", _CHAT, body)
                if status != 200:
                    raise _refused(await connection.body())
                async for piece in connection.chunks():
                    self._watch.heard()
                    yield piece
            except (OSError, h11.RemoteProtocolError) as error:
                raise await self._crashed() from error
            finally:
                connection.close()

    async def _end_when_hung(self) -> None:
        """End the process when it lives and does not answer: who waits is told, and gets a fresh one."""
        try:
            await self._watch.until_hung(lambda: self._asked_and_told("GET", "/slots", b""))
        except WorkerCrashedError:  # who asked it something hears of that
            return
        log.error("the worker for %s does not answer any more: it is ended", self.spec.model)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _connect(self) -> Connection:
        self._asked = True
        try:
            return await Connection.open(Path(self.spec.socket))
        except OSError as error:
            raise await self._crashed() from error

    async def _crashed(self) -> WorkerCrashedError:
        await self.ended()
        return WorkerCrashedError(
            f"The engine's worker for {self.spec.model} stopped in the middle of the answer.",
            "Ask again: a fresh worker starts by itself.",
        )

    async def stop(self) -> None:
        """End the process and wait for it."""
        self._stopping = True
        try:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()
        finally:
            self.ready.cancel()
            if self._watching is not None:
                self._watching.cancel()
            Path(self.spec.socket).unlink(missing_ok=True)

    def status(self) -> WorkerStatus:
        pid = self._process.pid if self._process else 0
        return WorkerStatus(
            model=self.spec.model,
            sha256=self.spec.sha256,
            pid=pid,
            state="gone" if self.gone else "ready" if self.ready.done() else "loading",
            context=self.spec.context,
            slots=self.spec.slots,
            threads=self.spec.threads,
            running=self.door.running,
            waiting=self.door.waiting,
            reserved_tokens=self.door.reserved_tokens,
            pool_tokens=self.spec.pool_tokens,
            expected=self.door.outlook(),
            resident_bytes=resident_bytes(pid) if pid else None,
            socket=self.spec.socket,
            program=self.spec.program,
            note=self.spec.note,
        )


async def _line(stream: asyncio.StreamReader) -> bytes:
    """Return the next line, or a piece of one that is too long; empty at the end."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await stream.readexactly(max(overrun.consumed, 1))


def _no_library(kind: str, reason: str) -> EngineError:
    """Return the error for a worker whose library this machine has not."""
    if kind == "ctransformers":
        return EngineError(
            f"ctransformers, which runs models of the GGML era, cannot be used here: {reason}.",
            "Every other model works without it. Where a compiler is, "
            "`pip install --no-binary ctransformers ctransformers` builds it.",
        )
    return EngineError(
        f"llama.cpp cannot be used here: {reason}.",
        "On Debian and Ubuntu `apt install libgomp1` brings what it is linked against.",
    )


def _refused(answer: bytes) -> HinterlandError:
    """Return the error for a body that the worker would not take."""
    try:
        said = msgspec.json.decode(answer)["error"]
        message, code = str(said["message"]), int(said.get("code", 500))
        if said.get("type") == "refused":  # by a worker of ours, in a sentence for people
            return InputError(message, str(said.get("hint", "")))
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        message, code = "it gave no reason", 500
    message = message.strip().rstrip(".")
    if "schema" in message.lower():
        reason = message.rpartition("JSON schema error")[2].lstrip(" :") or message
        return InputError(
            f"The engine cannot enforce this schema: {reason}.",
            "Simplify the schema and try again.",
        )
    if 400 <= code < 500:
        return InputError(f"The engine refused the request: {message}.", "Check the options.")
    error = EngineError(f"The engine failed: {message}.", "Ask again, or ask another model.")
    error.quotes = True  # llama.cpp does so with an answer that it cannot read
    return error


def own_socket(folder: Path, number: int) -> Path:
    """Return where the `number`th worker listens: never a longer path than the service's own."""
    return folder / f"w{number}.sock"
