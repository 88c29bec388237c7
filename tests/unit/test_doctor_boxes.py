"""Other boxes: processors, graphics processors, memory, and a bundled engine that does not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hinterland.doctor import gpu, memory, processor
from hinterland.doctor.child import Child
from hinterland.doctor.visit import Visit
from hinterland.engine.workers import describe
from tests.doctoring import checked, found_by, linux, make_box, one
from tests.running import hint_command

# The bundled engine


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is imported in the place of the bundled engine's library."""
    folder = tmp_path / "library"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder / "xllamacpp.py"


def test_a_library_that_is_missing(home: Path, library: Path) -> None:
    reason = "libgomp.so.1: cannot open shared object file: No such file or directory"
    library.write_text(f"raise ImportError({reason!r})")
    finding = found_by(processor.features)["library-missing"]
    assert "libgomp.so.1" in finding.sentence
    assert "apt install libgomp1" in finding.remedy


@pytest.mark.parametrize(
    ("death", "kind"), [("SIGILL", "engine-crashes-here"), ("SIGSEGV", "engine-does-not-load")]
)
def test_a_library_that_crashes(death: str, kind: str, home: Path, library: Path) -> None:
    library.write_text(
        "import os, resource, signal\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        f"os.kill(os.getpid(), signal.{death})\n"
    )
    assert found_by(processor.features)[kind].facts["failure"] == death


def test_a_program_that_hangs_is_ended() -> None:
    child = Child(["sleep", "600"], patience=0.0)
    assert (child.answer(), child.failure) == (b"", "timeout")


def test_a_program_that_is_not_there() -> None:
    child = Child(["/no/such/program"])
    assert child.answer() == b""
    assert child.failure == "No such file or directory"


def test_what_llama_cpp_says_of_itself() -> None:
    line = "CPU : SSE3 = 1 | AVX2 = 1 | AVX512 = 0 | CUDA : ARCHS = 750 | REPACK = 1 | "
    assert describe.features(line) == ("SSE3", "AVX2", "ARCHS", "REPACK")


# Processors


def _cpu(flags: str) -> dict[str, str]:
    return {"proc/cpuinfo": f"processor\t: 0\nmodel name\t: Test CPU\nflags\t\t: {flags}\n"}


X86_V3 = "fpu pni ssse3 sse4_1 sse4_2 avx avx2 f16c fma bmi2"


@pytest.mark.skipif(
    not Path("/proc/cpuinfo").exists() or " avx2 " not in Path("/proc/cpuinfo").read_text(),
    reason="holds the x86-64 build of the bundled engine against other processors",
)
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (X86_V3, {"engine-features"}),
        (X86_V3 + " avx512f avx512_vnni", {"engine-features", "engine-could-be-faster"}),
        ("fpu pni ssse3 sse4_1 sse4_2 avx", {"processor-too-old"}),
    ],
)
def test_other_processors(flags: str, expected: set[str], home: Path, tmp_path: Path) -> None:
    told = found_by(processor.features, make_box(tmp_path / "box", _cpu(flags)))
    assert set(told) == expected
    if "processor-too-old" in told:
        assert set(told["processor-too-old"].facts["lacking"]) == {"AVX2", "F16C", "FMA", "BMI2"}


def test_a_raspberry_pi_is_named(home: Path, tmp_path: Path) -> None:
    root = make_box(
        tmp_path / "box",
        {
            "proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nCPU part\t: 0xd0b\n",
            "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
        },
    )
    told = found_by(processor.make, root)["processor"]
    assert told.sentence.startswith("Raspberry Pi 5 Model B Rev 1.0, ")
    assert {"NEON", "DOTPROD", "MATMUL_INT8"} <= set(told.facts["features"])


def test_time_that_the_host_gave_to_others(home: Path, tmp_path: Path) -> None:
    root = make_box(tmp_path / "box", {"proc/stat": "cpu  600 0 200 9000 0 0 0 0 0 0\n"})
    with Visit(root) as visit:
        make_box(root, {"proc/stat": "cpu  650 0 200 9100 0 0 0 50 0 0\n"})
        told = {each.kind: each for each in processor.stolen(visit)}
    assert told["time-stolen"].facts["now"] == 0.5
    quiet = make_box(tmp_path / "quiet", {"proc/stat": "cpu  9 0 9 9 0 0 0 0 0 0\n"})
    assert not found_by(processor.stolen, quiet)


# Graphics processors

_SLOT = "sys/bus/pci/devices/0000:01:00.0"


def _card(vendor: str) -> dict[str, str]:
    return {f"{_SLOT}/class": "0x030000\n", f"{_SLOT}/vendor": f"{vendor}\n"}


_NVIDIA_DRIVER = {
    "proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t NVIDIA T4\nIRQ: 5\n"
}


@linux
@pytest.mark.parametrize(
    ("files", "kind", "words"),
    [
        ({}, "gpu-none", "No graphics processor"),
        (_card("0x10de") | _NVIDIA_DRIVER, "gpu-not-used", "There is NVIDIA T4, and the bundled"),
        (_card("0x10de"), "gpu-blocked", "NVIDIA's driver is not loaded"),
        (_card("0x8086"), "gpu-integrated", "by Intel; the engine computes on the processor."),
        (_card("0x1234"), "gpu-none", "No graphics processor"),
        ({"dev/davinci0": "", "dev/davinci1": ""}, "gpu-not-used", "There is 2 Huawei Ascend dev"),
        ({"dev/kfd": ""}, "gpu-not-used", "There is a graphics processor by AMD, and the bundled"),
        (_card("0x1002"), "gpu-blocked", "no /dev/kfd"),
    ],
)
def test_graphics_processors(
    files: dict[str, str], kind: str, words: str, home: Path, tmp_path: Path
) -> None:
    root = tmp_path / "box"
    root.mkdir()
    told = found_by(gpu.devices, make_box(root, files))
    assert words in told[kind].sentence
    assert bool(told[kind].remedy) is (kind in {"gpu-not-used", "gpu-blocked"})


# Memory


def test_swap_and_processes_that_were_killed(home: Path, tmp_path: Path) -> None:
    root = make_box(
        tmp_path / "box",
        {
            "proc/meminfo": "MemTotal: 1 kB\nSwapTotal:  2000000 kB\nSwapFree:  1 kB\n",
            "proc/vmstat": "oom_kill 3\n",
        },
    )
    amount = next(iter(found_by(memory.amount, root).values()))
    assert "2.0 GB of swap" in amount.sentence
    assert "3 processes" in found_by(memory.limits, root)["memory-ran-out"].sentence


@linux
def test_a_process_that_may_not_have_much_memory(home: Path) -> None:
    script = 'ulimit -v 4000000; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *hint_command("doctor", "--json")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert one(checked(done), "address-space-limited").facts["limit"] == 4_096_000_000


def test_the_checks_know_this_box(home: Path) -> None:
    """Whatever box the tests run on has memory and a processor with a name."""
    assert found_by(processor.make)["processor"].facts["cores"] >= 1
    told = found_by(memory.amount)
    assert (told.get("memory") or told["memory-short"]).facts["total"] > 0
    assert sys.platform != "linux" or found_by(processor.make)["processor"].facts["name"]
