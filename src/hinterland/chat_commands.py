"""What can be typed instead of a prompt: `/compact` and its like, the same in every chat.

A command is a name, what follows it, one line of help and a coroutine; a front end that is a `Chat`
can run it. A prompt that begins with a slash is typed with two.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hinterland import choosing
from hinterland import finding_commands as finding
from hinterland.chat_branches import run_branch, run_continue, run_edit, run_retry
from hinterland.completion import Complete, Completion, file_names, words
from hinterland.config import THEMES
from hinterland.engine.protocol import Done, Event, Failed, FinishReason, TextDelta, Think
from hinterland.errors import HinterlandError, InputError, by_name
from hinterland.language import N_, _, n_
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.chat_branches import Asking
    from hinterland.conversation import Conversation
    from hinterland.documents import Document
    from hinterland.hookspecs import ChatTool
    from hinterland.images import Picture
    from hinterland.turns import Turn

_COMMAND = re.compile(r"/([a-z]+)(?:[ \t]+(.*))?")
_TYPING = re.compile(r"/([a-z]*)(?: +(.*))?")
_SHORTEST_BEGINNING = 2


class Chat(Protocol):
    """What a command needs of the chat it is typed in."""

    pictures: list[Picture]
    """The images that go with the next prompt."""
    documents: list[Document]
    """The documents that go with it."""

    @property
    def talk(self) -> Conversation:
        """The conversation that the command is about."""

    @property
    def terminal(self) -> Callable[[str], None] | None:
        """What writes a control sequence to the terminal; None where none may be written."""

    def wear(self, theme: str) -> None:
        """Show everything in a theme; raises InputError where there are no colours."""

    def say(self, text: str) -> None:
        """Show the person something; several lines are fine."""

    def send(self, prompt: str) -> None:
        """Send a prompt once the command has ended."""

    def request(self, asking: Asking) -> None:
        """Have something answered as soon as the command is over."""

    def edit(self, turn: Turn) -> None:
        """Let the person change the prompt of a turn."""

    def branch_switched(self, sentence: str) -> None:
        """Show the branch that is spoken in now, and say which that is."""

    async def show(self, heading: str, events: AsyncIterator[Event]) -> Done | Failed:
        """Show text under a heading while it is written, and return how it ended."""

    def browse(self, query: str, *, everywhere: bool = False) -> bool:
        """Let the person choose among the conversations on a screen, by titles or by what was said
        `everywhere`; return False where there is no such screen."""

    def go_to(self, conversation_id: str | None) -> None:
        """Go on with another conversation when the command has ended; None begins a new one."""

    def switched(self, model: str, where: str) -> None:
        """Take note that another model answers next, and where words to it go."""

    async def tools(self) -> Mapping[str, ChatTool]:
        """Return the tools that plugins bring, by name."""


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


async def compact(chat: Chat, going: Sequence[Turn]) -> bool:
    """Put a summary in the place of turns, shown as it is written; return whether that was done.

    Raises what went wrong; nothing has changed then, nor where it was stopped.
    """
    count = _exchanges(chat, going)
    heading = n_(
        "Summary of {count} earlier turn, sent in their place:",
        "Summary of {count} earlier turns, sent in their place:",
        count,
    )
    end = await chat.show(heading.format(count=count), chat.talk.compact(going))
    if isinstance(end, Failed):
        raise by_name(end.kind, end.message, end.hint)
    if end.finish_reason is FinishReason.CANCELLED:
        chat.say(_("Stopped. Nothing was changed."))
        return False
    await _count_anew(chat)
    return True


async def drop(chat: Chat, going: Sequence[Turn]) -> bool:
    """Send turns no more; return True. Raises what went wrong."""
    from hinterland.turns import mark_above

    count = _exchanges(chat, going)
    await chat.talk.drop(going)
    said = mark_above(chat.talk.turns[-1], count)
    chat.say(_("{what_happened}; the history keeps them.").format(what_happened=said))
    await _count_anew(chat)
    return True


def _exchanges(chat: Chat, going: Sequence[Turn]) -> int:
    """Return how many turns these are to a person, who does not count a summary as one."""
    from hinterland.turns import stood_for

    counts = stood_for(chat.talk.turns)
    return sum(counts.get(turn.id, 1) for turn in going)


async def _count_anew(chat: Chat) -> None:
    with suppress(HinterlandError):  # what was done holds; the next answer tells how full it is
        await chat.talk.count()


async def enlarge(chat: Chat, context: int) -> bool:
    """Give the window so many tokens; return whether the next prompt has them. Raises what went
    wrong."""
    from hinterland import paths
    from hinterland.window import raise_window

    sentence, at_once = await raise_window(paths.find(), context)
    chat.say(sentence)
    return at_once


def _oldest(chat: Chat, argument: str) -> list[Turn]:
    """Return the turns that a command is about: so many of the oldest, or all but the last."""
    sent = chat.talk.sent
    number = _number(argument) if argument else max(len(sent) - 1, min(len(sent), 1))
    if not sent:
        raise InputError("Nothing was said yet that could be left out.")
    if not 1 <= number <= len(sent):
        raise InputError(f"{number} turns cannot go: {len(sent)} are sent.")
    return sent[:number]


def _number(argument: str) -> int:
    try:
        return int(argument.replace(",", "").replace("_", ""))
    except ValueError as error:
        raise InputError(f"{argument!r} is not a number.") from error


async def _run_compact(chat: Chat, argument: str) -> None:
    await compact(chat, _oldest(chat, argument))


async def _run_drop(chat: Chat, argument: str) -> None:
    await drop(chat, _oldest(chat, argument))


async def _run_context(chat: Chat, argument: str) -> None:
    counted = await chat.talk.count()
    if counted.context is None:
        raise InputError("This engine does not say how large its window is.")
    largest = counted.largest_context
    if argument:
        wanted = _number(argument)
        if largest is not None and wanted > largest:
            raise InputError(
                f"The window can have {largest:,} tokens at most, with this model in this memory.",
                f"Type /context {largest}.",
            )
        await enlarge(chat, wanted)
        return
    tokens = counted.prompt_tokens
    used = _("An unknown number") if tokens is None else f"{tokens:,}"
    most = _("It can have {largest:,} here: {command}.") if largest else ""
    if largest == counted.context:
        most = _("It cannot be larger with this model in this memory.")
    turns = len(chat.talk.sent)
    taken = n_(
        "{used} of the window's {context:,} tokens are taken, by {turns} turn.",
        "{used} of the window's {context:,} tokens are taken, by {turns} turns.",
        turns,
    ).format(used=used, context=counted.context, turns=turns)
    chat.say(f"{taken} {most.format(largest=largest, command=f'/context {largest}')}".rstrip())


async def _run_think(chat: Chat, argument: str) -> None:
    if argument:
        try:
            chat.talk.think = Think(argument.lower())
        except ValueError as error:
            raise InputError(
                f"{argument!r} is not how much a model may think.", "Type off, low or high."
            ) from error
    says = {
        None: _("The model thinks as much as it likes, where it can."),
        Think.OFF: _("The model thinks not at all, where it can."),
        Think.LOW: _("The model thinks a little, where it can."),
        Think.HIGH: _("The model thinks at length, where it can."),
    }
    chat.say(says[chat.talk.think or chat.talk.usual_think])


async def _run_image(chat: Chat, argument: str) -> None:
    import asyncio
    from pathlib import Path

    from hinterland import images

    if argument:
        path = Path(argument.strip("'\"")).expanduser()
        chat.pictures.append(await asyncio.to_thread(images.load, path))
    else:
        chat.pictures.clear()
    names = ", ".join(clean_line(picture.name) for picture in chat.pictures)
    with_it = _("With the next prompt: {names}.").format(names=names)
    chat.say(with_it if names else _("No image goes with the next prompt."))


async def _run_export(chat: Chat, argument: str) -> None:
    import asyncio

    from hinterland import exporting

    path = await asyncio.to_thread(exporting.export, chat.talk, argument)
    chat.say(_("The conversation is in {path}.").format(path=clean_line(str(path), 400)))


async def _run_tool(chat: Chat, argument: str) -> None:
    tools = await chat.tools()
    name, _space, text = argument.partition(" ")
    if name and name not in tools:
        raise InputError(
            _("There is no tool called {name}.").format(name=name), _("/tool lists them.")
        )
    if name:
        await use_tool(chat, tools[name], text.strip())
    elif tools:
        rows = [f"/{tool.name}  {clean_line(tool.summary, 200)}" for tool in tools.values()]
        chat.say("\n".join(rows))
    else:
        chat.say(_("No plugin that is on brings a tool; `hint plugins list` shows them."))


async def use_tool(chat: Chat, tool: ChatTool, text: str) -> None:
    """Have a plugin's tool answer, shown as it comes; raises HinterlandError."""
    end = await chat.show(f"/{tool.name} {text}".rstrip(), _answer_of(tool, text))
    if isinstance(end, Failed):
        raise by_name(end.kind, end.message, end.hint)


