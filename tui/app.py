"""The Textual application: the terminal's colours, the keys that always work, and the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual._context import active_message_pump
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.notifications import Notify
from textual.screen import Screen

from hinterland.config import Config
from hinterland.conversation import Conversation
from hinterland.errors import PluginError
from hinterland.language import N_, _
from hinterland.text import clean_line
from hinterland.tui.finding import Resume
from hinterland.tui.messages import HungUp, OpeningFailed, ScreenFailed
from hinterland.tui.screens.chat import ChatScreen
from hinterland.tui.shaping import Shaping
from hinterland.tui.wearing import WearingApp

if TYPE_CHECKING:
    from hinterland.tui.palette_entries import Entry


class ChatApp(WearingApp, inherit_bindings=False):
    """The chat; it returns whether an answer goes on in the engine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", priority=True, id="app.quit"),
        Binding("ctrl+l", "redraw", N_("Draw again"), show=False, priority=True, id="app.redraw"),
        Binding("ctrl+p", "palette", N_("Commands"), id="app.palette"),
        Binding("f1", "help", N_("Help"), id="app.help"),
    ]

    def __init__(
        self,
        open_conversation: Callable[[], Conversation],
        conversation: Conversation | None = None,
        *,
        default_model: str = "",
        remotes: Mapping[str, str] | None = None,
        resume: Resume | None = None,
        config: Config | None = None,
        driver_class: type[Driver] | None = None,
        shared: bool = False,
    ) -> None:
        super().__init__(config or Config(), driver_class)
        self._foreign: tuple[Screen[Any], str] | None = None
        self._typed_ahead: list[events.Event] | None = []
        """What was typed before there was a box to type in; None since there is one."""
        self._chat = ChatScreen(
            open_conversation, conversation, default_model, remotes or {}, resume, shared=shared
        )
        self.begin()
        self._chat.shaping = Shaping(self.config.ui.shaping)
        self._chat.titles = config is not None and config.ui.titles

    @property
    def talk(self) -> Conversation | None:
        """The conversation that is shown, for screens of plugins: whose model they may ask, and whether
        anything may be kept."""
        return self._chat.conversation

    @property
    def left_unsaved(self) -> bool:
        """Whether the answer that goes on could not be written to the disk when the chat ended."""
        return self._chat.left_unsaved

    def get_default_screen(self) -> Screen[Any]:
        """Return the chat, so that no empty screen is laid out and painted before it."""
        return self._chat

    async def on_event(self, event: events.Event) -> None:
        """Have nothing lost that is typed while the chat opens."""
        if self._typed_ahead is not None and isinstance(event, events.Key | events.Paste):
            if isinstance(event, events.Key) and event.key == "ctrl+j":
                # Until the terminal is raw, it makes a line's end of Enter.
                event = events.Key("enter", "\r")
            self._typed_ahead.append(event)
        else:
            await super().on_event(event)

    def on_painted(self) -> None:
        """Take what was typed ahead; the class above measures the line then."""
        self.call_later(self._take_typed_ahead)

    async def _take_typed_ahead(self) -> None:
        typed, self._typed_ahead = self._typed_ahead, None
        for event in typed or ():
            await super().on_event(event)

    def _on_notify(self, event: Notify) -> None:
        """Let a notice take the place of the last one of its kind: at 40×12 two of them hide the rest.
        A warning may be the second line of one."""
        for earlier in list(self._notifications):
            if earlier.severity == event.notification.severity != "warning":
                self._unnotify(earlier, refresh=False)

    def action_leave(self) -> None:
        self._chat.leave()

    def line_changed(self, slow: bool) -> None:
        self._chat.spare_line(slow)

    def action_palette(self) -> None:
        """Offer everything that can be done here."""
        from hinterland.tui import palette_entries
        from hinterland.tui.screens.palette import PaletteScreen

        in_chat = self.screen is self._chat
        entries = palette_entries.of_bindings(self.screen)
        if in_chat:
            entries += palette_entries.of_commands()
        self.push_screen(PaletteScreen(entries, whole=in_chat), self._do)

    async def _do(self, chosen: Entry | None) -> None:
        if chosen is not None and chosen.typed:
            self._chat.command(chosen.typed)
        elif chosen is not None:
            await self.run_action(chosen.action, chosen.node)

    def action_help(self) -> None:
        """Show all keys and commands."""
        from hinterland.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.config))

    def open_foreign(self, name: str, kind: type[Screen[Any]], words: str = "") -> None:
        """Show a plugin's screen, made with what was typed after its name if it `TAKES_WORDS`; a text
        it ends with goes to the box. Raises PluginError."""
        try:
            screen = kind(words) if getattr(kind, "TAKES_WORDS", False) else kind()
        # A plugin is somebody else's code: whatever it does, the chat it is added to goes on.
        except Exception as error:
            raise _failed(name, error) from error
        self._foreign = (screen, name)
        self.push_screen(screen, self._chat.take)

    def _foreign_failed(self, error: Exception) -> bool:
        """Take note of an error while a plugin's screen is shown; return whether one is."""
        if self._foreign is None or self.screen is not self._foreign[0]:
            return False
        failed, self._foreign = _failed(self._foreign[1], error), None
        self.call_later(self.post_message, ScreenFailed(failed))
        return True

    async def run_action(
        self,
        action: str | tuple[str, str, tuple[object, ...]],
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key says; a plugin's screen that cannot is closed."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        # A plugin is somebody else's code: whatever it does, the chat it is added to goes on.
        except Exception as error:
            if not self._foreign_failed(error):
                raise
            return True

    def on_screen_failed(self, message: ScreenFailed) -> None:
        if self.screen is not self._chat:
            self.pop_screen()
        self._chat.tell_of(message.error)

    def on_opening_failed(self, message: OpeningFailed) -> None:
        self.error = message.error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        # Our own loop ends with an error in it; what ends otherwise is the screen's.
        if active_message_pump.get(None) is not self and self._foreign_failed(error):
            return
        super()._handle_exception(error)

    def on_hung_up(self, message: HungUp) -> None:
        self._chat.leave(128 + message.signal)


def _failed(name: str, error: Exception) -> PluginError:
    why = clean_line(f"{type(error).__name__}: {error}", 200)
    return PluginError(
        _("The screen {name} of a plugin failed ({error}).").format(name=name, error=why),
        _("`hint plugins list` shows whose it is."),
    )
