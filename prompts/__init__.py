"""Prompts as files that anyone can read and replace: see docs/prompts.md."""

from hinterland.prompts.loader import Prompt, load

__all__ = ["Prompt", "load"]
