"""Prompts that hold documents, as people see them: the names of the files, and what was asked.

The documents stand at the beginning, as the prompt file `attach` puts them there; whoever changes
that file to say it otherwise sees their prompts whole.
"""

from __future__ import annotations

import re

from hinterland.language import _

_DOCUMENT = re.compile(
    r'\s*<document name="([^"\n]*)">\n(.*?)\n</document>(?:\n\n|\s*\Z)', re.DOTALL
)


def shown(prompt: str) -> str:
    """Return a prompt for people: of each document its name and its length in characters."""
    at, lines = 0, []
    while found := _DOCUMENT.match(prompt, at):
        lines.append(mark(found[1], found[2]))
        at = found.end()
    return "".join(lines) + (prompt[at:].lstrip("\n") if lines else prompt)


def documents(prompt: str) -> list[tuple[str, str]]:
    """Return the name and the text of each document that a prompt holds."""
    at, found = 0, []
    while document := _DOCUMENT.match(prompt, at):
        found.append((document[1], document[2]))
        at = document.end()
    return found


def mark(name: str, text: str) -> str:
    """Return the line that stands for a document."""
    says = _("[file: {name}, {count} characters]")
    return says.format(name=name, count=f"{len(text):,}") + "\n"


def question(prompt: str) -> str:
    """Return a prompt without its documents; empty where there was nothing else."""
    at = 0
    while found := _DOCUMENT.match(prompt, at):
        at = found.end()
    return prompt[at:].strip("\n") if at else prompt
