"""A native llama-server is tried before it is trusted: a wrong build is quick, silent and wrong.

It continues a fixed prompt greedily in a process of its own, and so does the bundled llama.cpp. The
tokens have to be the same up to rounding: where they first differ, the bundled one must have found
the other token nearly as likely. A crash, a hang or another answer means that it is not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.metadata
import logging
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hinterland.engine.service.worker_process import WorkerProcess, own_socket
from hinterland.engine.workers.spec import WorkerSpec, bundled
from hinterland.errors import EngineError, HinterlandError, ModelError
from hinterland.paths import private_folder

PROMPT = (
    "The days of the week are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday. "
    "The months are January, February, March, April, May, June, July, August, September, October, "
    "November and December. Water freezes at 0 degrees and boils at 100 degrees. "
    "Count from one to twenty: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
)
"""About 120 tokens: enough for the kernels of long prompts, which differ from those of writing."""

_TOKENS = 16
_LIKELY = 10  # alternatives asked for at each token
_ROUNDING = 0.5
"""Nats. Kernels that differ only in rounding were seen to move a token by less than 0.1."""
_CONTEXT = 512
_PATIENCE = 60.0  # seconds at least
_TIMES_THE_BUNDLED = 10
_SLOW_DISK = 20e6  # bytes per second
_FAILURES_KEPT = 24 * 3600  # seconds; a box that was too busy gets another chance

log = logging.getLogger("hinterland.engine")

VERSION = 1
"""Raised when the test changes, so that old verdicts are forgotten."""


class Verdict(msgspec.Struct, frozen=True):
    program: str
    model: str
    passed: bool
    reason: str = ""
    """Why it is not used, as the rest of a sentence about it."""
    compared: bool = True
    """False where the bundled engine cannot run the model: then to answer at all is to pass."""
    tested: float = 0.0
    """Seconds since the epoch."""


class _Likely(msgspec.Struct):
    id: int
    logprob: float
    token: str = ""


class _Token(msgspec.Struct):
    id: int
    top_logprobs: list[_Likely] = []


class _Completion(msgspec.Struct):
    content: str
    tokens: list[int]
    completion_probabilities: list[_Token] = []


@dataclass(frozen=True, slots=True)
class _Reference:
    answer: _Completion | None = None
    unloadable: ModelError | None = None
    seconds: float = 0.0


class SmokeTest:
    """Tries programs, and remembers the verdicts in a file until program or model change.

    `patience` is the time, in seconds, after which a program hangs; by itself it is a minute, and
    more where the bundled engine took long.
    """

    def __init__(self, state: Path, sockets: Path, patience: float | None = None) -> None:
        self._file = state / "smoke.json"
        self._sockets = sockets
        self._patience = patience
        self._bundled: dict[str, _Reference] = {}

    async def settle(self, spec: WorkerSpec) -> WorkerSpec:
        """Return `spec` when its program may be used, or the bundled engine's where that may stand
        in for it; raises EngineError otherwise, and ModelError for a model nothing can load."""
        if not spec.program:
            return spec
        verdict = self.known(spec)
        if verdict is None:
            log.info("%s is tried with %s before it is used", spec.program, spec.model)
            verdict = await self.test(spec)
        if verdict.passed:
            return spec
        if spec.fallback:
            return bundled(spec, f"{spec.program} is not used: {verdict.reason}")
        raise EngineError(
            f"The program {spec.program} is not used: {verdict.reason}.",
            "`hint engine bench --tune` tries it again; `hint config set engine.server bundled` "
            "goes on without it.",
        )

    def known(self, spec: WorkerSpec) -> Verdict | None:
        """Return the verdict on this program with this model, if there is one that still holds."""
        verdict = self._read().get(_key(spec))
        if verdict is None or verdict.passed:
            return verdict
        return verdict if time.time() - verdict.tested < _FAILURES_KEPT else None

    async def test(self, spec: WorkerSpec) -> Verdict:
        """Try the program of `spec` with its model now, and keep the verdict.

        Raises ModelError when neither it nor the bundled engine can load the model.
        """
        reason, compared = await self._try(spec)
        verdict = Verdict(
            program=spec.program,
            model=spec.model,
            passed=not reason,
            reason=reason,
            compared=compared,
            tested=time.time(),
        )
        self._keep(_key(spec), verdict)
        return verdict

    async def _try(self, spec: WorkerSpec) -> tuple[str, bool]:
        """Return why the program is not fit (empty: it is), and whether it could be compared."""
        reference = self._bundled.get(spec.identity)
        if reference is None:
            reference = self._bundled[spec.identity] = await self._reference(spec)
        patience = self._patience or max(_PATIENCE, _TIMES_THE_BUNDLED * reference.seconds)
        if reference.answer is None:
            patience += spec.bytes / _SLOW_DISK
        try:
            answer = await asyncio.wait_for(self._complete(spec), patience)
        except TimeoutError:
            return f"it gave no answer to a fixed prompt within {patience:.0f} s", True
        except msgspec.MsgspecError:
            return "it does not speak llama-server's protocol", True
        except HinterlandError as error:
            if reference.unloadable is not None:
                raise reference.unloadable from error
            return _as_reason(error), True
        if not answer.tokens:
            return "it answered a fixed prompt with nothing", True
        if reference.answer is None:
            return "", False
        return _difference(answer, reference.answer), True

    async def _reference(self, spec: WorkerSpec) -> _Reference:
        """Return what the bundled llama.cpp makes of the prompt, if it can run the model."""
        started = time.monotonic()
        try:
            return _Reference(
                await self._complete(bundled(spec)), seconds=time.monotonic() - started
            )
        except ModelError as error:
            return _Reference(unloadable=error)
        except (HinterlandError, msgspec.MsgspecError):
            return _Reference()  # none for this processor: that is what native ones are for

    async def _complete(self, spec: WorkerSpec) -> _Completion:
        """Return what a worker of its own makes of the prompt; raises what workers raise."""
        # Not a number that the service gives: it and `bench` may be at work at the same time.
        socket = own_socket(private_folder(self._sockets), random.randint(10_000, 99_999))  # noqa: S311 - no secret
        worker = WorkerProcess(
            msgspec.structs.replace(
                spec, socket=str(socket), slots=1, context=_CONTEXT, projector="", prefixes=""
            )
        )
        try:
            await worker.ready
            status, body = await worker.ask(
                "POST",
                "/completion",
                msgspec.json.encode(
                    {
                        "prompt": PROMPT,
                        "n_predict": _TOKENS,
                        "temperature": 0,
                        "n_probs": _LIKELY,
                        "return_tokens": True,
                        "ignore_eos": True,
                        "cache_prompt": False,
                    }
                ),
            )
            if status != 200:
                raise EngineError(f"It answered a fixed prompt with HTTP status {status}.")
            return msgspec.json.decode(body, type=_Completion)
        except (HinterlandError, msgspec.MsgspecError) as error:
            ended = await worker.ended() if spec.program else None
            if ended is None:
                raise
            kind = ModelError if isinstance(error, ModelError) else EngineError
            raise kind(ended) from error
        finally:
            await worker.stop()

    def _read(self) -> dict[str, Verdict]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, Verdict])
        except (OSError, msgspec.MsgspecError):
            return {}

    def _keep(self, key: str, verdict: Verdict) -> None:
        # Losing it costs a test; a full disk must not cost the answer.
        with contextlib.suppress(OSError, HinterlandError):
            private_folder(self._file.parent)
            partial = self._file.with_suffix(f".{os.getpid()}")
            partial.write_bytes(msgspec.json.encode(self._read() | {key: verdict}))
            partial.replace(self._file)


def _key(spec: WorkerSpec) -> str:
    """Return what a verdict is about: this very program, and this very model."""
    try:
        program = os.stat(spec.program)
        stamp = f"{program.st_size} {program.st_mtime_ns}"
    except OSError:
        stamp = "gone"
    try:
        library = importlib.metadata.version("xllamacpp")
    except importlib.metadata.PackageNotFoundError:
        library = "none"
    facts = (
        VERSION,
        os.path.realpath(spec.program),
        stamp,
        spec.identity,
        spec.gpu_layers,
        library,
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _difference(answer: _Completion, reference: _Completion) -> str:
    """Return how `answer` is wrong; empty when it is the reference's up to rounding."""
    for token, right in zip(answer.tokens, reference.completion_probabilities, strict=False):
        if token == right.id:
            continue
        best = max((each.logprob for each in right.top_logprobs), default=0.0)
        likely = {each.id for each in right.top_logprobs if each.logprob >= best - _ROUNDING}
        if token in likely:
            return ""  # from here on they write different texts, both rightly
        return (
            f"it continues “… 10, 11, 12,” with “{_short(answer.content)}” "
            f"where the bundled engine writes “{_short(reference.content)}”"
        )
    return ""


def _short(text: str) -> str:
    return " ".join(text.split())[:40]


def _as_reason(error: HinterlandError) -> str:
    return error.message[:1].lower() + error.message[1:].rstrip(".")
