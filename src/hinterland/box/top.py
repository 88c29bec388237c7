"""The shared box in numbers, as lines of text that fit a terminal of any width."""

from __future__ import annotations

import pwd
import time
from collections.abc import Sequence
from functools import lru_cache

from hinterland.box.columns import Column, fitted
from hinterland.box.machine import Machine
from hinterland.box.mistakes import GOES_ON
from hinterland.cells import cells, shortened, wrapped
from hinterland.engine.status import BoxStatus, Share, WorkerStatus
from hinterland.errors import ConfigError
from hinterland.language import _, n_
from hinterland.progress_line import duration
from hinterland.sentences import translated
from hinterland.text import clean_line, clean_name

_LONGEST_NAME = 16
_FEWEST = 3  # lines of the table that are shown, however little room there is


@lru_cache(maxsize=4096)
def name_of(uid: int) -> str:
    """Return the name of a user; the number where the machine knows none."""
    try:
        return clean_name(pwd.getpwuid(uid).pw_name, _LONGEST_NAME)
    except KeyError:
        return str(uid)


def lines(
    status: BoxStatus,
    machine: Machine,
    width: int,
    height: int | None,
    mistakes: Sequence[ConfigError] = (),
) -> list[str]:
    """Return what there is to see, in at most `height` lines of at most `width` cells; whoever
    is left out is counted in the last line. `mistakes` are those of its settings."""
    head = [_service(status), *map(_worker, status.service.workers), _machine(machine)]
    head = [line for sentence in head for line in _folded(sentence, width)]
    if status.service.trouble:
        failure = _("last failure: {reason}")
        failure = failure.format(reason=clean_line(status.service.trouble, 500))
        head += wrapped(failure, width)
    told = [clean_line(translated(each.message), 500) for each in mistakes]
    told += [translated(GOES_ON)] if told else []
    head = [line for sentence in told for line in wrapped(sentence, width)] + head
    shares = sorted(status.everybody or [status.you], key=_urgency)
    table = _table(shares, width)
    if status.everybody is None:
        table += _folded(_yours(status.you), width)
    room = len(table)
    if height is not None:
        head = head[: max(1, height - 1 - _FEWEST)]
        room = height - 1 - len(head)
    if len(table) > room:
        hidden = len(table) - room + 1
        more = _("… and {count} more").format(count=hidden)
        table = [*table[: room - 1], more]
    return [shortened(line, width) if line else "" for line in [*head, "", *table]]


def _urgency(share: Share) -> tuple[int, int, int, int]:
    """Sort who runs and waits first, then who was given most today."""
    return (-bool(share.running), -bool(share.waiting), -share.tokens_today, share.uid)


def _service(status: BoxStatus) -> str:
    service = status.service
    said = [
        _("shared box"),
        _("up {time}").format(time=duration(max(0.0, time.time() - service.started))),
        n_("{count} user", "{count} users", status.users).format(count=status.users),
        _("{running} running").format(running=status.running),
        _("{waiting} waiting").format(waiting=status.waiting),
        _("{written:,.0f} tokens/s written, {read:,.0f} read").format(
            written=status.written_per_second, read=status.read_per_second
        ),
        _("service {memory}").format(memory=_size(service.resident_bytes)),
    ]
    return " · ".join(said)


def _worker(worker: WorkerStatus) -> str:
    said = [
        f"{clean_line(worker.model, 40)}: {worker.state}",
        _("{running} of {slots} slots busy").format(running=worker.running, slots=worker.slots),
        _("{waiting} waiting").format(waiting=worker.waiting),
        _size(worker.resident_bytes),
    ]
    if worker.expected:
        wait = _("a question asked now would wait about {time}")
        said.append(wait.format(time=duration(worker.expected)))
    return " · ".join(said)


def _machine(machine: Machine) -> str:
    said = []
    if machine.load is not None:
        said.append(
            n_(
                "load {load:.1f} on {count} core", "load {load:.1f} on {count} cores", machine.cores
            ).format(load=machine.load, count=machine.cores)
        )
    said.append(
        _("{free} of {total} memory free").format(
            free=_size(machine.memory_free), total=_size(machine.memory_total)
        )
    )
    if machine.swap_used:
        said.append(_("{size} swapped").format(size=_size(machine.swap_used)))
    said.append(
        _("temperature not told") if machine.celsius is None else f"{machine.celsius:.0f} °C"
    )
    if machine.throttled:
        said.append(
            _("held back for want of power")
            if machine.because == "power"
            else _("held back by heat")
        )
    elif machine.throttled_before:
        said.append(_("was held back since it was started"))
    elif machine.throttled is not None:
        said.append(_("not held back"))
    return " · ".join(said)


def _yours(you: Share) -> str:
    if you.position is None:
        return ""
    if you.expected is None:
        return _("Your next answer is number {position} in line.").format(position=you.position)
    return _("Your next answer is number {position} in line, about {time}.").format(
        position=you.position, time=duration(you.expected)
    )


def _table(shares: Sequence[Share], width: int) -> list[str]:
    """Return a table of as many columns as fit, the first ones being worth most."""
    columns: list[Column] = [
        (_("user"), [name_of(share.uid) for share in shares]),
        (_("runs"), [_count(share.running) for share in shares]),
        (_("waits"), [_count(share.waiting) for share in shares]),
        (_("waited"), [duration(share.waited) if share.waiting else "-" for share in shares]),
        (_("tokens/s"), [f"{share.tokens_per_second:.1f}" for share in shares]),
        (_("today"), [f"{share.tokens_today:,}" for share in shares]),
        (_("of"), [_count(share.tokens_a_day) for share in shares]),
        (_("answers"), [f"{share.answers_today:,}" for share in shares]),
        (_("refused"), [_count(share.refused_today) for share in shares]),
        (_("class"), [clean_line(share.role, 16) or "-" for share in shares]),
    ]
    # Some are of use only where somebody has anything there.
    kept = columns[:6] + [each for each in columns[6:] if set(each[1]) - {"-", "0"}]
    return fitted(kept, width)[0]


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _folded(sentence: str, width: int) -> list[str]:
    """Return what is said between dots in lines that fit; what is too long for one is on several."""
    found: list[str] = []
    for part in sentence.split(" · ") if sentence else ():
        if found and cells(found[-1]) + cells(part) + 3 <= width:
            found[-1] += f" · {part}"
        else:
            found += wrapped(part, width)
    return found


def _size(size: int | None) -> str:
    if size is None:
        return _("memory not told")
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
