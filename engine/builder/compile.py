"""CMake at work: configure, compile, and what came out; the compiler's words go to a log."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from hinterland.errors import EngineError, StorageError

Told = Callable[[str, float | None], None]
"""Hears what is being done, and how much of it is done (0 to 1) where that is known."""

PROGRAMS = ("llama-server", "llama-bench")
"""llama-bench comes along: it says how fast the same build is without a server."""


class Variant(StrEnum):
    ALL = "all"
    """The kernels of every processor of this kind; the best that works is chosen at each start."""
    NATIVE = "native"
    """Only what this very processor has."""


_OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "BUILD_SHARED_LIBS": "ON",
    # The libraries are found beside the program, wherever the folder is moved to.
    "CMAKE_BUILD_WITH_INSTALL_RPATH": "ON",
    "CMAKE_INSTALL_RPATH": "$ORIGIN",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_APP": "OFF",
    # No network: neither a page to download for the build, nor models for the server.
    "LLAMA_BUILD_UI": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF",
    "LLAMA_OPENSSL": "OFF",
    "LLAMA_BUILD_NUMBER": "0",
    "LLAMA_BUILD_COMMIT": "hinterland",
}
_OF_VARIANT = {
    Variant.ALL: {"GGML_NATIVE": "OFF", "GGML_BACKEND_DL": "ON", "GGML_CPU_ALL_VARIANTS": "ON"},
    Variant.NATIVE: {"GGML_NATIVE": "ON"},
}
_PERCENT = re.compile(rb"^\[\s*(\d+)%\]|^\[(\d+)/(\d+)\]")
_ERROR = re.compile(r"error:|CMake Error|fatal:|No space left|\*\*\*", re.IGNORECASE)


def compile_in(
    sources: Path, work: Path, variant: Variant, jobs: int, log: Path, told: Told
) -> Path:
    """Return the folder with the programs and libraries built from `sources`.

    Raises EngineError with the compiler's reason, StorageError when the disk is full. Whatever it
    started has ended when it returns or raises.
    """
    options = _OPTIONS | _OF_VARIANT[variant]
    configure = ["cmake", "-S", str(sources), "-B", str(work)]
    configure += [f"-D{name}={value}" for name, value in options.items()]
    with log.open("wb") as output:
        told("Configuring", None)
        _run(configure, output.fileno(), log, lambda _: None)
        told("Compiling", 0.0)
        build = ["cmake", "--build", str(work), "--parallel", str(jobs), "--target", *PROGRAMS]
        _run(build, output.fileno(), log, lambda done: told("Compiling", done))
    return work / "bin"


def collect(built: Path, into: Path) -> None:
    """Copy programs and libraries into the folder `into`; links between them stay links."""
    for file in sorted(built.iterdir()):
        wanted = file.name in PROGRAMS or re.search(r"\.so(\.|$)|\.dylib$|\.metal$", file.name)
        if wanted:
            shutil.copy2(file, into / file.name, follow_symlinks=False)


def _run(command: list[str], output: int, log: Path, progress: Callable[[float], None]) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "MAKE"))}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment | {"LC_ALL": "C"},
        process_group=0,  # a Ctrl-C is ours to pass on, to the compilers too
    )
    try:
        assert process.stdout is not None
        with process.stdout as words:
            for line in words:
                os.write(output, line)
                if found := _PERCENT.match(line):
                    percent, step, steps = found.groups()
                    progress(int(percent) / 100 if percent else int(step) / int(steps))
        code = process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code != 0:
        raise _failed(command, log)


def _failed(command: list[str], log: Path) -> EngineError | StorageError:
    lines = log.read_text("utf-8", "replace").splitlines()
    reasons = [line.strip() for line in lines if _ERROR.search(line)]
    if any("No space left on device" in line for line in reasons):
        return StorageError(
            "The disk is full: the build does not fit.", "Free some space and build again."
        )
    step = "Compiling" if "--build" in command else "Configuring"
    reason = (reasons or lines or ["it gave no reason"])[0]
    return EngineError(
        f"{step} llama.cpp failed: {reason[:300].rstrip('.')}.",
        f"Nothing was changed. The whole log is {log}.",
    )