async def _answer_of(tool: ChatTool, text: str) -> AsyncIterator[Event]:
    try:
        async for piece in tool.answer(text):
            yield TextDelta(str(piece))
    except HinterlandError as error:
        yield Failed(type(error).__name__, error.message, error.hint)
    # A plugin is somebody else's code: whatever it does, the chat it is used in goes on.
    except Exception as error:  # noqa: BLE001
        said = _("The tool {name} failed ({error}).")
        name = f"{type(error).__name__}: {error}"
        yield Failed("PluginError", said.format(name=tool.name, error=name))
    else:
        yield Done(FinishReason.STOP)


async def _run_file(chat: Chat, argument: str) -> None:
    from hinterland import attachments
    from hinterland.images import Picture

    if not argument:
        chat.documents.clear()
        chat.pictures.clear()
        chat.say(_("No file goes with the next prompt."))
        return
    path, question = attachments.read_argument(argument)
    loaded = await attachments.load(path)
    if isinstance(loaded, Picture):
        chat.pictures.append(loaded)
    else:
        chat.documents.append(loaded)
        if loaded.note:
            chat.say(clean_line(loaded.note, 400))
    if question:
        chat.send(question)
        return
    names = attachments.described(chat.documents, chat.pictures)
    chat.say(_("With the next prompt: {names}.").format(names=names))


