"""`--role NAME`: a system prompt from the folders of roles."""

from __future__ import annotations

from hinterland import plugin_host
from hinterland.errors import InputError
from hinterland.paths import Paths
from hinterland.prompts import load_role


def system_prompt(role: str, system: str | None, paths: Paths) -> str:
    """Return the system prompt of a role; raises InputError beside `--system`, and for a role that
    there is not."""
    if system is not None:
        raise InputError("--role and --system both set the system prompt.", "Give one of them.")
    try:
        return load_role(role, paths.config).system
    except InputError:  # plugins are imported for what nobody else has
        folders = plugin_host.additions().prompt_folders
        if not folders:
            raise
    return load_role(role, paths.config, folders).system
