"""What a plugin can add to Hinterland: commands, chat tools, screens and prompts.

A plugin is a module named in the entry-point group `hinterland.plugins`. It marks functions of
these names with `hookimpl`; each is called once, with a function to register things with. See
docs/plugins.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

hookspec = pluggy.HookspecMarker("hinterland")
hookimpl = pluggy.HookimplMarker("hinterland")


@dataclass(frozen=True, slots=True)
class ChatTool:
    """Something that is done in the chat by typing `/name` and a text."""

    name: str
    """What is typed after the slash."""
    summary: str
    """One line that says what it does."""
    answer: Callable[[str], AsyncIterator[str]]
    """Takes the text after the name and yields the answer, as pieces of Markdown."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen of the chat, imported when it is opened."""

    name: str
    """What it is opened by."""
    title: str
    """One line that says what it is for."""
    target: str
    """Where its class is: `package.module:ClassName`."""


@dataclass(frozen=True, slots=True)
class PromptFolder:
    """A folder of prompt files."""

    path: Path


@hookspec
def register_commands(register: Callable[[click.Command], None]) -> None:
    """Register commands of `hint`; a name that Hinterland itself uses stays Hinterland's."""


@hookspec
def register_tools(register: Callable[[ChatTool], None]) -> None:
    """Register tools for the chat."""


@hookspec
def register_screens(register: Callable[[Screen], None]) -> None:
    """Register screens for the chat."""


@hookspec
def register_prompts(register: Callable[[PromptFolder], None]) -> None:
    """Register folders of prompt files."""