def _images(typed: str) -> list[Completion]:
    from hinterland.attachments import PICTURES

    return file_names(typed, PICTURES)


async def _run_copy(chat: Chat, argument: str) -> None:
    import asyncio

    from hinterland import copying

    wanted = copying.read(argument)
    text = copying.text_of(chat.talk.turns, wanted)
    if wanted.file:
        path = await asyncio.to_thread(copying.save, text, wanted.file)
        chat.say(_("Written to {path}.").format(path=clean_line(str(path))))
    elif chat.terminal is None:
        raise InputError(
            _("The clipboard takes a control sequence, and none is written here."),
            _("/copy FILE writes a file."),
        )
    else:
        chat.terminal(copying.sequence(text))
        chat.say(copying.sent(len(text)))


async def _run_theme(chat: Chat, argument: str) -> None:
    import asyncio

    from hinterland import config, config_change, paths

    file = paths.find().config_file
    if not argument:
        now = (await asyncio.to_thread(config.load, file)).ui.theme
        chat.say(
            _("The theme is {theme}. Others: {others}.").format(
                theme=now, others=", ".join(each for each in config.THEMES if each != now)
            )
        )
        return
    theme = str(config.from_words("ui.theme", argument.lower()))
    chat.wear(theme)
    await asyncio.to_thread(config_change.change, file, "ui.theme", theme)
    chat.say(_("The theme is {theme} from now on.").format(theme=theme))


COMMANDS = (
    Command(
        "file",
        "[FILE] [QUESTION]",
        N_("send a document or an image with the next prompt; without FILE none"),
        _run_file,
        file_names,
    ),
    Command(
        "image",
        "[FILE]",
        "send an image with the next prompt; without FILE none",
        _run_image,
        _images,
    ),
    Command(
        "think",
        "off|low|high",
        "how much the model thinks before it answers",
        _run_think,
        words("off", "low", "high"),
    ),
    Command("compact", "[N]", "summarise all turns but the last, or the N oldest", _run_compact),
    Command("drop", "[N]", "send all turns but the last no more, or the N oldest", _run_drop),
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
    Command("context", "[N]", "how full the context window is; give it N tokens", _run_context),
    Command(
        "copy",
        "[code] [N] [FILE]",
        N_("copy the last answer, or its last block of code, or the Nth last answer"),
        _run_copy,
    ),
    Command("theme", "[NAME]", N_("the colours of the chat"), _run_theme, words(*THEMES)),
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
        "export", "[FILE]", "write the conversation to a file: .md, .txt or .json", _run_export
    ),
    Command("tool", "[NAME TEXT]", "the tools that plugins bring; use one", _run_tool),
)
