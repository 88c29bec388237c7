"""`hint engine build` on a tiny CMake project in llama.cpp's place: whole, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import msgspec
import pytest

from hinterland.config_change import change
from hinterland.engine import programs
from hinterland.engine.builder import sources, tools
from hinterland.engine.builder.compile import Variant
from hinterland.engine.builder.install import build
from hinterland.engine.builder.sources import Pinned
from hinterland.errors import EngineError, InputError, StorageError
from hinterland.paths import Paths
from tests.running import Hint, wait_until

needs_cmake = pytest.mark.skipif(
    not (shutil.which("cmake") and shutil.which("c++") and shutil.which("make")), reason="compiles"
)

# What CMake makes here is copied, not compiled: that is what keeps these tests quick.
CMAKE = """
cmake_minimum_required(VERSION 3.14)
project(llama.cpp NONE)
set(bin ${CMAKE_BINARY_DIR}/bin)
file(WRITE ${bin}/libggml-cpu-best.so "best")
file(WRITE ${bin}/libggml-cpu-plain.so "plain")
add_custom_target(llama-server
    COMMAND sh -n ${CMAKE_SOURCE_DIR}/server.sh
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/server.sh ${bin}/llama-server
    COMMAND chmod 755 ${bin}/llama-server)
add_custom_target(llama-bench
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/server.sh ${bin}/llama-bench
    COMMAND chmod 755 ${bin}/llama-bench)
