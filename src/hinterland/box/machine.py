"""How hot and how busy this machine is, as far as its system tells: read from /proc and /sys.

What is not there is None and never guessed: a virtual machine tells no temperature.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland.machine import cores
from hinterland.models.fit import free_memory, total_memory

_SANE = (-40.0, 150.0)  # °C; sensors that are not connected say less or more
_UNDER_VOLTAGE, _CAPPED, _THROTTLED = 1 << 0, 1 << 1, 1 << 2
_SOFT_LIMIT = 1 << 3
_SINCE_BOOT = 16  # bits further up: the same, at any time since the machine was started


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the machine now."""

    cores: int
    load: float | None
    """Processes that ran or wanted to, over the last minute."""
    memory_total: int
    memory_free: int
    """Bytes."""
    swap_used: int | None
    celsius: float | None
    """The hottest sensor."""
    sensor: str = ""
    """Which one that is."""
    throttled: bool | None
    """Whether the processor is held back now, for heat or for want of power."""
    throttled_before: bool | None
    """Whether it was since the machine was started."""
    because: str = ""
    """Why, in a word: `heat` or `power`."""


def look(root: Path = Path("/")) -> Machine:
    """Return the state of the machine whose file systems are at `root`."""
    sys = root / "sys"
    hottest = max(_temperatures(sys), default=(None, ""))
    now, before, because = _throttling(sys)
    return Machine(
        cores=cores(),
        load=_load(root / "proc/loadavg"),
        memory_total=total_memory(),
        memory_free=free_memory(),
        swap_used=_swap(root / "proc/meminfo"),
        celsius=hottest[0],
        sensor=hottest[1],
        throttled=now,
        throttled_before=before,
        because=because,
    )


def _load(path: Path) -> float | None:
    with contextlib.suppress(ValueError, IndexError):
        return float(_text(path).split()[0])
    return None


def _swap(path: Path) -> int | None:
    sizes = {}
    for line in _text(path).splitlines():
        name, _, rest = line.partition(":")
        with contextlib.suppress(ValueError, IndexError):
            sizes[name] = int(rest.split()[0]) * 1024
    if "SwapTotal" not in sizes or "SwapFree" not in sizes:
        return None
    return sizes["SwapTotal"] - sizes["SwapFree"]


def _temperatures(sys: Path) -> Iterator[tuple[float, str]]:
    """Yield degrees Celsius and the sensor's name: thermal zones, and chips that watch hardware."""
    for zone in sorted((sys / "class/thermal").glob("thermal_zone*")):
        yield from _sensor(zone / "temp", _text(zone / "type"))
    for path in sorted((sys / "class/hwmon").glob("hwmon*/temp*_input")):
        chip = _text(path.parent / "name")
        label = _text(path.with_name(path.name.replace("_input", "_label")))
        yield from _sensor(path, f"{chip} {label}".strip())


def _sensor(path: Path, name: str) -> Iterator[tuple[float, str]]:
    degrees = _number(path)
    if degrees is not None and _SANE[0] < degrees / 1000 < _SANE[1]:
        yield round(degrees / 1000, 1), name


def _throttling(sys: Path) -> tuple[bool | None, bool | None, str]:
    """Return whether the processor is held back now, whether it was since the start, and why."""
    now: bool | None = None
    before: bool | None = None
    for path in sorted((sys / "devices/platform").glob("soc*/*firmware*/get_throttled")):
        # A Raspberry Pi's firmware tells: bits, as `vcgencmd get_throttled` documents them.
        with contextlib.suppress(ValueError):
            bits = int(_text(path), 16)
            heat = _CAPPED | _THROTTLED | _SOFT_LIMIT
            power = bits & _UNDER_VOLTAGE
            held = bool(bits & (heat | _UNDER_VOLTAGE))
            return held, bool(bits >> _SINCE_BOOT), "power" if power else "heat" if held else ""
    # Linux itself turns a processor down through a cooling device.
    for device in sorted((sys / "class/thermal").glob("cooling_device*")):
        kind = _text(device / "type").lower()
        if kind == "processor" or kind.startswith(("cpufreq", "thermal-cpufreq", "cpu")):
            state = _number(device / "cur_state")
            if state is not None:
                now = bool(now) or state > 0
    # Intel's processors count how often they did so by themselves.
    for path in (sys / "devices/system/cpu").glob("cpu*/thermal_throttle/*_throttle_count"):
        times = _number(path)
        if times is not None:
            before = bool(before) or times > 0
    return now, before if before is not None else now, "heat" if now else ""


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _text(path: Path) -> str:
    """Return what a file says; empty where there is none or a sensor does not answer."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
