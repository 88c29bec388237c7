"""The processor: what it can do, what the bundled engine makes of it, and who else takes its time."""

from __future__ import annotations

import os
import platform
import re
import signal
import time
from collections.abc import Iterator

import msgspec

from hinterland import machine, measured
from hinterland.doctor.findings import Area, Finding, In, Level
from hinterland.doctor.visit import Visit
from hinterland.engine.workers import describe

_say = In(Area.PROCESSOR)

# llama.cpp's name → what Linux calls it in /proc/cpuinfo.
X86 = {
    "SSE3": "pni",
    "SSSE3": "ssse3",
    "SSE42": "sse4_2",
    "AVX": "avx",
    "AVX2": "avx2",
    "F16C": "f16c",
    "FMA": "fma",
    "BMI2": "bmi2",
    "AVX_VNNI": "avx_vnni",
    "AVX512": "avx512f",
    "AVX512_VBMI": "avx512vbmi",
    "AVX512_VNNI": "avx512_vnni",
    "AVX512_BF16": "avx512_bf16",
    "AMX_INT8": "amx_int8",
}
ARM = {
    "NEON": "asimd",
    "ARM_FMA": "asimd",
    "FP16_VA": "asimdhp",
    "DOTPROD": "asimddp",
    "MATMUL_INT8": "i8mm",
    "SVE": "sve",
    "SME": "sme",
}
# Those that make reading prompts much faster where the engine uses them.
WORTH_BUILDING = ("AVX512_VNNI", "AVX_VNNI", "AVX512", "AMX_INT8", "DOTPROD", "MATMUL_INT8", "SVE")

_BUILD = "`hint engine build` makes an engine for this very processor."
_ELSEWHERE = "Or name a llama-server that runs here: `hint config set engine.server PATH`."

_SHORTEST_LOOK = 0.3  # seconds between two looks at /proc/stat, which counts in hundredths
_LEAST_BUSY = 20  # hundredths of a second of work, below which a share says nothing
_MUCH_STOLEN = 0.05


def make(visit: Visit) -> Iterator[Finding]:
    """Say what processor this is, how many of its cores may be used, and whether it is virtual."""
    about = visit.read("proc/cpuinfo")
    name = _field(about, "model name") or visit.read("proc/device-tree/model").strip("\0")
    name = name or _field(about, "Hardware") or platform.processor() or "unknown processor"
    cores, everything = machine.cores(), len(re.findall(r"^processor\s*:", about, re.MULTILINE))
    some = f"{cores} of {everything}" if everything > cores else f"{cores}"
    virtual = "hypervisor" in _flags(about)
    maker = visit.read("sys/class/dmi/id/sys_vendor").strip()
    yield _say.ok(
        "processor",
        f"{name}, {platform.machine()}, {some} core{'s' * (some != '1')} to use.",
        name=name,
        architecture=platform.machine(),
        cores=cores,
        system=platform.system(),
        virtual=virtual,
        container=visit.container,
        maker=maker,
        features=sorted(known for known, flag in _known(about).items() if flag in _flags(about)),
    )
    if virtual:
        by = f" ({maker})" if maker else ""
        yield _say.ok(
            "virtual-machine",
            f"It is a virtual machine{by}: its speed depends on its neighbours too.",
        )


def features(visit: Visit) -> Iterator[Finding]:
    """Hold what the bundled engine was built to use against what the processor has."""
    for finding in _features(visit):
        if finding.level is Level.OK or not visit.server:
            yield finding
        elif finding.level is Level.PROBLEM:
            yield _say.ok("engine-replaced", f"{finding.sentence} {visit.server} is used instead.")


def _features(visit: Visit) -> Iterator[Finding]:
    answer = visit.engine_probe.answer()
    failure = visit.engine_probe.failure
    if failure == signal.SIGILL.name:
        yield _say.problem(
            "engine-crashes-here",
            "The bundled engine uses instructions that this processor does not have.",
            f"{_BUILD} {_ELSEWHERE}",
            failure=failure,
        )
        return
    if failure == "timeout":
        yield _say.note(
            "engine-not-tried",
            "The bundled engine's library did not load in time: this box is busy, or it hangs.",
            "Run `hint doctor` again when this box is less busy.",
        )
        return
    if failure:
        yield _say.problem(
            "engine-does-not-load",
            f"The bundled engine's library ends with {failure} when it is loaded.",
            "Run `hint doctor` once more; if it stays so, install Hinterland anew.",
            failure=failure,
        )
        return
    try:
        engine = describe.decode(answer)
    except msgspec.MsgspecError:
        engine = describe.Description(error="it said nothing that could be understood")
    if engine.error:
        yield _missing(engine.error)
        return
    yield from _compare(visit, engine)


