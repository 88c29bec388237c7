"""The part of the chat's screen that commands: by slash, from the palette, to other screens."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker

from hinterland import chat_commands
from hinterland.conversation import Conversation
from hinterland.errors import HinterlandError, PluginError
from hinterland.images import Picture
from hinterland.language import N_, _
from hinterland.sentences import sentence
from hinterland.text import clean, clean_line
from hinterland.tui import commands, vim
from hinterland.tui.messages import CommandFound, ModelSwitched
from hinterland.tui.widgets.prompt_input import PromptInput
from hinterland.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from hinterland import hookspecs
    from hinterland.documents import Document


class CommandingScreen(Screen[None]):
    """What `ChatScreen` is one of; it owns the state that is named here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "models", N_("Models"), priority=True, id="chat.models"),
    ]

    conversation: Conversation | None
    answering: Worker[None] | None
    prompt: PromptInput
    transcript: Transcript
    _pictures: list[Picture]
    _documents: list[Document]

    if TYPE_CHECKING:  # another base class of the chat's screen has it

        def on_its_way(self) -> tuple[list[Picture], list[Document]]: ...

        def attach_again(self, documents: Sequence[tuple[str, str]]) -> None: ...

        def action_browse(self) -> None: ...

        def say_what_stops(self) -> None: ...

    def command(self, typed: str) -> None:
        """Do what a command says that was typed or chosen; it goes from the box if it is there."""
        found = chat_commands.read(typed)
        if found is None or self.conversation is None:
            return
        name, argument = found
        match name:
            case "help":
                self._accept(typed)
                self.transcript.tell(chat_commands.help_text(commands.OWN))
            case "keys":
                self._accept(typed)
                self.app.action_help()  # type: ignore[attr-defined] # of ChatApp
            case "new":
                self._accept(typed)
                self.action_new_chat()
            case "quit":
                self._accept(typed)  # otherwise it would be the draft that waits in the next chat
                self.leave()
            case "list" if not argument:
                self._accept(typed)
                self.action_browse()
            case "model" if not argument:
                self._accept(typed)
                self.action_models()
            case _:
                self._start_named(self.conversation, typed, name, argument)

    def _start_named(
        self, conversation: Conversation, typed: str, name: str, argument: str
    ) -> None:
        try:
            command = chat_commands.find(name)
        except HinterlandError as error:
            self.run_worker(self._look_up(typed, name, error))
            return
        if self.refused(lambda: self.command(typed)):
            return
        self._accept(typed)
        chat = commands.ScreenChat(conversation, self.post_message, self._pictures, self._documents)
        self._start_command(command.run(chat, argument))

    async def _look_up(self, typed: str, name: str, unknown: HinterlandError) -> None:
        """Find out whether a plugin has a command that is none of ours."""
        from hinterland import plugin_host  # not before the first paint

        try:
            added = await asyncio.to_thread(plugin_host.additions)
        except HinterlandError as error:
            self.post_message(CommandFound(typed, None, error))
            return
        found = added.tools.get(name) or added.screens.get(name)
        if name in added.screens and typed.strip() == f"/{name}":  # a tool wants words
            found = added.screens[name]
        self.post_message(CommandFound(typed, found, None if found else unknown))

    def on_model_switched(self, message: ModelSwitched) -> None:
        """Say in the status line which model it is now, and where words to it go."""
        self._model = message.model
        self._remotes[message.model] = message.where

    def on_command_found(self, message: CommandFound) -> None:
        """Use a plugin's tool, open its screen, or say that there is neither."""
        from hinterland import hookspecs

        if message.error is not None:
            self._say(clean_line(sentence(message.error), 400))
        elif isinstance(message.found, hookspecs.Screen):
            self._accept(message.typed)
            _slash, _space, words = message.typed.strip().partition(" ")
            self.run_worker(self._open_screen(message.found, words.strip()))
        elif self.answering is not None:
            self.say_what_stops()
        elif message.found is not None and self.conversation is not None:
            self._accept(message.typed)
            _slash, _space, text = message.typed.strip().partition(" ")
            chat = commands.ScreenChat(
                self.conversation, self.post_message, self._pictures, self._documents
            )
            self._start_command(chat_commands.use_tool(chat, message.found, text.strip()))

    async def _open_screen(self, brought: hookspecs.Screen, words: str) -> None:
        try:
            screen = await asyncio.to_thread(_screen_class, brought)
            self.app.open_foreign(brought.name, screen, words)  # type: ignore[attr-defined] # of ChatApp
        except HinterlandError as error:
            self._report(error)

    def take(self, text: object) -> None:
        """Put what a plugin's screen ended with into the box, after what is there."""
        if isinstance(text, str) and text:
            self.prompt.insert(clean(text), self.prompt.document.end)

    def tell_of(self, error: HinterlandError) -> None:
        """Show an error that came from elsewhere."""
        self._report(error)

    def _accept(self, typed: str) -> None:
        if self.prompt.text.strip() == typed.strip():
            self.prompt.accept()

    # What the keys do

    def action_models(self) -> None:
        """Show the models, and switch to the one that is chosen."""
        from hinterland.tui.screens.models import ModelsScreen

        current = self._model
        self.app.push_screen(ModelsScreen(current), self._switch)

    def _switch(self, name: str | None) -> None:
        if name is not None:
            self.command(f"/model {name}")

    def action_read(self) -> None:
        """Give the keys to the conversation."""
        self.transcript.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let Esc lead out of the box only for those who move as in vi."""
        del parameters
        if action == "read":
            return vim.wanted(self) and self.focused is self.prompt
        return True

    # What the chat's screen does itself

    _model: str
    _remotes: dict[str, str]

    def action_new_chat(self) -> None:
        """Begin a conversation."""
        raise NotImplementedError

    def leave(self, return_code: int = 0) -> None:
        """End the chat."""
        raise NotImplementedError

    def _start_command(self, command: Awaitable[object], send: str = "") -> None:
        raise NotImplementedError

    def refused(self, then: Callable[[], object]) -> bool:
        """Return whether it is too early for something."""
        raise NotImplementedError

    def _report(self, error: HinterlandError) -> None:
        raise NotImplementedError

    def _say(self, sentence: str) -> None:
        raise NotImplementedError


def _screen_class(brought: hookspecs.Screen) -> type[Screen[Any]]:
    """Import a plugin's screen and return its class; raises PluginError."""
    said = _("The screen {name} of a plugin cannot be opened ({error}).")
    hint = _("`hint plugins list` shows whose it is.")
    module, _colon, name = brought.target.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    # A plugin is somebody else's code: whatever it does, the chat it is added to goes on.
    except (Exception, SystemExit) as error:
        why = clean_line(f"{type(error).__name__}: {error}", 200)
        raise PluginError(said.format(name=brought.name, error=why), hint) from error
    if not (isinstance(found, type) and issubclass(found, Screen)):
        why = _("{target} is no Textual screen").format(target=clean_line(brought.target))
        raise PluginError(said.format(name=brought.name, error=why), hint)
    return found
