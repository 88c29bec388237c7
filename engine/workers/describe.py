"""What the bundled llama.cpp says of itself, as one line of JSON.

A process of its own: on a processor that lacks what it was built for, asking may end the process.
"""

from __future__ import annotations

import msgspec

from hinterland.engine.workers import openmp


class Device(msgspec.Struct, frozen=True):
    name: str
    description: str
    kind: str
    """CPU, GPU, IGPU, ACCEL or META."""
    memory: int = 0
    """Bytes."""


class Description(msgspec.Struct, frozen=True):
    error: str = ""
    """Why it cannot be loaded; the rest is then empty."""
    version: str = ""
    features: tuple[str, ...] = ()
    """What it was built to use, in llama.cpp's names: AVX2, FMA, DOTPROD."""
    devices: tuple[Device, ...] = ()


def describe() -> Description:
    """Return what the bundled llama.cpp was built for and which devices it sees."""
    openmp.load()
    try:
        import xllamacpp
    except ImportError as error:
        return Description(error=str(error))
    devices = tuple(
        Device(
            str(each.get("name", "")),
            str(each.get("description", "")),
            getattr(each.get("type"), "name", "").rpartition("_")[2],
            int(each.get("memory_total") or 0),
        )
        for each in xllamacpp.get_device_info()
    )
    version = str(getattr(xllamacpp, "__version__", ""))
    return Description("", version, features(xllamacpp.get_system_info()), devices)


def features(line: str) -> tuple[str, ...]:
    """Return the names in a line such as `CPU : AVX2 = 1 | FMA = 1 |` whose value is not 0."""
    pairs = (pair.rpartition(":")[2].partition("=") for pair in line.split("|"))
    return tuple(name.strip() for name, is_, value in pairs if is_ and value.strip() != "0")


def decode(line: bytes) -> Description:
    """Return the description in what this module wrote; raises msgspec.MsgspecError."""
    return msgspec.json.decode(line, type=Description)


if __name__ == "__main__":
    print(msgspec.json.encode(describe()).decode())  # noqa: T201 - its answer
