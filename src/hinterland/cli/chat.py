"""`hint chat`, and `hint` alone: the chat on a terminal, or in lines where there is no screen."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from hinterland.engine.protocol import Think
from hinterland.errors import InputError
from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.config import Config
    from hinterland.conversation import Conversation
    from hinterland.paths import Paths


@click.command(name="chat")
@click.option("-m", "--model", help="The model to ask: an id, or a GGUF file.")
@click.option("-s", "--system", help="A system prompt for this conversation.")
@click.option("--role", metavar="NAME", help="A role for the model; /role lists them.")
@click.option(
    "--think",
    type=click.Choice([each.value for each in Think]),
    help="How much a model that thinks may think first.",
)
@click.option("-c", "--continue", "latest", is_flag=True, help="Go on with the last conversation.")
@click.option(
    "--resume", metavar="ID", help="Go on with this conversation; see `hint history list`."
)
@click.option("--no-history", is_flag=True, help="Leave no trace of this on the disk.")
@click.option(
    "--plain", is_flag=True, help="Lines instead of a screen: for serial consoles and pipes."
)
@click.option(
    "--inline", is_flag=True, help="Prompts and answers one below the other, in the scrollback."
)
@click.option("--slow", is_flag=True, help="Send the terminal little: for slow lines.")
def command(
    model: str | None,
    system: str | None,
    role: str | None,
    think: str | None,
    latest: bool,
    resume: str | None,
    no_history: bool,
    plain: bool,
    inline: bool,
    slow: bool,
) -> int:
    """Open the chat."""
    from hinterland import config, finding_commands, paths, site
    from hinterland.opening import open_conversation

    _check(bool(latest and resume), plain, inline)
    plain = plain or os.environ.get("TERM", "dumb") == "dumb"
    found = paths.find()
    settings = config.load(found.config_file)
    if role is not None:
        from hinterland.cli.role import system_prompt

        system = system_prompt(role, system, found)
    keep_history = not no_history

    def new(*, resume: str | None = None, latest: bool = False) -> Conversation:
        begin = partial(open_conversation, found, settings, model=model, system=system)
        return thinking(begin(keep_history=keep_history, resume=resume, latest=latest))

    def resumed(conversation_id: str) -> Conversation:
        # It has a model and a system prompt of its own.
        earlier = partial(open_conversation, found, settings, keep_history=keep_history)
        return thinking(earlier(resume=conversation_id))

    def thinking(conversation: Conversation) -> Conversation:
        conversation.think = Think(think) if think else None
        return conversation

    old = new(resume=resume, latest=latest) if latest or resume else None
    known = old.model if old is not None else None
    default = ""
    shared = site.find() is not None
    if model or not known:
        wanted = model or settings.model or None
        default = _model_of_box(found, wanted) if shared else _model_id(found, settings, wanted)
    if plain or inline:
        from hinterland.cli.plain_chat import PlainChat

        try:
            return PlainChat(
                old or new(), new, settings.engines, resumed, inline=inline and not plain
            ).run()
        finally:
            finding_commands.finish_deleting(found, settings.keep_days)
    if slow:
        from msgspec import structs

        settings = structs.replace(settings, ui=structs.replace(settings.ui, slow="on"))
    if settings.keys:
        from hinterland.tui import keys

        keys.check(settings.keys, keys.of_plugins)
    from hinterland.tui.app import ChatApp
    from hinterland.tui.terminal import Terminal

    # A new conversation is opened after the first paint: what it imports takes a while.
    app = ChatApp(
        new,
        old,
        default_model=default,
        remotes={name: engine.address.mark for name, engine in settings.engines.items()},
        config=settings,
        resume=resumed,
        driver_class=Terminal,
        shared=shared,
    )
    try:
        answer_goes_on = app.run(mouse=settings.ui.mouse)
    finally:
        finding_commands.finish_deleting(found, settings.keep_days)
    if app.error is not None:
        raise app.error
    if answer_goes_on and not app.return_code:
        click.echo(f"hint: {_what_becomes_of_it(saved=not app.left_unsaved)}", err=True)
    return app.return_code or 0


def _what_becomes_of_it(*, saved: bool) -> str:
    if saved:
        return _("the answer goes on; `hint chat --continue` shows it")
    return _(
        "the answer goes on, but nothing can be written to the disk now: unless that is mended"
        " soon, it is lost"
    )


def _check(latest_and_resume: bool, plain: bool, inline: bool) -> None:
    """Raise InputError for options that exclude each other, and where there is no terminal."""
    if latest_and_resume:
        raise InputError("--continue and --resume each name a conversation.", "Give one of them.")
    if plain and inline:
        raise InputError("--plain and --inline are two ways to chat.", "Give one of them.")
    if not plain and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "The chat needs a terminal.",
            'Use `hint ask "…"` here, or `hint chat --plain`, which reads lines.',
        )


def _model_id(paths: Paths, settings: Config, name: str | None) -> str:
    """Return the id of the model called `name`, or of the default one; raises ModelError, and
    ConfigError for a remote engine that the settings forbid.

    Where no model is installed, a person at a terminal is offered one.
    """
    from hinterland.engine.echo import is_echo
    from hinterland.errors import NoModelError
    from hinterland.models.store import ModelStore

    if name and (is_echo(name) or settings.remote(name) is not None):
        return name
    try:
        return ModelStore(paths).find(name).id
    except NoModelError:
        from hinterland.cli.offer import offer_starter

        if not offer_starter(paths):
            raise
    return ModelStore(paths).find(name).id


def _model_of_box(paths: Paths, name: str | None) -> str:
    """Return what to call the model that the shared box will ask, as far as that can be told from
    here; "" where it cannot. Whether it may be asked the box says."""
    from hinterland import config, site
    from hinterland.errors import HinterlandError
    from hinterland.models.store import ModelStore

    try:
        name = name or config.load(site.folder() / "config.toml").model or None
        return ModelStore(paths).find(name).id
    except HinterlandError:
        return name or ""
