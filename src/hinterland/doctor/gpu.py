"""Graphics and neural processors: what is there, and how an engine gets to use it.

Only what the system tells without a driver's own library is asked.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator

import msgspec

from hinterland.doctor.findings import Area, Finding, In
from hinterland.doctor.visit import Visit
from hinterland.engine.workers import describe

_say = In(Area.GPU)

NVIDIA, AMD, INTEL, HUAWEI = "0x10de", "0x1002", "0x8086", "0x19e5"
_MAKERS = {NVIDIA: "NVIDIA", AMD: "AMD", INTEL: "Intel", HUAWEI: "Huawei Ascend"}
_KIND = {NVIDIA: "CUDA", AMD: "ROCm or Vulkan", INTEL: "Vulkan or SYCL", HUAWEI: "CANN"}
# PCI classes: display controllers (graphics, 3D), and processing accelerators.
_CLASSES = re.compile(r"0x(030[0-2]|0380|1200)")


def devices(visit: Visit) -> Iterator[Finding]:
    """Say which devices there are and whether the bundled engine computes on one."""
    if visit.server:
        yield _say.ok(
            "gpu-by-server", f"What is computed on is up to the llama-server {visit.server}."
        )
        return
    used = [device for device in _engine_devices(visit) if device.kind in {"GPU", "IGPU", "ACCEL"}]
    if used:
        names = ", ".join(device.description or device.name for device in used)
        yield _say.ok("gpu-used", f"The bundled engine can compute on: {names}.", devices=names)
        return
    found = False
    if sys.platform == "darwin":
        found = True
        yield _say.note(
            "gpu-not-used",
            "The bundled engine sees no Metal device here: the processor does the work.",
            "On a Mac with Apple silicon use a Python for arm64; `python3 -c 'import platform; "
            "print(platform.machine())'` says which one this is.",
        )
    for maker in _makers(visit):
        found = True
        yield from _one(visit, maker)
    if not found:
        yield _say.ok(
            "gpu-none", "No graphics processor that computes: the processor does the work."
        )
    layers = visit.config.engine.gpu_layers
    if layers > 0:
        yield _say.note(
            "gpu-layers-in-vain",
            f"engine.gpu_layers is {layers}, and the bundled engine has no GPU to put them on.",
            "`hint config set engine.gpu_layers -1`, unless engine.server names one that has.",
            gpu_layers=layers,
        )


def _one(visit: Visit, maker: str) -> Iterator[Finding]:
    name = _names(visit, maker) or f"a graphics processor by {_MAKERS[maker]}"
    # An integrated one shares the memory that decoding waits for: nothing to urge anybody to.
    if maker == INTEL:
        yield _say.ok("gpu-integrated", f"There is {name}; the engine computes on the processor.")
        return
    use = (
        f"Build llama.cpp's llama-server with {_KIND[maker]} and name it: "
        "`hint config set engine.server PATH`."
    )
    blocked = _blocked(visit, maker)
    if blocked:
        sentence, remedy = blocked
        yield _say.note("gpu-blocked", f"There is {name}, but {sentence}.", remedy, maker=maker)
        return
    yield _say.note(
        "gpu-not-used",
        f"There is {name}, and the bundled engine computes on the processor only.",
        use,
        maker=_MAKERS[maker],
        memory=_nvidia_memory(visit) if maker == NVIDIA else None,
    )


def _makers(visit: Visit) -> list[str]:
    """Return the makers of the devices that could compute, by their PCI numbers."""
    found = set()
    for device in visit.entries("sys/bus/pci/devices"):
        at = f"sys/bus/pci/devices/{device.name}"
        if _CLASSES.match(visit.read(f"{at}/class")):
            found.add(visit.read(f"{at}/vendor").strip())
    if visit.entries("proc/driver/nvidia/gpus"):
        found.add(NVIDIA)
    if os.path.exists(visit.root / "dev/kfd"):
        found.add(AMD)
    if visit.entries("dev", "davinci[0-9]*"):
        found.add(HUAWEI)
    if os.path.exists(visit.root / "dev/dxg") and shutil.which("nvidia-smi"):  # Windows' WSL
        found.add(NVIDIA)
    return [maker for maker in _MAKERS if maker in found]


def _names(visit: Visit, maker: str) -> str:
    if maker == NVIDIA:
        about = [
            visit.read(f"proc/driver/nvidia/gpus/{gpu.name}/information")
            for gpu in visit.entries("proc/driver/nvidia/gpus")
        ]
        models = re.findall(r"^Model:\s*(.*?)\s*$", "\n".join(about), re.MULTILINE)
        return ", ".join(models)
    if maker == HUAWEI:
        count = len(visit.entries("dev", "davinci[0-9]*"))
        return f"{count} Huawei Ascend device{'s' * (count != 1)}" if count else ""
    return ""


def _blocked(visit: Visit, maker: str) -> tuple[str, str] | None:
    """Return why a device cannot be used by anything yet, and what to do about that."""
    if maker == NVIDIA and not visit.entries("proc/driver/nvidia/gpus"):
        if os.path.exists(visit.root / "dev/dxg"):
            return None
        return "NVIDIA's driver is not loaded", "Install it; `nvidia-smi` then lists the device."
    if maker == AMD and not os.path.exists(visit.root / "dev/kfd"):
        return (
            "its compute driver is not loaded (no /dev/kfd)",
            "Install ROCm for it, or build llama.cpp with Vulkan.",
        )
    if maker == AMD and not os.access(visit.root / "dev/kfd", os.R_OK | os.W_OK):
        return "this account may not open /dev/kfd", "`sudo usermod -aG render,video $USER`"
    if maker == HUAWEI and not visit.entries("dev", "davinci[0-9]*"):
        return "Ascend's driver is not loaded", "Install it; `npu-smi info` then lists the device."
    return None


def _nvidia_memory(visit: Visit) -> str | None:
    """Return what nvidia-smi says of the memory, where there is one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=memory.total,memory.free", "--format=csv,noheader"]
    said = visit.ask(query).answer().decode("utf-8", "replace").strip()
    return "; ".join(said.splitlines()) or None


def _engine_devices(visit: Visit) -> tuple[describe.Device, ...]:
    try:
        return describe.decode(visit.engine_probe.answer()).devices
    except msgspec.MsgspecError:
        return ()