"""
# Like llama.cpp's loader it takes the best kernels that are there, and says which.
SERVER = """#!/bin/sh
kernels=$(ls "${0%/*}" | grep -m 1 ggml-cpu)
echo "load_backend: loaded CPU backend from ${0%/*}/$kernels" >&2
"""


def archive(folder: Path, files: dict[str, str]) -> tuple[Path, Pinned]:
    """Return a source distribution with `files` in llama.cpp's place, and its pins."""
    real = sources.pinned()
    path = folder / real.file
    root = real.file.removesuffix(".tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        for name, text in {**files, "../../outside.txt": "no", "../setup.py": "no"}.items():
            entry = tarfile.TarInfo(f"{root}/{real.folder}/{name}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
        link = tarfile.TarInfo(f"{root}/{real.folder}/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return path, msgspec.structs.replace(real, sha256=digest, unpacked=100_000, scratch=0)


class Builder:
    """Builds, and remembers what it was told and what was tried."""

    def __init__(self, paths: Paths, folder: Path) -> None:
        self.paths = paths
        self.folder = folder
        self.told: list[str] = []

    def __call__(self, reasons: list[str] | None = None, **files: str) -> tuple[Path, list[str]]:
        named = {"CMakeLists.txt": CMAKE, "server.sh": SERVER}
        named |= {name.replace("_", "."): text for name, text in files.items()}
        path, wanted = archive(self.folder, named)
        verdicts = iter(reasons or [])
        return build(
            self.paths,
            wanted,
            Variant.ALL,
            lambda step, _: self.told.append(step),
            lambda _: next(verdicts, ""),
            archive=path,
        )

    @property
    def installed(self) -> set[str]:
        """Everything that is in the engine's folder and in the cache."""
        roots = (self.paths.data / "engine", self.paths.cache)
        return {str(p) for root in roots for p in root.rglob("*") if p.name != "build.lock"}


@pytest.fixture
def builder(paths: Paths, tmp_path: Path) -> Builder:
    return Builder(paths, tmp_path)


@needs_cmake
def test_a_build_is_installed_and_takes_the_last_ones_place(
    builder: Builder, paths: Paths, tmp_path: Path
) -> None:
    program, aside = builder()
    assert (program, aside) == (programs.built(paths), [])
    assert programs.available(paths)[0] == str(program)
    subprocess.run([program, "--version"], check=True, capture_output=True)
    assert list(dict.fromkeys(builder.told)) == [
        "Checking the sources",
        "Unpacking",
        "Configuring",
        "Compiling",
        "Trying it",
    ]
    first = program.resolve()
    builder()
    assert program.resolve() != first and not first.exists()
    assert not any("engine-build" in path for path in builder.installed)
    assert not (tmp_path / "outside.txt").exists()


@needs_cmake
def test_kernels_that_crash_here_are_set_aside(builder: Builder) -> None:
    program, aside = builder(["it crashed (SIGILL)", ""])
    assert aside == ["best"]
    assert {file.name for file in program.parent.iterdir()} == {
        "libggml-cpu-plain.so",
        "llama-bench",
        "llama-server",
    }


@needs_cmake
def test_whatever_fails_leaves_the_last_build_as_it_was(builder: Builder, tmp_path: Path) -> None:
    builder()
    before = builder.installed
    with pytest.raises(EngineError, match=r"Compiling llama.cpp failed: .*[Ss]yntax error"):
        builder(server_sh="#!/bin/sh\nif\n")
    with pytest.raises(EngineError, match=r"Configuring llama.cpp failed: CMake Error"):
        builder(CMakeLists_txt='message(FATAL_ERROR "no")')
    with pytest.raises(EngineError, match="not used: it answers wrongly"):
        builder(["it answers wrongly"])
    with pytest.raises(EngineError, match="does not start"):
        builder(server_sh="#!/bin/sh\nexit 3\n")
    path, wanted = archive(tmp_path, {"CMakeLists.txt": "x" * 200_000})
    with pytest.raises(InputError, match="unpack to more"):
        build(builder.paths, wanted, Variant.ALL, lambda *_: None, lambda _: "", archive=path)
    with pytest.raises(InputError, match="SHA-256 is another"):
        build(
            builder.paths,
            sources.pinned(),
            Variant.ALL,
            lambda *_: None,
            lambda _: "",
            archive=path,
        )
    huge = msgspec.structs.replace(wanted, scratch=10**18)
    with pytest.raises(StorageError, match="is free"):
        build(builder.paths, huge, Variant.ALL, lambda *_: None, lambda _: "", archive=path)
    assert builder.installed == before


@needs_cmake
def test_an_interrupted_build_leaves_nothing_behind(
    builder: Builder, paths: Paths, tmp_path: Path
) -> None:
    waits = (
        "cmake_minimum_required(VERSION 3.14)\nproject(waits NONE)\n"
        "file(WRITE ${CMAKE_BINARY_DIR}/under-way yes)\n"
        f"execute_process(COMMAND sleep 600.{os.getpid()})"
    )
    path, wanted = archive(tmp_path, {"CMakeLists.txt": waits})
    script = (
        "import msgspec, sys; from pathlib import Path; from hinterland.paths import find;"
        "from hinterland.engine.builder import install, sources, compile;"
        "wanted = msgspec.json.decode(sys.argv[1], type=sources.Pinned);"
        "install.build(find(), wanted, compile.Variant.ALL, lambda *_: None, lambda _: '',"
        " archive=Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, msgspec.json.encode(wanted).decode(), str(path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        under_way = paths.cache / "engine-build" / "build" / "under-way"
        wait_until(under_way.exists, "the build is under way")
        wait_until(sleeping, "its child runs")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    assert builder.installed == set()
    wait_until(lambda: not sleeping(), "nothing runs on")


def test_missing_tools_are_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("CC", "CXX"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "cc").write_text("#!/bin/sh\n")
    (tmp_path / "apt-get").write_text("#!/bin/sh\n")
    for program in tmp_path.iterdir():
        program.chmod(0o755)
    with pytest.raises(EngineError) as caught:
        tools.check()
    assert "a C++ compiler, make and CMake" in caught.value.message
    assert "a C compiler" not in caught.value.message
    assert "apt install build-essential cmake" in caught.value.hint or sys.platform == "darwin"


def sleeping() -> bool:
    """Whether the child of the build that waits is alive."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return f"sleep 600.{os.getpid()}" in listed.stdout.splitlines()


def test_offline_forbids_fetching_the_sources(hint: Hint, paths: Paths) -> None:
    change(paths.config_file, "offline", True)
    refused = hint("engine", "build")
    assert refused.returncode == 2
    assert "offline" in refused.stderr and "--sources" in refused.stderr
    assert not (paths.cache / "engine-build").exists()
