"""The checks, in order. Whatever is broken costs one finding, never the others.

To add a check: write it in the file of its topic and name it in CHECKS; docs/doctor.md lists the
kinds of findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hinterland import __version__
from hinterland.doctor import (
    disk,
    engine,
    folders,
    gpu,
    history,
    memory,
    models,
    plugins,
    processor,
    remote,
    servers,
    settings,
    shared_box,
    terminal,
    whom_to_ask,
)
from hinterland.doctor.findings import Area, Finding, In, Level, Report
from hinterland.doctor.visit import Visit
from hinterland.errors import HinterlandError

Check = Callable[[Visit], Iterator[Finding]]

CHECKS: tuple[tuple[Area, Check], ...] = (
    (Area.DISK, folders.home),  # what it says, all that needs a home would say
    (Area.DISK, folders.folders),
    (Area.DISK, disk.space),
    (Area.DISK, disk.clock),
    (Area.SETTINGS, settings.file),
    (Area.SETTINGS, settings.catalogue),
    (Area.SETTINGS, settings.prompts),
    (Area.SETTINGS, remote.engines),
    (Area.SETTINGS, settings.triage),
    (Area.ENGINE, shared_box.box),
    (Area.ENGINE, engine.service),  # before the models: what it holds is memory they may have
    (Area.ENGINE, engine.place),
    (Area.ENGINE, engine.log),
    (Area.ENGINE, servers.servers),
    (Area.MODELS, models.installed),
    (Area.MODELS, models.left_over),
    (Area.HISTORY, history.conversations),
    (Area.TERMINAL, terminal.screen),
    (Area.TERMINAL, terminal.characters),
    (Area.MEMORY, memory.amount),
    (Area.MEMORY, memory.limits),
    # The rest waits for other processes, which have been at work meanwhile.
    (Area.PROCESSOR, processor.make),
    (Area.PROCESSOR, processor.features),
    (Area.PROCESSOR, processor.threads),
    (Area.GPU, gpu.devices),
    (Area.PLUGINS, plugins.loading),
    (Area.PROCESSOR, processor.stolen),
)


def examine(root: Path = Path("/")) -> Report:
    """Return what there is to say of this box; `root` is where its /proc and /sys are looked for."""
    with Visit(root) as visit:
        visit.begin()
        return report(visit, CHECKS)


def report(visit: Visit, checks: Sequence[tuple[Area, Check]]) -> Report:
    """Return what these checks find, by area; what two of them say in the same words is told once."""
    findings: list[Finding] = []
    told: set[str] = set()
    for area, check in checks:
        for finding in _isolated(area, check, visit):
            if finding.sentence not in told:
                told.add(finding.sentence)
                findings.append(whom_to_ask.adapted(finding))
    findings.sort(key=lambda finding: list(Area).index(finding.area))
    return Report(
        hinterland=__version__,
        problems=sum(finding.level is Level.PROBLEM for finding in findings),
        notes=sum(finding.level is Level.NOTE for finding in findings),
        findings=findings,
    )


def _isolated(area: Area, check: Check, visit: Visit) -> list[Finding]:
    """Return what one check finds; what stops it is found too."""
    found: list[Finding] = []
    say = In(area)
    try:
        found.extend(check(visit))
    except HinterlandError as error:
        found.append(say.problem("unusable", error.message, error.hint))
    except OSError as error:
        about = f" ({error.filename})" if error.filename else ""
        sentence = f"Something could not be read: {error.strerror or error}{about}."
        found.append(say.problem("unreadable", sentence, "Mend its permissions, or the disk."))
    # Somebody looks here because something is broken: no defect may cost them the other findings.
    except Exception as error:  # noqa: BLE001 - a defect is a finding too
        sentence = f"The check {check.__name__} failed ({type(error).__name__}: {error})."
        remedy = "This is a defect of Hinterland: please report this line."
        found.append(say.problem("defect", sentence, remedy))
    return found
