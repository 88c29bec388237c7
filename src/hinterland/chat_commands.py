"""What can be typed instead of a prompt: `/compact` and its like, the same in every chat.

A command is a name, what follows it, one line of help and a coroutine; a front end that is a `Chat`
can run it. A prompt that begins with a slash is typed with two.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hinterland import attachment_commands as attached
from hinterland import choosing, taking_out
from hinterland import context_commands as context
from hinterland import finding_commands as finding
from hinterland import tool_commands as tools
from hinterland.chat_branches import run_branch, run_continue, run_edit, run_retry
from hinterland.completion import Complete, Completion, file_names, words
from hinterland.config import THEMES
from hinterland.errors import InputError
from hinterland.language import N_, _
from hinterland.theme_command import run_theme

if TYPE_CHECKING:
    from hinterland.commanded import Chat

_COMMAND = re.compile(r"/([a-z]+)(?:[ \t]+(.*))?")
_TYPING = re.compile(r"/([a-z]*)(?: +(.*))?")
_SHORTEST_BEGINNING = 2

# What a front end does by itself: where the window is full, and for a tool called by its own name.
compact, drop, enlarge = context.compact, context.drop, context.enlarge
use_tool = tools.use_tool


@dataclass(frozen=True)
class Command:
    name: str
    argument: str
    """What may follow the name, as the help shows it."""
    help: str
    run: Callable[[Chat, str], Awaitable[None]]
    """Does it, given what followed the name; raises HinterlandError."""
    complete: Complete | None = None
    """Tells how what follows the name can go on, where the command knows."""


def read(text: str) -> tuple[str, str] | None:
    """Return the name and the argument of a command that was typed; None for a prompt.

    A path such as `/etc/fstab` is no command, and neither is a text of several lines.
    """
    typed = _COMMAND.fullmatch(text.strip())
    return (typed[1], (typed[2] or "").strip()) if typed and "\n" not in text.strip() else None


def known(name: str) -> bool:
    """Whether there is a command of exactly that name."""
    return any(command.name == name for command in COMMANDS)


def prompt_in(text: str) -> str:
    """Return the prompt that was typed: two slashes at the beginning stand for one."""
    return text[1:] if text.startswith("//") else text


def typed(prompt: str) -> str:
    """Return what has to be typed for `prompt` to be sent."""
    return f"/{prompt}" if prompt.startswith("//") or read(prompt) else prompt


def find(name: str) -> Command:
    """Return the command of that name, or the only one that begins so; raises InputError."""
    found = [command for command in COMMANDS if command.name == name]
    if not found and len(name) >= _SHORTEST_BEGINNING:
        found = [command for command in COMMANDS if command.name.startswith(name)]
    if len(found) != 1:
        raise InputError(
            f"There is no /{name}; /help shows what there is.",
            f"A prompt that begins so is typed //{name}.",
        )
    return found[0]


def help_text(own: Sequence[tuple[str, str]] = ()) -> str:
    """Return a line for every command; `own` are a chat's own: how they are typed, and their help."""
    shared = [(f"/{each.name} {each.argument}".rstrip(), each.help) for each in COMMANDS]
    rows = [*shared, *own, ("//…", N_("a prompt that begins with a slash"))]
    width = max(len(typed) for typed, _says in rows)
    return "\n".join(f"{typed.ljust(width)}  {_(says)}" for typed, says in rows)


def completions(text: str, own: Sequence[tuple[str, str]] = ()) -> list[Completion]:
    """Return how a command that is being typed can go on; `own` are those of `help_text`.

    May read the disk; what is no command has no completions.
    """
    typed = _TYPING.fullmatch(text)
    if typed is None:
        return []
    name, argument = typed[1], typed[2]
    if argument is None:
        known = [(f"/{each.name}", each.argument, each.help) for each in COMMANDS]
        known += [(each, "", says) for each, says in own if each.startswith("/")]
        return [
            Completion(f"{each} " if follows else each, f"{each} {follows}".rstrip(), _(says))
            for each, follows, says in sorted(known)
            if each.startswith(f"/{name}")
        ]
    complete = next((each.complete for each in COMMANDS if each.name == name), None)
    before = text[: len(text) - len(argument)]
    return [
        Completion(before + each.text, each.shown, each.says)
        for each in (complete(argument) if complete is not None else ())
    ]


COMMANDS = (
    Command(
        "file",
        "[FILE] [QUESTION]",
        N_("send a document or an image with the next prompt; without FILE none"),
        attached.run_file,
        file_names,
    ),
    Command(
        "image",
        "[FILE]",
        "send an image with the next prompt; without FILE none",
        attached.run_image,
        attached.images,
    ),
    Command(
        "think",
        "off|low|high",
        "how much the model thinks before it answers",
        choosing.think,
        words("off", "low", "high"),
    ),
    Command(
        "compact", "[N]", "summarise all turns but the last, or the N oldest", context.run_compact
    ),
    Command(
        "drop", "[N]", "send all turns but the last no more, or the N oldest", context.run_drop
    ),
    Command("list", "[TITLE]", "the conversations, or those with such a title", finding.list_),
    Command("find", "TEXT", "where all these words were said, in every conversation", finding.find),
    Command("open", "ID", "go on with another conversation", finding.open_),
    Command("title", "[TEXT]", "give this conversation a title", finding.title),
    Command("pin", "", "keep this conversation at the top of the list, or no longer", finding.pin),
    Command("tag", "NAME…", "give this conversation tags, or take those it has", finding.tag),
    Command(
        "archive", "", "leave this conversation out of the list, or no longer", finding.archive
    ),
    Command(
        "delete",
        "[undo]",
        "delete this conversation; undo brings it back",
        finding.delete,
        words("undo"),
    ),
    Command("retry", "", "another answer to the last prompt, on a branch", run_retry),
    Command("edit", "[N] [TEXT]", "change the last prompt, or the N-th last", run_edit),
    Command(
        "branch",
        "[N|next|previous]",
        "the branches; go to another one",
        run_branch,
        words("next", "previous"),
    ),
    Command("continue", "", "go on with an answer that was cut off", run_continue),
    Command(
        "context", "[N]", "how full the context window is; give it N tokens", context.run_context
    ),
    Command(
        "copy",
        "[code] [N] [FILE]",
        N_("copy the last answer, or its last block of code, or the Nth last answer"),
        taking_out.run_copy,
    ),
    Command("theme", "[NAME]", N_("the colours of the chat"), run_theme, words(*THEMES)),
    Command(
        "model",
        "[NAME]",
        "the models there are; go on with another",
        choosing.model,
        choosing.model_names,
    ),
    Command(
        "role",
        "[NAME|off]",
        "the roles there are; have the model take one",
        choosing.role,
        choosing.role_names,
    ),
    Command(
        "system", "[TEXT|off]", "the system prompt; set another", choosing.system, words("off")
    ),
    Command(
        "export",
        "[FILE]",
        "write the conversation to a file: .md, .txt or .json",
        taking_out.run_export,
    ),
    Command("tool", "[NAME TEXT]", "the tools that plugins bring; use one", tools.run_tool),
)
