"""`/tool`: what plugins bring to the chat, and what becomes of one that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from hinterland.engine.protocol import Done, Event, Failed, FinishReason, TextDelta
from hinterland.errors import HinterlandError, InputError, by_name
from hinterland.language import _
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.commanded import Chat
    from hinterland.hookspecs import ChatTool


async def run_tool(chat: Chat, argument: str) -> None:
    """List the tools that plugins bring, or use one; raises HinterlandError."""
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
    """Have a plugin's tool answer, shown as it comes and kept; raises HinterlandError."""
    asked, pieces = f"/{tool.name} {text}".rstrip(), list[str]()
    end = await chat.show(asked, _answer_of(tool, text, pieces))
    if pieces:
        how = FinishReason.INTERRUPTED if isinstance(end, Failed) else end.finish_reason
        await chat.talk.keep_use(tool.name, asked, "".join(pieces), how)
    if isinstance(end, Failed):
        raise by_name(end.kind, end.message, end.hint)


async def _answer_of(tool: ChatTool, text: str, pieces: list[str]) -> AsyncIterator[Event]:
    try:
        async for piece in tool.answer(text):
            pieces.append(str(piece))
            yield TextDelta(pieces[-1])
    except HinterlandError as error:
        yield Failed(type(error).__name__, error.message, error.hint)
    # A plugin is somebody else's code: whatever it does, the chat it is used in goes on.
    except Exception as error:  # noqa: BLE001 - somebody else's code
        said = _("The tool {name} failed ({error}).")
        name = f"{type(error).__name__}: {error}"
        yield Failed("PluginError", said.format(name=tool.name, error=name))
    else:
        yield Done(FinishReason.STOP)