def _missing(error: str) -> Finding:
    if "No module named" in error:
        remedy = (
            "Install Hinterland anew, or name a llama-server: `hint config set engine.server PATH`."
        )
        return _say.problem("engine-missing", f"The bundled engine is missing: {error}.", remedy)
    return _say.problem(
        "library-missing",
        f"The bundled engine cannot be loaded: {error.rstrip('.')}.",
        "Debian, Ubuntu: `apt install libgomp1 libstdc++6`. Fedora: `dnf install libgomp "
        "libstdc++`. Alpine's musl is not supported by it: use `engine.server`.",
        error=error,
    )


def _compare(visit: Visit, engine: describe.Description) -> Iterator[Finding]:
    about = visit.read("proc/cpuinfo")
    flags, known = _flags(about), _known(about)
    lacking = [name for name in engine.features if name in known and known[name] not in flags]
    facts = {"version": engine.version, "uses": engine.features}
    if flags and lacking:
        yield _say.problem(
            "processor-too-old",
            f"The bundled engine uses {', '.join(lacking)}, which this processor does not have: "
            "it will crash.",
            f"{_BUILD} {_ELSEWHERE}",
            **facts,
            lacking=lacking,
        )
        return
    used = [name for name in engine.features if name in known]
    yield _say.ok(
        "engine-features",
        f"The bundled engine (xllamacpp {engine.version}) loads; it uses {', '.join(used) or 'the basics'}.",
        **facts,
    )
    idle = [each for each in WORTH_BUILDING if known.get(each) in flags and each not in used]
    if idle:
        yield _say.note(
            "engine-could-be-faster",
            f"This processor also has {', '.join(idle)}, which the bundled engine does not use.",
            "`hint engine build` makes one that does (needs a compiler and CMake). With AVX-512 "
            "VNNI we measured prompts read 1.8 times as fast, answers written 1.2 times.",
            unused=idle,
        )


def threads(visit: Visit) -> Iterator[Finding]:
    """Say where the engine's number of threads comes from."""
    chosen, best = visit.config.engine.threads, measured.load(visit.paths).threads
    cores = machine.cores()
    if chosen > cores:
        yield _say.note(
            "too-many-threads",
            f"engine.threads is {chosen}, and there are only {cores} cores: they wait for each other.",
            "`hint config set engine.threads 0`, then `hint engine bench --tune`.",
            threads=chosen,
            cores=cores,
        )
    elif chosen:
        yield _say.ok(
            "threads-set", f"The engine computes in {chosen} threads, as the settings say."
        )
    elif best is not None and best > cores:
        yield _say.note(
            "threads-measured-elsewhere",
            f"{best} threads were measured as best, and now there are only {cores} cores.",
            "`hint engine bench --tune` measures anew.",
            threads=best,
            cores=cores,
        )
    elif best is not None:
        yield _say.ok(
            "threads-measured", f"The engine computes in {best} threads, measured as best here."
        )
    elif os.path.exists(visit.paths.state / "measured.json") or cores == 1:
        yield _say.ok("threads-by-cores", f"The engine computes in {cores} threads, one per core.")
    else:
        yield _say.note(
            "threads-not-measured",
            f"How many threads suit this box was not measured: {cores} are used, one per core.",
            "`hint engine bench --tune` finds out, in a few minutes; it stops the engine meanwhile.",
        )


def stolen(visit: Visit) -> Iterator[Finding]:
    """Say how much of the time that the processor was wanted its host gave to others."""
    before = _times(visit.processor_times)
    after = _times(visit.read("proc/stat"))
    patience = time.monotonic() + _SHORTEST_LOOK
    if before is None or after is None:
        return
    while after[1] - before[1] < _LEAST_BUSY and time.monotonic() < patience:
        time.sleep(_SHORTEST_LOOK / 6)
        after = _times(visit.read("proc/stat")) or after
    busy = after[1] - before[1]
    now = (after[0] - before[0]) / busy if busy >= _LEAST_BUSY else 0.0
    ever = after[0] / after[1] if after[1] else 0.0
    if max(now, ever) < _MUCH_STOLEN:
        return
    yield _say.note(
        "time-stolen",
        f"The host gave {now:.0%} of the processor time wanted here to others just now, and "
        f"{ever:.0%} since this box started.",
        "Fewer threads may be faster: `hint engine bench --tune`. Or ask the host for more.",
        now=round(now, 3),
        since_start=round(ever, 3),
    )


def _times(stat: str) -> tuple[int, int] | None:
    """Return the hundredths of a second that were stolen, and those that were wanted at all."""
    fields = stat.partition("\n")[0].split()
    if len(fields) < 9 or fields[0] != "cpu":
        return None
    user, nice, system, _, _, irq, soft, steal = map(int, fields[1:9])
    return steal, user + nice + system + irq + soft + steal


def _field(about: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:[ \t]*(.*)$", about, re.MULTILINE)
    return found[1].strip() if found else ""


def _flags(about: str) -> frozenset[str]:
    """Return the features of the processor; of unlike cores, those that the first one has."""
    return frozenset((_field(about, "flags") or _field(about, "Features")).split())


def _known(about: str) -> dict[str, str]:
    return X86 if _field(about, "flags") else ARM if _field(about, "Features") else {}
