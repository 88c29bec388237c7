"""`/theme`: the colours of the chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.commanded import Chat


async def run_theme(chat: Chat, argument: str) -> None:
    """Say which theme the chat has, or give it another for good; raises InputError, ConfigError."""
    from hinterland import config, config_change, config_words, paths

    file = paths.find().config_file
    if not argument:
        now = (await asyncio.to_thread(config.load, file)).ui.theme
        chat.say(
            _("The theme is {theme}. Others: {others}.").format(
                theme=now, others=", ".join(each for each in config.THEMES if each != now)
            )
        )
        return
    theme = str(config_words.from_words("ui.theme", argument.lower()))
    chat.wear(theme)
    await asyncio.to_thread(config_change.change, file, "ui.theme", theme)
    chat.say(_("The theme is {theme} from now on.").format(theme=theme))
