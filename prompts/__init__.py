"""Prompts as files that anyone can read and replace: see docs/prompts.md."""

from hinterland.prompts.loader import Prompt, load, load_role, read_template, roles

__all__ = ["Prompt", "load", "load_role", "read_template", "roles"]
