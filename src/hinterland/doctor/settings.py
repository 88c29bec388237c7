"""What people have written themselves: settings, their own catalogue, their own prompts."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from hinterland import config as configuration
from hinterland.doctor.findings import Area, Finding, In, quoted
from hinterland.doctor.visit import Visit
from hinterland.errors import ConfigError, HinterlandError, InputError

_say = In(Area.SETTINGS)


def file(visit: Visit) -> Iterator[Finding]:
    """Say whether the settings file can be used, and whether what was measured can be read."""
    path = visit.paths.config_file
    try:
        chosen = configuration.flat_table(configuration.table(configuration.read(path), path))
        configuration.load(path)
    except ConfigError as error:
        yield _say.problem(
            "settings-unusable",
            f"{error.message} Neither `hint ask` nor the chat works until that is mended.",
            f"{error.hint} The file: {quoted(path)}".strip(),
            file=path,
        )
    else:
        if os.path.exists(path):
            count = len(chosen)
            yield _say.ok(
                "settings",
                f"{path} is sound; it sets {count} value{'s' * (count != 1)}.",
                file=path,
                set=sorted(chosen),
            )
        else:
            yield _say.ok("settings", "There is no settings file: the defaults hold.", file=path)
        for key in sorted(set(chosen) & {"model"}):
            if visit.config.model == "echo":
                yield _say.note(
                    "model-is-echo",
                    "The model in the settings is `echo`, which only repeats the question.",
                    "`hint config set model ''` takes the model installed last.",
                    key=key,
                )
    yield from _measured(visit)


def _measured(visit: Visit) -> Iterator[Finding]:
    from hinterland.measured import Measured

    path = visit.paths.state / "measured.json"
    try:
        msgspec.json.decode(path.read_bytes(), type=Measured)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        reason = error.strerror or str(error)
    except msgspec.MsgspecError as error:
        reason = str(error)
    else:
        return
    yield _say.note(
        "measured-unreadable",
        f"What was measured on this box cannot be read and is not used: {reason}.",
        f"`rm {quoted(path)}`, then `hint engine bench --tune`.",
        file=path,
    )


def catalogue(visit: Visit) -> Iterator[Finding]:
    """Say whether the account's own catalogue, if there is one, can be used."""
    from hinterland.models import catalog

    own = visit.paths.config / "catalog.toml"
    try:
        known = catalog.load(visit.paths)
    except ConfigError as error:
        yield _say.problem(
            "catalogue-unusable", error.message, f"{error.hint} Or: `mv {own} {own}.old`", file=own
        )
        return
    if os.path.exists(own):
        yield _say.ok("catalogue", f"{own} is sound; {len(known.entries)} models are known.")


def prompts(visit: Visit) -> Iterator[Finding]:
    """Say of each of the account's own prompts whether it can be used."""
    folder = visit.paths.config / "prompts"
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    from hinterland.prompts import load

    sound = []
    for name in names:
        stem, dot, ending = name.rpartition(".")
        if name.startswith(".") or not dot or ending != "md":
            continue
        try:
            load(stem, visit.paths.config)
        except InputError as error:  # a ConfigError is one
            remedy = f"{error.hint} The file: {quoted(folder / name)}"
            yield _say.problem("prompt-unusable", error.message, remedy, file=folder / name)
        except HinterlandError as error:
            yield _say.problem("prompt-unusable", error.message, error.hint, file=folder / name)
        else:
            sound.append(stem)
    if sound:
        listed = ", ".join(sound)
        yield _say.ok("prompts", f"Your own prompts are sound: {listed}.", prompts=sound)


def triage(visit: Visit) -> Iterator[Finding]:
    """Say whether triage knows what to tell people to call, where its plugin is on."""
    if "diagnosis" in visit.config.disabled_plugins:
        return
    number = visit.config.diagnosis.emergency_number.strip()
    if number:
        yield _say.ok("emergency-number", f"In an emergency `hint diagnose` says: call {number}.")
    else:
        yield _say.note(
            "emergency-number-missing",
            "`hint diagnose` does not know whom to call in an emergency: it says “your local "
            "emergency number”.",
            "`hint config set diagnosis.emergency_number NUMBER`",
        )
